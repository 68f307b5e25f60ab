"""Who is at a desk: whoever opened it on their own machine, or whoever logged in at one elsewhere.

An id of a session is always new, so that one which somebody else planted in a browser is never taken over.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from riskset_release.desk.seats import Seat

MOST_IDLE_S: Final = 30 * 60
LONGEST_S: Final = 8 * 60 * 60
"""A working day; then the auditor logs in again."""


def _new() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Session:
    """One browser, and who is at it."""

    seat: Seat
    id: str = field(default_factory=_new, repr=False)
    csrf: str = field(default_factory=_new, repr=False)
    """In each form: another site that makes the browser send one does not know it."""

    def is_of_form(self, given: str) -> bool:
        """Whether a form was written for this session."""
        return is_same(given, self.csrf)


@dataclass
class OpenedOnce:
    """The session of a desk on the auditor's own machine.

    The address that the command prints has a secret. It is exchanged for a cookie by a form, so that a browser that
    fetches the address ahead uses nothing up. The secret opens one session, and then nothing more: an address that
    stays in a browser's history leads nowhere.
    """

    secret: str = field(default_factory=_new)
    _open: Session | None = None

    def is_secret(self, given: str) -> bool:
        """Whether this is the secret, and nobody has used it yet."""
        return self._open is None and is_same(given, self.secret)

    def exchange(self, given: str, seat: Seat) -> Session | None:
        """Returns a new session for the secret; None for anything else, and once it has been used."""
        if not self.is_secret(given):
            return None
        self._open = Session(seat)
        return self._open

    def find(self, cookie: str) -> Session | None:
        """Returns the session of a cookie."""
        return self._open if self._open is not None and is_same(cookie, self._open.id) else None


@dataclass
class LoggedIn:
    """The sessions of a desk at which several log in: one of each key, so there are never more than keys are known."""

    clock: Callable[[], float]
    """Seconds, by a clock that is never set."""
    _open: dict[str, _Timed] = field(default_factory=dict)
    """By public key."""

    def begin(self, seat: Seat) -> Session:
        """Returns a new session, and ends the one that the same key had."""
        session = Session(seat)
        self._open[seat.public_key] = _Timed(session, self.clock(), self.clock())
        return session

    def find(self, cookie: str) -> Session | None:
        """Returns the session of a cookie; None once it has been idle, or has lasted, for too long."""
        now = self.clock()
        for key, one in list(self._open.items()):
            if now - one.used > MOST_IDLE_S or now - one.begun > LONGEST_S:
                del self._open[key]
            elif is_same(cookie, one.session.id):
                one.used = now
                return one.session
        return None

    def end(self, session: Session) -> None:
        """Ends a session: its cookie is nobody's from now on."""
        if (one := self._open.get(session.seat.public_key)) and one.session is session:
            del self._open[session.seat.public_key]


@dataclass
class _Timed:
    session: Session
    begun: float
    used: float


def is_same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how far they agree."""
    return compare_digest(given.encode(), expected.encode())
