"""What a site keeps of its invite, without the token: where the coordinator is and by which keys it is known."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from riskset.errors import DataError
from riskset.joining.invite import Invite
from riskset.joining.signed import as_text, read_file

SCHEMA = 2
_HINT = "join first: riskset site join INVITE"


@dataclass(frozen=True)
class Connection:
    """Where the coordinator's server is, and who it must be."""

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
    return as_text({"schema": SCHEMA, **asdict(connection)})


def load_connection(path: Path) -> Connection:
    """Raises DataError where there is none or it is malformed."""
    data = read_file(path, "connection file", _HINT)
    not_this = DataError(f"{path} is not a connection file of this version", _HINT)
    try:
        content = json.loads(data)
        found = [content[field.name] for field in fields(Connection)]
        schema = content["schema"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise not_this from None
    if schema != SCHEMA or not all(isinstance(value, str) for value in found):
        raise not_this
    return Connection(*found)
