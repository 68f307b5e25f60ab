"""The coordinator's durable record of runs and its ledger, in one SQLite file: every signed reply as received.

A run is these replies and what follows from them. It outlives the network engine's runs, the coordinator's process and
the sites' processes, and continues from its last recorded message. The ledger lists every message, and the sites cosign
its checkpoints: anyone with a checkpoint can verify which replies there were, and that none was changed or removed
later.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.audit.bundle import Records
from riskset.catalogue import say
from riskset.errors import DataError, Refused, VerificationError
from riskset.ledger.durable import AlreadyThere, Statement, utc_now
from riskset.ledger.entry import Entry
from riskset.ledger.log_file import LedgerFile
from riskset.protocol.messages import CLOSE
from riskset.protocol.opening import Opening
from riskset.protocol.unblinding import Decision, read_decisions
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import Head, claimed_head, sha256, unframe
from riskset.strict_json import read_json

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
AND EXISTS (
    SELECT 1 FROM asked WHERE run = json_extract(public, '$.run') AND round = json_extract(public, '$.round')
)
ORDER BY number DESC LIMIT 1
"""


_REPLIES = "SELECT reply FROM reply WHERE run = ?1 AND"
_LAST_ROUND = "SELECT max(round) FROM asked WHERE run = ?1"
_BEFORE_END = f"round <= coalesce(({_LAST_ROUND}), round)"

_State = Literal["unfinished", "finished", "cancelled"]
_ENDS: Mapping[str, _State] = {"ended": "finished", "cancelled": "cancelled"}
_NOT_ENDED: tuple[str, _State] = ("", "unfinished")


