"""Which rules apply to a hospital's own rows, and at which stage. The findings never leave the hospital; one that does
not pass becomes a flag.

Where three or more hospitals mask their sums (the `pooled` column of the rules), own rows are judged only against
pooled figures. With two, or without masks (the `local` column), each hospital judges all its rows by themselves before
anything leaves it. Curves are compared (R9) by each hospital in both columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Feature, features_of, in_design, matrix
from riskset.analyses.admission.figures import Count, Figures
from riskset.analyses.admission.judging import Judged, levels, lost, nested
from riskset.analyses.admission.of_columns import binary, in_strata, modelled, models, stratified
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet
from riskset.analyses.leaving import curves_of
from riskset.analyses.moments import pooled, summary
from riskset.analyses.opened import Begun, judged
from riskset.catalogue import say
from riskset.disclosure import cells, span
from riskset.disclosure import models as of_models
from riskset.disclosure.curves_together import together
from riskset.disclosure.finding import Finding, cannot_judge
from riskset.disclosure.policy import Policy

_EVALUATIONS: Final = 8
"""A fit that converges hardly ever needs more: where fewer are permitted, no total without a hospital begins."""


class Evaluated(Protocol):
    """An analysis at the next point of evaluation."""

    @property
    def analysis(self) -> Analysis: ...

    @property
    def evaluations(self) -> int:
        """How many totals led to this point."""

    def linear_predictor(self) -> NDArray[np.float64]: ...


def own_findings(
    policy: Policy, step: str, live: Live, own: Own, figures: Figures, arm: str | None = None
) -> list[Judged]:
    """Returns what the rules say about a hospital's own rows before it sends its numbers of a step of admission. Never
    leaves the hospital; what does not pass becomes a flag. `arm` is the variable by which tables may be split."""
    in_both: dict[str, Callable[[], Iterator[Judged]]] = {
        "admission/changes": lambda: _own_untold(policy, live, own),
        "admission/counts": lambda: chain(
            own_findings_of_curves(policy, live, own),
            _own_other_sets(policy, live, own, figures),
            _own_tables(policy, live, own, arm),
        ),
        # before the first score; and other runs may have told columns since
        "admission/pairs": lambda: chain(_own_untold(policy, live, own), _own_outcomes(policy, live, own, figures)),
    }
    in_column: dict[str, Callable[[], Iterator[Judged]]] = (
        {
            "admission/changes": lambda: _own_changes(policy, live, own),
            "admission/cohorts": lambda: _own_everything(policy, live, own),
        }
        if policy.column == "local"
        else {
            "admission/changes": lambda: _own_alike(policy, live, own),
            "admission/pairs": lambda: _own_columns(policy, live, own, figures),
            "admission/products": lambda: _own_pairs(policy, live, own, figures),
        }
    )
    return [finding for speak in (in_column, in_both) if step in speak for finding in speak[step]()]


def own_findings_alone(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """As `own_findings`, by the local column: what the rules say of this hospital's rows where its own estimates of
    these models are told in clear, as if the others saw its sums."""
    sets = {analysis.analysis_set for analysis in live}
    events = {name: int(own.cohort.outcomes(name).event.sum()) for name in sets}
    yield from _own_changes(policy, live, own)
    yield from _own_everything(policy, live, own)
    yield from _own_outcomes(policy, live, own, Figures(events=events))
    for analysis in live:
        design, n = analysis.exposure.design, own.cohort.analysis_sets[analysis.analysis_set].n
        if analysis.exposure.without and n:
            asked = of_models.evaluations(policy, analysis.id, _EVALUATIONS, n, len(design), analysis.exposure.held)
            yield from ((analysis.id, finding) for finding in asked)


def own_findings_of_curves(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """As `own_findings`: R9 on the curves of these analyses, beside those of other runs."""
    return together(policy, curves_of(own.cohort, live), own.opened())


def _own_tables(policy: Policy, live: Live, own: Own, arm: str | None) -> Iterator[Judged]:
    """R4: the cells of this hospital's own tables, where others can see its counts, or compute them from a total of
    hospitals' terms."""
    if "R4.cell" not in policy.values:
        return
    for analysis in live:
        exposure, rows = analysis.exposure, own.cohort.analysis_sets[analysis.analysis_set]
        if policy.column == "local" or exposure.per_site:
            everyone = np.zeros(rows.n)
            is_by_arm = any(column.variable == arm for column in exposure.tables)
            of_arm = rows.variables[arm] if arm is not None and is_by_arm else everyone
            for column in exposure.tables:
                by = everyone if column.variable == arm else of_arm
                yield analysis.id, cells.cell(policy, column.name, _smallest_cell(column.values(rows), by))
            for part, whole in nested(exposure.tables):
                beyond = whole.values(rows) - part.values(rows)
                yield analysis.id, cells.cell(policy, whole.name, _smallest_cell(beyond, of_arm))


