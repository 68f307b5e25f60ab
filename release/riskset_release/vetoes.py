"""A veto: a hospital that took part in a run forbids that an output of it is published, as a signed file.

It is no vote: one is enough, it is of an output whatever its bytes, and it is shown to everybody at once.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.signed import read_signed, signed_bytes, write_signed
from riskset.secure.envelope import sha256
from riskset.secure.keys import public_from_hex
from riskset.visible_text import unseen
from riskset_release.votes import AT, HASH, LONGEST_NAME, LONGEST_REASON, MOST_BYTES, SHORTEST_REASON

KIND: Final = "veto"
SCHEMA: Final = 1


@dataclass(frozen=True)
class Veto:
    """What a hospital forbids, and why. Nothing in it is a patient's."""

    study: str
    """Hash of the study."""
    run: str
    output: str
    """Id; empty for every output of the run."""
    site: str
    reason: str
    at: str
    """UTC, ISO 8601, by the hospital's clock."""
    key: str
    """The hospital's public key in the roster of the run, hex."""

    @cached_property
    def id(self) -> str:
        """The hash of what was signed."""
        return sha256(signed_bytes(KIND, self.content))

    @property
    def content(self) -> dict[str, object]:
        return {"schema": SCHEMA, **asdict(self)}

    @property
    def public_key(self) -> Ed25519PublicKey:
        return public_from_hex(self.key)

    @property
    def file_name(self) -> str:
        readable = re.sub(r"[^a-z0-9]+", "-", f"{self.site}-{self.output or 'every-output'}".lower()).strip("-")[:60]
        return f"{readable}.{self.id[:16]}.veto.json"

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """Returns the file. ValueError where the key is not the veto's."""
        if key.public_key().public_bytes_raw().hex() != self.key:
            raise ValueError("a veto is signed by the key that it names")
        return write_signed(KIND, self.content, signature=key)

    def problem(self) -> Message | None:
        """Returns what is wrong with the reason; None where nothing is."""
        if len(self.reason) < SHORTEST_REASON or len(self.reason) > LONGEST_REASON or unseen(self.reason):
            return say("release.veto.reason", least=SHORTEST_REASON, most=LONGEST_REASON)
        return None


def read_veto(data: bytes) -> Veto:
    """Returns the veto of a file, whose signature is that of the key in it: whose key that is, others know.

    Raises DataError where the bytes are no veto as riskset writes one, VerificationError where the signature is not of
    that key.
    """
    not_this = DataError(say("release.veto.form"), say("release.vote.form_hint"))
    document = read_signed(data, KIND, not_this, most_bytes=MOST_BYTES)
    document.check_schema(SCHEMA, str(say("release.called.veto")))
    names = [field.name for field in fields(Veto)]
    if document.content.keys() != {"schema", *names}:
        raise not_this
    veto = Veto(**{name: document.text(name, LONGEST_REASON) for name in names})
    named = 0 < len(veto.run) <= LONGEST_NAME and 0 < len(veto.site) <= LONGEST_NAME and len(veto.output) <= 200
    if veto.problem() or not named or not HASH.fullmatch(veto.study) or not AT.fullmatch(veto.at):
        raise not_this
    document.check_signed(document.key(veto.key), say("release.veto.signature"), say("release.vote.form_hint"))
    return veto
