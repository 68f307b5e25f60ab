"""Which rules apply to a hospital's own rows, and at which stage. The findings never leave the hospital; one that does
not pass becomes a flag.

Where three or more hospitals mask their sums (the `pooled` column of the rules), own rows are judged only against
pooled figures. With two, or without masks (the `local` column), each hospital judges all its rows by themselves before
anything leaves it. Curves are compared (R9) by each hospital in both columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission import own_numbers
from riskset.analyses.admission.blocks import (
    blocks,
    brought,
    gram_of,
    is_joint,
)
from riskset.analyses.admission.features import Feature, can_be_subtracted, features_of, matrix, rows_within
from riskset.analyses.admission.figures import Count, Figures
from riskset.analyses.admission.judging import (
    Judged,
    apart_since,
    beside_a_fit,
    beyond,
    effective_levels,
    effective_numbers,
    levels,
    lost,
    nested,
    of_an_outcome,
    rarer,
    weighed_since,
)
from riskset.analyses.admission.of_columns import adding, binary, modelled
from riskset.analyses.admission.own_cells import own_arms, own_cells, own_spreads
from riskset.analyses.admission.own_changes import own_alike, own_changes, own_not_compared, own_untold
from riskset.analyses.admission.own_columns import (
    by_a_score,
    errors_of,
    own_columns,
    own_products,
    own_strata,
    own_weighted_columns,
)
from riskset.analyses.admission.own_outcomes import own_outcomes, own_outcomes_of_levels, own_outcomes_since
from riskset.analyses.admission.own_sets import own_sets, own_sets_of_arms, own_sets_of_site
from riskset.analyses.admission.own_sums import own_sums, own_sums_of_levels
from riskset.analyses.admission.own_tables import own_tables
from riskset.analyses.admission.own_weights import own_weighted_sets, own_weights
from riskset.analyses.admission.step import Live, Own
from riskset.analyses.admission.two_levels import cells_of_levels
from riskset.analyses.admission.weighings import levels_of, own_level
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import AnalysisSet, AnySet
from riskset.analyses.leaving import curves_of
from riskset.analyses.moments import pooled, summary
from riskset.analyses.opened import Begun, judged
from riskset.analyses.weights import effective, weights_of
from riskset.disclosure import cells, span
from riskset.disclosure import models as of_models
from riskset.disclosure.curves_together import together, weighted_together
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import Policy

_EVALUATIONS: Final = 8
"""A fit that converges hardly ever needs more: where fewer are permitted, no total without a hospital begins."""


def own_findings(
    policy: Policy, step: str, live: Live, own: Own, figures: Figures, arm: str | None = None
) -> list[Judged]:
    """Returns what the rules say about a hospital's own rows before it sends its numbers of a step of admission. Never
    leaves the hospital; what does not pass becomes a flag. `arm` is the variable by which tables may be split."""
    in_both: dict[str, Callable[[], Iterator[Judged]]] = {
        "admission/changes": lambda: own_untold(policy, live, own),
        "admission/cohorts": lambda: own_not_compared(policy, live, own),
        "admission/counts": lambda: chain(
            together(policy, curves_of(own.cohort, live), own.opened()),
            own_tables(policy, live, own, arm),
            own_sets(policy, live, own, figures, arm),
            own_sets_of_site(policy, live, own, figures, arm),
        ),
        # before the first score; and other runs may have told columns since
        "admission/pairs": lambda: chain(
            own_untold(policy, live, own),
            _own_outcomes(policy, live, own, figures),
            own_sets_of_arms(policy, live, own, figures, arm),
            own_weighted_sets(policy, live, own, figures),
            own_arms(policy, live, own, figures),
        ),
        "admission/products": lambda: chain(
            own_numbers.orders(policy, live, own),
            own_weights(policy, live, own, figures, arm),
            own_cells(policy, live, own),
            weighted_together(policy, curves_of(own.cohort, live), own.opened()),
            _own_outcomes_of_levels(policy, live, own, figures),
        ),
    }
    in_column: dict[str, Callable[[], Iterator[Judged]]] = (
        {
            "admission/changes": lambda: own_changes(policy, live, own),
            "admission/cohorts": lambda: _own_everything(policy, live, own),
            "admission/pairs": lambda: _own_beside_fits(policy, live, own, figures),
            "admission/joint": lambda: chain(
                cells_of_levels(policy, live, lambda features: _own_gram(own, features)),
                _own_levels(policy, live, own),
                _own_outcome_models(policy, live, own),
            ),
        }
        if policy.column == "local"
        else {
            "admission/changes": lambda: own_alike(policy, live, own),
            "admission/pairs": lambda: own_columns(policy, live, own, figures),
            "admission/joint": lambda: _own_pairs(policy, live, own, figures),
            "admission/products": lambda: chain(
                () if any(map(is_joint, live)) else _own_pairs(policy, live, own, figures),  # then in the round before
                own_products(policy, live, own, figures),
                own_weighted_columns(policy, live, own, figures),
                _own_joint(policy, "R2.leverage", live, own, figures),
            ),
        }
    )
    return [finding for speak in (in_column, in_both) if step in speak for finding in speak[step]()]


def own_findings_alone(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """As `own_findings`, by the local column: what the rules say of this hospital's rows where its own estimates of
    these models are told in clear, as if the others saw its sums."""
    sets = {analysis.analysis_set for analysis in live}
    events = {name: int(own.cohort.outcomes(name).event.sum()) for name in sets}
    yield from own_changes(policy, live, own)
    yield from _own_everything(policy, live, own)
    yield from _own_outcomes(policy, live, own, Figures(events=events))
    yield from own_outcomes_since(policy, live, own, {})
    for analysis in live:
        design, n = analysis.exposure.design, own.cohort.analysis_sets[analysis.analysis_set].n
        if analysis.exposure.without and n:
            asked = of_models.evaluations(policy, analysis.id, _EVALUATIONS, n, len(design), analysis.exposure.held)
            yield from ((analysis.id, finding) for finding in asked)


def own_findings_of_curves(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """As `own_findings`: R9 on the curves of these analyses, beside those of other runs."""
    curves, opened = curves_of(own.cohort, live), own.opened()
    yield from together(policy, curves, opened)
    yield from weighted_together(policy, curves, opened)


def own_findings_before_first(policy: Policy, passed: Live, own: Own, figures: Figures) -> list[Judged]:
    """As `own_findings`, before the first sums of a design leave; `passed` are the admitted analyses."""
    if policy.column != "pooled":
        return [*own_spreads(policy, passed, own, figures)]
    return [
        *own_spreads(policy, passed, own, figures),
        *_own_designs(policy, passed, own, figures),
        *own_numbers.in_arms(policy, passed, own, figures.by_arm),
        *_own_joint(policy, "R4.leverage", passed, own, figures),
    ]


def own_findings_of_budget(
    policy: Policy, begun: Begun, own: Own, fields: Mapping[str, Sequence[str]], before: int
) -> list[Judged]:
    """As `own_findings`, before any number of these analyses leaves: R5 on all that they open of this hospital's rows,
    after the `before` that it sent in earlier runs."""
    if policy.column != "local" or "R5.opened" not in policy.values:
        return []
    found = judged(policy, begun, lambda name: own.cohort.analysis_sets[name].n, fields, before)
    return [(id_, finding) for id_, finding, tally in found if tally.patients]


def _own_outcomes(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R2 in both columns: outcomes of models, two by two and added up."""
    figures = _hiding(policy, figures)
    of_two = list(own_outcomes(policy, live, own, figures))
    yield from of_two
    yield from own_sums(policy, _kept(live, of_two), own, figures)


