"""Whether an exposure covers every number that an analysis sends, by their labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure.exposure import Column, Exposure, InTime, Label


def uncovered(exposure: Exposure, label: Label, arm: str | None) -> Message:
    """Returns why the exposure does not cover a number with this label; `NOTHING` where it does.

    `arm` is the variable by which tables may be split.
    """
    if label.slot is not None and not exposure.per_site:
        return say("rules.covers.one_site", number=label.text)
    if label.status is not None or label.step is not None:
        return _uncovered_in_time(exposure, label)
    if exposure.opens_nothing:
        return say("rules.covers.opens_nothing", number=label.text)
    if len(label.columns) <= 2 and exposure.in_design.issuperset(label.columns):
        return NOTHING
    if _is_one_way(label.columns, arm) and _are_levels_of(label.columns, exposure.tables):
        return NOTHING
    if _is_weighed(label.columns, exposure):
        return NOTHING
    if _is_of_a_number(label.columns, exposure, arm):
        return NOTHING
    return say("rules.covers.columns", number=label.text)


def uncovered_alone(exposure: Exposure, labels: Sequence[Label]) -> Message:
    """Returns why the exposure does not cover what a hospital tells of its own rows alone; `NOTHING` where it does: at
    most an estimate with its error for each column of the design, and two counts."""
    for label in labels:
        if not exposure.alone or label.slot is None:
            return say("rules.covers.one_site", number=label.text)
        if label.status is not None or label.step is not None or not exposure.in_design.issuperset(label.columns):
            return say("rules.covers.columns", number=label.text)
    if len(labels) > (most := 2 * len(exposure.design) + 2):
        return say("rules.covers.alone", n=len(labels), most=most)
    return NOTHING


def first_uncovered(exposure: Exposure, labels: Iterable[Label], arm: str | None) -> Message:
    """Returns why the exposure does not cover the first such number; `NOTHING` where it covers all."""
    covered: Label | None = None
    for label in labels:
        if covered is not None and _is_another_step(label, covered) and _is_on_grid(exposure.in_time, label.step):
            continue  # curves have thousands of such labels: what was said of one holds for all its steps
        if why := uncovered(exposure, label, arm):
            return why
        covered = label
    return NOTHING


def _is_another_step(label: Label, other: Label) -> bool:
    """Whether both count the same in a step of time each."""
    if label.step is None or other.step is None:
        return False
    return (label.columns, label.status, label.slot) == (other.columns, other.status, other.slot)


def _is_on_grid(in_time: InTime | None, step: int | None) -> bool:
    return in_time is not None and in_time.grid is not None and step is not None and 0 <= step < in_time.grid.n_steps


def _is_one_way(columns: Sequence[Column], arm: str | None) -> bool:
    """Whether the count is of a level, or of a level by arm: no other levels are crossed."""
    variables = [column.variable for column in columns]
    return len(variables) == 1 or (len(variables) == 2 and variables.count(arm or "") == 1)


def _is_of_a_number(columns: Sequence[Column], exposure: Exposure, arm: str | None) -> bool:
    """Whether it is the sum of a declared number or of its square, or how many patients are in an interval of one that
    is halved, of all patients or of those of one arm."""
    numbers = [column for column in columns if column.is_number]
    levels = [column for column in columns if not column.is_number]
    if len(numbers) == 1 and numbers[0] in exposure.halved:  # how many are in an interval
        is_one = True
    else:
        summed = (*exposure.numbers, *exposure.ranked)
        is_one = len(set(numbers)) == 1 and len(numbers) <= 2 and numbers[0] in summed
    is_by_arm = len(levels) == 1 and levels[0].variable == arm and _are_levels_of(levels, exposure.tables)
    return is_one and (not levels or is_by_arm)


def _is_weighed(columns: Sequence[Column], exposure: Exposure) -> bool:
    """Whether it is a sum of the weights of an arm: of those with a declared level, or times a declared number or its
    square."""
    if not exposure.weighs_tables:
        return False
    others = [column for column in columns if not _are_levels_of([column], exposure.tables)]
    is_of_an_arm = len(columns) - len(others) == 1
    if others and others[0].is_number:
        return is_of_an_arm and len(set(others)) == 1 and len(others) <= 2 and others[0] in exposure.weighed
    return is_of_an_arm and len(others) <= 1 and _are_levels_of(others, exposure.weighed)


def _uncovered_in_time(exposure: Exposure, label: Label) -> Message:
    in_time = exposure.in_time
    if in_time is None:
        return say("rules.covers.no_counts_in_time", number=label.text)
    if label.status not in in_time.status:
        return say("rules.covers.status", number=label.text, status=label.status)
    if label.step is not None and not _is_on_grid(in_time, label.step):
        return say("rules.covers.step", number=label.text)
    most = 1 if label.step is not None else 2  # the log-rank variance, over all times, is of two arms
    if len(label.columns) > most or not _are_levels_of(label.columns, in_time.split):
        return say("rules.covers.split", number=label.text)
    return NOTHING


def _are_levels_of(columns: Sequence[Column], declared: Sequence[Column]) -> bool:
    """Whether each column is declared, or is the reference level of a variable whose other levels are."""
    references = {(column.variable, column.reference) for column in declared}
    return all(
        column in declared or (column.level == column.reference and (column.variable, column.level) in references)
        for column in columns
    )


def adds_weights(exposure: Exposure, label: Label) -> bool:
    """Whether a number is a sum of the rounded weights of a block of steps: whole, and no count of patients."""
    return label.step is not None and exposure.in_time is not None and exposure.in_time.are_blocks


def is_count(exposure: Exposure, label: Label) -> bool:
    """Whether a number must be a count of a hospital's patients: in a step of time, in a table, or of all rows where no
    product of columns is declared."""
    if label.step is not None:
        return not adds_weights(exposure, label)
    if exposure.weighs_tables:
        return False
    if exposure.per_site:  # terms that follow from a site's own table
        return False
    if label.status is not None:
        return not label.columns  # sums over all times, as of a log-rank test, are of arms
    if not set(label.columns).isdisjoint(exposure.numbers):
        return False
    return not exposure.design or not exposure.in_design.issuperset(label.columns)
