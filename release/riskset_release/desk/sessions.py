"""Who has logged in at a desk that several reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from riskset.desk.sessions import Session, is_same
from riskset_release.desk.seats import Seat

MOST_IDLE_S: Final = 30 * 60
LONGEST_S: Final = 8 * 60 * 60
"""A working day; then the auditor logs in again."""


@dataclass
class LoggedIn:
    """The sessions of a desk at which several log in: one of each key, so there are never more than keys are known."""

    clock: Callable[[], float]
    """Seconds, by a clock that is never set."""
    _open: dict[str, _Timed] = field(default_factory=dict)
    """By public key."""

    def begin(self, seat: Seat) -> Session[Seat]:
        """Returns a new session, and ends the one that the same key had."""
        session = Session(seat)
        self._open[seat.public_key] = _Timed(session, self.clock(), self.clock())
        return session

    def find(self, cookie: str) -> Session[Seat] | None:
        """Returns the session of a cookie; None once it has been idle, or has lasted, for too long."""
        now = self.clock()
        for key, one in list(self._open.items()):
            if now - one.used > MOST_IDLE_S or now - one.begun > LONGEST_S:
                del self._open[key]
            elif is_same(cookie, one.session.id):
                one.used = now
                return one.session
        return None

    def end(self, session: Session[Seat]) -> None:
        """Ends a session: its cookie is nobody's from now on."""
        if (one := self._open.get(session.seat.public_key)) and one.session is session:
            del self._open[session.seat.public_key]


@dataclass
class _Timed:
    session: Session[Seat]
    begun: float
    used: float
