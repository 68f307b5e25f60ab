"""What votes, vetoes, withdrawals and logins are alike: a file of texts, signed by the key that it names. Whose key
that is, others know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property
from typing import Any, ClassVar, Final, cast

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


class Paper:
    """One signed file; each kind is a dataclass of texts."""

    kind: ClassVar[str]
    key: str
    """The public key that signs, hex."""

    @property
    def content(self) -> dict[str, object]:
        """What is signed: each field of the dataclass that a paper is."""
        return {"schema": SCHEMA, **asdict(cast("Any", self))}

    def named(self, words: str) -> str:
        """Returns a name for its file that has these words: the same paper has the same one, and no two papers have
        one."""
        readable = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60]
        return f"{readable}.{self.id[:16]}.{self.kind}.json"

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
