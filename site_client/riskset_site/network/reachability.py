"""Whether a site can reach its coordinator, and if not, why, for the person at the hospital. No Flower in here.

::

    Unreachable
    ├── ServerAway           no answer, or an answer from something other than the coordinator
    ├── ServerNotTrusted     the server's certificate is not from the study's authority
    ├── KeyRefused           the coordinator does not know this site's node key
    ├── ClockOff             this machine's clock is wrong, and signatures carry the time
    └── LeaseHeld            an earlier session with this key has not ended yet
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from riskset.catalogue import say
from riskset.engine.wire import LEASE_HEADER
from riskset.errors import Unreachable

FAST_S: Final = 3.0  # the server takes 5 s; the Date header is cut to the second and up to one second old
SLOW_S: Final = 300.0  # the server takes 305 s


class ServerAway(Unreachable):
    """There is no answer at the address, or it is not the coordinator's."""


class ServerNotTrusted(Unreachable):
    """The server's certificate is not signed by the authority this site was given, or is for a different name."""


class KeyRefused(Unreachable):
    """The coordinator does not know this site's node key."""


class ClockOff(Unreachable):
    """`offset_s` is this machine's clock minus the server's, in seconds."""

    def __init__(self, offset_s: float) -> None:
        offset = in_words(abs(offset_s))
        ahead, behind = say("server.reach.clock_ahead", offset=offset), say("server.reach.clock_behind", offset=offset)
        super().__init__(ahead if offset_s > 0 else behind, say("server.reach.clock_hint"))
        self.offset_s = offset_s


class LeaseHeld(Unreachable):
    """An earlier session holds this site's key; it ends in `retry_s` seconds, unless a program keeps it alive."""

    def __init__(self, retry_s: float) -> None:
        super().__init__(say("server.reach.lease", seconds=retry_s), say("server.reach.lease_hint"))
        self.retry_s = retry_s


def is_this_machine(address: str) -> bool:
    """True for host:port of the loopback, which no proxy leads to; by itself httpx obeys HTTPS_PROXY there too."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def no_answer(address: str, error: httpx.RequestError) -> Unreachable:
    """Returns the error for a request without an answer. The transport's own message may help an IT department."""
    reason = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return ServerNotTrusted(say("server.reach.not_trusted", address=address), say("server.reach.not_trusted_hint"))
    if isinstance(error, httpx.ProxyError):
        message = say("server.reach.proxy", address=address, reason=reason)
        return ServerAway(message, say("server.reach.proxy_hint"))
    message = say("server.reach.no_answer", address=address, reason=reason)
    return ServerAway(message, say("server.reach.no_answer_hint"))


def rejected(address: str, response: httpx.Response, now: datetime) -> Unreachable:
    """Returns the error for a refusal; `now` is this machine's time when it arrived."""
    status = response.status_code
    if status == HTTPStatus.UNAUTHORIZED:
        return _unauthorised(address, response, now)
    if status == HTTPStatus.PRECONDITION_FAILED:
        retry_s = response.headers.get(LEASE_HEADER)
        return _unknown_key(address) if retry_s is None else LeaseHeld(_seconds(retry_s))
    return unexpected(address, status)


def unexpected(address: str, status: int) -> ServerAway:
    return ServerAway(say("server.reach.http", address=address, status=status), say("server.reach.http_hint"))


def not_ours(address: str) -> ServerAway:
    return ServerAway(say("server.reach.not_ours", address=address), say("server.reach.not_ours_hint"))


def in_words(seconds: float) -> str:
    """Returns a duration in a suitable unit: `42 s`, `3 min`, `9.0 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _unauthorised(address: str, response: httpx.Response, now: datetime) -> Unreachable:
    offset_s = _offset_s(response, now)
    if offset_s is not None and (offset_s > FAST_S or offset_s < -SLOW_S):
        return ClockOff(offset_s)
    return _unknown_key(address)


def _unknown_key(address: str) -> KeyRefused:
    return KeyRefused(say("server.reach.unknown_key", address=address), say("server.reach.unknown_key_hint"))


def _offset_s(response: httpx.Response, now: datetime) -> float | None:
    try:
        return (now - parsedate_to_datetime(response.headers["date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None


def _seconds(text: str) -> float:
    try:
        return max(1.0, float(text))
    except ValueError:
        return 1.0
