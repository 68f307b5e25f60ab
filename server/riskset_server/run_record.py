"""The coordinator's durable record of runs, in one SQLite file: every signed reply as it came.

A run is these replies and what follows from them. It outlives the network engine's own runs, the coordinator's process
and the sites' processes, and goes on where it stood.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from riskset.errors import DataError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY, study TEXT NOT NULL, roster TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS reply (
    number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES run(id), reply BLOB NOT NULL, came_at TEXT
    NOT NULL
) STRICT;
"""


class RunRecord:
    """The record of `riskset.protocol.coordinator` in a file, and which runs there are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._failures_told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)

    def unfinished(self, study: str, roster: str) -> str | None:
        """Returns the id of the latest run of this study and roster that has not come to its end."""
        query = "SELECT id FROM run WHERE study = ? AND roster = ? AND ended_at IS NULL ORDER BY began_at DESC LIMIT 1"
        with self._failures_told():
            row = self._db.execute(query, (study, roster)).fetchone()
        return None if row is None else str(row[0])

    def begin(self, study: str, roster: str) -> str:
        """Returns the id of a new run, 16 hex digits."""
        run = secrets.token_hex(8)
        with self._failures_told():
            self._db.execute("INSERT INTO run VALUES (?, ?, ?, ?, NULL)", (run, study, roster, _now()))
        return run

    def end(self, run: str) -> None:
        with self._failures_told():
            self._db.execute("UPDATE run SET ended_at = ? WHERE id = ?", (_now(), run))

    def replies(self, run: str) -> Iterable[bytes]:
        with self._failures_told():
            rows = self._db.execute("SELECT reply FROM reply WHERE run = ? ORDER BY number", (run,)).fetchall()
        return tuple(row[0] for row in rows)

    def record(self, run: str, reply: bytes) -> None:
        with self._failures_told():
            self._db.execute("INSERT INTO reply (run, reply, came_at) VALUES (?, ?, ?)", (run, reply, _now()))

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"the record of runs {self._path} cannot be read or written: {error}",
                "free the disk, or mend the rights of the folder, and give the same command again",
            ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
