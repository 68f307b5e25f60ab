"""Which rules apply to pooled figures, and at which stage. Every party judges them, and all come to the same result.

A hospital's own rows are judged by that hospital alone (`own_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from riskset.analyses.admission.altered import Item, users_in
from riskset.analyses.admission.blocks import compared, is_joint
from riskset.analyses.admission.features import Feature, feature_of, must_differ
from riskset.analyses.admission.figures import Count, Figures, Rest, ToldSet
from riskset.analyses.admission.step import Live
from riskset.analyses.admission.two_levels import cells_of_levels
from riskset.analyses.admission.weighed_cells import Cell, InCell, cells_of
from riskset.analyses.admission.weighings import Level, Weighed, levels_of, weighted
from riskset.analyses.analysis import Analysis
from riskset.analyses.moments import Moments
from riskset.catalogue import say
from riskset.disclosure import cells
from riskset.disclosure import models as of_models
from riskset.disclosure.exposure import Column
from riskset.disclosure.finding import Finding, cannot_judge
from riskset.disclosure.policy import Policy

EVALUATIONS_OF_AN_OUTCOME: Final = 6
"""A logistic model hardly ever needs more: where fewer are permitted, none begins."""

Judged = tuple[str, Finding]
"""The id of an analysis, and what a rule says about it."""


def pooled(policy: Policy, phase: str, live: Live, figures: Figures, arm: str | None) -> Iterator[Judged]:
    """Yields what the rules say about the figures of a phase of admission; `arm` is the variable by which curves may be
    split."""
    match phase:
        case "admission/changes":
            yield from _changes(policy, live, figures)
        case "admission/cohorts":
            yield from _cohorts(policy, live, figures, arm)
        case "admission/counts":
            yield from _counts(policy, live, figures)
        case "admission/pairs":
            yield from _pairs(policy, live, figures)
        case "admission/joint":
            yield from _products(policy, live, figures)
        case "admission/products":
            yield from _not_alone(policy, live, figures)


def _changes(policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
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


def _cohorts(policy: Policy, live: Live, figures: Figures, arm: str | None) -> Iterator[Judged]:
    """R1, R12, and R2 for two sets: the later analysis is refused."""
    kept: list[Analysis] = []
    for analysis in live:
        name = analysis.analysis_set
        found = [cells.contributors(policy, name, figures.rows[name].sites)]
        if policy.column == "pooled":
            found.append(cells.population_rows(policy, name, figures.rows[name].rows))
            for other in others_of(analysis, kept, arm):
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


def _counts(policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
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


def _pairs(policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R4 for the columns of weighted sets, and what is judged of the levels of analyses with products."""
    for analysis in weighted(live):
        yield from ((analysis.id, f) for f in lost(figures.moments.get(analysis.analysis_set), analysis))
        if policy.column == "pooled":
            yield from ((analysis.id, f) for f in effective_levels(policy, analysis, figures.levels))
            yield from ((analysis.id, f) for f in effective_cells(policy, analysis, figures.in_cells))
    yield from _cells(policy, live, figures)


def _cells(policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
    """R2 and R4 for the levels of analyses with products of columns, before these are told."""
    pairs = figures.pairs
    if policy.column == "pooled" and pairs is not None:
        yield from cells_of_levels(policy, live, pairs.of)


def _products(policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
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


def _not_alone(policy: Policy, live: Live, figures: Figures) -> Iterator[Judged]:
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
