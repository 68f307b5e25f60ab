"""A party's log in one SQLite file, beside the run state that must never disagree with it.

An entry, the checkpoint signed over it and the changes that belong to it are written in one transaction: after a kill
or a power cut at any moment, either all of them are there or none. Several processes may have the file open; each takes
in and checks what the others wrote before it adds its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import ProtocolError, VerificationError
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from riskset.ledger.durable import DurableFile, Statement, utc_now
from riskset.ledger.entry import Entry, canonical, check_entry
from riskset.ledger.layout import FileLayout
from riskset.ledger.merkle import Proof, Tree
from riskset.ledger.seals import Seals
from riskset.ledger.trusted_log import check_covers, check_number, write_log
from riskset.strict_json import read_canonical, read_json

_LAYOUT, _SAME_TABLES = 4, (1, 2, 3)
"""Of every file with a ledger. Number 2 came with entries `froze`, approvals of schema 2 and runs of protocol 2.
riskset 0.1.0, whose files have 1, would take the first for forgeries, and continue the last with its own arithmetic.
Number 3 came with runs that begin with marks of content and keys of participants, 4 with what is exchanged after the
end of a run, and with entries `disclosed` and `destroyed`."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger_entry (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, public TEXT NOT NULL, private BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ledger_head (id INTEGER PRIMARY KEY CHECK (id = 0), checkpoint TEXT NOT NULL) STRICT;
"""
_COLUMNS = "SELECT number, at, kind, public, private FROM ledger_entry"
_RENEWED = "renewed"
_NO_LEDGER = say("ledger.layout.no_ledger"), say("ledger.layout.no_ledger_hint")
_UNUSABLE = say("ledger.file.unusable_hint")
_UNVERIFIED = say("ledger.file.unverified_hint")


class LedgerFile:
    """One party's log and the other tables of its file."""

    def __init__(
        self, path: Path, key: Ed25519PrivateKey, origin: str, tables: str = "", *, only_reads: bool = False
    ) -> None:
        """Opens or creates the file; `tables` is the SQL schema of its other tables (CREATE TABLE IF NOT EXISTS). With
        `only_reads` it must exist, and nothing is written.

        `origin` names the log in its checkpoints: no space, no plus sign. The whole log is checked against its last
        checkpoint.

        Raises VerificationError where an entry was changed, dropped, added or moved, or where the log belongs to a
        different party; DataError where the file cannot be read or written, or has a layout that this version does not
        know.
        """
        self.path, self.origin = path, origin
        self._key, self._seals = key, Seals(key)
        layout = FileLayout(_LAYOUT, _SCHEMA + tables, _SAME_TABLES, _NO_LEDGER)
        self._file = DurableFile(path, layout, say("ledger.file.called"), _UNUSABLE, only_reads=only_reads)
        self._tree = Tree()
        try:
            if not only_reads:
                self._begin()
            self.verify()
            self._seals = self._all_seals()
        except BaseException:
            self._file.close()
            raise

    def append(
        self,
        kind: str,
        public: Mapping[str, Any],
        private: Mapping[str, Any] | None = None,
        also: Sequence[Statement] = (),
    ) -> Entry:
        """Returns the new entry, which is on the disk together with its checkpoint and the changes of `also`.

        `kind` is one of `KINDS`; `public` holds no floats. Raises DataError where the disk is full or read-only,
        AlreadyThere where a row of `also` exists, VerificationError where the file is not the log that this process
        knows; then nothing was changed. ValueError where an entry cannot have this content.
        """
        if kind == _RENEWED:
            raise ValueError("keys are renewed by `renew`, which writes the entry")
        with self._caught_up():
            return self._written(kind, public, private, also)

    def renew(self, key: Ed25519PrivateKey) -> Entry:
        """Returns the entry "renewed". From there on `key` signs and seals; it also opens what was sealed before.

        Keep the old key until this returns: after a failure the file opens with one of the two.
        """
        old = self._key, self._seals
        public = {"from": _hex(self._key), "to": _hex(key)}
        try:
            with self._caught_up():
                self._key, self._seals = key, Seals(key, (self._seals.secret, *self._seals.former))
                return self._written(_RENEWED, public, {"secret": old[1].secret.hex()}, ())
        except BaseException:
            self._key, self._seals = old
            raise

    def entries(self, kind: str | None = None) -> Sequence[Entry]:
        """Returns the entries in order, those of one kind where it is given; also what other processes wrote."""
        with self._caught_up():
            return self._read_entries(kind)

    def opened(self, entry: Entry) -> Mapping[str, Any] | None:
        """Returns the private part of an entry in clear; None where it has none."""
        if not entry.private:
            return None
        content: Mapping[str, Any] = read_json(self.unseal(entry.private, _purpose(entry.number)))
        return content

    def key_of(self, entry: Entry) -> bytes:
        """Returns the key that opens the private part of this entry, and of no other, for whom it is given to."""
        return self._seals.key_of(entry.private, _purpose(entry.number))

    def read(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Returns the rows of a query of the other tables."""
        return self._file.read(query, *values)

    def checkpoint(self) -> str:
        """Returns the last signed note. It reveals the number of entries."""
        rows = self._file.read("SELECT checkpoint FROM ledger_head")
        if not rows:
            raise VerificationError(say("ledger.file.no_checkpoint", path=self.path), _UNVERIFIED)
        return str(rows[0][0])

    def checkpoint_at(self, size: int) -> str:
        """Returns the signed note over the first `size` entries: the same each time."""
        self.verify()
        return self._signed(size)

    def inclusion(self, number: int, size: int) -> Proof:
        """Returns the proof that entry `number` is under the checkpoint of `size` entries."""
        self.verify()
        return self._tree.inclusion(number, size)

    def consistency(self, old: int, new: int) -> Proof:
        """Returns the proof that the checkpoint of `new` entries extends that of `old`."""
        self.verify()
        return self._tree.consistency(old, new)

    def verify(self) -> Checkpoint:
        """Returns the last checkpoint after checking what was written since this process last looked.

        Raises VerificationError where the file does not extend what this process knows.
        """
        with self._caught_up() as checkpoint:
            return checkpoint

    def export(self, size: int | None = None) -> str:
        """Returns the log as text for `trusted_log.read_log`: its first `size` entries, all where that is not given.
        Private parts stay encrypted."""
        with self._caught_up():
            if size is None:
                return write_log(self._read_entries(), self.checkpoint())
            return write_log(self._read_entries()[:size], self._signed(size))

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Returns the bytes encrypted for this party; only `unseal` with the same purpose opens them."""
        return self._seals.seal(plain, purpose)

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """Returns the plaintext. Raises VerificationError where it was changed, or the key or purpose differs."""
        return self._seals.unseal(sealed, purpose)

    def close(self) -> None:
        self._file.close()

    def _begin(self) -> None:
        """Signs the empty log where the file is new."""
        with self._file.transaction():
            is_new = not self.read("SELECT 1 FROM ledger_head") and not self.read("SELECT 1 FROM ledger_entry LIMIT 1")
            if is_new:
                self._file.change(self._head())

    @contextmanager
    def _caught_up(self) -> Iterator[Checkpoint]:
        """A transaction in which this process knows the whole log; after a failure it knows what it knew before."""
        known = self._tree.size
        try:
            with self._file.transaction():
                yield self._catch_up()
        except BaseException:
            self._tree.truncate(known)
            raise

    def _catch_up(self) -> Checkpoint:
        """Takes in the entries that this process has not seen; returns the checkpoint over all."""
        try:
            checkpoint = open_checkpoint(self.checkpoint(), self.origin, self._key.public_key())
            self._take_in(checkpoint)
        except (VerificationError, ProtocolError) as wrong:
            unverified = say("ledger.file.unverified", path=self.path, reason=wrong.message)
            raise VerificationError(unverified, _UNVERIFIED) from None
        return checkpoint

    def _take_in(self, checkpoint: Checkpoint) -> None:
        known = self._tree.size
        if checkpoint.size < known:
            raise VerificationError(say("ledger.file.replaced", before=known, now=checkpoint.size))
        for row in self.read(f"{_COLUMNS} WHERE number >= ? ORDER BY number", known):
            entry = _read_row(row)
            check_number(entry, self._tree.size)
            self._tree.append(entry.leaf)
        check_covers(checkpoint, self._tree)

    def _written(
        self, kind: str, public: Mapping[str, Any], private: Mapping[str, Any] | None, also: Sequence[Statement]
    ) -> Entry:
        number = self._tree.size
        sealed = b"" if private is None else self.seal(_packed(private), _purpose(number))
        entry = Entry(number, utc_now(), kind, public, sealed)
        check_entry(entry)
        self._tree.append(entry.leaf)
        self._file.change(_insert(entry), self._head(), *also)
        return entry

    def _all_seals(self) -> Seals:
        """Returns the seals that open what earlier keys sealed; each "renewed" holds the earlier key's secret."""
        seals = self._seals
        for entry in reversed(self.entries(_RENEWED)):
            secret = read_json(seals.unseal(entry.private, _purpose(entry.number)))["secret"]
            seals = Seals(self._key, (*seals.former, bytes.fromhex(secret)))
        return seals

    def _head(self) -> Statement:
        """Returns the statement that replaces the stored checkpoint by the one over the tree."""
        return "INSERT OR REPLACE INTO ledger_head VALUES (0, ?)", (self._signed(self._tree.size),)

    def _signed(self, size: int) -> str:
        return sign_checkpoint(Checkpoint(self.origin, size, self._tree.root(size)), self._key)

    def _read_entries(self, kind: str | None = None) -> tuple[Entry, ...]:
        rows = self.read(f"{_COLUMNS} WHERE kind = coalesce(?, kind) ORDER BY number", kind)
        return tuple(map(_read_row, rows))


def _hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def _purpose(number: int) -> str:
    return f"entry {number}"


def _packed(private: Mapping[str, Any]) -> bytes:
    # not canonical: the tree holds the hash of the ciphertext, and canonical JSON takes six times as long
    return json.dumps(private, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _insert(entry: Entry) -> Statement:
    values = (entry.number, entry.at, entry.kind, canonical(entry.public).decode(), entry.private)
    return "INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?)", values


def _read_row(row: tuple[Any, ...]) -> Entry:
    number, at, kind, public, private = row
    try:
        entry = Entry(number, at, kind, read_canonical(public.encode()), private)
        check_entry(entry)
    except ValueError:
        raise VerificationError(say("ledger.entry.changed", number=number)) from None
    return entry
