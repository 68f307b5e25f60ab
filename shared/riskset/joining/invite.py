"""The invite: the one file that a coordinator sends to a hospital, for one site of one study, valid once and for days.

It holds a secret, the token: anyone who reads it could send a join request with different keys, once, and is detected
when the words are compared.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from riskset.catalogue import say
from riskset.errors import DataError, Refused, VerificationError
from riskset.joining.signed import as_text, read_file, read_signed, write_signed
from riskset.secure.fingerprint_words import words_of
from riskset.secure.keys import public_hex
from riskset.strict_json import read_json

KIND, SCHEMA = "invite", 1
CONNECTION_SCHEMA = 2
COMPARED_WORDS = 8
"""88 bits. An attacker between the two would need a key that gives both sides the same words, found within days."""

_ASK = say("joining.invite.new_hint")
_JOIN_FIRST = say("joining.connection.hint")
_ADDRESS = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}:[0-9]{1,5}")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Invite:
    """One invite, as its coordinator signed it."""

    study: str
    """The study's id."""
    study_sha256: str
    site: str
    address: str
    """host:port of the coordinator's server."""
    authority: str
    """Certificate, PEM: the only authority whose server certificates are trusted."""
    coordinator: str
    """Ed25519 identity key, hex."""
    token: str = field(repr=False)
    """256 random bits, base64url."""
    until: date
    """The last day (UTC) on which it is valid."""
    renews: str = ""
    """The site's current identity key, where it is to be replaced; empty where the site joins."""

    def check_holds(self, today: date) -> None:
        """Raises Refused("expired") after the last day."""
        if today > self.until:
            raise Refused("expired", say("joining.invite.expired", site=self.site, until=self.until.isoformat()), _ASK)

    def words(self, identity: str) -> str:
        """Returns the words that both sides read to each other, for the site's identity key in hex.

        They cover both identity keys, the study and the token. Everything else, addresses and node key included, is
        signed with one of these keys.
        """
        covered = ["riskset joining 1", self.coordinator, identity, self.study_sha256, self.token]
        return " ".join(words_of(sha256(rfc8785.dumps(covered)).digest(), COMPARED_WORDS))


def write_invite(invite: Invite, coordinator: Ed25519PrivateKey) -> bytes:
    """Returns the text of the invite file. ValueError where the key is not the one that the invite names."""
    if public_hex(coordinator) != invite.coordinator:
        raise ValueError("an invite is signed by the key that it names")
    content: dict[str, Any] = {
        "schema": SCHEMA,
        **asdict(invite),
        "authority_sha256": certificate_sha256(invite.authority),
        "until": invite.until.isoformat(),
    }
    return write_signed(KIND, content, signature=coordinator)


def read_invite(data: bytes, called: str = "the file") -> Invite:
    """Returns the invite if the key in it signed it. That this is the coordinator's key, the words show.

    Raises DataError where it is malformed, VerificationError where it was changed.
    """
    not_this = DataError(say("joining.invite.form", file=called), say("joining.invite.form_hint"))
    document = read_signed(data, KIND, not_this)
    key = document.key(document.text("coordinator"))
    document.check_signed(key, say("joining.invite.changed", file=called), _ASK)
    document.check_schema(SCHEMA, called)
    names = ("study", "study_sha256", "site", "address", "coordinator", "token", "renews")
    try:
        until = date.fromisoformat(document.text("until"))
        authority = str(document.content["authority"])
        fingerprint = certificate_sha256(authority)
        is_bare = x509.load_pem_x509_certificate(authority.encode()).public_bytes(Encoding.PEM).decode() == authority
    except (ValueError, KeyError):
        raise not_this from None
    invite = Invite(**{name: document.text(name) for name in names}, authority=authority, until=until)
    if not (
        is_bare
        and NAME.fullmatch(invite.site)
        and _ADDRESS.fullmatch(invite.address)
        and _TOKEN.fullmatch(invite.token)
    ):
        raise not_this
    if fingerprint != document.text("authority_sha256"):
        raise VerificationError(say("joining.invite.certificate", file=called), _ASK)
    return invite


def certificate_sha256(pem: str) -> str:
    """Returns the SHA-256 of a certificate's DER form. ValueError where the text is not a certificate."""
    certificate = x509.load_pem_x509_certificate(pem.encode("ascii"))
    return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


@dataclass(frozen=True)
class Connection:
    """What a site keeps of its invite, without the token: where the coordinator's server is, and by which keys it is
    known."""

    address: str
    """host:port"""
    authority: str
    """The certificate authority's certificate, PEM."""
    coordinator: str
    """The identity key that must have signed the roster, Ed25519, hex."""
    study: str
    """The study's id."""
    site: str

    @classmethod
    def of(cls, invite: Invite) -> Connection:
        return cls(invite.address, invite.authority, invite.coordinator, invite.study, invite.site)


def write_connection(connection: Connection) -> bytes:
    return as_text({"schema": CONNECTION_SCHEMA, **asdict(connection)})


def load_connection(path: Path) -> Connection:
    """Returns a site's connection. Raises DataError where the file is missing or malformed."""
    data = read_file(path, "connection file", _JOIN_FIRST)
    not_this = DataError(say("joining.connection.form", path=path), _JOIN_FIRST)
    try:
        content = read_json(data)
        found = [content[field.name] for field in fields(Connection)]
        schema = content["schema"]
    except (ValueError, KeyError, TypeError):
        raise not_this from None
    if schema != CONNECTION_SCHEMA or not all(isinstance(value, str) for value in found):
        raise not_this
    return Connection(*found)
