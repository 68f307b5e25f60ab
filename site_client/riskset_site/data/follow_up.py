"""Whole days from origin to event or censoring, one endpoint at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.errors import Problem
from riskset.study.spec import DateEndpoint, DaysEndpoint
from riskset.study.truth import Columns
from riskset_site.data.column_reading import known
from riskset_site.data.faults import Fault, problem_in_rows

_END_BEFORE_ORIGIN = Fault("end_before_origin", say("data.hint.dates"))
_NOT_WHOLE_DAYS = Fault("not_whole_days", say("data.hint.whole_days"))
_OVER_ACENTURY = Fault("over_a_century", say("data.hint.no_date"))
CENTURY = 36525
_ENTRY_AFTER_END = Fault("entry_after_end", say("data.hint.entry"))


@dataclass(frozen=True)
class FollowUp:
    """The follow-up of one endpoint; arrays (n,) in the order of the file, 0 and False where it is unknown."""

    days: NDArray[np.int64]
    event: NDArray[np.bool_]
    entry_days: NDArray[np.int64] | None
    known: NDArray[np.bool_]
    at_cutoff: NDArray[np.bool_]
    """Censored at the study's data cut-off: the export has later dates."""
    after_censoring: NDArray[np.bool_]
    """The event is after the censoring date. It counts; the site may want to check it."""
    cause: NDArray[np.int64] | None = None
    """As in an `AnalysisSet`."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class EligibleRows:
    """Which rows can have problems, and their row numbers."""

    eligible: NDArray[np.bool_]
    numbers: NDArray[np.int64]

    def problem(
        self, where: Message, fault: Fault, wrong: NDArray[np.bool_], value_at: Callable[[int], str]
    ) -> tuple[Problem, ...]:
        wrong = wrong & self.eligible
        return (problem_in_rows(where, fault, self.numbers, wrong, value_at),) if wrong.any() else ()


def follow_up(
    endpoint: DateEndpoint | DaysEndpoint, columns: Columns, rows: EligibleRows, cutoff: date | None
) -> FollowUp:
    """Returns the follow-up of an endpoint from columns (n,). `cutoff` is the last day that counts. It applies
    to dates only: an export of days has no date to compare it with."""
    if isinstance(endpoint, DateEndpoint):
        return _from_dates(endpoint, columns, rows, cutoff)
    return _from_days(endpoint, columns, rows)


def _from_dates(endpoint: DateEndpoint, columns: Columns, rows: EligibleRows, cutoff: date | None) -> FollowUp:
    """Follow-up ends at the earliest event, competing or not, else at censoring; nothing is known after the cut-off. Of
    events on one day that which the endpoint names first counts."""
    origin, censor = columns[endpoint.origin], columns[endpoint.censor]
    by_cause = [_earliest(endpoint.event, columns), *(columns[name] for name in endpoint.competing)]
    first_event = _earliest(endpoint.ends, columns)
    last_day = np.datetime64(cutoff or date.max)
    known_end = np.where(known(first_event), first_event, censor)
    end = np.where(known_end > last_day, last_day, known_end)
    is_known = known(origin) & known(end)
    days = np.where(is_known, (end - origin).astype(np.int64), 0)
    has_event = is_known & known(first_event) & (first_event <= last_day)
    cause = _first_of([has_event & (date == first_event) for date in by_cause])
    return FollowUp(
        days=days,
        event=cause == 1,
        entry_days=None,
        known=is_known,
        at_cutoff=is_known & (known_end > last_day),
        after_censoring=is_known & (first_event > censor),
        cause=cause if endpoint.competing else None,
        problems=_impossible(endpoint, columns, days, end, rows),
    )


def _earliest(names: Sequence[str], columns: Columns) -> NDArray[np.datetime64]:
    found: NDArray[np.datetime64] = reduce(np.fmin, (columns[name] for name in names))  # fmin ignores NaT
    return found


def _first_of(causes: Sequence[NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Returns the number of the first cause that is true, from 1; 0 where none is."""
    return np.asarray(np.select(causes, list(range(1, len(causes) + 1)), 0), np.int64)


