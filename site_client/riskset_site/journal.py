"""A site's durable record of its runs, in one SQLite file: what it was asked, what it sent, under which data.

A reply is kept in one transaction before it is sent; a process killed at any moment finds either both or neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskset.ledger.durable import DurableFile, utc_now
from riskset.protocol.site import Exchange

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, snapshot TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS exchange (
    run TEXT NOT NULL REFERENCES run(id), round INTEGER NOT NULL, request BLOB NOT NULL, reply BLOB NOT NULL,
    answered_at TEXT NOT NULL, PRIMARY KEY (run, round)
) STRICT;
"""


_HINT = "nothing was sent; free the disk, or mend the rights of the folder, and start again"


class JournalFile:
    """The journal of `riskset.protocol.site` in a file. One process holds it at a time."""

    def __init__(self, path: Path) -> None:
        self._file = DurableFile(path, _SCHEMA, "the journal", _HINT)

    def exchanges(self, run: str) -> Sequence[Exchange]:
        query = "SELECT round, request, reply FROM exchange WHERE run = ? ORDER BY round"
        return tuple(Exchange(*row) for row in self._file.read(query, run))

    def snapshot(self, run: str) -> str | None:
        rows = self._file.read("SELECT snapshot FROM run WHERE id = ?", run)
        return str(rows[0][0]) if rows else None

    def record(self, run: str, exchange: Exchange, snapshot: str) -> None:
        self._file.write(
            ("INSERT OR IGNORE INTO run VALUES (?, ?)", (run, snapshot)),
            (
                "INSERT INTO exchange VALUES (?, ?, ?, ?, ?)",
                (run, exchange.round, exchange.request, exchange.reply, utc_now()),
            ),
        )

    def close(self) -> None:
        self._file.close()
