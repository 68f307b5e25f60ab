"""Dates of a site on a line: by year, and those in an order that hardly can be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from riskset.study.spec import DateEndpoint, DateVariable, Study
from riskset_site.data.column_reading import known
from riskset_site.explore.rows import Looked

_USUAL = 0.95
"""Share of rows in which one date is not after another, from which on the others stand out."""
_FEWEST = 20
"""Rows with both dates, to say what is usual."""


@dataclass(frozen=True)
class Days:
    """One date variable: the known ones of eligible rows, (n,)."""

    name: str
    values: NDArray[np.datetime64]

    @property
    def by_year(self) -> dict[int, int]:
        """Returns how many are in each year that has any."""
        years, counts = np.unique(self.values.astype("datetime64[Y]").astype(int) + 1970, return_counts=True)
        return dict(zip(years.tolist(), counts.tolist(), strict=True))


@dataclass(frozen=True)
class Disorder:
    """Rows in which a date is after one that it should not be after."""

    first: str
    """The date that should be the earlier one."""
    second: str
    by_study: bool
    """Whether the study's endpoints say so; otherwise nearly all other rows do."""
    rows: tuple[tuple[int, str, str], ...]
    """Row number, and both dates."""


def days(looked: Looked) -> Iterator[Days]:
    """Yields each date of the study."""
    columns = looked.used.export.columns
    for name, variable in looked.study.variables.items():
        if isinstance(variable, DateVariable):
            values = columns[name].values[looked.eligible]
            yield Days(name, values[known(values)])


def disorders(looked: Looked) -> Iterator[Disorder]:
    """Yields each two dates with rows against their order, among all eligible rows of the export: also those that are
    set aside, since an event before its origin is a problem."""
    export, eligible = looked.whole.export, looked.whole.eligible
    dates = [name for name, variable in looked.study.variables.items() if isinstance(variable, DateVariable)]
    ordered = _ordered(looked.study)
    for first, second in permutations(dates, 2):
        early, late = export.columns[first].values, export.columns[second].values
        both = eligible & known(early) & known(late)
        against = both & (early > late)
        by_study = (first, second) in ordered
        if against.any() and (by_study or (_is_usual(both, against) and (second, first) not in ordered)):
            rows = np.flatnonzero(against)
            listed = zip(export.row_numbers[rows].tolist(), early[rows].astype(str).tolist(),
                         late[rows].astype(str).tolist(), strict=True)  # fmt: skip
            yield Disorder(first, second, by_study, tuple(listed))


def _is_usual(both: NDArray[np.bool_], against: NDArray[np.bool_]) -> bool:
    return int(both.sum()) >= _FEWEST and int(against.sum()) <= (1 - _USUAL) * int(both.sum())


def _ordered(study: Study) -> set[tuple[str, str]]:
    """Returns the pairs of dates of which endpoints say that the first is not after the second."""
    found = set()
    for endpoint in study.endpoints.values():
        if isinstance(endpoint, DateEndpoint):
            found |= {(endpoint.origin, end) for end in (*endpoint.ends, endpoint.censor)}
    return found
