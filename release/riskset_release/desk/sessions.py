"""Who is at the desk: whoever was given the address that the command prints, once.

The address has a secret. It is exchanged for a cookie of a new id by a form, so that a browser that fetches the address
ahead uses nothing up, and an id that somebody else planted is never taken over. The secret opens one session, and then
nothing more: an address that stays in a browser's history leads nowhere.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest


def _new() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Session:
    """One browser."""

    id: str = field(default_factory=_new)
    csrf: str = field(default_factory=_new)
    """In each form: another site that makes the browser send one does not know it."""


@dataclass
class Sessions:
    """The secret, and the session for which it was exchanged."""

    secret: str = field(default_factory=_new)
    _open: Session | None = None

    def is_secret(self, given: str) -> bool:
        """Whether this is the secret, and nobody has used it yet."""
        return self._open is None and _same(given, self.secret)

    def exchange(self, given: str) -> Session | None:
        """Returns a new session for the secret; None for anything else, and once it has been used."""
        if not self.is_secret(given):
            return None
        self._open = Session()
        return self._open

    def find(self, cookie: str) -> Session | None:
        """Returns the session of a cookie."""
        return self._open if self._open is not None and _same(cookie, self._open.id) else None


def is_of_form(session: Session, given: str) -> bool:
    """Whether a form was written for this session."""
    return _same(given, session.csrf)


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())
