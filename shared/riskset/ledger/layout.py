"""How one of riskset's SQLite files is laid out, and whether this version may write into what it finds there.

A file says by `PRAGMA user_version` which layout it has: its tables, their columns and what their values hold. A file
that a newer riskset wrote is left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from riskset import __version__
from riskset.errors import DataError

UNNUMBERED = 0
"""What SQLite says of a file to which nobody gave a number."""


@dataclass(frozen=True)
class Layout:
    """The layout that this version writes."""

    number: int
    """1 or more; the next one where tables, columns or the meaning of values change."""
    schema: str
    """CREATE TABLE IF NOT EXISTS statements; no semicolon inside one."""
    unnumbered: tuple[str, str] | None = None
    """Why a file with tables and without a number is not gone on from, and what to do; None where such a file has the
    layout 1, from before layouts were numbered."""

    @property
    def statements(self) -> tuple[str, ...]:
        return tuple(text for text in self.schema.split(";") if text.strip())

    def check(self, database: sqlite3.Connection, called: str) -> int:
        """Returns the number that the file has; `UNNUMBERED` where it has no tables yet, or is of the layout 1 and not
        yet numbered.

        Raises DataError, beginning with `called`, where this version may not write into it.
        """
        [(found,)] = database.execute("PRAGMA user_version")
        tables = dict(_tables(database))
        if found == self.number or not (found or tables):
            return int(found)
        if found > self.number:
            message = f"{called} has the layout {found}; riskset {__version__} knows layouts up to {self.number}"
            raise DataError(message, "update riskset on this machine; the file was not changed")
        if found == UNNUMBERED and self.unnumbered:
            raise DataError(f"{called} {self.unnumbered[0]}", self.unnumbered[1])
        if found == UNNUMBERED and self.number == 1 and tables == self._own_tables():
            return UNNUMBERED
        which = (
            f"has the layout {found}, not {self.number}" if found else f"has no layout that riskset {__version__} knows"
        )
        hint = "use the version of riskset that wrote it, or move the file away and keep it"
        raise DataError(f"{called} {which}", hint)

    def is_whole(self, database: sqlite3.Connection) -> bool:
        """Returns whether all tables are there."""
        return dict(_tables(database)).keys() >= self._own_tables().keys()

    def _own_tables(self) -> dict[str, str]:
        with closing(sqlite3.connect(":memory:")) as database:
            for statement in self.statements:
                database.execute(statement)
            return dict(_tables(database))


def _tables(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yields each table's name and how it was made, whatever the spacing."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    yield from ((str(name), " ".join(str(sql).split())) for name, sql in database.execute(query))
