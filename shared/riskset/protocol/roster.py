"""Who takes part: the signed list of a study's sites and their keys, made by the coordinator of the sites it has
accepted.

It may hold fewer sites than the study names: one hospital's committee does not hold up the others. A site that comes
later makes it another roster, which every site approves anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.errors import DataError, VerificationError
from riskset.joining.request import Member, read_member
from riskset.joining.signed import read_file, read_signed, write_signed
from riskset.secure.envelope import sha256
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex, public_hex
from riskset.secure.node_key import public_node_from_text
from riskset.study.spec import Study

__all__ = ["COORDINATOR", "Member", "Roster", "load_roster", "read_roster", "sign_roster"]

COORDINATOR = "coordinator"
"""The name under which the coordinator signs; no site can have it."""

KIND, SCHEMA = "roster", 2


@dataclass(frozen=True)
class Roster:
    """The identity keys of one study's parties."""

    study_id: str
    coordinator: Ed25519PublicKey
    sites: dict[str, Ed25519PublicKey]
    node_keys: dict[str, EllipticCurvePublicKey]
    """What the network engine knows the sites by; it opens connections and vouches for nothing."""
    sha256: str
    """Hash of the canonical content: what every message and approval names."""
    members: Mapping[str, Member] = field(default_factory=dict)
    """By site: its keys as texts, its telephone and IRB number."""

    def check_belongs_to(self, study: Study) -> None:
        """Raises DataError where the roster is of another study, or holds a site that the study does not name."""
        hint = "the coordinator makes it again with `riskset study roster`, and sends it with the study"
        if self.study_id != study.id:
            raise DataError(f"the roster is of the study {self.study_id}, the study file is {study.id}", hint)
        if odd := sorted(set(self.sites) - set(study.sites)):
            raise DataError(f"the roster holds sites that the study does not name: {', '.join(odd)}", hint)

    def check_signed_by(self, coordinator: str) -> None:
        """Raises VerificationError where another coordinator than this one (Ed25519, hex) signed the roster."""
        if public_hex(self.coordinator) != coordinator:
            raise VerificationError(
                "the roster is signed by another key than the coordinator's who invited this site",
                "compare with the coordinator by telephone before anything else",
            )

    def fingerprint(self, site: str) -> str:
        """Returns the words by which people know the site's identity key."""
        return fingerprint_words(self.sites[site])


def sign_roster(study_id: str, coordinator: Ed25519PrivateKey, members: Mapping[str, Member]) -> bytes:
    """Returns the text of roster.json. Raises DataError where two sites have one key, or one has the coordinator's
    name."""
    if COORDINATOR in members:
        raise DataError(f"no site can be called {COORDINATOR!r}", "give the site another name in the study")
    for kind in ("identity", "node"):
        keys = [getattr(member, kind) for member in members.values()]
        twice = sorted(name for name, member in members.items() if keys.count(getattr(member, kind)) > 1)
        if twice:
            raise DataError(f"the sites {', '.join(twice)} have one {kind} key", "every site makes its own")
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "study": study_id,
        "coordinator": public_hex(coordinator),
        "sites": {name: asdict(member) for name, member in members.items()},
    }
    return write_signed(KIND, content, signature=coordinator)


def read_roster(text: bytes) -> Roster:
    """Returns the roster if its coordinator signed it; DataError where it is malformed, VerificationError otherwise."""
    not_this = DataError("this is not a roster: a signed roster.json was expected", "ask the coordinator for it")
    document = read_signed(text, KIND, not_this)
    try:
        coordinator = public_from_hex(document.text("coordinator"))
    except DataError:
        raise not_this from None
    document.check_signed(coordinator, "the roster was changed after the coordinator signed it", "ask for it again")
    document.check_schema(SCHEMA, "the roster")
    entries = document.content.get("sites")
    if not isinstance(entries, dict):
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
    """As `read_roster`, of a file; DataError where it cannot be read."""
    return read_roster(read_file(path, "roster", "the coordinator makes one: riskset study roster"))