@dataclass(frozen=True)
class RecordedRun:
    """A run of the record's list. Times are UTC, ISO 8601."""

    id: str
    study: str
    """SHA-256 of the study."""
    roster: str
    """SHA-256 of the roster."""
    participants: tuple[str, ...]
    began_at: str
    ended_at: str
    """When its results were written, or when it was cancelled; empty before."""
    state: _State


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

    def runs(self, study_id: str | None = None) -> tuple[RecordedRun, ...]:
        """Returns all runs, those of one study where its id is given, in the order in which they began."""
        ends = {
            str(entry.public["run"]): (entry.at, state)
            for kind, state in _ENDS.items()
            for entry in self.ledger.entries(kind)
        }
        began = [entry for entry in self.ledger.entries("began") if study_id in (None, entry.public["study_id"])]
        return tuple(_recorded(entry, *ends.get(str(entry.public["run"]), _NOT_ENDED)) for entry in began)

    def run(self, run: str) -> RecordedRun:
        """Returns one run. DataError where the record has none of this id."""
        found = next((one for one in self.runs() if one.id == run), None)
        if found is None:
            raise DataError(say("run.record.no_run", run=run), say("run.record.no_run_hint"))
        return found

    def latest(self, study: str, roster: str) -> RecordedRun | None:
        """Returns the run that a command for this study and roster (hashes) is about: the last one of the study if it
        is finished, or else the last one with this roster if it is unfinished; None where a new run is to begin."""
        of_study = [run for run in self.runs() if run.study == study]
        if of_study and of_study[-1].state == "finished":
            return of_study[-1]
        with_roster = [run for run in of_study if run.roster == roster]
        return with_roster[-1] if with_roster and with_roster[-1].state == "unfinished" else None

    def begin(
        self,
        study_id: str,
        study: str,
        roster: str,
        participants: Sequence[str],
        files: Mapping[str, str] | None = None,
        unblinded: Sequence[Decision] = (),
    ) -> str:
        """Returns the id of a new run, 16 hex digits. `study` and `roster` are hashes; `unblinded` are the decisions
        with which it is opened.

        `files` are the texts of both, by the same names: they are kept, so that the report can be written again.
        """
        run, names, earlier = secrets.token_hex(8), list(participants), list(self.earlier(study_id))
        hashes = {"study": study, "roster": roster}
        decisions = {"unblinded": [one.content for one in unblinded]} if unblinded else {}
        public = {"run": run, "study_id": study_id, **hashes, "participants": names, "earlier": earlier, **decisions}
        values = (run, study_id, study, roster, json.dumps(names), json.dumps(earlier), utc_now())
        self.ledger.append(
            "began", public, files, also=[("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", values)]
        )
        return run

    def end(self, run: str, results: Mapping[str, str]) -> None:
        """Records that the results are written: no further request of the run is sent. `results` are the SHA-256 of
        each of their files, by path in their folder."""
        change = ("UPDATE run SET ended_at = ? WHERE id = ?", (utc_now(), run))
        self.ledger.append("ended", {"run": run, "files": dict(results)}, also=[change])

    def results(self, run: str) -> Mapping[str, str]:
        """Returns the SHA-256 of each file of the results of a finished run, by path in their folder; nothing of a run
        that riskset 0.1.0 finished, or that is not finished."""
        ended = self.entry("ended", run)
        return dict(ended.public.get("files", {})) if ended else {}

    def records(self, run: str, results: Mapping[str, bytes]) -> Records:
        """Returns all that is recorded of a finished run, with the files of its results. ValueError for another."""
        ended = self.entry("ended", run)
        if ended is None:
            raise ValueError(f"run {run} is not finished")
        requests = self.ledger.read("SELECT request FROM asked WHERE run = ? ORDER BY round", run)
        replies: list[dict[str, bytes]] = [{} for _ in requests]
        after = [reply for _, reply in self.after_end(run)]
        for reply in (*self.replies(run), *after):
            head = claimed_head(reply)
            replies += [{}] * (head.round + 1 - len(replies))
            replies[head.round] = {head.sender: reply, **replies[head.round]}  # of two, the first is the run's
        files = self.files(run)
        return Records(
            study=files["study"].encode(),
            roster=files["roster"].encode(),
            log=self.ledger.export(ended.number + 1).encode(),
            requests=[bytes(request) for (request,) in requests],
            replies=replies,
            results=results,
        )

    def has_all_replies(self, run: str) -> bool:
        """Whether every participant has answered the closing message: the results follow from what is recorded."""
        last = self.ledger.read("SELECT round, request FROM asked WHERE run = ? ORDER BY round DESC LIMIT 1", run)
        if not last or claimed_head(last[0][1]).type != CLOSE:
            return False
        [(n,)] = self.ledger.read("SELECT count(*) FROM reply WHERE run = ? AND round = ?", run, last[0][0])
        return bool(n == len(self.participants(run)))

    def last_reply_at(self, run: str) -> str:
        """Returns when the last reply of a run was recorded: its end, whenever the results are written. UTC, ISO 8601.
        ValueError where it has none."""
        ended = self.entry("ended", run)
        of_run = [entry for entry in self.ledger.entries("received") if entry.public["run"] == run]
        return max(entry.at for entry in of_run if ended is None or entry.number < ended.number)

    def cancel(self, run: str) -> None:
        """Records that the run is given up: nothing more of it is asked or kept. What the sites have sent still makes
        it an earlier run."""
        change = ("UPDATE run SET ended_at = ? WHERE id = ?", (utc_now(), run))
        self.ledger.append("cancelled", {"run": run}, also=[change])

    def refused(self, run: str, site: str, round_: int, code: str) -> None:
        """Notes a site's refusal of a round, once for each code: a site without an approval is asked again for days."""
        said = {"run": run, "round": round_, "sender": site, "code": code}
        if all(entry.public != said for entry in self.ledger.entries("declined")):
            self.ledger.append("declined", said)

    def files(self, run: str) -> Mapping[str, str]:
        """Returns the texts of the study and the roster with which the run began; nothing of a run of riskset 0.1.0,
        which did not keep them."""
        began = self.entry("began", run)
        kept = self.ledger.opened(began) if began else None
        return {str(name): str(text) for name, text in (kept or {}).items()}

    def participants(self, run: str) -> tuple[str, ...]:
        """Returns the sites with which the run was begun."""
        return self._names("participants", run)

    def earlier_of(self, run: str) -> tuple[str, ...]:
        """Returns what `earlier` was when the run began: what its opening states, also when it is repeated."""
        return self._names("earlier", run)

    def opening(self, run: str) -> Opening:
        """Returns what the run is opened with, also when that is repeated."""
        [began] = [entry for entry in self.ledger.entries("began") if entry.public["run"] == run]
        return Opening(self.participants(run), self.earlier_of(run), read_decisions(began.public))

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

    def last_request(self, run: str) -> bytes:
        """Returns the message of the last round that was asked. ValueError where none was."""
        [(request,)] = self.ledger.read(f"SELECT request FROM asked WHERE run = ?1 AND round = ({_LAST_ROUND})", run)
        return bytes(request)

    def asked(self, run: str, round_: int, request: bytes) -> None:
        """Stores a round's request before it is sent; one that another process has just stored is not stored twice.

        This and `record` raise Refused("cancelled") where another command has cancelled the run.
        """
        self._check_not_cancelled(run)
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
        rows = self.ledger.read(f"{_REPLIES} {_BEFORE_END} ORDER BY number", run)
        return tuple(reply for (reply,) in rows)

    def after_end(self, run: str) -> tuple[tuple[str, bytes], ...]:
        """Returns the replies that arrived after the end, each with the time (UTC, ISO 8601) at which it was kept."""
        ended = self.entry("ended", run)
        if ended is None:
            return ()
        kept_at = {str(e.public["sha256"]): e.at for e in self.ledger.entries("received") if e.number > ended.number}
        rows = self.ledger.read(f"{_REPLIES} round > ({_LAST_ROUND}) ORDER BY number", run)
        return tuple((kept_at[sha256(reply)], bytes(reply)) for (reply,) in rows)

    def of_round(self, run: str, round_: int) -> list[bytes]:
        """Returns the replies of one round."""
        return [bytes(raw) for (raw,) in self.ledger.read(f"{_REPLIES} round = ?2 ORDER BY number", run, round_)]

    def shown(self, run: str, site: str) -> Iterable[tuple[bytes, bool]]:
        last = {str(other): n for other, n in self.ledger.read("SELECT run, max(round) FROM asked GROUP BY run")}
        asked = self.entry("asked", run)  # the first is the opening
        opening = asked.number if asked else 0
        found = [
            (one.public, one.number < opening)
            for one in self.ledger.entries("received")
            if one.public["sender"] == site and one.public["run"] != run
        ]
        shows = [(one, was) for one, was in found if one["round"] in (0, last.get(one["run"], -1) + 1)]
        query = f"{_REPLIES} message = ?2"
        return tuple((bytes(self.ledger.read(query, one["run"], one["message"])[0][0]), was) for one, was in shows)

    def record(self, run: str, reply: bytes) -> None:
        """Stores a reply; one that another process has just stored is not stored twice."""
        self._check_not_cancelled(run)
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

    def _check_not_cancelled(self, run: str) -> None:
        has_ended = self.ledger.read("SELECT 1 FROM run WHERE id = ? AND ended_at IS NOT NULL", run)
        if has_ended and any(entry.public["run"] == run for entry in self.ledger.entries("cancelled")):
            raise Refused("cancelled", say("run.record.cancelled", run=run), say("run.record.cancelled_hint"))

    def entry(self, kind: str, run: str) -> Entry | None:
        """Returns the entry of a kind that a run has once; None where it has none."""
        return next((entry for entry in self.ledger.entries(kind) if entry.public["run"] == run), None)

    def _names(self, column: str, run: str) -> tuple[str, ...]:
        rows = self.ledger.read(f"SELECT {column} FROM run WHERE id = ?", run)
        if not rows:
            raise ValueError(f"there is no run {run} in the record")
        return tuple(read_json(rows[0][0]))

    def _check_runs(self) -> None:
        """Raises VerificationError unless the stored runs are those that began according to the ledger."""
        columns = ("study_id", "study", "roster", "participants", "earlier")
        signed = {e.public["run"]: tuple(e.public[name] for name in columns) for e in self.ledger.entries("began")}
        rows = self.ledger.read(f"SELECT id, {', '.join(columns)} FROM run")
        kept = {
            run: (*names, read_json(participants), read_json(earlier)) for run, *names, participants, earlier in rows
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


def _recorded(began: Entry, ended_at: str, state: _State) -> RecordedRun:
    run, study, roster = (str(began.public[name]) for name in ("run", "study", "roster"))
    return RecordedRun(run, study, roster, tuple(began.public["participants"]), began.at, ended_at, state)


def _id(message: bytes) -> str:
    """Returns the id of a message: the hash of its head, in which everything else is signed."""
    return sha256(unframe(message)[0])


def _public(run: str, head: Head, message: str, raw: bytes) -> dict[str, Any]:
    return {"run": run, "round": head.round, "sender": head.sender, "message": message, "sha256": sha256(raw)}
