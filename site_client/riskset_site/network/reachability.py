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
import ssl
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import httpx

from riskset.engine.wire import LEASE_HEADER
from riskset.errors import Unreachable

FAST_S: Final = 3.0  # the server takes 5 s; the Date header is cut to the second and up to one second old
SLOW_S: Final = 300.0  # the server takes 305 s


class ServerAway(Unreachable):
    """Nobody answers at the address, or what answers is not the coordinator."""


class ServerNotTrusted(Unreachable):
    """The certificate at the address is not signed by the authority this site was given, or is for another name."""


class KeyRefused(Unreachable):
    """The coordinator does not know this site's node key."""


class ClockOff(Unreachable):
    """`offset_s` is this machine's clock minus the server's, in seconds."""

    def __init__(self, offset_s: float) -> None:
        side = "ahead of" if offset_s > 0 else "behind"
        super().__init__(
            f"this machine's clock is {in_words(abs(offset_s))} {side} the coordinator's",
            "let it be set by a time server (at most 5 s ahead or 5 minutes behind are accepted), then start again",
        )
        self.offset_s = offset_s


class LeaseHeld(Unreachable):
    """Another session holds this site's key; it ends by itself in `retry_s` seconds, unless it is alive."""

    def __init__(self, retry_s: float) -> None:
        super().__init__(
            f"the coordinator still counts an earlier session of this site, for {retry_s:.0f} s more",
            "wait; if this does not end, another program is running with this site's key",
        )
        self.retry_s = retry_s


def trust_only(authority: str) -> ssl.SSLContext:
    """Returns a context that trusts one authority (PEM) and no certificate of the public web."""
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(cadata=authority)
    return trusted


def is_this_machine(address: str) -> bool:
    """True for host:port of the loopback, which no proxy leads to; by itself httpx obeys HTTPS_PROXY there too."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def no_answer(address: str, error: httpx.RequestError) -> Unreachable:
    """Returns the error for a request that got no answer. The transport's own words may tell an IT department more."""
    words = str(error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return ServerNotTrusted(
            f"the server at {address} shows a certificate that this site was not told to trust",
            "compare the authority's certificate file with the coordinator; a proxy may be opening TLS on the way",
        )
    if isinstance(error, httpx.ProxyError):
        return ServerAway(f"the proxy does not connect to {address} ({words})", "ask your IT department to allow it")
    return ServerAway(f"no answer from {address} ({words})", "the network or the server may be down; we go on trying")


def rejected(address: str, response: httpx.Response, now: datetime) -> Unreachable:
    """Returns the error for an answer that is a no; `now` is this machine's time at the answer."""
    status = response.status_code
    if status == HTTPStatus.UNAUTHORIZED:
        return _unauthorised(address, response, now)
    if status == HTTPStatus.PRECONDITION_FAILED:
        retry_s = response.headers.get(LEASE_HEADER)
        return _unknown_key(address) if retry_s is None else LeaseHeld(_seconds(retry_s))
    return ServerAway(f"{address} answered with HTTP {status}", "it may be starting, or another service stands there")


def not_ours(address: str) -> ServerAway:
    return ServerAway(
        f"what {address} answered is not from a coordinator", "check the address; a proxy may answer there"
    )


def in_words(seconds: float) -> str:
    """Returns a duration as a person says it: `42 s`, `3 min`, `9.0 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _unauthorised(address: str, response: httpx.Response, now: datetime) -> Unreachable:
    offset_s = _offset_s(response, now)
    if offset_s is not None and (offset_s > FAST_S or offset_s < -SLOW_S):
        return ClockOff(offset_s)
    return _unknown_key(address)


def _unknown_key(address: str) -> KeyRefused:
    return KeyRefused(
        f"the coordinator at {address} does not know this site's node key",
        "send it the public key again, or wait until it has entered it; we go on trying",
    )


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
