"""The last day that a date of an export can be.

A later one is a mistake, or the hospital's way to write that there is none: 9999-12-31 as the death of the living would
make each of them an event, or lengthen follow-up to the cut-off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from riskset.catalogue import say
from riskset_site.data.faults import Fault

_TIME_ZONES = timedelta(days=1)
"""Where the sun rises first it is tomorrow already, and the clock may count in UTC."""
_AFTER_CUTOFF = timedelta(days=366)
"""Exports are made some time after the cut-off, and hold what is known by then."""


@dataclass(frozen=True)
class LatestDay:
    """The day, and what is wrong with a later date."""

    day: date
    fault: Fault


def latest_day(today: date, exported: date | None, cutoff: date | None) -> LatestDay:
    """Returns the day the export was made, where the site file says it; else a year after the study's data cut-off;
    never later than today."""
    hint = say("data.hint.no_date")
    if exported and exported <= today:
        return LatestDay(exported, Fault("after_export", hint, _named(exported)))
    if cutoff and not exported and today - cutoff > _AFTER_CUTOFF:
        fault = Fault("after_cutoff", say("data.hint.after_cutoff"), _named(cutoff))
        return LatestDay(cutoff + _AFTER_CUTOFF, fault)
    return LatestDay(today + _TIME_ZONES, Fault("after_today", hint, _named(today)))


def _named(day: date) -> tuple[tuple[str, str]]:
    return (("day", day.isoformat()),)
