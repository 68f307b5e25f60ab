"""The door of a desk at which auditors log in: whom it asks what, and which answers it believes.

The desk remembers no challenge that it has issued. Each has a keyed hash that only this process can make, of the
browser, the moment and the desk; so nobody can fill its memory with challenges, or push out those of others.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final

from riskset.catalogue import say
from riskset.errors import Refused, RisksetError
from riskset.protocol.roster import COORDINATOR
from riskset_release.desk.review import Review
from riskset_release.desk.seats import GuestSeat
from riskset_release.logins import Challenge, Login, read_login

LASTS_S: Final = 300
"""To type a command and a passphrase, and to bring back what it prints."""
MOST_FAILURES: Final = 20
"""From one address in LASTS_S. A signature is not guessed; this bounds what checking them costs."""
_MOST_ADDRESSES: Final = 1_000


@dataclass
class Door:
    """Of one desk, since it was started."""

    desk: str
    """Its address, as `Challenge.desk`."""
    review: Review
    clock: Callable[[], float]
    """Seconds, by a clock that is never set."""
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _used: dict[str, float] = field(default_factory=dict)
    """When each nonce let somebody in: known keys alone add to it."""
    _failures: dict[str, list[float]] = field(default_factory=dict)
    """By address of the client."""
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def challenge(self, browser: str) -> Challenge:
        """Returns a new challenge for a browser, which shows the same secret of its own with the answer."""
        return self._challenge(browser, str(int((self.clock() - self._started) * 1000)))

    def lets_in(self, answer: bytes, browser: str, client: str) -> GuestSeat:
        """Returns the seat of whoever answered. Raises a RisksetError that says why the answer is not believed, and
        Refused where too many from the same address were not."""
        now = self.clock()
        failures = self._failures_of(client, now)
        if len(failures) >= MOST_FAILURES:
            raise Refused("login", say("release.door.many", minutes=LASTS_S // 60))
        try:
            return self._checked(read_login(answer), browser, now)
        except RisksetError:
            failures.append(now)
            raise

    def _checked(self, login: Login, browser: str, now: float) -> GuestSeat:
        if login.desk != self.desk:
            raise Refused("login", say("release.door.other_desk", desk=login.desk, own=self.desk))
        expected = self._challenge(browser, login.issued)
        is_own = hmac.compare_digest(login.nonce, expected.nonce) and login.challenge == expected
        if not browser or not is_own:
            raise Refused("login", say("release.door.other_challenge"))
        if now - self._started - int(login.issued) / 1000 > LASTS_S:
            raise Refused("login", say("release.door.late", minutes=LASTS_S // 60))
        if login.nonce in self._used:
            raise Refused("login", say("release.door.used"))
        seat = self._seat_of(login)
        self._used = {nonce: at for nonce, at in self._used.items() if now - at <= LASTS_S} | {login.nonce: now}
        return seat

    def _seat_of(self, login: Login) -> GuestSeat:
        trusted = self.review.trusted
        is_coordinator = trusted.knows(COORDINATOR, login.public_key)
        name = COORDINATOR if is_coordinator else trusted.auditor(login.public_key)
        if name is None:
            raise Refused("login", say("release.door.unknown"))
        return GuestSeat(self.review, name, login.key)

    def _challenge(self, browser: str, issued: str) -> Challenge:
        candidate = self.review.candidate
        of = "\n".join([self.desk, candidate.study_sha256, candidate.bundle_sha256, issued, browser])
        nonce = hmac.digest(self._secret, of.encode(), "sha256").hex()
        return Challenge(self.desk, candidate.study_sha256, candidate.bundle_sha256, issued, nonce)

    def _failures_of(self, client: str, now: float) -> list[float]:
        """Returns the recent failures of an address. Where there are too many addresses, all others are one."""
        recent = {one: [at for at in times if now - at <= LASTS_S] for one, times in self._failures.items()}
        self._failures = {one: times for one, times in recent.items() if times}
        network = _network_of(client)
        is_counted = network in self._failures or len(self._failures) < _MOST_ADDRESSES
        return self._failures.setdefault(network if is_counted else "", [])


def _network_of(client: str) -> str:
    """Returns the address; of IPv6 the half that a provider gives one customer, who has all of the other."""
    try:
        address = ip_address(client)
    except ValueError:
        return ""
    return str(ip_network((address, 64), strict=False)) if address.version == 6 else client
