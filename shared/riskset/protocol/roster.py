"""The roster: the signed list of a study's sites and their keys. The coordinator lists the sites that it has accepted.

It may list fewer sites than the study names, so that one hospital's committee does not delay the others. A site that
joins later makes it a different roster, which every site must approve again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import DataError, VerificationError
from riskset.joining.invite import NAME
from riskset.joining.request import Member, read_member, read_request
from riskset.joining.signed import read_file, read_signed, write_signed
from riskset.secure.envelope import sha256
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex, public_hex
from riskset.secure.node_key import public_node_from_text
from riskset.strict_json import read_json
from riskset.study.load import study_hash
from riskset.study.spec import Study

__all__ = ["COORDINATOR", "Member", "Roster", "load_roster", "read_roster", "sign_roster"]

COORDINATOR = "coordinator"
"""The name under which the coordinator signs; no site may have it."""

KIND, SCHEMA = "roster", 3
_KEYS = {"schema", "study", "study_sha256", "coordinator", "sites", "renewals"}
_OF_0_1_0 = 2
"""The schema of rosters that name neither the hash of their study nor the sites' earlier keys."""
MOST_RENEWALS = 100
"""Of one site."""


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
    study_sha256: str = ""
    """Hash of the study; empty in a roster of riskset 0.1.0, which names none."""
    parties: Mapping[str, str] = field(default_factory=dict)
    """By identity key (hex) of a site, now or earlier: its first key. By that a site is the same party in all runs,
    whatever the roster calls it; an earlier key has signed each that replaced it."""

    def keys_of(self, sites: Iterable[str]) -> dict[str, str]:
        """Returns the identity keys (hex) of those of the sites that are in the roster."""
        return {name: public_hex(self.sites[name]) for name in sites if name in self.sites}

    def parties_of(self, sites: Iterable[str]) -> dict[str, Ed25519PublicKey]:
        """Returns the identity keys of the coordinator and of those of the sites that are in the roster."""
        return {COORDINATOR: self.coordinator, **{name: self.sites[name] for name in sites if name in self.sites}}

    def all_keys_of(self, site: str) -> list[Ed25519PublicKey]:
        """Returns the identity keys that a site of the roster has had, its present one first."""
        now = public_hex(self.sites[site])
        earlier = [key for key, first in self.parties.items() if first == self.party(now) and key != now]
        return [self.sites[site], *map(public_from_hex, earlier)]

    def party(self, key: str) -> str:
        """Returns the party of an identity key (hex): the key itself where no site of the roster had it."""
        return self.parties.get(key, key)

    def check_belongs_to(self, study: Study) -> None:
        """Raises DataError where the roster belongs to a different study or another version of it, or lists a site that
        is not in the study."""
        hint = say("protocol.roster.remake_hint")
        if self.study_id != study.id:
            raise DataError(say("protocol.roster.study", found=self.study_id, expected=study.id), hint)
        if odd := sorted(set(self.sites) - set(study.sites)):
            raise DataError(say("protocol.roster.sites", sites=tuple(odd)), hint)
        if self.study_sha256 not in ("", study_hash(study)):
            raise DataError(say("protocol.roster.version", study=study.id), hint)

    def check_signed_by(self, coordinator: str) -> None:
        """Raises VerificationError where a different coordinator than this one (Ed25519, hex) signed the roster."""
        if public_hex(self.coordinator) != coordinator:
            raise VerificationError(say("protocol.roster.coordinator"), say("protocol.roster.coordinator_hint"))

    def fingerprint(self, site: str) -> str:
        """Returns the words by which people compare the site's identity key."""
        return fingerprint_words(self.sites[site])


