"""The roster: the signed list of a study's sites and their keys. The coordinator lists the sites that it has accepted.

It may list fewer sites than the study names, so that one hospital's committee does not delay the others. A site that
joins later makes it a different roster, which every site must approve again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import DataError, VerificationError
from riskset.joining.invite import NAME
from riskset.joining.request import Member, read_member
from riskset.joining.signed import read_file, read_signed, write_signed
from riskset.secure.envelope import sha256
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex, public_hex
from riskset.secure.node_key import public_node_from_text
from riskset.study.spec import Study

__all__ = ["COORDINATOR", "Member", "Roster", "load_roster", "read_roster", "sign_roster"]

COORDINATOR = "coordinator"
"""The name under which the coordinator signs; no site may have it."""

KIND, SCHEMA = "roster", 2


@dataclass(frozen=True)
class Roster:
    """The identity keys of one study's parties."""

    study_id: str
    coordinator: Ed25519PublicKey
    sites: dict[str, Ed25519PublicKey]
    node_keys: dict[str, EllipticCurvePublicKey]
    """The keys by which the network engine recognises the sites. They only open connections."""
    sha256: str
    """Hash of the canonical content, which every message and approval names."""
    members: Mapping[str, Member] = field(default_factory=dict)
    """By site: its keys as text, its telephone and IRB number."""

    def check_belongs_to(self, study: Study) -> None:
        """Raises DataError where the roster belongs to a different study, or lists a site that is not in the study."""
        hint = say("protocol.roster.remake_hint")
        if self.study_id != study.id:
            raise DataError(say("protocol.roster.study", found=self.study_id, expected=study.id), hint)
        if odd := sorted(set(self.sites) - set(study.sites)):
            raise DataError(say("protocol.roster.sites", sites=tuple(odd)), hint)

    def check_signed_by(self, coordinator: str) -> None:
        """Raises VerificationError where a different coordinator than this one (Ed25519, hex) signed the roster."""
        if public_hex(self.coordinator) != coordinator:
            raise VerificationError(say("protocol.roster.coordinator"), say("protocol.roster.coordinator_hint"))

    def fingerprint(self, site: str) -> str:
        """Returns the words by which people compare the site's identity key."""
        return fingerprint_words(self.sites[site])


def sign_roster(study_id: str, coordinator: Ed25519PrivateKey, members: Mapping[str, Member]) -> bytes:
    """Returns the text of roster.json. Raises DataError where two sites have the same key, or one has the coordinator's
    name."""
    if COORDINATOR in members:
        raise DataError(say("protocol.roster.name", name=COORDINATOR), say("protocol.roster.name_hint"))
    for kind in ("identity", "node"):
        keys = [getattr(member, kind) for member in members.values()]
        twice = sorted(name for name, member in members.items() if keys.count(getattr(member, kind)) > 1)
        if twice:
            one_key = say(f"protocol.roster.one_key.{kind}", sites=tuple(twice))
            raise DataError(one_key, say("protocol.roster.one_key_hint"))
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "study": study_id,
        "coordinator": public_hex(coordinator),
        "sites": {name: asdict(member) for name, member in members.items()},
    }
    return write_signed(KIND, content, signature=coordinator)


def read_roster(text: bytes) -> Roster:
    """Returns the roster if its coordinator signed it.

    Raises DataError where it is malformed, VerificationError where it was changed.
    """
    not_this = DataError(say("protocol.roster.form"), say("protocol.roster.form_hint"))
    document = read_signed(text, KIND, not_this)
    coordinator = document.key(document.text("coordinator"))
    document.check_signed(coordinator, say("protocol.roster.changed"), say("protocol.roster.changed_hint"))
    document.check_schema(SCHEMA, say("protocol.roster.called"))
    entries = document.content.get("sites")
    if not isinstance(entries, dict) or not all(map(NAME.fullmatch, entries)):
        raise not_this
    members = {name: read_member(entry, not_this) for name, entry in entries.items()}
    return Roster(
        study_id=document.text("study"),
        coordinator=coordinator,
        sites={name: public_from_hex(member.identity) for name, member in members.items()},
        node_keys={name: public_node_from_text(member.node) for name, member in members.items()},
        sha256=sha256(document.signed),
        members=members,
    )


def load_roster(path: Path) -> Roster:
    """As `read_roster`, from a file. Raises DataError where it cannot be read."""
    return read_roster(read_file(path, "roster", say("protocol.roster.missing_hint")))
