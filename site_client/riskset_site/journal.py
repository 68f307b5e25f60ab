"""A site's durable record of its runs, in one SQLite file: what it was asked, what it sent, under which data.

A reply is kept in one transaction before it is sent; a process killed at any moment finds either both or neither.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from riskset.errors import DataError
from riskset.protocol.site import Exchange

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, snapshot TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS exchange (
    run TEXT NOT NULL REFERENCES run(id), round INTEGER NOT NULL, request BLOB NOT NULL, reply BLOB NOT NULL,
    answered_at TEXT NOT NULL, PRIMARY KEY (run, round)
) STRICT;
"""


class JournalFile:
    """The journal of `riskset.protocol.site` in a file. One process holds it at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._failures_told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            self._db.execute("PRAGMA synchronous = FULL")  # a power cut must not lose what was sent
            self._db.executescript(_SCHEMA)

    def exchanges(self, run: str) -> Sequence[Exchange]:
        query = "SELECT round, request, reply FROM exchange WHERE run = ? ORDER BY round"
        with self._failures_told():
            return tuple(Exchange(*row) for row in self._db.execute(query, (run,)))

    def snapshot(self, run: str) -> str | None:
        with self._failures_told():
            row = self._db.execute("SELECT snapshot FROM run WHERE id = ?", (run,)).fetchone()
        return None if row is None else str(row[0])

    def record(self, run: str, exchange: Exchange, snapshot: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._failures_told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute("INSERT OR IGNORE INTO run VALUES (?, ?)", (run, snapshot))
                row = (run, exchange.round, exchange.request, exchange.reply, now)
                self._db.execute("INSERT INTO exchange VALUES (?, ?, ?, ?, ?)", row)
                self._db.execute("COMMIT")
            except sqlite3.Error:
                self._db.rollback()
                raise

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            hint = "nothing was sent; free the disk, or mend the rights of the folder, and start again"
            raise DataError(f"the journal {self._path} cannot be read or written: {error}", hint) from error
