"""Which rule speaks when. Pooled figures are judged by everybody, who all find the same; own rows by each hospital.

Where sums are masked among three or more (the `pooled` column of the rules), a hospital's own rows are judged only
against pooled figures. With two, or without masks (the `local` column), each hospital judges all it has by itself
before anything leaves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.features import Admitted, Feature, features_of, matrix, uses
from riskset.analyses.admission.figures import Count, Figures
from riskset.analyses.admission.steps import Live, Own, binary, modelled, models
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cox_model import CoxModel
from riskset.analyses.plan import Plan
from riskset.analyses.survival_curves import KaplanMeier
from riskset.disclosure import cells, curves, span
from riskset.disclosure import models as of_models
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import Policy, policy_from_json, strictest

Judged = tuple[str, Finding]
"""The id of an analysis, and what a rule says of it."""

OWN_RULES: Final = {
    "admission/changes": (
        "R14",
        "patients entered, left or were changed since an earlier run, too few to be told apart",
    ),
    "admission/cohorts": ("R1 to R6", "a rule does not let a site's own patients be counted in this analysis"),
    "admission/pairs": ("R4", "a patient of a site stands out in a single column of a model"),
    "admission/products": (
        "R2",
        "yes-no columns of the study's analyses, together, single out a few patients of a site",
    ),
    "first": ("R4", "a patient of a site stands out in the columns of the study's models together"),
    "later": ("R7", "a site's own patients have too spread or too extreme linear predictors, or R5 allows no more"),
}
"""By phase: the rule that a site's flag stands for, and why. Nobody learns which site, or which patient."""
REMEDY: Final = (
    "each site sees in its own ledger which figure did not pass and what would; in most cases: merge rare levels, drop "
    "a column, declare a transform of a skewed number, or sign an exception where the rule has one"
)


@dataclass(frozen=True)
class Judge:
    """The rules of one run, as all participants hold them."""

    policy: Policy | None
    """The strictest of all participants'; None in a rehearsal that ignores the gate."""
    arm: str | None
    """The variable by which curves may be split."""

    @classmethod
    def of(cls, plan: Plan, policies: Sequence[Mapping[str, str]]) -> Judge:
        """Returns the judge of a run from what each participant said; DataError where a policy is none."""
        stated = [policy_from_json(policy) for policy in policies if policy]
        return cls(strictest(stated) if stated else None, plan.arm)

    def pooled(self, phase: str, live: Live, figures: Figures) -> dict[str, Finding]:
        """Returns, by analysis, the first finding on pooled figures that does not pass."""
        failing: dict[str, Finding] = {}
        for id_, finding in self.pooled_findings(phase, live, figures):
            if not finding.passes:
                failing.setdefault(id_, finding)
        return failing

    def pooled_findings(self, phase: str, live: Live, figures: Figures) -> Sequence[Judged]:
        """Returns what the rules say of the figures that a phase brought; those of "open" need none."""
        if self.policy is None:
            return ()
        speak = {
            "open": _splits,
            "admission/changes": _changes,
            "admission/cohorts": _cohorts,
            "admission/counts": _counts,
        }.get(phase)
        return tuple(speak(self, self.policy, live, figures)) if speak else ()

    def by_a_site(self, phase: str) -> RefusedByRule:
        """Returns the refusal that a flag stands for."""
        rule, why = OWN_RULES.get(phase, ("R1 to R7", "a rule on a site's own patients does not let them be counted"))
        return RefusedByRule(rule, why, REMEDY, by="a site")

    def evaluations_allowed(self, model: CoxModel, figures: Figures) -> int | None:
        """Returns at how many betas a model may be evaluated (R5, R6 of pooled rows); None for any number."""
        if self.policy is None:
            return None
        n = figures.rows[model.endpoint].rows
        return max(1, of_models.evaluations_allowed(self.policy, n, len(model.columns)))


