"""Which columns of a typed source are kept, and their texts chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.sources.csv import not_a_table, unreadable
from riskset_site.data.sources.headers import matched, numbered, plain_name, unseen_signs_left_out
from riskset_site.data.sources.instants import as_days, one_time
from riskset_site.data.sources.table import SourceTable, TextColumn, TextColumnBuilder


class ColumnBuilder(Protocol):
    """Collects a column chunk by chunk."""

    def extend(self, chunk: Any, /) -> None: ...  # noqa: ANN401

    def build(self) -> TextColumn: ...


class KeptColumns:
    """The columns of a source that are asked for, as far as it has them; each row is a record, none is empty."""

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        expected: Collection[str],
        optional: Collection[str],
        every: bool,
        builder: Callable[[], ColumnBuilder] = lambda: TextColumnBuilder(typed=True),
    ) -> None:
        """Raises DataError, with problems, where there is no column, or a needed one is there several times."""
        self.path = path
        self.asked = frozenset((*expected, *optional))
        """What else is kept is not judged."""
        self.zone: str | None = None
        """In which instants are read as days."""
        found = matched(numbered([plain_name(name) for name in names]), [*expected, *optional])
        if found.problems:
            raise not_a_table(path, found.problems)
        if not any(found.names):
            raise unreadable(path, say("data.export.empty"))
        self.headers, self.warnings = found.names, list(found.warnings)
        kept = [*expected, *optional, *(filter(None, found.names) if every else ())]
        self.positions = {name: found.names.index(name) for name in dict.fromkeys(kept) if name in found.names}
        """Of each kept column among all, by its name in the table."""
        self.warnings += unseen_signs_left_out([names], self.positions)
        self.builders = {name: builder() for name in self.positions}
        self.labels: dict[str, str] = {}
        """What the file says of a column besides its name."""

    def add(self, name: str, chunk: Any) -> None:  # noqa: ANN401 - texts, or what its builder takes
        """Appends a chunk to one column."""
        self.builders[name].extend(chunk)

    def table(self, n: int, problems: Sequence[Problem] = ()) -> SourceTable:
        """Returns the table of n rows. Raises DataError, with the problem, where there is none."""
        if not n:
            raise unreadable(self.path, say("data.export.no_rows"), say("data.export.export_again"))
        row_numbers = np.arange(2, n + 2)  # as in a spreadsheet, the names would be row 1
        read = {name: as_days(name, one.build(), self.zone, row_numbers) for name, one in self.builders.items()}
        columns = {name: column for name, (column, _) in read.items()}
        of_instants = [problem for name, (_, problem) in read.items() if problem and name in self.asked]
        of_times = [one_time(name, column, row_numbers) for name, column in columns.items() if name in self.asked]
        warnings = (*self.warnings, *filter(None, of_times))
        return SourceTable(self.headers, row_numbers, columns, (*problems, *of_instants), warnings, labels=self.labels)
