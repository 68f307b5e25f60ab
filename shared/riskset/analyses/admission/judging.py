"""Which rules apply to pooled figures, and at which stage. Every party judges them, and all come to the same result.

A hospital's own rows are judged by that hospital alone (`own_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from riskset.analyses.admission.altered import Item, users_in
from riskset.analyses.admission.blocks import compared, is_joint
from riskset.analyses.admission.causes import refusal_by_a_site
from riskset.analyses.admission.features import Feature, feature_of, must_differ
from riskset.analyses.admission.figures import Count, Figures, Rest, ToldSet
from riskset.analyses.admission.openings import adds_in_blocks, openings
from riskset.analyses.admission.step import Live
from riskset.analyses.admission.two_levels import cells_of_levels
from riskset.analyses.admission.weighed_cells import Cell, InCell, cells_of
from riskset.analyses.admission.weighings import Level, Weighed, levels_of, weighted
from riskset.analyses.analysis import Analysis, RefusedByRule
from riskset.analyses.moments import Moments
from riskset.analyses.opened import Begun, judged
from riskset.analyses.plan import Plan
from riskset.catalogue import say
from riskset.disclosure import cells
from riskset.disclosure import models as of_models
from riskset.disclosure.coverage import adds_weights, first_uncovered, uncovered_alone
from riskset.disclosure.exposure import Column, Label
from riskset.disclosure.finding import Finding, cannot_judge
from riskset.disclosure.policy import Policy, policy_from_json, strictest

EVALUATIONS_OF_AN_OUTCOME: Final = 6
"""A logistic model hardly ever needs more: where fewer are permitted, none begins."""

Judged = tuple[str, Finding]
"""The id of an analysis, and what a rule says about it."""


@dataclass(frozen=True)
class Judge:
    """The rules of one run, as all participants hold them."""

    policy: Policy | None
    """The strictest of all participants' policies; None in a rehearsal that ignores the gate."""
    arm: str | None
    """The variable by which curves may be split."""

    @classmethod
    def of(cls, plan: Plan, policies: Sequence[Mapping[str, str]], protocol: int | None = None) -> Judge:
        """Returns the judge of a run of this protocol from each participant's policy; DataError where one cannot be
        read."""
        stated = [policy_from_json(policy, protocol) for policy in policies if policy]
        return cls(strictest(stated) if stated else None, plan.arm)

    def pooled(self, phase: str, live: Live, figures: Figures) -> dict[str, Finding]:
        """Returns, for each analysis that fails, the first finding on pooled figures that does not pass."""
        failing: dict[str, Finding] = {}
        for id_, finding in self.pooled_findings(phase, live, figures):
            if not finding.passes:
                failing.setdefault(id_, finding)
        return failing

    def pooled_findings(self, phase: str, live: Live, figures: Figures) -> Sequence[Judged]:
        """Returns what the rules say about the figures of a phase; "open" is judged without any."""
        if self.policy is None:
            return ()
        if phase == "open":
            return tuple(openings(self.policy, live, self.arm))
        speak = {
            "admission/changes": _changes,
            "admission/cohorts": _cohorts,
            "admission/counts": _counts,
            "admission/pairs": _pairs,
            "admission/joint": _products,
            "admission/products": _not_alone,
        }.get(phase)
        return tuple(speak(self, self.policy, live, figures)) if speak else ()

    def by_a_site(self, phase: str, cause: str, analysis: Analysis) -> RefusedByRule:
        """Returns the refusal behind a site's flag."""
        return refusal_by_a_site(self.policy, phase, cause, analysis)

    def rounds_allowed(self, analysis: Analysis, figures: Figures) -> int | None:
        """Returns how many rounds the points take at which an analysis may be evaluated (R5 on pooled rows); None for
        any number."""
        if not analysis.exposure.is_iterative:
            return 1
        if self.policy is None or analysis.exposure.halved:  # R4 ends what is halved
            return None
        n = figures.rows[analysis.rows_name].rows
        exposure = analysis.exposure
        of = len(exposure.design), exposure.held, exposure.slopes, exposure.predictors
        points = of_models.evaluations_allowed(self.policy, n, *of)
        return max(1, points) * exposure.rounds_of_a_point

    def opened(self, begun: Begun, figures: Figures, fields: Mapping[str, Sequence[str]]) -> Sequence[Judged]:
        """Returns what R5 says of all numbers that the analyses open, on pooled rows; in the local column each site
        judges its own rows."""
        policy = self.policy
        if policy is None or policy.column == "local" or "R5.opened" not in policy.values:
            return ()
        found = judged(policy, begun, lambda name: figures.rows[name].rows, fields, figures.opened_before)
        return tuple((id_, finding) for id_, finding, _ in found)

    def halved(self, analysis: Analysis, state: object, labels: Sequence[Label]) -> RefusedByRule | None:
        """Returns the refusal of an analysis that would next count half of an interval of few patients (R4); None where
        it would not. Each such count has a label with the number, and the analysis says how many the interval has."""
        policy, numbers = self.policy, set(analysis.exposure.halved)
        counted = [label for label in labels if not numbers.isdisjoint(label.columns)]
        if policy is None or not counted:
            return None
        inside = analysis.halved(state)
        if "R4.halved" not in policy.values or len(inside) != len(counted):
            finding = cannot_judge("R4", analysis.id, say("rules.beyond.halved"), say("rules.instead.later_version"))
            return RefusedByRule.of(finding)
        if policy.column == "local":  # each site judges its own patients
            return None
        finding = cells.halved(policy, analysis.id, min(inside))
        return None if finding.passes else RefusedByRule.of(finding)

    def in_blocks(self, analysis: Analysis, state: object, labels: Sequence[Label], live: Live) -> RefusedByRule | None:
        """Returns the refusal of an analysis that would next add up weights in blocks of few patients (R9); None where
        it would not. Each such sum has a label, and the analysis says how many patients the block has: as many for each
        endpoint of the `live` analyses that add up weights."""
        sums = [label for label in labels if adds_weights(analysis.exposure, label)]
        if self.policy is None or not sums:
            return None
        inside = analysis.in_blocks(state)
        if len(inside) != len(sums):
            finding = cannot_judge("R9", analysis.id, say("rules.beyond.blocks"), say("rules.instead.later_version"))
        else:
            endpoints = {one.endpoint for one in (analysis, *live) if adds_in_blocks(one)}
            finding = cells.block(self.policy, analysis.id, min(inside) // len(endpoints))
        return None if finding.passes else RefusedByRule.of(finding)

    def uncovered(
        self, analysis: Analysis, labels: Sequence[Label], told: Sequence[Label] = ()
    ) -> RefusedByRule | None:
        """Returns the refusal of an analysis that would send a number its exposure does not cover, or have it `told`
        by a hospital alone; None where it would not."""
        if self.policy is None:
            return None
        why = first_uncovered(analysis.exposure, labels, self.arm) or uncovered_alone(analysis.exposure, told)
        if not why:
            return None
        return RefusedByRule("R2", say("rules.uncovered", analysis=analysis.id, why=why), say("rules.declare"))


def _changes(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R14; in the local column each site has judged its own changes."""
    if policy.column == "pooled":
        for run, count in figures.changes.items():
            for finding in cells.changes(policy, run, count.rows, count.sites):
                yield from ((analysis.id, finding) for analysis in live)
        for run, count in figures.entered.items():
            for finding in cells.entered(policy, run, count.rows, count.sites):
                yield from ((analysis.id, finding) for analysis in live)
        yield from altered(policy, live, figures.altered)


def altered(policy: Policy, live: Live, counts: Mapping[tuple[str, Item], Count]) -> Iterator[Judged]:
    """R14 for what each analysis uses."""
    users = users_in(live)
    for (run, item), count in counts.items():
        for finding in cells.altered(policy, run, item.what, item.name, count.rows, count.sites):
            yield from ((id_, finding) for id_ in users.get(item, ()))


def _cohorts(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R1, R12, and R2 for two sets: the later analysis is refused."""
    kept: list[Analysis] = []
    for analysis in live:
        name = analysis.analysis_set
        found = [cells.contributors(policy, name, figures.rows[name].sites)]
        if policy.column == "pooled":
            found.append(cells.population_rows(policy, name, figures.rows[name].rows))
            for other in others_of(analysis, kept, judge.arm):
                count = apart_of(figures, other, name)
                found += cells.apart(policy, other, name, count.rows, count.sites, analysis.exposure.is_one_way)
            found += apart_since(policy, analysis, figures.since, figures.told, figures.tables)
            found += weighed_since(policy, analysis, figures)
            found += beside_a_fit(policy, analysis, kept, figures.rows[name].rows, figures.sent)
        yield from ((analysis.id, finding) for finding in found)
        if all(finding.passes for finding in found):
            kept.append(analysis)


def others_of(analysis: Analysis, kept: Sequence[Analysis], arm: str | None) -> Sequence[str]:
    """Returns the sets, other than its own, with which that of an analysis is compared: those of the analyses kept so
    far, once each."""
    others = (other for other in kept if other.analysis_set != analysis.analysis_set)
    return tuple(dict.fromkeys(other.analysis_set for other in others if must_differ(analysis, other, arm)))


def apart_since(
    policy: Policy,
    analysis: Analysis,
    since: Mapping[tuple[ToldSet, str], Count],
    told: frozenset[ToldSet],
    tables: frozenset[ToldSet],
) -> Iterator[Finding]:
    """R14 for the set of an analysis, beside those of earlier runs. Nothing new is told of one that is the same as a
    set told before. What tables of one set have more than those of another is a table of whom they differ in."""
    if is_told_before(analysis, since, told, tables):
        return
    name, is_one_way = analysis.analysis_set, analysis.exposure.is_one_way
    for ((run, place), of), count in since.items():
        if of == name:
            are_tables = is_one_way or (run, place) in tables
            yield from cells.set_since(policy, name, run, place, count.rows, count.sites, are_tables=are_tables)


def weighed_since(policy: Policy, analysis: Analysis, figures: Figures) -> Iterator[Finding]:
    """R14 for the weights of the set of an analysis, beside those of earlier runs: that they differ for many hides
    nobody for whom they differ much more."""
    if not is_told_before(analysis, figures.since, figures.told, figures.tables):
        for ((run, place), name), weights in figures.weighed.items():
            if name == analysis.analysis_set:
                yield cells.weights_since(policy, name, run, place, weights.effective)


def is_told_before(
    analysis: Analysis,
    since: Mapping[tuple[ToldSet, str], Count],
    told: frozenset[ToldSet],
    tables: frozenset[ToldSet],
) -> bool:
    """Whether the set of an analysis is the same as one that earlier runs told, of which as much was told."""
    same = told if analysis.exposure.is_one_way else told - tables
    return any(
        one in same and of == analysis.analysis_set and count == Count(0, 0) for (one, of), count in since.items()
    )


def apart_of(figures: Figures, a: str, b: str) -> Count:
    """Returns who is in only one of two sets."""
    return figures.apart[(a, b)] if (a, b) in figures.apart else figures.apart[(b, a)]


def _counts(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R3, R6, R4 for levels, R12 for columns, and R13 for the hospitals that tell nothing alone."""
    found = [*_counted(policy, live, figures)]
    yield from found
    failing = {id_ for id_, finding in found if not finding.passes}
    if policy.column == "pooled":
        for analysis, part, whole in nested([analysis for analysis in live if analysis.id not in failing]):
            name = analysis.analysis_set
            less, more = (figures.columns[Feature(name, column)].rows for column in (part, whole))
            yield from ((analysis.id, f) for f in beyond(policy, whole, part, more - less, figures.rows[name].rows))


def _counted(policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    for analysis in live:
        n = figures.rows[analysis.analysis_set].rows
        if (rest := _rest(analysis, figures)) is not None:
            yield analysis.id, cells.not_alone(policy, rest.sites)
        if not analysis.exposure.weights:  # whose columns are told in the next round
            yield from ((analysis.id, f) for f in lost(figures.moments.get(analysis.analysis_set), analysis))
        single = [column for column in analysis.columns if not column.factors]
        for column in single:
            count = figures.columns[feature_of(analysis, column)]
            if tells_nothing(analysis, column, count.rows, n):
                continue
            of: Literal["number", "level"] = "number" if column.is_number else "level"
            is_of_some = column.is_number or analysis.exposure.weights or 0 < count.rows < n
            yield analysis.id, cells.contributors(policy, column.name, count.sites, of, is_of_some=is_of_some)
        yield from ((analysis.id, finding) for finding in _sites_of_an_outcome(policy, analysis, figures))
        yield from ((analysis.id, finding) for finding in _combinations(policy, analysis, figures))
        if policy.column == "pooled" and analysis.exposure.weights:
            yield from ((analysis.id, f) for f in _effective(policy, analysis, figures))
        elif policy.column == "pooled":
            ones = {c.name: figures.columns[Feature(analysis.analysis_set, c)].rows for c in single if not c.is_number}
            yield from ((analysis.id, f) for f in levels(policy, analysis, n, ones))
            if analysis.exposure.within is None:
                yield from ((analysis.id, f) for f in _model(policy, analysis, figures))


def _sites_of_an_outcome(policy: Policy, analysis: Analysis, figures: Figures) -> Iterator[Finding]:
    """R12 for a model without an endpoint: a hospital whose patients have one answer adds nothing to it."""
    if (outcome := analysis.exposure.outcome) is not None:
        for column in analysis.exposure.design:
            if column != outcome:
                sites = figures.answers[analysis.analysis_set, column, outcome]
                subject = say("rules.subject.both", a=column.name, b=outcome.name)
                yield cells.contributors(policy, subject, sites, "number")


def _effective(policy: Policy, analysis: Analysis, figures: Figures) -> Iterator[Finding]:
    """R1, R3 and R6 by as how many patients those of a weighted set count."""
    name = analysis.analysis_set
    n, events = (figures.weights.get(Weighed(name, with_event=with_event)) for with_event in (False, True))
    if n is None or (events is None and analysis.endpoint is not None):
        yield cannot_judge("R8", analysis.id, say("rules.beyond.weights"), say("rules.instead.later_version"))
        return
    yield from effective_numbers(policy, analysis, n.effective, None if events is None else events.effective)


def effective_numbers(policy: Policy, analysis: Analysis, n: int, events: int | None) -> Iterator[Finding]:
    """R1, R3 and R6 where patients count as `n`, and those with an event as `events`; None without an endpoint."""
    p = len(analysis.exposure.design)
    yield cells.population_rows(policy, say("rules.subject.weighted", name=analysis.analysis_set), n)
    if p and events is not None:
        yield of_models.events(policy, analysis.id, events, p)
        yield of_models.parameters(policy, analysis.id, n, p)


def effective_levels(policy: Policy, analysis: Analysis, known: Mapping[Weighed, Level]) -> Iterator[Finding]:
    """R4: every level of a weighted analysis, including the references, and its complement."""
    for of in levels_of(analysis):
        level = known[of]
        subject = say("rules.subject.weighted", name=of.name)
        yield cells.level(policy, subject, level.having, level.having + level.lacking)


def effective_cells(policy: Policy, analysis: Analysis, known: Mapping[Cell, InCell]) -> Iterator[Finding]:
    """R8: every cell of a table of weights."""
    if analysis.exposure.weighs_tables:
        for cell in cells_of(analysis):
            if not cell.is_of_number:
                yield cells.weighed(policy, cell.name, known[cell].effective)


def _model(policy: Policy, analysis: Analysis, figures: Figures) -> Iterator[Finding]:
    """R3 and R6 for the rows of a model."""
    if p := len(analysis.exposure.design):
        n = figures.rows[analysis.rows_name].rows
        yield of_models.events(policy, analysis.id, _answers(analysis, figures), p)
        yield of_models.parameters(policy, analysis.id, n, p)
        yield from of_an_outcome(policy, analysis, n)


def of_an_outcome(policy: Policy, analysis: Analysis, n: int) -> Iterator[Finding]:
    """R5 for a model without an endpoint, of n patients."""
    if predictors := analysis.exposure.predictors:
        yield of_models.fitted(policy, analysis.id, EVALUATIONS_OF_AN_OUTCOME, n, predictors)


def beside_a_fit(
    policy: Policy, analysis: Analysis, kept: Sequence[Analysis], n: int, sent: Mapping[str, int]
) -> Iterator[Finding]:
    """R5 for levels that follow from a fitted model, of n patients, with those of the analyses `kept` before."""
    if (own := analysis.exposure.from_fit) is not None:
        fits = [fit for one in kept if (fit := one.exposure.from_fit) is not None and fit.id == own.id]
        of_each = {fit.variable: fit for fit in (*fits, own)}
        numbers = sent[own.id] + sum(fit.numbers for fit in of_each.values())
        yield of_models.fitted_beside(policy, analysis.id, numbers, n)


def _combinations(policy: Policy, analysis: Analysis, figures: Figures) -> Iterator[Finding]:
    """R6 for a model without an endpoint. Where others can see a hospital's own sums, its intercept can be tried."""
    exposure = analysis.exposure
    if exposure.predictors:
        rows = figures.rows[analysis.rows_name]
        each = rows.sites if exposure.own_intercepts and policy.column == "pooled" else 1
        yield of_models.combinations(policy, analysis.id, rows.rows, exposure.combinations * each)


def _answers(analysis: Analysis, figures: Figures) -> int:
    """Returns how many events the rows of a model have; of one without an endpoint, patients with the rarer answer."""
    outcome = analysis.exposure.outcome
    if outcome is None:
        return figures.events[analysis.rows_name]
    return rarer(figures.columns[Feature(analysis.analysis_set, outcome)].rows, figures.rows[analysis.rows_name].rows)


def rarer(having: int, n: int) -> int:
    """Returns how many of n patients have a yes-no column, or do not have it, whichever are fewer."""
    return min(having, n - having)


def _pairs(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R4 for the columns of weighted sets, and what is judged of the levels of analyses with products."""
    for analysis in weighted(live):
        yield from ((analysis.id, f) for f in lost(figures.moments.get(analysis.analysis_set), analysis))
        if policy.column == "pooled":
            yield from ((analysis.id, f) for f in effective_levels(policy, analysis, figures.levels))
            yield from ((analysis.id, f) for f in effective_cells(policy, analysis, figures.in_cells))
    yield from _cells(judge, policy, live, figures)


def _cells(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R2 and R4 for the levels of analyses with products of columns, before these are told."""
    pairs = figures.pairs
    if policy.column == "pooled" and pairs is not None:
        yield from cells_of_levels(policy, live, pairs.of)


def _products(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R12 for products of columns, R4 where a number among them is lost; for the patients of a level R1, R3 and R6."""
    for analysis in live:
        for feature in compared([analysis]):
            of: Literal["number", "level"] = "number" if feature.is_number else "level"
            name = feature.column.name if feature.column is not None else feature.name
            yield analysis.id, cells.contributors(policy, name, figures.columns[feature].sites, of)
        if is_joint(analysis):
            yield from ((analysis.id, f) for f in lost(figures.moments.get(analysis.rows_name), analysis))
        if analysis.exposure.within is not None and policy.column == "pooled":
            yield analysis.id, cells.subgroup_rows(policy, analysis.rows_name, figures.rows[analysis.rows_name].rows)
            yield from ((analysis.id, f) for f in _model(policy, analysis, figures))


def _rest(analysis: Analysis, figures: Figures) -> Rest | None:
    """Returns the hospitals that tell nothing alone where others do: what all have together, less what these tell, is
    what they have. None where all tell, or nobody does."""
    rest = figures.rest.get(analysis.id) if analysis.exposure.alone else None
    return rest if rest is not None and 0 < rest.sites < figures.rows[analysis.analysis_set].sites else None


def _not_alone(judge: Judge, policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R1 and R3 for the patients of these hospitals."""
    for analysis in live:
        if policy.column == "pooled" and (rest := _rest(analysis, figures)) is not None:
            p = len(analysis.exposure.design)
            yield analysis.id, cells.population_rows(policy, cells.NOT_ALONE, rest.rows)
            yield analysis.id, of_models.events(policy, cells.NOT_ALONE, rest.events, p)


def lost(moments: Moments | None, analysis: Analysis) -> Iterator[Finding]:
    """R4: a column whose differences are lost in the study's range hides whether a patient stands out in it."""
    known = {} if moments is None else moments.columns
    if columns := tuple(c.name for c in analysis.exposure.summed if c in known and known[c].is_lost):
        why = say("rules.beyond.lost_in_range", columns=columns)
        yield cannot_judge("R4", analysis.id, why, say("rules.instead.narrower_range", columns=columns))


def tells_nothing(analysis: Analysis, column: Column, rows: int, n: int) -> bool:
    """Whether a table that follows from a fitted model tells no more of a level than how many of n patients have it:
    where nobody has it, or all have."""
    exposure = analysis.exposure
    return exposure.from_fit is not None and column in exposure.tables and column.reference is None and rows in (0, n)


def levels(policy: Policy, analysis: Analysis, n: int, ones: Mapping[str, int]) -> Iterator[Finding]:
    """R4: every level, including the reference, and its complement. A product of two levels has no reference."""
    by_variable: dict[str, list[str]] = {}
    for column in analysis.columns:
        if column.name in ones and column.reference is None:
            if tells_nothing(analysis, column, ones[column.name], n):
                continue
            yield cells.level(policy, column.name, ones[column.name], n)
        elif column.name in ones:
            by_variable.setdefault(f"{column.variable} = {column.reference}", []).append(column.name)
    for reference, names in by_variable.items():
        counts = {name: ones[name] for name in names} | {reference: n - sum(ones[name] for name in names)}
        yield from (cells.level(policy, name, count, n) for name, count in counts.items())


def beyond(policy: Policy, whole: Column, part: Column, rows: int, n: int) -> Iterator[Finding]:
    """R4: what one level of tables has beyond another that it includes is the difference of the two."""
    if rows:
        yield cells.level(policy, say("rules.subject.beyond", whole=whole.name, part=part.name), rows, n)


def nested(live: Live) -> Iterator[tuple[Analysis, Column, Column]]:
    """Yields every two columns of the tables of one set of which the second includes the first, with the analysis that
    tells the later one; tables of sites by themselves."""
    before: dict[tuple[str, bool], dict[Column, None]] = {}
    for analysis in live:
        known = before.setdefault((analysis.analysis_set, analysis.exposure.per_site), {})
        for column in (column for column in analysis.exposure.tables if column.merged and column not in known):
            yield from ((analysis, column, other) for other in known if column.is_within(other))
            yield from ((analysis, other, column) for other in known if other.is_within(column))
            known[column] = None
