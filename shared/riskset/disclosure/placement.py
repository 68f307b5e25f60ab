"""What of an exposure no rule of this version can judge: it is refused by the nearest rule."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure.exposure import CENSORED, EVENT, STATUSES, Exposure, InTime
from riskset.disclosure.finding import Finding, cannot_judge


def unplaced(subject: str, exposure: Exposure, endpoint: str | None) -> Iterator[Finding]:
    """Yields a finding, which does not pass, for each part of an exposure that no rule of this version can judge.

    `endpoint` is the analysis' endpoint, None where it has none.
    """
    for rule, why, remedy in _beyond_the_rules(exposure, endpoint):
        yield cannot_judge(rule, subject, why, remedy)


def _beyond_the_rules(exposure: Exposure, endpoint: str | None) -> Iterator[tuple[str, Message, Message]]:
    later = say("rules.instead.later_version")
    if exposure.opens_nothing:
        yield "R2", say("rules.beyond.opens_nothing"), say("rules.instead.declare")
    if exposure.weighed and not exposure.weighs_tables:
        yield "R8", say("rules.beyond.weighed"), say("rules.instead.declare")
    if exposure.weights and (why := _beyond_weights(exposure)):
        yield "R8", why, later
    besides = exposure.design or exposure.in_time or exposure.numbers
    are_own_tables = exposure.per_site and bool(exposure.tables) and not besides
    if exposure.per_site and not are_own_tables:
        yield "R12", say("rules.beyond.per_site"), later
    if exposure.alone and (exposure.tables or exposure.in_time or not exposure.design):
        yield "R13", say("rules.beyond.per_site"), later
    if exposure.design and endpoint is None and not _is_of_an_outcome(exposure):
        yield "R3", say("rules.beyond.no_endpoint"), later
    if exposure.outcome is not None and endpoint is not None:
        yield "R3", say("rules.beyond.two_outcomes"), say("rules.instead.declare")
    counted = {column.variable for column in exposure.tables}
    is_halving = bool(exposure.halved) and len(counted) <= 1 and not (besides or exposure.per_site)
    if exposure.ranked and (not are_own_tables or len(counted) > 1 or exposure.halved or exposure.is_iterative):
        yield "R4", say("rules.beyond.ranked_besides"), say("rules.instead.two_analyses")
    if exposure.halved and not is_halving:
        yield "R4", say("rules.beyond.halved_besides"), say("rules.instead.two_analyses")
    is_model = bool(exposure.design) and not (exposure.tables or exposure.in_time)
    # whoever may know a site's table may know what follows from it at any point
    if exposure.is_iterative and not (is_model or is_halving or are_own_tables):
        yield "R5", say("rules.beyond.repeated"), later
    if exposure.slopes and (not is_model or not exposure.is_iterative or exposure.without):
        yield "R5", say("rules.beyond.repeated"), later
    if exposure.events_of and not _has_events_of_levels(exposure, endpoint):
        yield "R4", say("rules.beyond.events_of"), say("rules.instead.declare")
    if _has_unjudged_products(exposure):
        yield "R2", say("rules.beyond.products"), say("rules.instead.no_products")
    if exposure.within is not None and (exposure.tables or exposure.in_time or exposure.per_site):
        yield "R1", say("rules.beyond.within"), later
    yield from _beyond_the_levels(exposure)
    is_of_sites = exposure.per_site and not exposure.ranked
    if exposure.is_one_way and (exposure.design or exposure.in_time or is_of_sites):
        yield "R2", say("rules.beyond.one_way"), say("rules.instead.declare")
    if exposure.numbers and exposure.design:
        yield "R4", say("rules.beyond.numbers_in_design"), say("rules.instead.two_analyses")
    if exposure.in_time is not None:
        yield from _beyond_the_curves(exposure.in_time, endpoint, are_weights=exposure.weights)


def _is_of_an_outcome(exposure: Exposure) -> bool:
    """Whether it is a model of a yes-no column of its design, of all patients of its set."""
    outcome = exposure.outcome
    is_level = outcome is not None and outcome in exposure.in_design and not outcome.is_number and not outcome.factors
    return is_level and exposure.within is None and not exposure.alone


def _has_events_of_levels(exposure: Exposure, endpoint: str | None) -> bool:
    """Whether events are counted by levels of the design, of all patients of a set who each count once."""
    are_levels = exposure.in_design.issuperset(exposure.events_of) and not any(c.is_number for c in exposure.events_of)
    return are_levels and endpoint is not None and not exposure.weights and exposure.within is None


def _beyond_weights(exposure: Exposure) -> Message:
    """What of an exposure no rule judges where patients count by their own weights; `NOTHING` where there is nothing:
    sums of a design over all patients of the set, and sums of squares that follow from it; and sums of weights in
    blocks of steps, in which the share of one patient is known."""
    in_time = exposure.in_time
    counted = exposure.numbers or exposure.halved or exposure.ranked or exposure.patients
    if exposure.weighs_tables:
        is_by_arm = bool(exposure.tables) and not (exposure.is_iterative or exposure.conditions or exposure.squares)
        is_other = exposure.design or in_time or counted or exposure.per_site or exposure.within or exposure.alone
        return NOTHING if is_by_arm and not is_other else say("rules.beyond.weights")
    if bool(exposure.design) == bool(in_time) or counted or exposure.tables:
        return say("rules.beyond.weights")
    if in_time and (not in_time.are_blocks or in_time.grid is None or not exposure.squares or exposure.conditions):
        return say("rules.beyond.weights")
    if exposure.within is not None or exposure.alone or exposure.without or exposure.slopes or exposure.per_site:
        return say("rules.beyond.weights_of_some")
    if any(column.factors for column in exposure.columns):
        return say("rules.beyond.weighted_products")
    return NOTHING


def _beyond_the_levels(exposure: Exposure) -> Iterator[tuple[str, Message, Message]]:
    """Levels that are numbers, and the reverse; and numbers of tables that are computed from several variables."""
    numbers = (*exposure.numbers, *exposure.halved, *exposure.ranked)
    levels = (*exposure.tables, *exposure.conditions, *filter(None, [exposure.within]))
    if any(column.is_number for column in levels):
        yield "R4", say("rules.beyond.number_as_level"), say("rules.instead.levels")
    if any(not column.is_number for column in numbers):
        yield "R4", say("rules.beyond.level_as_number"), say("rules.instead.tables")
    if any(column.terms or column.is_combined for column in (*numbers, *exposure.weighed)):
        yield "R4", say("rules.beyond.terms_in_table"), say("rules.instead.each_variable")


def _has_unjudged_products(exposure: Exposure) -> bool:
    """Whether a column combines two others, but is no product in a design that has both of them by themselves."""
    single = {column for column in exposure.columns if not column.factors}
    others = {*exposure.tables, *exposure.split, *exposure.conditions, exposure.within}
    products = {column for column in exposure.columns if column.factors}
    combined = any(len(set(column.made_of)) > 1 for column in exposure.design if not column.factors)
    return combined or bool(products & others) or any(not single.issuperset(one.factors) for one in products)


def _beyond_the_curves(
    in_time: InTime, endpoint: str | None, *, are_weights: bool
) -> Iterator[tuple[str, Message, Message]]:
    if any(column.is_number for column in in_time.split):
        yield "R9", say("rules.beyond.split_by_number"), say("rules.instead.arm")
    if in_time.are_blocks and (not are_weights or in_time.status - {EVENT, CENSORED}):
        yield "R9", say("rules.beyond.blocks"), say("rules.instead.declare")
    if in_time.clock != endpoint:
        yield "R9", say("rules.beyond.other_days"), say("rules.instead.days")
    if odd := sorted(in_time.status - STATUSES):
        yield "R9", say("rules.beyond.statuses", statuses=tuple(odd)), say("rules.instead.statuses")