def _own_outcomes_of_levels(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    figures = _hiding(policy, figures)
    of_two = list(own_outcomes_of_levels(policy, live, own, figures))
    yield from of_two
    yield from own_sums_of_levels(policy, _kept(live, of_two), own, figures)


def _hiding(policy: Policy, figures: Figures) -> Figures:
    """Returns the figures of the patients who hide a hospital's own: none where another can subtract theirs."""
    return figures if policy.column == "pooled" else Figures()


def _own_everything(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R1 to R4 and R6 on this hospital's rows alone, in their order."""
    kept: list[Analysis] = []
    counted: list[Judged] = []
    for analysis in live:
        found = list(_own_counts(policy, analysis, own, kept))
        counted += ((analysis.id, finding) for finding in found)
        if all(finding.passes for finding in found):
            kept.append(analysis)
    yield from counted
    rest = _kept(live, counted)
    of_tables = list(_own_nested(policy, rest, own))
    yield from of_tables
    rest = _kept(rest, of_tables)
    pairs = matrix(own.cohort, binary(rest))
    together = list(_span(policy, "R2.leverage", pairs, pairs.T @ pairs, binary(rest), rest))
    yield from together
    rest = _kept(rest, together)
    of_products = [*_own_joint(policy, "R2.leverage", rest, own, None)]
    yield from of_products
    rest = _kept(rest, of_products)
    spread = matrix(own.cohort, modelled(rest), centred=True)
    yield from _span(policy, "R4.leverage", spread, spread.T @ spread, modelled(rest), adding(rest))
    yield from own_strata(policy, rest, own, None)
    yield from own_numbers.in_arms(policy, rest, own, None)
    yield from _own_joint(policy, "R4.leverage", rest, own, None)


def _own_nested(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    for analysis, part, whole in nested(live):
        rows = own.cohort.analysis_sets[analysis.analysis_set]
        more = int((whole.values(rows) - part.values(rows)).sum())
        yield from ((analysis.id, finding) for finding in beyond(policy, whole, part, more, rows.n))


def _kept(live: Live, judged: Sequence[Judged]) -> list[Analysis]:
    dead = {id_ for id_, finding in judged if not finding.passes}
    return [analysis for analysis in live if analysis.id not in dead]


def _own_counts(policy: Policy, analysis: Analysis, own: Own, kept: Sequence[Analysis]) -> Iterator[Finding]:
    name = analysis.analysis_set
    rows = own.cohort.analysis_sets[name]
    if rows.n == 0:
        return
    yield cells.population_rows(policy, name, rows.n)
    of_weights = analysis.exposure.weights
    for other in dict.fromkeys(a.analysis_set for a in kept if can_be_subtracted(a, analysis)):
        if other != name:
            differ = own.cohort.apart(name, other)
            yield from cells.apart(policy, other, name, differ, int(differ > 0), analysis.exposure.is_one_way)
    since = {
        (told, name): Count(n[name], int(n[name] > 0)) for told, n in own.apart_since(own.cohort).items() if name in n
    }
    yield from apart_since(policy, analysis, since, own.told, own.tables)
    weighed = {(told, name): of[name] for told, of in own.weighed_since(own.cohort).items() if name in of}
    known = Figures(since=since, weighed=weighed, told=own.told, tables=own.tables)
    yield from weighed_since(policy, analysis, known)
    if of_weights:
        yield from _own_effective(policy, analysis, rows)
        return
    ones = {c.name: int(c.values(rows).sum()) for c in analysis.columns if not c.is_number}
    yield from levels(policy, analysis, rows.n, ones)
    if analysis.exposure.within is None:
        yield from _own_model(policy, analysis, rows)


def _own_effective(policy: Policy, analysis: Analysis, rows: AnySet) -> Iterator[Finding]:
    """The same by as how many patients this hospital's own count."""
    weights, of_levels = weights_of(rows), {of: own_level(of, rows, [analysis]) for of in levels_of(analysis)}
    yield from effective_levels(policy, analysis, of_levels)
    events = effective(weights[rows.event]) if isinstance(rows, AnalysisSet) else None
    yield from effective_numbers(policy, analysis, effective(weights), events)


def _own_levels(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R1, R3, R4 and R6 on this hospital's patients of a level, before they are counted alone."""
    for analysis in live:
        rows = rows_within(own.cohort.analysis_sets[analysis.analysis_set], analysis)
        if rows.n and analysis.exposure.within is not None:
            yield analysis.id, cells.subgroup_rows(policy, analysis.rows_name, rows.n)
            yield from ((analysis.id, finding) for finding in _own_model(policy, analysis, rows))


def _own_model(policy: Policy, analysis: Analysis, rows: AnySet) -> Iterator[Finding]:
    if summed := analysis.exposure.summed:
        numbers = {c: c.values(rows) for c in summed}
        varying = [c for c, values in numbers.items() if (values != values[0]).any()]
        yield from lost(pooled(rows.n, 0, {c: summary([c], rows).tolist() for c in numbers}, varying), analysis)
    if p := len(analysis.exposure.design):
        yield of_models.events(policy, analysis.id, _answers(analysis, rows), p)
        yield of_models.parameters(policy, analysis.id, rows.n, p)


def _own_outcome_models(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R5 for models without an endpoint, on this hospital's rows."""
    for analysis in live:
        if n := own.cohort.analysis_sets[analysis.analysis_set].n:
            yield from ((analysis.id, finding) for finding in of_an_outcome(policy, analysis, n))


def _own_beside_fits(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R5 for levels that follow from a fitted model, on this hospital's rows."""
    kept: list[Analysis] = []
    for analysis in live:
        if n := own.cohort.analysis_sets[analysis.analysis_set].n:
            found = [*beside_a_fit(policy, analysis, kept, n, figures.sent)]
            yield from ((analysis.id, finding) for finding in found)
            kept += [analysis] if all(finding.passes for finding in found) else []


def _answers(analysis: Analysis, rows: AnySet) -> int:
    """As `judging`: how many events a hospital's rows of a model have, or patients with the rarer answer."""
    if (outcome := analysis.exposure.outcome) is not None:
        return rarer(int(outcome.values(rows).sum()), rows.n)
    if not isinstance(rows, AnalysisSet):
        raise TypeError(f"the set {analysis.analysis_set} has no endpoint")
    return int(rows.event.sum())


def _own_pairs(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R2: no combination of 0/1 columns, over all analyses, singles out a few patients."""
    features = binary(live)
    if figures.pairs is not None:
        yield from _span(
            policy, "R2.leverage", matrix(own.cohort, features), figures.pairs.of(features), features, live
        )


def _own_designs(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4: nor does any combination of all columns of the models and the numbers of tables."""
    features = modelled(live)
    if figures.spread is not None and features:
        own_rows = matrix(own.cohort, features, centred=True)
        errors = errors_of(features, own, figures)
        yield from _span(policy, "R4.leverage", own_rows, figures.spread.of(features), features, adding(live), errors)


def _own_joint(policy: Policy, limit: str, live: Live, own: Own, figures: Figures | None) -> Iterator[Judged]:
    """R2 and R4 for the blocks of products: no combination of columns within a factor singles out a few patients.
    Without figures, of this hospital's rows alone."""
    is_of_levels = limit == "R2.leverage"
    used = {a.id: (*features_of([a]), *brought(a)) for a in live}
    for block in blocks(live):
        features = block.levels if is_of_levels else block.design
        rows = matrix(own.cohort, features, centred=not is_of_levels)
        if figures is None:
            gram = rows.T @ rows
        else:
            known = (figures.pairs, figures.joint) if is_of_levels else (figures.spread, figures.joint_spread)
            gram = gram_of(features, *known)
        at = {feature: j for j, feature in enumerate(features)}
        users = [(id_, [at[f] for f in of if f in at]) for id_, of in used.items() if id_ in block.users]
        yield from zip((id_ for id_, _ in users), span.design(policy, limit, rows, gram, users), strict=True)


def _own_gram(own: Own, features: Sequence[Feature]) -> NDArray[np.float64]:
    rows = matrix(own.cohort, features)
    return np.asarray(rows.T @ rows)


def _span(
    policy: Policy,
    limit: str,
    rows: NDArray[np.float64],
    gram: NDArray[np.float64],
    features: Sequence[Feature],
    live: Live,
    errors: NDArray[np.float64] | None = None,
) -> Iterator[Judged]:
    at = {feature: j for j, feature in enumerate(features)}
    users = [(analysis.id, [at[f] for f in features_of([analysis]) if f in at]) for analysis in live]
    tables = {analysis.id for analysis in live if analysis.exposure.is_one_way}
    findings = span.design(policy, limit, rows, gram, users, tables, errors, by_a_score(live))
    yield from zip((id_ for id_, _ in users), findings, strict=True)
