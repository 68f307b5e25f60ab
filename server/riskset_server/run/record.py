"""The coordinator's durable record of runs and its ledger, in one SQLite file: every signed reply as received.

A run is these replies and what follows from them. It outlives the network engine's runs, the coordinator's process and
the sites' processes, and continues from its last recorded message. The ledger lists every message, and the sites cosign
its checkpoints: anyone with a checkpoint can verify which replies there were, and that none was changed or removed
later.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import VerificationError
from riskset.ledger.durable import AlreadyThere, Statement, utc_now
from riskset.ledger.log_file import LedgerFile
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import Head, claimed_head, sha256, unframe

_TABLES = """
CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY, study_id TEXT NOT NULL, study TEXT NOT NULL, roster TEXT NOT NULL,
    participants TEXT NOT NULL, earlier TEXT NOT NULL, began_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS asked (
    run TEXT NOT NULL REFERENCES run(id), round INTEGER NOT NULL, message TEXT NOT NULL, request BLOB NOT NULL,
    PRIMARY KEY (run, round)
) STRICT;
CREATE TABLE IF NOT EXISTS reply (
    number INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL REFERENCES run(id), round INTEGER NOT NULL,
    message TEXT NOT NULL, reply BLOB NOT NULL, UNIQUE (run, message)
) STRICT;
"""
_LAST_ANSWER = """
SELECT json_extract(public, '$.run'), json_extract(public, '$.round'), json_extract(public, '$.message')
FROM ledger_entry
WHERE kind = 'received' AND json_extract(public, '$.sender') = ? AND json_extract(public, '$.round') >= 1 AND number < (
    SELECT number FROM ledger_entry WHERE kind = 'began' AND json_extract(public, '$.run') = ?
)
ORDER BY number DESC LIMIT 1
"""


class RunRecord:
    """The record of `riskset.protocol.coordinator` in a file, with the list of runs."""

    def __init__(self, path: Path, key: Ed25519PrivateKey) -> None:
        """`key` is the coordinator's identity. Raises VerificationError if the ledger or a message was changed,
        DataError if the file cannot be read or written."""
        self.ledger = LedgerFile(path, key, LOG, _TABLES)
        try:
            self._check_runs()
            self._check_messages()
        except BaseException:
            self.ledger.close()
            raise

    def unfinished(self, study: str, roster: str) -> str | None:
        """Returns the id of the latest unfinished run of this study and roster (hashes)."""
        query = "SELECT id FROM run WHERE study = ? AND roster = ? AND ended_at IS NULL ORDER BY rowid DESC LIMIT 1"
        rows = self.ledger.read(query, study, roster)
        return str(rows[0][0]) if rows else None

    def begin(self, study_id: str, study: str, roster: str, participants: Sequence[str]) -> str:
        """Returns the id of a new run, 16 hex digits. `study` and `roster` are hashes."""
        run, names, earlier = secrets.token_hex(8), list(participants), list(self.earlier(study_id))
        hashes = {"study": study, "roster": roster}
        public = {"run": run, "study_id": study_id, **hashes, "participants": names, "earlier": earlier}
        values = (run, study_id, study, roster, json.dumps(names), json.dumps(earlier), utc_now())
        self.ledger.append("began", public, also=[("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", values)])
        return run

    def end(self, run: str) -> None:
        """Records that the results are written: no further request of the run is sent."""
        self.ledger.append("ended", {"run": run}, also=[("UPDATE run SET ended_at = ? WHERE id = ?", (utc_now(), run))])

    def participants(self, run: str) -> tuple[str, ...]:
        """Returns the sites with which the run was begun."""
        return self._names("participants", run)

    def earlier_of(self, run: str) -> tuple[str, ...]:
        """Returns what `earlier` was when the run began: what its opening states, also when it is repeated."""
        return self._names("earlier", run)

    def earlier(self, study_id: str) -> tuple[str, ...]:
        """Returns the runs of any version of the study in which a contribution was requested or received, oldest first.

        Requests count because a reply that was lost in transit has left its site nevertheless.
        """
        contributed = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE run = run.id AND round >= 1)" for table in ("asked", "reply")
        )
        query = f"SELECT id FROM run WHERE study_id = ? AND ({contributed}) ORDER BY rowid"
        return tuple(str(run) for (run,) in self.ledger.read(query, study_id))

    def request(self, run: str, round_: int) -> bytes | None:
        """Returns the message of a round as it was first sent."""
        rows = self.ledger.read("SELECT request FROM asked WHERE run = ? AND round = ?", run, round_)
        return bytes(rows[0][0]) if rows else None

    def asked(self, run: str, round_: int, request: bytes) -> None:
        """Stores a round's request before it is sent; one that another process has just stored is not stored twice."""
        head, message = claimed_head(request), _id(request)
        row = ("INSERT INTO asked VALUES (?, ?, ?, ?)", (run, round_, message, request))
        self._append_once("asked", _public(run, head, message, request), row)

    def last_answer(self, run: str, site: str) -> tuple[bytes, bytes] | None:
        """Returns the last message of round 1 or later that the site answered before the run began, and its reply."""
        found = self.ledger.read(_LAST_ANSWER, site, run)
        if not found:
            return None
        [(other, round_, message)] = found
        [(reply,)] = self.ledger.read("SELECT reply FROM reply WHERE run = ? AND message = ?", other, message)
        [(request,)] = self.ledger.read("SELECT request FROM asked WHERE run = ? AND round = ?", other, round_)
        return bytes(request), bytes(reply)

    def checkpoint(self) -> str:
        """Returns the signed note of the log's present state."""
        return self.ledger.checkpoint()

    def consistency(self, old: int, new: int) -> Sequence[bytes]:
        return self.ledger.consistency(old, new)

    def replies(self, run: str) -> Iterable[bytes]:
        rows = self.ledger.read("SELECT reply FROM reply WHERE run = ? ORDER BY number", run)
        return tuple(reply for (reply,) in rows)

    def record(self, run: str, reply: bytes) -> None:
        """Stores a reply; one that another process has just stored is not stored twice."""
        head, message = claimed_head(reply), _id(reply)
        values = (run, head.round, message, reply)
        row = ("INSERT INTO reply (run, round, message, reply) VALUES (?, ?, ?, ?)", values)
        self._append_once("received", _public(run, head, message, reply), row)

    def close(self) -> None:
        self.ledger.close()

    def _append_once(self, kind: str, public: dict[str, Any], row: Statement) -> None:
        try:
            self.ledger.append(kind, public, also=[row])
        except AlreadyThere:
            return

    def _names(self, column: str, run: str) -> tuple[str, ...]:
        rows = self.ledger.read(f"SELECT {column} FROM run WHERE id = ?", run)
        if not rows:
            raise ValueError(f"there is no run {run} in the record")
        return tuple(json.loads(rows[0][0]))

    def _check_runs(self) -> None:
        """Raises VerificationError unless the stored runs are those that began according to the ledger."""
        columns = ("study_id", "study", "roster", "participants", "earlier")
        signed = {e.public["run"]: tuple(e.public[name] for name in columns) for e in self.ledger.entries("began")}
        rows = self.ledger.read(f"SELECT id, {', '.join(columns)} FROM run")
        kept = {
            run: (*names, json.loads(participants), json.loads(earlier)) for run, *names, participants, earlier in rows
        }
        if kept != signed:
            raise VerificationError(say("run.record.runs", path=self.ledger.path), say("run.record.restore"))

    def _check_messages(self) -> None:
        """Raises VerificationError unless the stored messages are exactly those that the ledger lists."""
        for kind, table, column in (("asked", "asked", "request"), ("received", "reply", "reply")):
            signed = sorted((entry.public["run"], entry.public["sha256"]) for entry in self.ledger.entries(kind))
            rows = self.ledger.read(f"SELECT rowid FROM {table}")
            if sorted(self._kept(table, column, rowid) for (rowid,) in rows) != signed:
                message = say(f"run.record.{table}", path=self.ledger.path)
                raise VerificationError(message, say("run.record.restore"))

    def _kept(self, table: str, column: str, rowid: int) -> tuple[str, str]:
        """Returns the run and the hash of one message; one at a time, since all of them may be gigabytes."""
        [(run, raw)] = self.ledger.read(f"SELECT run, {column} FROM {table} WHERE rowid = ?", rowid)
        return run, sha256(raw)


def _id(message: bytes) -> str:
    """Returns the id of a message: the hash of its head, in which everything else is signed."""
    return sha256(unframe(message)[0])


def _public(run: str, head: Head, message: str, raw: bytes) -> dict[str, Any]:
    return {"run": run, "round": head.round, "sender": head.sender, "message": message, "sha256": sha256(raw)}
