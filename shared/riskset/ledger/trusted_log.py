"""An exported log: text in, verified entries out. No file, no network, no clock: what an auditor runs.

The text has one entry per line in canonical JSON and, after the entries that it covers, a line with the signed
checkpoint, `{"checkpoint": "..."}`. More entries and a further checkpoint may follow. A text cut short in its last
line, by a full disk or a broken transfer, is read up to its last checkpoint and marked as cut; any other mismatch is
refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.catalogue import Message, say
from riskset.errors import ProtocolError, VerificationError
from riskset.ledger import note
from riskset.ledger.checkpoint import Checkpoint, open_note
from riskset.ledger.entry import Entry, canonical, read_line
from riskset.ledger.merkle import Tree
from riskset.ledger.note import Note
from riskset.ledger.witness import Cosigned, cosigners
from riskset.strict_json import read_json

_HINT = say("ledger.text.hint")


@dataclass(frozen=True)
class TrustedLog:
    """Entries that are what their log signed, in its order, all of them."""

    entries: tuple[Entry, ...]
    checkpoint: Checkpoint
    signed: str
    """The note of the last checkpoint."""
    cosigned_by: tuple[Cosigned, ...]
    """Who of the known parties cosigned the last checkpoint."""
    was_cut: bool
    """True where the text ended in a torn line, which was dropped; to be reported to the reader of the log."""


def write_log(entries: Iterable[Entry], signed: str) -> str:
    """Returns the text of a log: one entry per line, then the checkpoint that covers them."""
    lines = [entry.to_line() for entry in entries]
    return "\n".join([*lines, canonical({"checkpoint": signed}).decode()]) + "\n"


def read_log(
    text: str, origin: str, key: Ed25519PublicKey, witnesses: Mapping[str, Ed25519PublicKey] | None = None
) -> TrustedLog:
    """Returns the log if `key` signed all of it.

    Raises VerificationError where an entry was changed, dropped, added or reordered, a signature is invalid, or a torn
    text is not covered by a checkpoint up to the tear; ProtocolError where a line is neither entry nor checkpoint.
    """
    *lines, last = text.split("\n")
    reader = _Reader(origin, key)
    for number, line in enumerate(lines, 1):
        reader.take(line, number)
    if reader.note is None or reader.covered != len(reader.entries):
        raise VerificationError(_uncovered(reader, cut=bool(last)), _HINT)
    checkpoint = open_note(reader.note, origin, key)
    cosigned = cosigners(reader.note, witnesses or {})
    return TrustedLog(tuple(reader.entries), checkpoint, str(reader.note), cosigned, was_cut=bool(last))


class _Reader:
    """Takes a log's lines in one after the other."""

    def __init__(self, origin: str, key: Ed25519PublicKey) -> None:
        self.entries: list[Entry] = []
        self.note: Note | None = None
        """The last checkpoint's."""
        self.covered = 0
        self._tree = Tree()
        self._origin, self._key = origin, key

    def take(self, line: str, number: int) -> None:
        try:
            signed = _checkpoint_of(line)
            if signed is None:
                self._take_entry(read_line(line))
            else:
                self._take_checkpoint(note.parse(signed))
        except (ProtocolError, VerificationError) as wrong:
            raise type(wrong)(say("ledger.text.line", number=number, reason=wrong.message), _HINT) from None

    def _take_entry(self, entry: Entry) -> None:
        check_number(entry, len(self.entries))
        self._tree.append(entry.leaf)
        self.entries.append(entry)

    def _take_checkpoint(self, signed: Note) -> None:
        check_covers(open_note(signed, self._origin, self._key), self._tree)
        self.note, self.covered = signed, self._tree.size


def check_number(entry: Entry, expected: int) -> None:
    """Raises VerificationError where an entry is not at the place that its number states."""
    if entry.number != expected:
        raise VerificationError(say("ledger.entry.missing", expected=expected, found=entry.number))


def check_covers(checkpoint: Checkpoint, tree: Tree) -> None:
    """Raises VerificationError unless the checkpoint was signed over exactly the entries of the tree."""
    signed, found = checkpoint.size, tree.size
    if found < signed:
        raise VerificationError(say("ledger.text.missing", signed=signed, found=found))
    if found > signed:
        raise VerificationError(say("ledger.text.added", signed=signed, found=found))
    if checkpoint.root != tree.root():
        raise VerificationError(say("ledger.text.changed", signed=signed))


def _checkpoint_of(line: str) -> str | None:
    """Returns the note of a checkpoint's line; None for any other line."""
    if not line.startswith('{"checkpoint":'):
        return None
    try:
        signed = read_json(line)["checkpoint"]
        is_canonical = isinstance(signed, str) and canonical({"checkpoint": signed}).decode() == line
    except (ValueError, KeyError):
        is_canonical = False
    if not is_canonical:
        raise ProtocolError(say("ledger.text.checkpoint"))
    return str(signed)


def _uncovered(reader: _Reader, *, cut: bool) -> Message:
    loose: Sequence[Entry] = reader.entries[reader.covered :]
    if not loose:
        return say("ledger.text.cut_unsigned") if cut else say("ledger.text.open_unsigned")
    number = loose[0].number
    return say("ledger.text.cut_uncovered", number=number) if cut else say("ledger.text.open_uncovered", number=number)
