"""Whether a site's own durations can be in the unit they are declared in, and its events those of the study: whole
months in a column of days pass every range, and make every patient die thirty times as fast; a date of last contact in
the column of deaths makes every patient die. Only warnings, since only the site can know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import DateEndpoint, DaysEndpoint, Endpoint, Study
from riskset_site.data.column_reading import MetText, VariableColumn, known
from riskset_site.data.spread import spread
from riskset_site.data.time_units import unit_days

_FEWEST = 5
"""Patients, for a median to say something."""
_SHORT_MEDIAN, _SHORT_MAXIMUM = 20, 4
"""Parts of the study's curves: half of the patients leave within one of 20, all within one of four."""
_LONG_MEDIAN = 3
_LIFETIME_YEARS = 110
_FEW_MISSING = 10
"""One of so many rows may be missing without a word."""
_ALL_ALIKE = 20
"""Patients, of whom hardly all have an event, or none."""


def implausible_follow_up(name: str, endpoint: Endpoint, days: NDArray[np.int64], max_days: int) -> Iterator[Problem]:
    """Yields a warning where follow-up (n,) is far too short or too long for the study's curves."""
    found = spread(days)
    if found is None or len(days) < _FEWEST:
        return
    median, longest = float(found.median), float(found.maximum)
    where = say("data.where.endpoint", name=name)
    detail = say("data.detail.follow_up", median=median, longest=longest, max_days=max_days)
    hint = say("data.hint.dates_unit")
    if isinstance(endpoint, DaysEndpoint):
        hint = say("data.hint.days_unit", name=endpoint.days)
    if median * _SHORT_MEDIAN < max_days and longest * _SHORT_MAXIMUM < max_days:
        yield Problem(where, say("data.warning.short"), hint, detail=detail)
    elif median > max_days * _LONG_MEDIAN:
        yield Problem(where, say("data.warning.long"), hint, detail=detail)


def implausible_events(name: str, endpoint: Endpoint, event: NDArray[np.bool_], unknown: int) -> Iterator[Problem]:
    """Yields a warning where all patients (n,) with known follow-up have the event, or none has; `unknown` others have
    no follow-up."""
    if len(event) < _ALL_ALIKE or len(np.unique(event)) > 1:
        return
    n = len(event)
    message = say("data.warning.all_events", n=n) if event[0] else say("data.warning.no_event", n=n)
    if isinstance(endpoint, DaysEndpoint):
        hint = say("data.hint.event_codes", event=endpoint.event)
    else:
        hint = say("data.hint.event_dates", events=endpoint.event, censor=endpoint.censor)
    detail = say("data.detail.no_follow_up", n=unknown) if unknown else ""
    yield Problem(say("data.where.endpoint", name=name), message, hint, detail=detail)


def events_without_column(study: Study, has_column: Callable[[str], bool]) -> Iterator[Problem]:
    """Yields a warning for each event of an endpoint that no column of the export can tell: none of them is counted,
    and progression-free survival, say, is overall survival then."""
    dated = {name: one for name, one in study.endpoints.items() if isinstance(one, DateEndpoint)}
    found = {name: one for name, one in dated.items() if has_column(one.origin)}  # else the whole header is another
    for event in dict.fromkeys(event for one in found.values() for event in one.ends):
        if not (has_column(event) or study.variables[event].required):  # a problem already
            endpoints = tuple(name for name, one in found.items() if event in one.ends)
            where, message = say("data.where.a_variable", name=event), say("data.warning.no_event_column")
            yield Problem(where, message, say("data.hint.no_event_column", event=event, endpoints=endpoints))


def one_level(name: str, met: Sequence[MetText]) -> Iterator[Problem]:
    """Yields a warning where several texts of a category or boolean are all read as the same."""
    texts = [one for one in met if one.outcome == "read" and one.rows]
    if len(texts) > 1 and len({one.meaning for one in texts}) == 1:
        where, n = say("data.where.a_variable", name=name), sum(one.rows for one in texts)
        yield Problem(where, say("data.warning.one_level", n=n), say("data.hint.one_level"))


def only_true(name: str, column: VariableColumn) -> Iterator[Problem]:
    """Yields a warning where a boolean is true wherever it is known, and missing for many: an empty field, or a dash,
    probably means no there."""
    is_known = known(column.values)
    n, missing = int(is_known.sum()), int(column.missing.sum())
    if n and missing >= _FEWEST and missing * _FEW_MISSING >= n + missing and bool(column.values[is_known].all()):
        message = say("data.warning.only_true", n=n, missing=missing)
        yield Problem(say("data.where.a_variable", name=name), message, say("data.hint.only_true"))


def implausible_time(name: str, study: Study, values: NDArray[np.float64]) -> Iterator[Problem]:
    """Yields a warning where a variable (n,) in years, months, weeks or days has a median longer than a life."""
    unit, found = unit_days(name, study), spread(values)
    if unit is None or found is None or len(values) < _FEWEST:
        return
    if float(found.median) * unit > _LIFETIME_YEARS * DAYS_PER_UNIT["year"]:
        where, detail = say("data.where.a_variable", name=name), say("data.detail.median", median=float(found.median))
        yield Problem(where, say("data.warning.long"), say("data.hint.days_unit", name=name), detail=detail)
