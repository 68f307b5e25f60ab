"""Who takes part: the signed list of a study's sites and their keys, made by the coordinator when the sites have
joined."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.errors import DataError, VerificationError
from riskset.secure.envelope import sha256
from riskset.secure.keys import public_from_hex, public_hex
from riskset.secure.node_key import public_node_from_text
from riskset.study.spec import Study

COORDINATOR = "coordinator"
"""The name under which the coordinator signs; no site can have it."""


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

    def check_belongs_to(self, study: Study) -> None:
        """Raises DataError where the roster is of another study, or of other sites than the study's."""
        hint = "the coordinator makes it again with `riskset study roster`, and sends it with the study"
        if self.study_id != study.id:
            raise DataError(f"the roster is of the study {self.study_id}, the study file is {study.id}", hint)
        if odd := sorted(set(self.sites) ^ set(study.sites)):
            raise DataError(f"roster and study name different sites: {', '.join(odd)}", hint)


@dataclass(frozen=True)
class Member:
    """One site's public keys, as it asks to be entered."""

    identity: str
    """Ed25519, hex."""
    node: str
    """P-384, OpenSSH form."""


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
        "schema": 1,
        "study": study_id,
        "coordinator": public_hex(coordinator),
        "sites": {name: asdict(member) for name, member in members.items()},
    }
    signature = coordinator.sign(rfc8785.dumps(content)).hex()
    return json.dumps({"roster": content, "signature": signature}, indent=2, ensure_ascii=False).encode() + b"\n"


def read_roster(text: bytes) -> Roster:
    """Returns the roster if its coordinator signed it; DataError where it is malformed, VerificationError otherwise."""
    try:
        document = json.loads(text)
        content, signature = document["roster"], bytes.fromhex(document["signature"])
        sites = {str(name): public_from_hex(entry["identity"]) for name, entry in content["sites"].items()}
        nodes = {str(name): public_node_from_text(entry["node"]) for name, entry in content["sites"].items()}
        coordinator, study_id = public_from_hex(content["coordinator"]), str(content["study"])
        signed, schema = rfc8785.dumps(content), content["schema"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(
            "this is not a roster: a signed roster.json was expected", "ask the coordinator for it"
        ) from None
    try:
        coordinator.verify(signature, signed)
    except InvalidSignature:
        raise VerificationError("the roster was changed after the coordinator signed it", "ask for it again") from None
    if schema != 1:
        raise DataError(f"the roster is of schema {schema}, which this version cannot read", "update riskset")
    return Roster(study_id, coordinator, sites, nodes, sha256(signed))


def load_roster(path: Path) -> Roster:
    try:
        return read_roster(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"there is no roster at {path}", "the coordinator makes one: riskset study roster") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", "give the path of roster.json") from None