def _smallest_cell(having: NDArray[np.float64], of_arm: NDArray[np.float64]) -> int:
    """Returns the smallest count of patients with or without a level in an arm, other than 0; 0 where all are 0."""
    counts = np.unique(np.column_stack([having, of_arm]), axis=0, return_counts=True)[1]
    return int(min(counts, default=0))


def own_findings_before_first(policy: Policy, passed: Live, own: Own, figures: Figures) -> list[Judged]:
    """As `own_findings`, before the first sums of a design leave; `passed` are the admitted analyses."""
    return [*_own_designs(policy, passed, own, figures)] if policy.column == "pooled" else []


def own_findings_of_budget(
    policy: Policy, begun: Begun, own: Own, fields: Mapping[str, Sequence[str]], before: int
) -> list[Judged]:
    """As `own_findings`, before any number of these analyses leaves: R5 on all that they open of this hospital's rows,
    after the `before` that it sent in earlier runs."""
    if policy.column != "local" or "R5.opened" not in policy.values:
        return []
    found = judged(policy, begun, lambda name: own.cohort.analysis_sets[name].n, fields, before)
    return [(id_, finding) for id_, finding, tally in found if tally.patients]


def own_findings_of_points(policy: Policy, own: Own, evaluated: Sequence[Evaluated]) -> list[Judged]:
    """As `own_findings`, before analyses are evaluated at points that follow from totals."""
    return [*_own_evaluations(policy, own, evaluated)]


