"""Whole days from origin to event or censoring, one endpoint at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from riskset.errors import Problem
from riskset.study.spec import DateEndpoint, DaysEndpoint
from riskset.study.truth import Columns
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.variables import known

_BEFORE_ORIGIN = Fault("ends before it begins", "end before they begin", "correct the dates", noun="row")
_NOT_WHOLE = Fault("is not a whole number of days", "are not whole numbers of days", "round them in the export")
_NEVER_AT_RISK = Fault(
    "enters at or after the end of follow-up",
    "enter at or after the end of follow-up",
    "entry must be before the end",
    noun="row",
)


@dataclass(frozen=True)
class FollowUp:
    """The follow-up of one endpoint; arrays (n,) in the order of the file, 0 and False where it is not known."""

    days: NDArray[np.int64]
    event: NDArray[np.bool_]
    entry_days: NDArray[np.int64] | None
    known: NDArray[np.bool_]
    at_cutoff: NDArray[np.bool_]
    """Censored at the study's data cut-off, because the export knows of later days."""
    after_censoring: NDArray[np.bool_]
    """The event is later than the date of censoring: it counts, and the site may want to look."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class EligibleRows:
    """Which rows can have problems, and how they are called."""

    eligible: NDArray[np.bool_]
    numbers: NDArray[np.int64]

    def problem(
        self, where: str, fault: Fault, wrong: NDArray[np.bool_], value_at: Callable[[int], str]
    ) -> tuple[Problem, ...]:
        wrong = wrong & self.eligible
        return (problem_in_rows(where, fault, self.numbers, wrong, value_at),) if wrong.any() else ()


def follow_up(
    endpoint: DateEndpoint | DaysEndpoint, columns: Columns, rows: EligibleRows, cutoff: date | None
) -> FollowUp:
    """Returns the follow-up of an endpoint from columns (n,). `cutoff` is the last day that counts; it bears on dates
    only: an export of days has none to hold it against."""
    if isinstance(endpoint, DateEndpoint):
        return _from_dates(endpoint, columns, rows, cutoff)
    return _from_days(endpoint, columns, rows)


def _from_dates(endpoint: DateEndpoint, columns: Columns, rows: EligibleRows, cutoff: date | None) -> FollowUp:
    """The earliest event date ends the follow-up, else the date of censoring; nothing is known past the cut-off."""
    origin, censor = columns[endpoint.origin], columns[endpoint.censor]
    first_event = reduce(np.fmin, (columns[name] for name in endpoint.event))  # fmin passes over NaT
    last_day = np.datetime64(cutoff or date.max)
    known_end = np.where(known(first_event), first_event, censor)
    end = np.where(known_end > last_day, last_day, known_end)
    is_known = known(origin) & known(end)
    days = np.where(is_known, (end - origin).astype(np.int64), 0)
    return FollowUp(
        days=days,
        event=is_known & known(first_event) & (first_event <= last_day),
        entry_days=None,
        known=is_known,
        at_cutoff=is_known & (known_end > last_day),
        after_censoring=is_known & (first_event > censor),
        problems=rows.problem(_span(endpoint), _BEFORE_ORIGIN, days < 0, lambda row: f"{origin[row]} to {end[row]}"),
    )


def _span(endpoint: DateEndpoint) -> str:
    return f"{endpoint.origin} to {', '.join(endpoint.event)} or {endpoint.censor}"


def _from_days(endpoint: DaysEndpoint, columns: Columns, rows: EligibleRows) -> FollowUp:
    """A number of days and a flag, as the export holds them."""
    days, event = columns[endpoint.days], columns[endpoint.event]
    entry = np.full(len(days), -np.inf) if endpoint.entry is None else columns[endpoint.entry]
    is_known = known(days) & known(event) & known(entry)
    problems = _not_whole(endpoint.days, days, rows)
    if endpoint.entry is not None:
        problems += _not_whole(endpoint.entry, entry, rows)
        problems += rows.problem(
            endpoint.entry, _NEVER_AT_RISK, is_known & (entry >= days), lambda row: f"{entry[row]:g} of {days[row]:g}"
        )
    nobody = np.zeros(len(days), bool)
    return FollowUp(
        days=_whole(days, is_known),
        event=is_known & (event == 1),
        entry_days=None if endpoint.entry is None else _whole(entry, is_known),
        known=is_known,
        at_cutoff=nobody,
        after_censoring=nobody,
        problems=problems,
    )


def _not_whole(name: str, days: NDArray[np.float64], rows: EligibleRows) -> tuple[Problem, ...]:
    """Yields days with a fraction; negative ones are outside the range that the study must give, and told there."""
    return rows.problem(name, _NOT_WHOLE, known(days) & (days != np.rint(days)), lambda row: f"{days[row]:g}")


def _whole(days: NDArray[np.float64], is_known: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.where(is_known, days, 0).astype(np.int64)
