"""The two small public files by which a site and a coordinator come together.

`connection.json` goes from the coordinator to the sites: where to connect, which certificate authority to trust. A
site's `NAME.request.json` goes back: its public keys, signed with the identity key, so that nobody asks in with a key
not their own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.errors import DataError, VerificationError
from riskset.protocol.roster import Member
from riskset.secure.keys import public_from_hex, public_hex
from riskset.secure.node_key import public_node_from_text, public_node_text
from riskset.study.spec import Study


@dataclass(frozen=True)
class Connection:
    """Where the coordinator's server is, and by which authority it is known."""

    address: str
    """host:port"""
    authority: str
    """The certificate authority's certificate, PEM."""


def write_connection(connection: Connection) -> bytes:
    return _json({"schema": 1, **asdict(connection)})


def load_connection(path: Path) -> Connection:
    content = _load(path, "connection file", "ask the coordinator for connection.json")
    try:
        return Connection(str(content["address"]), str(content["authority"]))
    except KeyError:
        raise DataError(f"{path} is not a connection file", "ask the coordinator for connection.json") from None


def write_request(site: str, identity: Ed25519PrivateKey, node: EllipticCurvePublicKey) -> bytes:
    """Returns the text of a site's request to be entered in the roster."""
    content: dict[str, Any] = {
        "schema": 1,
        "site": site,
        "identity": public_hex(identity),
        "node": public_node_text(node),
    }
    return _json({"request": content, "signature": identity.sign(rfc8785.dumps(content)).hex()})


def load_request(path: Path) -> tuple[str, Member]:
    """Returns the site's name and keys if the request is signed by the identity key it names."""
    hint = "ask the site for the file that `riskset site keys` wrote"
    document = _load(path, "request of a site", hint)
    try:
        content, signature = document["request"], bytes.fromhex(document["signature"])
        site, member = str(content["site"]), Member(str(content["identity"]), str(content["node"]))
        signed = rfc8785.dumps(content)
    except (KeyError, TypeError, ValueError, rfc8785.CanonicalizationError):
        raise DataError(f"{path} is not a request of a site", hint) from None
    public_node_from_text(member.node)
    try:
        public_from_hex(member.identity).verify(signature, signed)
    except InvalidSignature:
        raise VerificationError(f"the request in {path} was changed after {site} signed it", hint) from None
    return site, member


def read_members(study: Study, requests: Sequence[Path]) -> dict[str, Member]:
    """Returns the keys of every site of the study, in its order. DataError where a site is missing, unknown or there
    twice."""
    members: dict[str, Member] = {}
    for path in requests:
        site, member = load_request(path)
        if members.get(site) == member:
            raise DataError(f"the request of {site} stands twice", "give each site's once")
        if site in members:
            raise DataError(f"two requests are in the name of {site}", "ask both sites; one has another's name")
        if site not in study.sites:
            raise DataError(f"{path} is of {site}, which the study does not name", f"it names {', '.join(study.sites)}")
        members[site] = member
    missing = [site for site in study.sites if site not in members]
    if missing:
        raise DataError(f"no request came from {', '.join(missing)}", "a roster holds every site of the study")
    return {site: members[site] for site in study.sites}


def _load(path: Path, what: str, hint: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"there is no {what} at {path}", hint) from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", hint) from None
    except (ValueError, RecursionError):
        raise DataError(f"{path} is not a {what}: it is not JSON", hint) from None
    if not isinstance(content, dict):
        raise DataError(f"{path} is not a {what}", hint)
    return content


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"
