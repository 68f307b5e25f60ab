"""How an auditor logs in at a review desk on another machine: the desk asks, and the auditor's key signs the answer.

What is signed has the address of the desk, so that an answer for one desk is none for another, and begins with a kind
of its own, so that it can never be read as a vote. It names the study and the bundle by hash alone: whoever has not
logged in learns nothing of them.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass, fields
from typing import ClassVar, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.signed import signed_bytes
from riskset.secure.keys import public_hex
from riskset.strict_json import NotStrictJson, read_canonical
from riskset_release.papers import SCHEMA, Paper, read_texts
from riskset_release.votes import HASH

_ADDRESS: Final = re.compile(r"(?=.{1,260}\Z)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?")
_ISSUED: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_CHALLENGE: Final = "challenge"
MOST_CHARACTERS: Final = 2_000
"""Of a challenge as it is copied; one has some 500."""


@dataclass(frozen=True)
class Challenge:
    """What a desk asks a browser to have signed. It is no secret."""

    desk: str
    """Address of the desk as a browser shows it, without `https://`: a name, and a port unless it is 443."""
    study: str
    """Hash of the study."""
    bundle: str
    """SHA-256 of the bundle that is reviewed."""
    issued: str
    """When, in milliseconds since the desk was started, by a clock that is never set."""
    nonce: str
    """Of this browser and this moment, hex; only the desk can make it."""

    @property
    def text(self) -> str:
        """Returns the challenge as one word, to be copied."""
        return urlsafe_b64encode(signed_bytes(_CHALLENGE, {"schema": SCHEMA, **asdict(self)})).decode().rstrip("=")


@dataclass(frozen=True)
class Login(Challenge, Paper):
    """A challenge with the key that answers it, to be signed by that key."""

    kind: ClassVar = "login"

    key: str

    @property
    def challenge(self) -> Challenge:
        return Challenge(self.desk, self.study, self.bundle, self.issued, self.nonce)


def address_of(typed: str) -> str:
    """Returns the address of a desk as a challenge has it, of what a person typed or copied from a browser. DataError
    where it is none, or is not of a page over TLS."""
    text = typed.strip().lower()
    try:
        of = urlsplit(text if "//" in text else f"https://{text}")
    except ValueError:
        of = urlsplit("")
    address = of.netloc.removesuffix(":443")
    if of.scheme != "https" or not _ADDRESS.fullmatch(address):
        raise DataError(say("release.login.address", found=typed), say("release.login.address_hint"))
    return address


def read_challenge(text: str) -> Challenge:
    """Returns the challenge that was copied from a desk's page. DataError where it is none."""
    not_this = DataError(say("release.login.no_challenge"), say("release.login.no_challenge_hint"))
    word = "".join(text.split())
    try:
        data = urlsafe_b64decode(word + "=" * (-len(word) % 4))
        content = read_canonical(data, MOST_CHARACTERS)[f"riskset {_CHALLENGE}"]
        found = Challenge(**{field.name: content[field.name] for field in fields(Challenge)})
    except (ValueError, NotStrictJson, KeyError, TypeError):
        raise not_this from None
    if not _is_possible(found) or found.text != word:  # a further key, or another schema or spelling
        raise not_this
    return found


def answer(challenge: Challenge, key: Ed25519PrivateKey) -> bytes:
    """Returns the signed answer of the owner of the key."""
    return Login(**asdict(challenge), key=public_hex(key)).signed(key)


def read_login(data: bytes) -> Login:
    """Returns the answer of a file, whose signature is that of the key in it: whose key that is, others know. Line ends
    that a terminal put into a text that was copied are ignored.

    Raises DataError where the bytes are no answer as riskset writes one, VerificationError where the signature is not
    of that key.
    """
    names = [field.name for field in fields(Login)]
    whole = data.replace(b"\r", b"").replace(b"\n", b"")
    document, texts = read_texts(whole, Login.kind, names, say("release.login.form"), say("release.called.login"))
    found = Login(**texts)
    if not _is_possible(found):
        raise document.not_this
    document.check_signed(document.key(found.key), say("release.login.signature"), say("release.vote.form_hint"))
    return found


def _is_possible(found: Challenge) -> bool:
    texts = (found.desk, found.study, found.bundle, found.issued, found.nonce)
    if not all(isinstance(text, str) for text in texts):
        return False
    hashes = all(map(HASH.fullmatch, (found.study, found.bundle, found.nonce)))
    return bool(hashes and _ADDRESS.fullmatch(found.desk) and _ISSUED.fullmatch(found.issued))
