"""What votes, vetoes and logins are alike: a file of texts, signed by the key that it names. Whose key that is, others
know."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import ClassVar, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.signed import Document, read_signed, signed_bytes, write_signed
from riskset.secure.envelope import sha256
from riskset.secure.keys import public_from_hex

SCHEMA: Final = 1
MOST_BYTES: Final = 2**15
"""A vote with the longest reason in Japanese has 7 kB."""
LONGEST_TEXT: Final = 2000


class Paper(ABC):
    """One signed file."""

    kind: ClassVar[str]
    key: str
    """The public key that signs, hex."""

    @property
    @abstractmethod
    def content(self) -> dict[str, object]:
        """What is signed."""

    @cached_property
    def id(self) -> str:
        """The hash of what was signed: not of the signature, of which there can be several that hold."""
        return sha256(signed_bytes(self.kind, self.content))

    @property
    def public_key(self) -> Ed25519PublicKey:
        return public_from_hex(self.key)

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """Returns the file. ValueError where the key is not the one that is named."""
        if key.public_key().public_bytes_raw().hex() != self.key:
            raise ValueError(f"a {self.kind} is signed by the key that it names")
        return write_signed(self.kind, self.content, signature=key)


def read_texts(
    data: bytes, kind: str, names: Iterable[str], form: Message, called: Message
) -> tuple[Document, dict[str, str]]:
    """Returns a file and its texts by name. Raises DataError with `form` where it has other fields than these; `called`
    is what people call it. Its signature is not checked yet."""
    not_this = DataError(form, say("release.vote.form_hint"))
    document = read_signed(data, kind, not_this, most_bytes=MOST_BYTES)
    document.check_schema(SCHEMA, str(called))
    if document.content.keys() != {"schema", *names}:
        raise not_this
    return document, {name: document.text(name, LONGEST_TEXT) for name in names}