def _own_changes(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    for run, rows in own.changes.items():
        entered = own.entered.get(run, 0)
        found = cells.changes(policy, run, rows, int(rows > 0)) + cells.entered(policy, run, entered, int(entered > 0))
        yield from ((analysis.id, finding) for finding in found for analysis in live)
    yield from _own_alike(policy, live, own)


def _own_alike(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R14 in both columns: the other hospitals' patients cannot hide those who differ in such a field."""
    for run, rows in own.alike.items():
        finding = cells.alike(policy, run, rows)
        yield from ((analysis.id, finding) for analysis in live)


def _own_untold(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R14 in both columns, for columns that an earlier run did not tell."""
    for run, neighbours in own.untold(live).items():
        yield from ((id_, cells.untold(policy, run, rows)) for id_, rows in neighbours.items())


def _own_other_sets(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R2 for two sets of which an earlier run counted one and this run, in which that one is refused, the other: the
    later of two sets is refused, also over runs. Patients are those of all hospitals where the two were counted."""
    counted, asked = own.counted(), {analysis.analysis_set for analysis in live}
    before = [name for name, was in counted.items() if was and name not in asked]
    for analysis in live:
        name = analysis.analysis_set
        for other in before if not counted.get(name, True) else ():
            pair = figures.apart.get((name, other)) or figures.apart.get((other, name))
            if pair is None or policy.column == "local":
                differ = own.cohort.apart(name, other)
                pair = Count(differ, int(differ > 0))
            yield from ((analysis.id, f) for f in cells.apart(policy, other, name, pair.rows, pair.sites))


def _own_outcomes(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R2 for two endpoints of models, in both columns: the difference of their scores is of the patients in whom they
    differ. How many these are at all hospitals is known only as far as one endpoint has more events; where that is not
    enough, it must be none of a hospital's own, or as many as it may tell apart."""
    before: dict[str, None] = {}
    differing = cache(lambda other, name: _differing(own.cohort.outcomes(other), own.cohort.outcomes(name)))
    for analysis in models(live):
        name = analysis.analysis_set
        for other in before:
            more = abs(figures.events.get(name, 0) - figures.events.get(other, 0))
            differ = 0 if more >= policy.k else differing(other, name)
            yield analysis.id, cells.outcomes(policy, other, name, differ)
        if analysis.endpoint is not None:
            before[name] = None


def _differing(one: AnalysisSet, other: AnalysisSet) -> int:
    """Returns how many patients of both sets have another event, or days that differ otherwise than most patients' do:
    the same shift for all changes no risk set."""
    _, i, j = np.intersect1d(one.patients, other.patients, return_indices=True)
    if not len(i):
        return 0
    shift = other.days[j] - one.days[i]
    values, counts = np.unique(shift, return_counts=True)
    return int(((shift != values[counts.argmax()]) | (one.event[i] != other.event[j])).sum())


def _own_everything(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R1 to R4 and R6 on this hospital's rows alone, in their order."""
    kept: list[str] = []
    counted: list[Judged] = []
    for analysis in live:
        found = list(_own_counts(policy, analysis, own, kept))
        counted += ((analysis.id, finding) for finding in found)
        if all(finding.passes for finding in found):
            kept.append(analysis.analysis_set)
    yield from counted
    rest = _kept(live, counted)
    pairs = matrix(own.cohort, binary(rest))
    together = list(_span(policy, "R2.leverage", pairs, pairs.T @ pairs, binary(rest), rest))
    yield from together
    rest = _kept(rest, together)
    spread = matrix(own.cohort, modelled(rest), centred=True)
    yield from _span(policy, "R4.leverage", spread, spread.T @ spread, modelled(rest), models(rest))
    yield from _own_strata(policy, rest, own, None)


def _kept(live: Live, judged: Sequence[Judged]) -> list[Analysis]:
    dead = {id_ for id_, finding in judged if not finding.passes}
    return [analysis for analysis in live if analysis.id not in dead]


def _own_counts(policy: Policy, analysis: Analysis, own: Own, kept: Sequence[str]) -> Iterator[Finding]:
    name = analysis.analysis_set
    rows = own.cohort.analysis_sets[name]
    if rows.n == 0:
        return
    yield cells.population_rows(policy, name, rows.n)
    for other in dict.fromkeys(kept):
        if other != name:
            differ = own.cohort.apart(name, other)
            yield from cells.apart(policy, other, name, differ, int(differ > 0))
    ones = {c.name: int(c.values(rows).sum()) for c in analysis.columns if not c.is_number}
    yield from levels(policy, analysis, rows.n, ones)
    if p := len(analysis.exposure.design):
        numbers = {c: c.values(rows) for c in analysis.exposure.judged_design}
        varying = [c for c, values in numbers.items() if (values != values[0]).any()]
        yield from lost(pooled(rows.n, 0, {c: summary([c], rows).tolist() for c in numbers}, varying), analysis)
        yield of_models.events(policy, analysis.id, int(own.cohort.outcomes(name).event.sum()), p)
        yield of_models.parameters(policy, analysis.id, rows.n, p)


def _own_columns(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4 for each column alone, before its products with others are sent: where one patient makes up nearly all of its
    spread, they are that patient's row."""
    for feature in modelled(live):
        if feature.column is not None:
            within = figures.moments[feature.cohort].columns[feature.column].within
            yield from _alone(policy, own, feature, within, [a for a in models(live) if in_design(a, feature)])
    yield from _own_strata(policy, live, own, figures.within)


def _own_strata(policy: Policy, live: Live, own: Own, within: Mapping[Feature, float] | None) -> Iterator[Judged]:
    """R4 for each column alone within the strata of its model: a column may be all but constant there. `within` are the
    sums of squares of all hospitals, None for this one's own."""
    for feature in stratified(live):
        total = None if within is None else within[feature]
        yield from _alone(policy, own, feature, total, [a for a in models(live) if in_strata(a, feature)])


def _alone(policy: Policy, own: Own, feature: Feature, total: float | None, users: Live) -> Iterator[Judged]:
    """R4 for one column, of the analyses that use it; `total` is its sum of squares, None for this hospital's own."""
    rows = matrix(own.cohort, [feature], centred=True)
    gram = rows.T @ rows if total is None else np.array([[total]])
    for analysis in users:
        found = span.design(policy, "R4.leverage", rows, gram, [(analysis.id, [0])])
        yield from ((analysis.id, finding) for finding in found)


def _own_pairs(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R2: no combination of 0/1 columns, over all analyses, singles out a few patients."""
    features = binary(live)
    if figures.pairs is not None:
        yield from _span(
            policy, "R2.leverage", matrix(own.cohort, features), figures.pairs.of(features), features, live
        )


def _own_designs(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4: nor does any combination of all columns of the models, including numbers."""
    features = modelled(live)
    if figures.spread is not None and features:
        own_rows = matrix(own.cohort, features, centred=True)
        yield from _span(policy, "R4.leverage", own_rows, figures.spread.of(features), features, models(live))


def _span(
    policy: Policy,
    limit: str,
    rows: NDArray[np.float64],
    gram: NDArray[np.float64],
    features: Sequence[Feature],
    live: Live,
) -> Iterator[Judged]:
    at = {feature: j for j, feature in enumerate(features)}
    users = [(analysis.id, [at[f] for f in features_of([analysis]) if f in at]) for analysis in live]
    findings = span.design(policy, limit, rows, gram, users)
    yield from zip((id_ for id_, _ in users), findings, strict=True)


def _own_evaluations(policy: Policy, own: Own, evaluated: Sequence[Evaluated]) -> Iterator[Judged]:
    """R7 at the requested points and, in the local column, R5 on this hospital's rows."""
    for one in evaluated:
        id_, n = one.analysis.id, own.cohort.analysis_sets[one.analysis.analysis_set].n
        eta = one.linear_predictor()
        if eta.shape != (n,):
            why, remedy = say("rules.beyond.no_linear_predictor"), say("rules.remedy.no_linear_predictor")
            yield id_, cannot_judge("R7", id_, why, remedy)
        yield from ((id_, finding) for finding in of_models.linear_predictor(policy, id_, eta))
        if policy.column == "local" and n:
            p = len(one.analysis.exposure.design)
            held = one.analysis.exposure.held
            asked = of_models.evaluations(policy, id_, one.evaluations + 1, n, p, held)
            yield from ((id_, finding) for finding in asked)