def _impossible(
    endpoint: DateEndpoint, columns: Columns, days: NDArray[np.int64], end: NDArray[np.datetime64], rows: EligibleRows
) -> tuple[Problem, ...]:
    """Returns the problems of events before the origin, each by its name, of other ends before it, and of follow-up
    over a century."""
    origin = columns[endpoint.origin]
    problems: tuple[Problem, ...] = ()
    explained = np.zeros(len(days), bool)
    for name in endpoint.ends:
        event = columns[name]
        early = (event < origin) & rows.eligible
        by_a_day = int((early & (origin - event == np.timedelta64(1, "D"))).sum())
        fault = Fault(
            "event_before_origin", say("data.hint.dates"), (("origin", endpoint.origin), ("by_a_day", by_a_day))
        )
        where = say("data.where.a_variable", name=name)
        problems += rows.problem(where, fault, early, two_days(event, origin))
        explained |= early

    def span(row: int) -> Message:
        return say("data.detail.from_to", first=str(origin[row]), last=str(end[row]))

    problems += rows.problem(_span(endpoint), _END_BEFORE_ORIGIN, (days < 0) & ~explained, span)
    return problems + rows.problem(_span(endpoint), _OVER_ACENTURY, days > CENTURY, span)


def two_days(
    first: NDArray[np.datetime64], second: NDArray[np.datetime64], order: Literal["before", "after"] = "before"
) -> Callable[[int], Message]:
    """Returns how row i's two dates are printed, for the site's own eyes."""
    return lambda row: say(f"data.detail.order.{order}", first=str(first[row]), second=str(second[row]))


def _span(endpoint: DateEndpoint) -> Message:
    return say("data.where.follow_up", origin=endpoint.origin, events=endpoint.ends, censor=endpoint.censor)


def _from_days(endpoint: DaysEndpoint, columns: Columns, rows: EligibleRows) -> FollowUp:
    """A number of days and event flags, as they are in the export. Where several are true the first counts: a death
    after the event does not compete with it."""
    days, event = columns[endpoint.days], columns[endpoint.event]
    entry = np.full(len(days), -np.inf) if endpoint.entry is None else columns[endpoint.entry]
    flags = [event, *(columns[name] for name in endpoint.competing)]
    is_known = reduce(np.logical_and, map(known, flags), known(days) & known(entry))
    cause = _first_of([is_known & (flag == 1) for flag in flags])
    problems = _not_whole(endpoint.days, days, rows)
    if endpoint.entry is not None:
        problems += _not_whole(endpoint.entry, entry, rows)
        problems += rows.problem(
            say("data.where.a_variable", name=endpoint.entry),
            _ENTRY_AFTER_END,
            is_known & (entry >= days),
            lambda row: say("data.detail.of_days", entry=float(entry[row]), days=float(days[row])),
        )
    no_row = np.zeros(len(days), bool)
    return FollowUp(
        days=_whole(days, is_known),
        event=cause == 1,
        entry_days=None if endpoint.entry is None else _whole(entry, is_known),
        known=is_known,
        at_cutoff=no_row,
        after_censoring=no_row,
        cause=cause if endpoint.competing else None,
        problems=problems,
    )


def _not_whole(name: str, days: NDArray[np.float64], rows: EligibleRows) -> tuple[Problem, ...]:
    """Returns the problem of fractional days. Negative ones are outside the range, which a study of days must give."""
    return rows.problem(
        say("data.where.a_variable", name=name),
        _NOT_WHOLE_DAYS,
        known(days) & (days != np.rint(days)),
        lambda row: f"{days[row]:g}",
    )


def _whole(days: NDArray[np.float64], is_known: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.where(is_known, days, 0).astype(np.int64)
