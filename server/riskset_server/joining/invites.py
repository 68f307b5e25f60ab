"""The coordinator's durable list of invites and what became of each, in one SQLite file.

The server writes requests into it while `riskset study accept` may be running.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from riskset.catalogue import say
from riskset.joining.invite import Invite, read_invite
from riskset.joining.request import Request, read_request
from riskset.ledger.durable import DurableFile, utc_now
from riskset.ledger.layout import UNNUMBERED, FileLayout
from riskset.secure.envelope import sha256

REVOKED: Final = "revoked"
REPLACED: Final = "replaced"

_LAYOUT = FileLayout(
    1,
    """
CREATE TABLE IF NOT EXISTS invite (
    token TEXT PRIMARY KEY, study TEXT NOT NULL, site TEXT NOT NULL, text BLOB NOT NULL, made_at TEXT NOT NULL,
    request BLOB, came_at TEXT NOT NULL DEFAULT '', accepted_at TEXT NOT NULL DEFAULT '',
    ended TEXT NOT NULL DEFAULT '', ended_at TEXT NOT NULL DEFAULT ''
) STRICT;
""",
    same_tables=(UNNUMBERED,),  # riskset 0.1.0
)
_COLUMNS = "text, request, came_at, accepted_at, ended, ended_at"


@dataclass(frozen=True)
class Invitation:
    """An invite and what became of it; times are UTC, ISO 8601, empty for what has not happened."""

    invite: Invite
    text: bytes | None
    """The request as received; None before."""
    came_at: str
    accepted_at: str
    ended: str
    """`revoked`, or `replaced` by a later invite or renewal; empty while it is in force."""
    ended_at: str

    @cached_property
    def request(self) -> Request:
        """Raises ValueError where none has been received."""
        if self.text is None:
            raise ValueError("no request has been received")
        return read_request(self.text)

    @property
    def is_waiting(self) -> bool:
        """True where a request was received and has not been accepted."""
        return self.text is not None and not self.accepted_at and not self.ended

    @property
    def is_member(self) -> bool:
        return bool(self.accepted_at) and not self.ended


class InviteList:
    """The list in a file; a context manager. Several processes may have it open."""

    def __init__(self, path: Path) -> None:
        called, hint = say("server.folder.invites"), say("server.folder.invites_hint")
        self._file = DurableFile(path, _LAYOUT, called, hint)

    def __enter__(self) -> InviteList:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, invite: Invite, text: bytes) -> None:
        """Enters a new invite; it replaces the site's earlier invites and requests that were not accepted."""
        self._file.write(
            (
                "UPDATE invite SET ended = ?, ended_at = ? "
                "WHERE study = ? AND site = ? AND accepted_at = '' AND ended = ''",
                (REPLACED, utc_now(), invite.study, invite.site),
            ),
            (
                "INSERT INTO invite (token, study, site, text, made_at) VALUES (?, ?, ?, ?, ?)",
                (_hashed(invite.token), invite.study, invite.site, text, utc_now()),
            ),
        )

    def by_token(self, token: str) -> Invitation | None:
        """Looks up the token's hash, so that the time it takes does not reveal how much of a guess was right."""
        rows = self._file.read(f"SELECT {_COLUMNS} FROM invite WHERE token = ?", _hashed(token))
        return _invitation(*rows[0]) if rows else None

    def of_site(self, site: str, study: str | None = None) -> Sequence[Invitation]:
        """Returns the site's invitations, the oldest first; only those of one study where its id is given."""
        query = f"SELECT {_COLUMNS} FROM invite WHERE site = ? AND study = coalesce(?, study) ORDER BY made_at, rowid"
        return [_invitation(*row) for row in self._file.read(query, site, study)]

    def of_study(self, study: str) -> Sequence[Invitation]:
        query = f"SELECT {_COLUMNS} FROM invite WHERE study = ? ORDER BY made_at, rowid"
        return [_invitation(*row) for row in self._file.read(query, study)]

    def keep_request(self, invite: Invite, request: bytes) -> Invitation:
        """Writes the request if there is none yet, and returns the entry: of two that arrive at once, one is kept."""
        token = _hashed(invite.token)
        change = "UPDATE invite SET request = ?, came_at = ? WHERE token = ? AND request IS NULL AND ended = ''"
        self._file.write((change, (request, utc_now(), token)))
        return _invitation(*self._file.read(f"SELECT {_COLUMNS} FROM invite WHERE token = ?", token)[0])

    def correct_request(self, invite: Invite, request: bytes) -> Invitation:
        """Replaces the request while it is not accepted, and returns the entry."""
        token = _hashed(invite.token)
        change = "UPDATE invite SET request = ?, came_at = ? WHERE token = ? AND accepted_at = '' AND ended = ''"
        self._file.write((change, (request, utc_now(), token)))
        return _invitation(*self._file.read(f"SELECT {_COLUMNS} FROM invite WHERE token = ?", token)[0])

    def accept(self, invite: Invite) -> None:
        """Makes the waiting request the site's keys, and ends those it replaces in the same transaction."""
        now, of_site = utc_now(), (invite.study, invite.site)
        self._file.write(
            (
                "UPDATE invite SET ended = ?, ended_at = ? "
                "WHERE study = ? AND site = ? AND accepted_at <> '' AND ended = ''",
                (REPLACED, now, *of_site),
            ),
            (
                "UPDATE invite SET accepted_at = ? WHERE token = ? AND request IS NOT NULL AND ended = ''",
                (now, _hashed(invite.token)),
            ),
        )

    def revoke(self, study: str, site: str) -> None:
        """Ends everything the site has in the study: invite, request, membership."""
        change = "UPDATE invite SET ended = ?, ended_at = ? WHERE study = ? AND site = ? AND ended = ''"
        self._file.write((change, (REVOKED, utc_now(), study, site)))


def _invitation(
    text: bytes, request: bytes | None, came_at: str, accepted_at: str, ended: str, ended_at: str
) -> Invitation:
    return Invitation(read_invite(text), request, came_at, accepted_at, ended, ended_at)


def _hashed(token: str) -> str:
    return sha256(token.encode())
