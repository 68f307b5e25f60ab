"""What a log signs: its name, how many entries it has, the root over them (c2sp.org/tlog-checkpoint).

    <origin>
    <number of entries>
    <base64 of the root>

A log signs one checkpoint after every entry, and never two that contradict each other.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import ProtocolError, VerificationError
from riskset.ledger import note
from riskset.ledger.merkle import HASH_BYTES
from riskset.ledger.note import Note

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a log at one size. Reveals the number of entries, and nothing of their content."""

    origin: str
    """Name of the log, which is also the name of its key."""
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Returns the signed note. ValueError where the origin has a space or a plus sign: it could not name the key."""
    return str(note.sign(checkpoint.text, checkpoint.origin, key))


def read_checkpoint(text: str) -> Checkpoint:
    """Returns the checkpoint of a note's text. Raises ProtocolError where it is malformed.

    Stricter than the format: further lines are refused, since nobody could verify what they claim.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise ProtocolError(say("ledger.checkpoint.lines"))
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        root = b""
    checkpoint = Checkpoint(lines[0], int(lines[1]), root)
    if len(root) != HASH_BYTES or checkpoint.text != text:
        raise ProtocolError(say("ledger.checkpoint.root", bytes=HASH_BYTES))
    return checkpoint


def open_checkpoint(signed: str, origin: str, key: Ed25519PublicKey) -> Checkpoint:
    """Returns the checkpoint that the log signed.

    Raises ProtocolError where the text is not a checkpoint, VerificationError where it belongs to a different log or is
    not signed by the log's key.
    """
    return open_note(note.parse(signed), origin, key)


def open_note(signed: Note, origin: str, key: Ed25519PublicKey) -> Checkpoint:
    """As `open_checkpoint`, for a parsed note."""
    checkpoint = read_checkpoint(note.verified(signed, origin, key))
    if checkpoint.origin != origin:
        raise VerificationError(say("ledger.checkpoint.origin", expected=origin, found=checkpoint.origin))
    return checkpoint
