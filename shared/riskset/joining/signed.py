"""Small public files that people send each other: JSON with a signature over its canonical form (RFC 8785).

The signed bytes begin with the kind of the file, so that a signature on one kind is not valid on a different kind.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import Message, say
from riskset.curve25519 import check_signature
from riskset.errors import DataError, VerificationError
from riskset.file_errors import reason_of
from riskset.secure.keys import WeakKey, public_from_hex
from riskset.strict_json import read_exact

SIGNATURE = "signature"
MOST_FILE_BYTES: Final = 2**20
"""A roster of 100 sites has 60 kB."""


@dataclass(frozen=True)
class Document:
    """A file of the right shape, not yet verified."""

    content: dict[str, Any]
    signed: bytes
    """Canonical bytes under the signatures."""
    signatures: Mapping[str, str]
    not_this: DataError
    """The error to raise where a field is malformed."""

    def check_signed(self, key: Ed25519PublicKey, message: Message, hint: Message, by: str = SIGNATURE) -> None:
        """Raises VerificationError with this message where the key's signature is invalid."""
        try:
            check_signature(key, signature_of(self.signatures.get(by, "")), self.signed)
        except (InvalidSignature, ValueError):
            raise VerificationError(message, hint) from None

    def as_written(self, kind: str) -> bytes:
        """Returns the bytes of the file as riskset writes it."""
        return as_text({kind: self.content, **self.signatures})

    def check_schema(self, schema: int, called: str) -> None:
        """Raises DataError where the file, named as `called`, has a different schema."""
        found = self.content.get("schema")
        if type(found) is not int or found != schema:
            message = say("joining.file.schema", file=called, found=str(found), expected=schema)
            raise DataError(message, say("joining.file.schema_hint"))

    def key(self, text: str) -> Ed25519PublicKey:
        """Returns the key of 64 hex digits; raises `not_this` where the text is none, WeakKey where nobody made it."""
        try:
            return public_from_hex(text)
        except WeakKey as weak:
            raise WeakKey(self.not_this.message, weak.message) from None
        except DataError:
            raise self.not_this from None

    def text(self, name: str, longest: int = 200) -> str:
        """Returns a field that is one printable line, safe to show on a terminal; raises `not_this` otherwise."""
        value = self.content.get(name)
        if not isinstance(value, str) or not value.isprintable() or len(value) > longest:
            raise self.not_this
        return value


def write_signed(kind: str, content: Mapping[str, Any], **keys: Ed25519PrivateKey) -> bytes:
    """Returns the text of the file; `keys` by the name of their signature in it."""
    signed = signed_bytes(kind, content)
    signatures = {name: key.sign(signed).hex() for name, key in keys.items()}
    return as_text({kind: content, **signatures})


def read_signed(
    data: bytes,
    kind: str,
    not_this: DataError,
    signatures: Collection[str] = frozenset({SIGNATURE}),
    most_bytes: int = MOST_FILE_BYTES,
) -> Document:
    """Returns the document; raises `not_this` where the bytes are not a file of this kind, in the one form in which
    riskset writes it but for spaces (`read_exact`), or are more than `most_bytes`."""
    try:
        document = read_exact(data, most_bytes)
        content = document.pop(kind)
        signed = signed_bytes(kind, content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise not_this from None
    unsigned = not document.keys() <= set(signatures)  # a remark beside what is signed would be anybody's
    if unsigned or not isinstance(content, dict) or not all(isinstance(value, str) for value in document.values()):
        raise not_this
    return Document(content, signed, document, not_this)


def signed_bytes(kind: str, content: Mapping[str, Any]) -> bytes:
    return rfc8785.dumps({f"riskset {kind}": dict(content)})


def signature_of(text: str) -> bytes:
    """Returns the bytes of a signature in hex. ValueError for any other spelling, by which one file would look like
    two."""
    signature = bytes.fromhex(text)
    if signature.hex() != text:
        raise ValueError("not lower-case hexadecimal digits")
    return signature


def as_text(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def read_file(path: Path, called: str, hint: Message) -> bytes:
    """Returns the bytes of a file that someone sent, `called` so. Raises DataError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(say("joining.file.missing", file=called, path=path), hint) from None
    except OSError as error:
        raise DataError(say("joining.file.unreadable", path=path, reason=reason_of(error)), hint) from None
