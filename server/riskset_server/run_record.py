"""The coordinator's durable record of runs, in one SQLite file: every signed reply as it came.

A run is these replies and what follows from them. It outlives the network engine's own runs, the coordinator's process
and the sites' processes, and goes on where it stood.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path

from riskset.ledger.durable import DurableFile, utc_now

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY, study TEXT NOT NULL, roster TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS reply (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL REFERENCES run(id), reply BLOB NOT NULL, came_at TEXT NOT NULL
) STRICT;
"""


_HINT = "free the disk, or mend the rights of the folder, and give the same command again"


class RunRecord:
    """The record of `riskset.protocol.coordinator` in a file, and which runs there are."""

    def __init__(self, path: Path) -> None:
        self._file = DurableFile(path, _SCHEMA, "the record of runs", _HINT)

    def unfinished(self, study: str, roster: str) -> str | None:
        """Returns the id of the latest run of this study and roster that has not come to its end."""
        query = "SELECT id FROM run WHERE study = ? AND roster = ? AND ended_at IS NULL ORDER BY began_at DESC LIMIT 1"
        rows = self._file.read(query, study, roster)
        return str(rows[0][0]) if rows else None

    def begin(self, study: str, roster: str) -> str:
        """Returns the id of a new run, 16 hex digits."""
        run = secrets.token_hex(8)
        self._file.write(("INSERT INTO run VALUES (?, ?, ?, ?, NULL)", (run, study, roster, utc_now())))
        return run

    def end(self, run: str) -> None:
        self._file.write(("UPDATE run SET ended_at = ? WHERE id = ?", (utc_now(), run)))

    def replies(self, run: str) -> Iterable[bytes]:
        return tuple(row[0] for row in self._file.read("SELECT reply FROM reply WHERE run = ? ORDER BY number", run))

    def record(self, run: str, reply: bytes) -> None:
        self._file.write(("INSERT INTO reply (run, reply, came_at) VALUES (?, ?, ?)", (run, reply, utc_now())))

    def close(self) -> None:
        self._file.close()
