"""What is judged before a run opens anything, from what its analyses declare: what no rule covers, which curves may be
counted, and which questions tell a further one by subtraction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from riskset.analyses.admission.of_columns import strata_in
from riskset.analyses.admission.step import Live
from riskset.analyses.analysis import Analysis
from riskset.catalogue import say
from riskset.disclosure import cells
from riskset.disclosure.finding import Finding, cannot_judge
from riskset.disclosure.placement import unplaced
from riskset.disclosure.policy import Policy

MOST_WITH_LEVELS: Final = 2
"""Variables with levels in a model with one intercept for all: how many patients have each two levels is counted
anyway."""


def openings(
    policy: Policy, live: Live, arm: str | None, cut_freely: Collection[str] = ()
) -> Iterator[tuple[str, Finding]]:
    """What no rule covers; R9 and R11: curves are of the whole population or of the study's arms, the levels of `arm`;
    R4: what combines variables, as the populations do that are `cut_freely` by a score."""
    allowed = () if arm is None else (arm,)
    for analysis in live:
        exposure = analysis.exposure
        yield from ((analysis.id, f) for f in unplaced(analysis.id, exposure, analysis.endpoint))
        if exposure.in_time is not None and exposure.in_time.split:
            split_by = list(dict.fromkeys(column.variable for column in exposure.in_time.split))
            yield analysis.id, cells.split(policy, analysis.id, split_by, allowed)
    yield from _weighted_curves(policy, live)
    yield from _weighted_tables(policy, live)
    yield from _combined(policy, live, cut_freely)
    yield from _levels_and_strata(live)
    yield from _weighted_again(live)
    yield from _common_intercept(live)


def _weighted_again(live: Live) -> Iterator[tuple[str, Finding]]:
    """R2: a second population weighted by the same method. What tells the two apart is of the few whose weights are
    limited, or who are trimmed, in one of them."""
    populations: dict[str, str] = {}
    for analysis in live:
        of, name = analysis.exposure.weighted_as, analysis.set_id.population
        if of is not None and (before := populations.setdefault(of, name)) != name:
            why = say("rules.beyond.weighted_again", name=name, before=before)
            yield analysis.id, cannot_judge("R2", analysis.id, why, say("rules.instead.one_weighting"))


def _common_intercept(live: Live) -> Iterator[tuple[str, Finding]]:
    """R6: a model of a yes-no outcome with one intercept for all hospitals and several variables with levels. Its sums
    are linear in how many patients have each combination of these, and were solved for all of them, beside a number."""
    for analysis in live:
        exposure = analysis.exposure
        if exposure.predictors and not exposure.own_intercepts:
            levels = {c.variable for c in exposure.design if not c.is_number and c != exposure.outcome}
            if len(levels) > MOST_WITH_LEVELS:
                why = say("rules.beyond.common_intercept", most=MOST_WITH_LEVELS, n=len(levels))
                yield analysis.id, cannot_judge("R6", analysis.id, why, say("rules.instead.own_intercepts"))


def _weighted_curves(policy: Policy, live: Live) -> Iterator[tuple[str, Finding]]:
    """R9: weighted populations whose weights are added up in time."""
    kept: dict[str, None] = {}
    for analysis in live:
        if adds_in_blocks(analysis):
            finding = cells.weighted(policy, analysis.id, len({*kept, analysis.population}))
            yield analysis.id, finding
            kept |= {analysis.population: None} if finding.passes else {}


def _weighted_tables(policy: Policy, live: Live) -> Iterator[tuple[str, Finding]]:
    """R8: weighted sets whose weights are added up in tables. Weights of two populations follow from one score, so that
    where few are limited or trimmed, a sum of both is of these; and two sets of one population differ in those who lack
    a value, of whom one may be in an arm."""
    kept: dict[str, None] = {}
    for analysis in live:
        if analysis.exposure.weighs_tables:
            finding = cells.weighed_sets(policy, analysis.id, len({*kept, analysis.analysis_set}))
            yield analysis.id, finding
            kept |= {analysis.analysis_set: None} if finding.passes else {}


def adds_in_blocks(analysis: Analysis) -> bool:
    """Whether weights are added up in blocks of steps."""
    in_time = analysis.exposure.in_time
    return in_time is not None and in_time.are_blocks


def _combined(policy: Policy, live: Live, cut_freely: Collection[str]) -> Iterator[tuple[str, Finding]]:
    """R4: variables that combine others in a way that no rule judges, and scores that are cut anywhere, over all
    analyses."""
    kept: frozenset[tuple[str, str]] = frozenset()
    for analysis in live:
        variables = sorted({column.variable for column in analysis.columns if column.is_combined})
        cut = {analysis.population}.intersection(cut_freely)
        own = frozenset([*(("variable", name) for name in variables), *(("population", name) for name in cut)])
        if own:
            n = len(kept | own)
            of_variables = cells.combined(policy, analysis.id, variables, n)
            finding = cells.cut_freely(policy, analysis.id, analysis.population, n) if cut else of_variables
            yield analysis.id, finding
            kept |= own if finding.passes else frozenset()


def _levels_and_strata(live: Live) -> Iterator[tuple[str, Finding]]:
    """R2: the sums of a model with strata are those of its levels added up; so where all levels but one are told by
    themselves, the last would be told too, whatever rule refused it. The later of the two is refused."""
    kept: set[tuple[str | None, str, bool]] = set()
    for analysis in live:
        within, endpoint = analysis.exposure.within, analysis.endpoint
        strata = strata_in(analysis) if analysis.exposure.design else ()
        own = {(endpoint, column.variable, False) for column in strata}
        own |= set() if within is None else {(endpoint, within.variable, True)}
        if any((of, variable, not is_level) in kept for of, variable, is_level in own):
            yield analysis.id, cannot_judge("R2", analysis.id, say("rules.beyond.levels"), say("rules.instead.strata"))
        else:
            kept |= own
