"""The layout of one of riskset's SQLite files, and whether this version may write into the file it finds.

A file states in `PRAGMA user_version` which layout it has: its tables, their columns and the meaning of their values. A
file that a newer riskset wrote is left unchanged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from riskset import __version__
from riskset.catalogue import Message, say
from riskset.errors import DataError

UNNUMBERED = 0
"""The `user_version` of a file that was never given a number."""


@dataclass(frozen=True)
class FileLayout:
    """The layout that this version writes."""

    number: int
    """1 or more; the next one where tables, columns or the meaning of values change."""
    schema: str
    """CREATE TABLE IF NOT EXISTS statements; no semicolon inside one."""
    same_tables: tuple[int, ...] = ()
    """Earlier numbers with the same tables and the same meaning of values. Such a file is continued, and gets this
    number with the first write of this version."""
    unnumbered: tuple[Message, Message] | None = None
    """What a file with tables but without a number is, where that is known, and what to do with it."""

    @property
    def statements(self) -> tuple[str, ...]:
        return tuple(text for text in self.schema.split(";") if text.strip())

    def check(self, database: sqlite3.Connection, called: str) -> int:
        """Returns the layout number of the file.

        Raises DataError, which names the file as `called`, where this version may not write into it.
        """
        [(found,)] = database.execute("PRAGMA user_version")
        if found > self.number:
            newer = say("ledger.layout.newer", called=called, found=found, version=__version__, most=self.number)
            raise DataError(newer, say("ledger.layout.newer_hint"))
        if found == self.number:
            return int(found)
        tables = dict(_tables(database))
        is_new = found == UNNUMBERED and not tables
        if is_new or (found in self.same_tables and tables.items() <= self._own_tables().items()):
            return int(found)
        if found == UNNUMBERED and self.unnumbered:
            reason, hint = self.unnumbered
            raise DataError(say("ledger.layout.known", called=called, reason=reason), hint)
        other = say("ledger.layout.other", called=called, found=found, version=__version__)
        unnumbered = say("ledger.layout.unnumbered", called=called, version=__version__)
        raise DataError(other if found else unnumbered, say("ledger.layout.other_hint"))

    def is_whole(self, database: sqlite3.Connection) -> bool:
        """Returns whether all tables exist."""
        return dict(_tables(database)).keys() >= self._own_tables().keys()

    def _own_tables(self) -> dict[str, str]:
        with closing(sqlite3.connect(":memory:")) as database:
            for statement in self.statements:
                database.execute(statement)
            return dict(_tables(database))


def _tables(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yields each table's name and its definition, spacing normalised."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    yield from ((str(name), " ".join(str(sql).split())) for name, sql in database.execute(query))
