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
    same_tables: tuple[int, ...] = ()
    """Earlier numbers with these very tables, whose values mean here what they meant there. Such a file is gone on
    with, and has this number from the first thing on that this version writes into it."""
    unnumbered: tuple[str, str] | None = None
    """What a file with tables and without a number is, where that is known, and what to do with it."""

    @property
    def statements(self) -> tuple[str, ...]:
        return tuple(text for text in self.schema.split(";") if text.strip())

    def check(self, database: sqlite3.Connection, called: str) -> int:
        """Returns the number that the file has.

        Raises DataError, beginning with `called`, where this version may not write into it.
        """
        [(found,)] = database.execute("PRAGMA user_version")
        if found > self.number:
            message = f"{called} has the layout {found}; riskset {__version__} knows layouts up to {self.number}"
            raise DataError(message, "update riskset on this machine; the file was not changed")
        tables = dict(_tables(database))
        is_new = found == UNNUMBERED and not tables
        if (
            found == self.number
            or is_new
            or (found in self.same_tables and tables.items() <= self._own_tables().items())
        ):
            return int(found)
        if found == UNNUMBERED and self.unnumbered:
            raise DataError(f"{called} {self.unnumbered[0]}", self.unnumbered[1])
        other = f"the layout {found}, which is not" if found else "a layout without a number, which is not"
        hint = "use the version of riskset that wrote it, or move the file away and keep it"
        raise DataError(f"{called} has {other} one that riskset {__version__} goes on from", hint)

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
