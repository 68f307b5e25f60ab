"""An age that an export has beside the date of birth: a data warehouse writes the age on the day of its export, a study
asks for that at its start."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset_site.data.dates import date_reader
from riskset_site.data.faults import Unreadable
from riskset_site.data.mapped_forms import completed_years
from riskset_site.data.width import in_one_width
from riskset_site.mapping.date_forms import date_forms, pivot, share_of_dates
from riskset_site.mapping.draft import Draft

_DATES = 0.5
_MANY = 0.05
"""Of the rows: more that differ are no slips, but ages of another day."""
_WHOLE_YEARS = re.compile(r"\d{1,3}")


@dataclass(frozen=True)
class AgesCompared:
    """How a column of ages differs from the completed years between two dates."""

    column: str
    birth: str
    start: str
    rows: int
    """In which all three are known."""
    differing: int
    median: float
    """Years by which these differ."""

    @property
    def are_of_another_day(self) -> bool:
        return self.differing > _MANY * self.rows

    @property
    def note(self) -> Message:
        return say(
            "site.map.note.ages",
            n=self.differing,
            column=self.column,
            rows=self.rows,
            birth=self.birth,
            start=self.start,
            years=self.median,
        )


def birth_and_start(draft: Draft) -> tuple[str, str] | None:
    """Returns the columns of the date of birth, and of the day from which patients are followed; None where one is not
    found."""
    birth = draft.column_with(["birth"])
    origins = (one.origin for one in draft.date_endpoints)
    start = next((draft.assigned[origin] for origin in origins if origin in draft.assigned), None)
    start = start or draft.column_with(["start", "diagnosis"])
    if birth is None or start is None or share_of_dates(dict(draft.counts(birth))) < _DATES:
        return None
    return birth, start


def ages_compared(draft: Draft, name: str, column: str) -> AgesCompared | None:
    """Returns how the ages in a column differ from those at the start; None where they do not, or where the export has
    no date of birth."""
    found = birth_and_start(draft) if "age" in draft.contents[name] else None
    if found is None or column in found:
        return None
    birth, start = found
    years = completed_years(_days(draft, birth), _days(draft, start))
    difference = np.abs(np.floor(_ages(draft, column)) - years)
    differing = difference[difference >= 1]
    if not len(differing):
        return None
    rows = int(np.isfinite(difference).sum())
    return AgesCompared(column, birth, start, rows, len(differing), float(np.median(differing)))


def _ages(draft: Draft, column: str) -> NDArray[np.float64]:
    read = {text: _WHOLE_YEARS.match(in_one_width(text)) for text in draft.counts(column)}
    ages = {text: float("nan") if match is None else float(match[0]) for text, match in read.items()}
    return np.array([ages[text] for text in draft.table.texts(column)], np.float64)


def _days(draft: Draft, column: str) -> NDArray[np.datetime64]:
    """Returns the days of a column as far as their format is known."""
    counts = dict(draft.counts(column))
    formats = date_forms(counts).formats
    read = date_reader(formats, pivot(draft.today)) if formats else None
    days: dict[str, np.datetime64] = {}
    for text in counts:
        try:
            day = read(text) if read and text else None
        except Unreadable:
            day = None
        days[text] = np.datetime64("NaT", "D") if day is None else np.datetime64(day, "D")
    return np.array([days[text] for text in draft.table.texts(column)], "datetime64[D]")
