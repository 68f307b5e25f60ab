"""Dates in an order that cannot be: contact or progression after death. Warnings, since a study counts what it counts
all the same; an event before its origin is a problem of `follow_up`. For the site's own eyes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.spec import DateEndpoint, Study
from riskset_site.data.column_reading import VariableColumn, known
from riskset_site.data.faults import Fault
from riskset_site.data.follow_up import EligibleRows, two_days
from riskset_site.data.site_file import SiteFile

_DEATH = re.compile(r"death|dead|died|deceas|exitus|mort|dth|dod\b|死|사망", re.IGNORECASE)
_ALIVE = re.compile(r"alive|living|surviv|censor|生存|생존", re.IGNORECASE)


def after_death(
    site: SiteFile, study: Study, columns: Mapping[str, NDArray[Any]], rows: EligibleRows
) -> Iterator[Problem]:
    """Yields each date of an endpoint that is after death in some eligible rows, with these rows."""
    for death in _deaths(site, study, columns):
        endpoints = [one for one in study.endpoints.values() if isinstance(one, DateEndpoint) and death in one.ends]
        others = dict.fromkeys(name for one in endpoints for name in (*one.ends, one.censor) if name != death)
        early = np.logical_or.reduce([columns[death] < columns[one.origin] for one in endpoints])  # a problem already
        fault = Fault("after_death", say("data.hint.after_death", death=death), (("death", death),))
        for name in others:
            day, last = columns[name], columns[death]
            where = say("data.where.a_variable", name=name)
            yield from rows.problem(where, fault, (day > last) & ~early, two_days(day, last, "after"))


def doubtful_status(study: Study, columns: Mapping[str, VariableColumn]) -> Iterator[Problem]:
    """Yields a warning where the date of a death is taken from rows whose status is a word for alive, or is not taken
    from rows whose status is a word for death."""
    for name, column in columns.items():
        if _DEATH.search(f"{name} {study.label_of(name)}") is None:
            continue
        alive = sum(met.rows for met in column.met if met.outcome == "counted" and _ALIVE.search(met.text))
        dead = sum(met.rows for met in column.met if met.outcome == "not_counted" and _is_death(met.text))
        hint, where = say("data.hint.alive_counts", name=name), say("data.where.a_variable", name=name)
        for fault, rows in ((Fault("alive_counts", hint), alive), (Fault("death_not_counted", hint), dead)):
            if rows:
                yield Problem(where, fault.message(rows), fault.hint)


def _is_death(text: str) -> bool:
    return _DEATH.search(text) is not None and _ALIVE.search(text) is None


def _deaths(site: SiteFile, study: Study, columns: Mapping[str, NDArray[Any]]) -> list[str]:
    """Returns the events after which there is none: those named like death or, where none is, those that most patients
    who have one have as their last date."""
    dates = [one for one in study.endpoints.values() if isinstance(one, DateEndpoint)]
    events = dict.fromkeys(name for one in dates for name in one.ends)
    named = [name for name in events if _DEATH.search(_names(name, site, study))]
    return named or [
        name
        for name in events
        if all(_is_last(columns[name], columns[one.censor]) for one in dates if name in one.ends)
    ]


def _names(variable: str, site: SiteFile, study: Study) -> str:
    return " ".join((variable, study.label_of(variable), *site.mapped(variable).columns))


def _is_last(event: NDArray[Any], censor: NDArray[Any]) -> bool:
    both = known(event) & known(censor)
    return bool(both.any() and np.mean(censor[both] <= event[both]) > 0.5)
