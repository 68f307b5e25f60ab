"""A site's journal in one file: its ledger, and what each run began with, the requests it got and the replies it sent.

A reply, its ledger entry and the checkpoint over it are written in one transaction before the reply is sent. A process
that is killed at any moment finds all of it or nothing. What a run began with is encrypted: it contains the secret of
the masks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import Message, say
from riskset.disclosure.curves import read_curve
from riskset.errors import DataError, ProtocolError, VerificationError
from riskset.ledger.durable import AlreadyThere, Statement
from riskset.ledger.entry import SITE, Entry
from riskset.ledger.log_file import LedgerFile
from riskset.protocol.journal import (
    NAMED,
    Begun,
    Exchange,
    Labelled,
    MarkedField,
    RowMarks,
    Sent,
    most_sent,
    told_in,
)
from riskset.protocol.kept import read_outcome
from riskset.protocol.own_log import OwnLog, name_of
from riskset.protocol.witnessing import longest_seen
from riskset.secure.envelope import sha256
from riskset.strict_json import read_json
from riskset_site.keys import Identity, SitePaths

_TABLES = """
CREATE TABLE IF NOT EXISTS run (id TEXT PRIMARY KEY, begun BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS exchange (
    run TEXT NOT NULL REFERENCES run(id), round INTEGER NOT NULL, request BLOB NOT NULL, reply BLOB NOT NULL,
    PRIMARY KEY (run, round)
) STRICT;
"""
OPENED, CONTRIBUTED, CLOSED = "opened", "contributed", "closed"
WITNESSED, KEPT = "witnessed", "kept"
REPLIES = (OPENED, CONTRIBUTED, CLOSED)
"""Kinds of the ledger's entries that are signed replies of a run."""
AFTER_END = (WITNESSED, KEPT)
"""The same, after its end."""
DISCLOSED, DESTROYED = "disclosed", "destroyed"
"""Kinds of the entries by which a run was opened to an auditor, and by which it never will be again."""
SHOWN = (OPENED, WITNESSED)
"""Kinds of those that show the site's own log as it was before the entry."""
_FROZE, _REFUSED = "froze", "refused"
NUMBERS = (CONTRIBUTED, CLOSED, _FROZE)
"""Kinds with which no log goes on that was restored from a backup: they follow what was opened since."""
_KEPT = "kept for later runs"
_BEGUN = 2
"""The layout of what a run began with. riskset 0.1.0 wrote none: marks by names, and participants without keys."""


def open_ledger(path: Path, key: Ed25519PrivateKey, site: str, *, only_reads: bool = False) -> LedgerFile:
    """Returns the ledger in a site's journal. Commands that sign into it open it while the site is running.

    Raises VerificationError where the ledger does not verify, DataError where the file cannot be read or written.
    """
    return LedgerFile(path, key, name_of(site), _TABLES, only_reads=only_reads)


def own_ledger(paths: SitePaths, identity: Identity, site: str) -> LedgerFile:
    """Returns the ledger under the site's present key; where keys were renewed, the earlier key hands it over first.

    Raises VerificationError where it verifies under none of the site's keys, DataError where the file cannot be read
    or written.
    """
    try:
        return open_ledger(paths.journal, identity.signing, site)
    except VerificationError:
        for key in reversed(identity.earlier):
            with suppress(VerificationError):
                ledger = open_ledger(paths.journal, key, site)
                ledger.renew(identity.signing)
                return ledger
        raise


def ledger_to_read(paths: SitePaths, identity: Identity, site: str) -> LedgerFile:
    """Returns the ledger under whichever of the site's keys signs it; nothing is written, and appending fails.

    Raises VerificationError where it verifies under none of them, DataError where the file cannot be read.
    """
    try:
        return open_ledger(paths.journal, identity.signing, site, only_reads=True)
    except VerificationError:
        for key in reversed(identity.earlier):
            with suppress(VerificationError):
                return open_ledger(paths.journal, key, site, only_reads=True)
        raise


class JournalFile:
    """The journal of `riskset.protocol.journal` in a file."""

    def __init__(self, ledger: LedgerFile) -> None:
        """Raises VerificationError, and closes the ledger, where the requests and replies do not match it."""
        self.ledger = ledger
        self._begun: dict[str, Begun] = {}
        self._seen: str | None = None
        try:
            self._check_exchanges()
        except BaseException:
            self.ledger.close()
            raise

    def begun(self, run: str) -> Begun | None:
        if run not in self._begun:
            rows = self.ledger.read("SELECT begun FROM run WHERE id = ?", run)
            if not rows:
                return None
            self._begun[run] = _unpacked(self.ledger.unseal(rows[0][0], _purpose(run)))
        return self._begun[run]

    def exchanges(self, run: str) -> Sequence[Exchange]:
        query = "SELECT round, request, reply FROM exchange WHERE run = ? ORDER BY round"
        return tuple(Exchange(*row) for row in self.ledger.read(query, run))

    def contributed(self) -> Mapping[str, Begun]:
        query = "SELECT id FROM run WHERE EXISTS (SELECT 1 FROM exchange WHERE run = id AND round >= 1) ORDER BY rowid"
        found = {str(run): self.begun(str(run)) for (run,) in self.ledger.read(query)}
        return {run: begun for run, begun in found.items() if begun is not None}

    def answered(self, run: str) -> Mapping[str, int]:
        return most_sent(self.sent_in(run))

    def told(self, run: str) -> frozenset[str]:
        return told_in(self.sent_in(run))

    def is_over(self, run: str) -> bool:
        return any(entry.public["run"] == run for entry in self.ledger.entries(CLOSED))

    def sent_in(self, run: str) -> Iterator[Sent]:
        entries = self._entries(CONTRIBUTED, CLOSED)
        sent = (read_sent(self.ledger, entry) for entry in entries if entry.public["run"] == run)
        return (one for one in sent if one)

    def sent_besides(self, run: str) -> Iterator[Sent]:
        return sent_of(self.ledger, besides=run)

    def log(self) -> OwnLog:
        now = self.ledger.verify()
        acts = self._entries(*(kind for kind in SITE if kind not in NUMBERS))
        shown = {int(entry.public["log"]) for entry in acts if entry.kind in SHOWN and "log" in entry.public}
        # where a backup was restored, the log may have been shown as it was then, and the entry of that be lost
        refused = {entry.number for entry in acts if entry.kind == _REFUSED}
        went_on = {entry.number for entry in acts if entry.number - 1 not in refused or entry.number not in refused}
        proofs = {size: self.ledger.consistency(size, now.size) for size in sorted((shown | went_on) - {0})}
        return OwnLog(now.size, now.root, proofs)

    def _entries(self, *kinds: str) -> list[Entry]:
        return [entry for kind in kinds for entry in self.ledger.entries(kind)]

    def seen(self) -> str:
        if self._seen is None:
            answered = sorted(self._entries(CONTRIBUTED, CLOSED, WITNESSED), key=lambda entry: entry.number)
            self._seen = longest_seen(str(entry.public["coordinator"]) for entry in answered)
        return self._seen

    def begin(self, run: str, begun: Begun, exchange: Exchange, head: Mapping[str, Any]) -> None:
        sealed = self.ledger.seal(_packed(begun), _purpose(run))
        new_run: Statement = "INSERT INTO run VALUES (?, ?)", (run, sealed)
        self._append(OPENED, run, exchange, head, None, new_run)

    def record(self, run: str, exchange: Exchange, sent: Sent | None, head: Mapping[str, Any]) -> None:
        if self.begun(run) is None:
            raise ProtocolError(say("site.journal.never_begun", run=run))
        kind = str(head["type"]) if head["type"] in (CLOSED, *AFTER_END) else CONTRIBUTED
        self._append(kind, run, exchange, head, sent)
        if self._seen is not None and "coordinator" in head:
            self._seen = longest_seen([self._seen, str(head["coordinator"])])

    def destroy_secret(self, run: str) -> None:
        """Replaces what a run began with by the same without its secret, and writes the entry "destroyed", in one
        transaction. No page of the file keeps the old bytes."""
        [(sealed,)] = self.ledger.read("SELECT begun FROM run WHERE id = ?", run)
        content = {**read_json(self.ledger.unseal(sealed, _purpose(run))), "secret": ""}
        without = self.ledger.seal(json.dumps(content, separators=(",", ":")).encode(), _purpose(run))
        self.ledger.append(DESTROYED, {"run": run}, None, [("UPDATE run SET begun = ? WHERE id = ?", (without, run))])
        self._begun.pop(run, None)

    def freeze(self, run: str, key: str, compute: Callable[[], bytes]) -> bytes:
        return self._frozen(run, key, compute, {})

    def keep_population(self, run: str, population: str, compute: Callable[[], bytes]) -> None:
        self._frozen(run, f"{_KEPT}/{population}", compute, {_KEPT: population})

    def populations(self, run: str) -> Sequence[bytes]:
        frozen = (self.ledger.opened(entry) for entry in self.ledger.entries(_FROZE) if entry.public["run"] == run)
        return tuple(bytes.fromhex(one["content"]) for one in frozen if one is not None and _KEPT in one)

    def _frozen(self, run: str, key: str, compute: Callable[[], bytes], more: Mapping[str, str]) -> bytes:
        public = {"run": run, "key": sha256(key.encode())}
        for entry in self.ledger.entries(_FROZE):
            private = self.ledger.opened(entry) if entry.public == public else None
            if private is not None:
                return bytes.fromhex(private["content"])
        content = compute()
        self.ledger.append(_FROZE, public, {"content": content.hex(), **more})
        return content

    def close(self) -> None:
        self.ledger.close()

    def _append(
        self, kind: str, run: str, exchange: Exchange, head: Mapping[str, Any], sent: Sent | None, *also: Statement
    ) -> None:
        public = {**head, "run": run, "round": exchange.round, **_hashes(exchange)}
        row = (run, exchange.round, exchange.request, exchange.reply)
        private = None if sent is None else _sent_to_json(sent)
        try:
            self.ledger.append(kind, public, private, [*also, ("INSERT INTO exchange VALUES (?, ?, ?, ?)", row)])
        except AlreadyThere:
            message = say("site.journal.answered", round=exchange.round, run=run)
            raise ProtocolError(message, say("site.journal.answered_hint")) from None

    def _check_exchanges(self) -> None:
        """Raises VerificationError unless exchanges, runs and ledger entries match one to one."""
        signed = {
            (str(entry.public["run"]), int(entry.public["round"])): (entry.public["request"], entry.public["reply"])
            for kind in (*REPLIES, *AFTER_END)
            for entry in self.ledger.entries(kind)
        }
        kept = {(str(run), int(round_)) for run, round_ in self.ledger.read("SELECT run, round FROM exchange")}
        odd = [key for key in sorted(signed.keys() | kept) if signed.get(key) != self._hashes_of(*key)]
        begun = {str(run) for (run,) in self.ledger.read("SELECT id FROM run")}
        if odd or begun != {run for run, _ in signed}:
            raise VerificationError(self._changed(odd), say("site.journal.changed_hint"))

    def _changed(self, exchanges: Sequence[tuple[str, int]]) -> Message:
        file = str(self.ledger.path)
        if not exchanges:
            return say("site.journal.runs_changed", file=file)
        run, round_ = exchanges[0]
        return say("site.journal.round_changed", file=file, run=run, round=round_)

    def _hashes_of(self, run: str, round_: int) -> tuple[str, ...] | None:
        query = "SELECT round, request, reply FROM exchange WHERE run = ? AND round = ?"
        return next((tuple(_hashes(Exchange(*row)).values()) for row in self.ledger.read(query, run, round_)), None)


def sent_of(ledger: LedgerFile, besides: str = "") -> Iterator[Sent]:
    """Yields the unmasked numbers of every contribution, for the site alone, but those of one run."""
    for kind in (CONTRIBUTED, CLOSED):
        for entry in ledger.entries(kind):
            sent = read_sent(ledger, entry) if entry.public["run"] != besides else None
            if sent is not None:
                yield sent


def read_sent(ledger: LedgerFile, entry: Entry) -> Sent | None:
    """Returns the unmasked numbers of a contribution, for the site alone; None for an entry without numbers."""
    private = ledger.opened(entry)
    if private is None or entry.kind not in (CONTRIBUTED, CLOSED):
        return None
    numbers = tuple((step, tuple(labels), tuple(map(float, values))) for step, labels, values in private["numbers"])
    told, heard = (tuple(private.get(key, ())) for key in ("told", "heard"))
    crossed, followed = tuple(private.get("crossed", told)), private.get("followed", {})
    return Sent(numbers, tuple(private["verdicts"]), _opened(private, numbers), told, crossed, followed, heard)


def _opened(private: Mapping[str, Any], numbers: Sequence[Labelled]) -> tuple[int, ...]:
    """Returns how many of the numbers models and tables opened; of an entry of riskset 0.1.0 those that are not 0."""
    if "opened" in private:
        return tuple(private["opened"])
    return tuple(
        0 if step.startswith("admission/") else sum(value != 0.0 for value in values) for step, _, values in numbers
    )


def _sent_to_json(sent: Sent) -> dict[str, object]:
    numbers = [[step, list(labels), list(map(repr, map(float, values)))] for step, labels, values in sent.numbers]
    verdicts = [dict(verdict) for verdict in sent.verdicts]
    more = {"followed": dict(sent.followed), "heard": list(sent.heard)}
    told = {"told": list(sent.told), "crossed": list(sent.crossed)}
    always = {"numbers": numbers, "verdicts": verdicts, "opened": list(sent.opened), **told}
    return always | {key: value for key, value in more.items() if value}


def _hashes(exchange: Exchange) -> dict[str, str]:
    return {"request": sha256(exchange.request), "reply": sha256(exchange.reply)}


def _purpose(run: str) -> str:
    return f"run {run}"


def _packed(begun: Begun) -> bytes:
    content = {
        "study_id": begun.study_id,
        "participants": list(begun.participants),
        "digest": begun.rows.digest,
        "marks": dict(begun.rows.marks),
        "fields": [list(astuple(field)) for field in begun.rows.fields],
        "secret": begun.secret.hex(),
        "approval": begun.approval,
        "seen": begun.seen,
        "keys": dict(begun.keys),
        "layout": _BEGUN,
        "curves": [curve.to_json() for curve in begun.curves],
        "columns": {name: list(positions) for name, positions in begun.columns.items()},
        "sets": list(begun.sets),
        "derived": list(begun.derived),
        "outcomes": [outcome.to_json() for outcome in begun.outcomes],
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _unpacked(data: bytes) -> Begun:
    content = read_json(data)
    if content.get("layout", 1) > _BEGUN:
        newer = say("site.journal.begun_layout", found=content["layout"], most=_BEGUN)
        raise DataError(newer, say("site.journal.update"))
    return Begun(
        content["study_id"],
        tuple(content["participants"]),
        RowMarks(content["digest"], content["marks"], tuple(map(_field, content["fields"]))),
        bytes.fromhex(content["secret"]),
        content["approval"],
        content["seen"],
        content.get("keys", {}),
        tuple(read_curve(curve) for curve in content.get("curves", ())),  # a run of 0.1.0 kept none
        {name: tuple(positions) for name, positions in content.get("columns", {}).items()},
        tuple(content.get("sets", ())),
        tuple(map(read_outcome, content.get("outcomes", ()))),
        tuple(content.get("derived", ())),
    )


def _field(written: str | list[str]) -> MarkedField:
    """Returns a marked field; one of riskset 0.1.0 is its name in the study."""
    return MarkedField(NAMED, written) if isinstance(written, str) else MarkedField(*written)
