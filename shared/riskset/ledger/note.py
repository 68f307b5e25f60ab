"""Signed notes: a text with signature lines under it, which a person can read and print (c2sp.org/signed-note).

    <text, whole lines>
    <empty line>
    — <name of the key> <base64 of key id and signature>

A parsed note is unchecked; only `verified` says who signed. Signatures by keys that a reader does not know are ignored,
so that others can sign beside the log; an invalid signature by a known key invalidates the note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.curve25519 import check_signature
from riskset.errors import ProtocolError, VerificationError
from riskset.visible_text import unseen

MAX_SIGNATURES: Final = 1000
ED25519: Final = b"\x01"
"""The type of a plain Ed25519 signature over the text."""

_KEY_ID_BYTES = 4
_DASH = "— "


@dataclass(frozen=True)
class Signature:
    """One signature line, unchecked."""

    name: str
    key_id: bytes
    """4 bytes that with the name identify the key; they prove nothing."""
    value: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text and its signatures, unchecked."""

    text: str
    """Whole lines, the last one terminated too: the bytes that are signed."""
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(map(str, self.signatures))

    def signed_by(self, name: str, key_id: bytes) -> Signature | None:
        """Returns the signature that claims to be by the key, unchecked."""
        mine = (s for s in self.signatures if (s.name, s.key_id) == (name, key_id))
        return next(mine, None)

    def joined(self, signatures: Iterable[Signature]) -> Note:
        """Returns the note with others' signatures added; where a key has signed already, the first is kept."""
        by_key = {(s.name, s.key_id): s for s in (*signatures, *self.signatures)}
        own = [by_key.pop((s.name, s.key_id)) for s in self.signatures]
        return Note(self.text, (*own, *by_key.values()))


def key_id(name: str, key: Ed25519PublicKey, type_: bytes = ED25519) -> bytes:
    """Returns the 4 bytes by which a signature names its key and its type."""
    return hashlib.sha256(name.encode() + b"\n" + type_ + key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Note:
    """Returns the note signed by one key. ValueError where a note cannot hold the name or the text."""
    if not _is_name(name):
        raise ValueError(f"{name!r} cannot name a key: a name is not empty and has no space and no plus sign")
    if not text.endswith("\n") or _has_controls(text):
        raise ValueError("the text of a note is whole lines without control characters")
    return Note(text, (Signature(name, key_id(name, key.public_key()), key.sign(text.encode())),))


@lru_cache(maxsize=256)
def parse(data: str) -> Note:
    """Returns the parsed note. Raises ProtocolError where it is malformed, or signed twice by one key.

    It is kept, since the parties of a rehearsal are in one process and all read the same notes.
    """
    text, separator, lines = data.rpartition("\n\n")
    if not separator or _has_controls(data) or not lines.endswith("\n"):
        raise ProtocolError(say("ledger.note.form"))
    signatures = tuple(_read_signature(line) for line in lines[:-1].split("\n"))
    keys = {(signature.name, signature.key_id) for signature in signatures}
    if len(keys) < len(signatures) or len(signatures) > MAX_SIGNATURES:
        raise ProtocolError(say("ledger.note.signatures", most=MAX_SIGNATURES))
    return Note(text + "\n", signatures)


def verified(note: Note, name: str, key: Ed25519PublicKey) -> str:
    """Returns the text of a note that the key signed. Raises VerificationError where it did not."""
    signature = note.signed_by(name, key_id(name, key))
    if signature is None:
        raise VerificationError(say("ledger.note.not_signed", name=name))
    try:
        check_signature(key, signature.value, note.text.encode())
    except InvalidSignature:
        raise VerificationError(say("ledger.note.changed", name=name)) from None
    return note.text


def _read_signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    try:
        raw = base64.b64decode(encoded, validate=True)
        is_canonical = base64.b64encode(raw).decode() == encoded  # one spelling of one signature
    except (binascii.Error, ValueError):
        is_canonical = False
    if not line.startswith(_DASH) or not _is_name(name) or not is_canonical or len(raw) <= _KEY_ID_BYTES:
        raise ProtocolError(say("ledger.note.signature_line"))
    return Signature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() for c in name) and not _has_controls(name)


def _has_controls(text: str) -> bool:
    """Among them a lone surrogate, which has no bytes to sign."""
    return bool(unseen(text, allowed="\n"))
