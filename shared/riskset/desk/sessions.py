"""Who is at a desk.

An id of a session is always new, so that one which somebody else planted in a browser is never taken over.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Generic, TypeVar

Seat = TypeVar("Seat")


def _new() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Session(Generic[Seat]):
    """One browser, and who is at it."""

    seat: Seat
    id: str = field(default_factory=_new, repr=False)
    csrf: str = field(default_factory=_new, repr=False)
    """In each form: another site that makes the browser send one does not know it."""

    def is_of_form(self, given: str) -> bool:
        """Whether a form was written for this session."""
        return is_same(given, self.csrf)


@dataclass
class OpenedOnce(Generic[Seat]):
    """The session of a desk on one's own machine.

    The address that the command prints has a secret. It is exchanged for a cookie by a form, so that a browser that
    fetches the address ahead uses nothing up. The secret opens one session, and then nothing more: an address that
    stays in a browser's history leads nowhere.
    """

    secret: str = field(default_factory=_new)
    _open: Session[Seat] | None = None

    def is_secret(self, given: str) -> bool:
        """Whether this is the secret, and nobody has used it yet."""
        return self._open is None and is_same(given, self.secret)

    def exchange(self, given: str, seat: Seat) -> Session[Seat] | None:
        """Returns a new session for the secret; None for anything else, and once it has been used."""
        if not self.is_secret(given):
            return None
        self._open = Session(seat)
        return self._open

    def find(self, cookie: str) -> Session[Seat] | None:
        """Returns the session of a cookie."""
        return self._open if self._open is not None and is_same(cookie, self._open.id) else None


def is_same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how far they agree."""
    return compare_digest(given.encode(), expected.encode())