def sign_roster(
    study_id: str,
    coordinator: Ed25519PrivateKey,
    members: Mapping[str, Member],
    study_sha256: str = "",
    renewals: Mapping[str, Sequence[bytes]] | None = None,
) -> bytes:
    """Returns the text of roster.json. `renewals` are each site's requests that renewed its keys, the first one first.

    Raises DataError where two sites have the same key, or one has the coordinator's name, or renewals are not those of
    the site's key.
    """
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
        "study_sha256": study_sha256,
        "coordinator": public_hex(coordinator),
        "sites": {name: asdict(member) for name, member in members.items()},
        "renewals": {name: [read_json(one) for one in requests] for name, requests in (renewals or {}).items()},
    }
    _parties(study_id, members, content["renewals"])
    return write_signed(KIND, content, signature=coordinator)


def read_roster(text: bytes) -> Roster:
    """Returns the roster if its coordinator signed it, and each site's keys are signed by those before them.

    Raises DataError where it is malformed, VerificationError where it was changed or a renewal is not signed.
    """
    not_this = DataError(say("protocol.roster.form"), say("protocol.roster.form_hint"))
    document = read_signed(text, KIND, not_this)
    coordinator = document.key(document.text("coordinator"))
    document.check_signed(coordinator, say("protocol.roster.changed"), say("protocol.roster.changed_hint"))
    is_earlier = document.content.get("schema") == _OF_0_1_0
    if not is_earlier:
        document.check_schema(SCHEMA, say("protocol.roster.called"))
    if not is_earlier and document.content.keys() != _KEYS:
        raise not_this
    entries, renewals = document.content.get("sites"), {} if is_earlier else document.content.get("renewals")
    if not isinstance(entries, dict) or not isinstance(renewals, dict) or not all(map(NAME.fullmatch, entries)):
        raise not_this
    if COORDINATOR in entries:  # its key would pass for the coordinator's
        raise not_this
    members = {name: read_member(entry, not_this) for name, entry in entries.items()}
    return Roster(
        study_id=document.text("study"),
        coordinator=coordinator,
        sites={name: public_from_hex(member.identity) for name, member in members.items()},
        node_keys={name: public_node_from_text(member.node) for name, member in members.items()},
        sha256=sha256(document.signed),
        members=members,
        study_sha256="" if is_earlier else document.text("study_sha256"),
        parties=_parties(document.text("study"), members, renewals),
    )


def _parties(study_id: str, members: Mapping[str, Member], renewals: Mapping[str, Any]) -> dict[str, str]:
    """Returns the first key of each key's site. Raises DataError where the renewals are not a chain to the site's key,
    VerificationError where one is not signed."""
    found: dict[str, str] = {}
    for site, member in members.items():
        chain = _chain(study_id, site, renewals.get(site, []))
        if chain[-1:] not in ([], [member.identity]) or not found.keys().isdisjoint([*chain, member.identity]):
            raise _no_renewal(site)
        found |= dict.fromkeys([*chain, member.identity], [*chain, member.identity][0])
    if odd := sorted(set(renewals) - set(members)):
        raise _no_renewal(odd[0])
    return found


def _chain(study_id: str, site: str, requests: object) -> list[str]:
    """Returns the site's keys from the first on, of requests in which each key signed the next; none without."""
    if not isinstance(requests, list) or len(requests) > MOST_RENEWALS:
        raise _no_renewal(site)
    keys: list[str] = []
    for written in requests:
        request = read_request(json.dumps(written).encode())
        keys = keys or [request.renews]
        if (request.study, request.site, request.renews) != (study_id, site, keys[-1]) or not request.renews:
            raise _no_renewal(site)
        if request.member.identity in keys:
            raise _no_renewal(site)
        keys.append(request.member.identity)
    return keys


def _no_renewal(site: str) -> DataError:
    return DataError(say("protocol.roster.renewals", site=site), say("protocol.roster.remake_hint"))


def load_roster(path: Path) -> Roster:
    """As `read_roster`, from a file. Raises DataError where it cannot be read."""
    return read_roster(read_file(path, "roster", say("protocol.roster.missing_hint")))