def _splits(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R9, R11: curves are of the whole population or of the study's arms."""
    allowed = () if judge.arm is None else (judge.arm,)
    for analysis in live:
        if isinstance(analysis, KaplanMeier) and analysis.arm is not None:
            yield analysis.id, curves.split(policy, analysis.id, [analysis.arm], allowed)


def _changes(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R14; sites of the local column have judged their own."""
    if policy.column == "pooled":
        for run, count in figures.changes.items():
            for finding in cells.changes(policy, run, count.rows, count.sites):
                yield from ((analysis.id, finding) for analysis in live)


def _cohorts(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R1, R12, and R2 of two sets: the later analysis gives way."""
    kept: list[str] = []
    for analysis in live:
        name = analysis.endpoint
        found = [cells.contributors(policy, name, figures.rows[name].sites)]
        if policy.column == "pooled":
            found.append(cells.population_rows(policy, name, figures.rows[name].rows))
            for other in dict.fromkeys(kept):
                if other != name:
                    count = _apart(figures, other, name)
                    found += cells.apart(policy, other, name, count.rows, count.sites)
        yield from ((analysis.id, finding) for finding in found)
        if all(finding.passes for finding in found):
            kept.append(name)


def _apart(figures: Figures, a: str, b: str) -> Count:
    return figures.apart[(a, b)] if (a, b) in figures.apart else figures.apart[(b, a)]


def _counts(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R3, R6, levels of R4, and R12 of columns."""
    for analysis in live:
        n, p = figures.rows[analysis.endpoint].rows, len(analysis.columns)
        for column in analysis.columns:
            count = figures.columns[Feature(analysis.endpoint, column)]
            yield analysis.id, cells.contributors(policy, column.name, count.sites)
        if policy.column == "pooled":
            ones = {
                c.name: figures.columns[Feature(analysis.endpoint, c)].rows
                for c in analysis.columns
                if c.code is not None
            }
            yield from ((analysis.id, f) for f in _levels(policy, analysis, n, ones))
            if isinstance(analysis, CoxModel):
                yield analysis.id, of_models.events(policy, analysis.id, figures.events[analysis.endpoint], p)
                yield analysis.id, of_models.parameters(policy, analysis.id, n, p)


def _levels(policy: Policy, analysis: Admitted, n: int, ones: Mapping[str, int]) -> Iterator[Finding]:
    """R4: every level, the reference too, and its complement."""
    by_variable: dict[str, list[str]] = {}
    for column in analysis.columns:
        if column.name in ones:
            by_variable.setdefault(f"{column.variable} = {column.reference}", []).append(column.name)
    for reference, names in by_variable.items():
        counts = {name: ones[name] for name in names} | {reference: n - sum(ones[name] for name in names)}
        yield from (cells.level(policy, name, count, n) for name, count in counts.items())


class Evaluated(Protocol):
    """A model at the beta it is asked for."""

    @property
    def analysis(self) -> CoxModel: ...

    @property
    def evaluations(self) -> int: ...

    def linear_predictor(self) -> NDArray[np.float64]: ...


def own_findings(
    policy: Policy, phase: str, live: Live, own: Own, figures: Figures, evaluated: Sequence[Evaluated] = ()
) -> list[Judged]:
    """Returns what the rules say of a hospital's own rows before its next vector. Never leaves the hospital; what
    does not pass becomes a flag."""
    speak: dict[str, Callable[[], Iterator[Judged]]] = (
        {
            "admission/changes": lambda: _own_changes(policy, live, own),
            "admission/cohorts": lambda: _own_everything(policy, live, own),
        }
        if policy.column == "local"
        else {
            "admission/pairs": lambda: _own_columns(policy, live, own, figures),
            "admission/products": lambda: _own_pairs(policy, live, own, figures),
            "first": lambda: _own_designs(policy, live, own, figures),
        }
    )
    found = speak[phase]() if phase in speak else iter(())
    return [*found, *(_own_evaluations(policy, own, evaluated) if phase == "later" else ())]


def _own_changes(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    for run, rows in own.changes.items():
        for finding in cells.changes(policy, run, rows, int(rows > 0)):
            yield from ((analysis.id, finding) for analysis in live)


def _own_everything(policy: Policy, live: Live, own: Own) -> Iterator[Judged]:
    """R1 to R4 and R6 by this hospital's rows alone, in the study's order."""
    kept: list[str] = []
    counted: list[Judged] = []
    for analysis in live:
        found = list(_own_counts(policy, analysis, own, kept))
        counted += ((analysis.id, finding) for finding in found)
        if all(finding.passes for finding in found):
            kept.append(analysis.endpoint)
    yield from counted
    rest = _kept(live, counted)
    pairs = matrix(own.cohort, binary(rest))
    together = list(_span(policy, "R2.leverage", pairs, pairs.T @ pairs, binary(rest), rest))
    yield from together
    rest = _kept(rest, together)
    spread = matrix(own.cohort, modelled(rest), centred=True)
    yield from _span(policy, "R4.leverage", spread, spread.T @ spread, modelled(rest), models(rest))


def _kept(live: Live, judged: Sequence[Judged]) -> list[Admitted]:
    dead = {id_ for id_, finding in judged if not finding.passes}
    return [analysis for analysis in live if analysis.id not in dead]


def _own_counts(policy: Policy, analysis: Admitted, own: Own, kept: Sequence[str]) -> Iterator[Finding]:
    rows = own.cohort.analysis_sets[analysis.endpoint]
    if rows.n == 0:
        return
    yield cells.population_rows(policy, analysis.endpoint, rows.n)
    for other in dict.fromkeys(kept):
        if other != analysis.endpoint:
            differ = np.setxor1d(rows.patients, own.cohort.analysis_sets[other].patients)
            yield from cells.apart(policy, other, analysis.endpoint, len(differ), int(len(differ) > 0))
    ones = {c.name: int(c.values(rows).sum()) for c in analysis.columns if c.code is not None}
    yield from _levels(policy, analysis, rows.n, ones)
    if isinstance(analysis, CoxModel):
        yield of_models.events(policy, analysis.id, int(rows.event.sum()), len(analysis.columns))
        yield of_models.parameters(policy, analysis.id, rows.n, len(analysis.columns))


def _own_columns(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4 of each column alone, before its products with others are told: where one patient is nearly all of its spread,
    they are that patient's row."""
    for feature in modelled(live):
        if feature.column is not None:
            rows = matrix(own.cohort, [feature], centred=True)
            total = np.array([[figures.moments[feature.cohort].columns[feature.column].within]])
            for analysis in models(live):
                if uses(analysis, feature):
                    found = span.design(policy, "R4.leverage", rows, total, [(analysis.id, [0])])
                    yield from ((analysis.id, finding) for finding in found)


def _own_pairs(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R2: no 0/1 columns of all analyses together single out a few patients."""
    features = binary(live)
    if figures.pairs is not None:
        yield from _span(
            policy, "R2.leverage", matrix(own.cohort, features), figures.pairs.of(features), features, live
        )


def _own_designs(policy: Policy, live: Live, own: Own, figures: Figures) -> Iterator[Judged]:
    """R4: nor do all columns of the models together, numbers included."""
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
    """R7 at the betas asked for and, in the local column, R5 by this hospital's rows."""
    for one in evaluated:
        id_, n = one.analysis.id, own.cohort.analysis_sets[one.analysis.endpoint].n
        yield from ((id_, finding) for finding in of_models.linear_predictor(policy, id_, one.linear_predictor()))
        if policy.column == "local" and n:
            p = len(one.analysis.columns)
            asked = of_models.evaluations(policy, id_, one.evaluations + 1, n, p)
            yield from ((id_, finding) for finding in asked)
