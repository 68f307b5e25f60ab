"""How connections come in at the public port: from which address each is, and how many an address may have.

Both are settled before TLS, so that a connection too many costs nothing else. Behind a reverse proxy all connections
come from the proxy. It passes TLS on as it is, with a line before it that says from where: version 1 of the PROXY
protocol (Tarreau, HAProxy, section 2.1). That line is read from the proxies that are configured, and from them it must
come. From any other address the first bytes are TLS, which such a line only spoils. Headers of HTTP are never believed.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

from riskset.catalogue import say

Address: TypeAlias = IPv4Address | IPv6Address

LOG_AGAIN_S: Final = 60.0
PROXY_LINE_BYTES: Final = 107
"""The longest line of version 1, its end included."""
NO_FILES_LEFT_S: Final = 1.0
IGNORED: Final = (OSError, TimeoutError, ValueError)
"""A stranger's bytes, or a broken connection; anything else is a fault of ours, or the end of the server."""
_FAMILIES: Final = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}

_log = logging.getLogger(__name__)


class Place:
    """One connection among those of its address, until `leave`."""

    def __init__(self, taken: Counter[str], address: str) -> None:
        self._taken = taken
        self._address = address
        self._is_taken = True

    def leave(self) -> None:
        """Frees the place; a second time it does nothing."""
        if self._is_taken:
            self._is_taken = False
            self._taken[self._address] -= 1
            if not self._taken[self._address]:
                del self._taken[self._address]


class Places:
    """The connections of each address, at most `most` at once."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._taken: Counter[str] = Counter()
        self._logged_s: dict[str, float] = {}

    def take(self, address: Address) -> Place | None:
        """Returns a place, or None where the address has as many as it may have, which the log says."""
        name = counted_as(address)
        if self._taken[name] >= self._most:
            self._log_full(name)
            return None
        self._taken[name] += 1
        return Place(self._taken, name)

    def _log_full(self, name: str) -> None:
        """Names the limit and the setting, once a minute for each address: a stranger must not fill the log."""
        now_s = self._clock()
        self._logged_s = {known: at_s for known, at_s in self._logged_s.items() if now_s - at_s < LOG_AGAIN_S}
        if name not in self._logged_s:
            self._logged_s[name] = now_s
            message = say("server.engine.full", address=name, most=self._most)
            _log.warning("%s (%s)", message, say("server.engine.full_hint"))


class Entrance:
    """Accepts the connections of `listener`; `protocol` makes what serves one of them, which must leave its place."""

    def __init__(
        self, protocol: Callable[[Place], asyncio.Protocol], places: Places, proxies: Collection[Address], line_s: float
    ) -> None:
        self._protocol = protocol
        self._places = places
        self._proxies = proxies
        self._line_s = line_s
        self._admitting: set[asyncio.Task[None]] = set()

    async def accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Does so until it is cancelled."""
        listener.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    connection, (host, *_) = await loop.sock_accept(listener)
                except OSError as error:
                    _log.warning("%s", say("server.engine.not_accepted", reason=error.strerror or error))
                    await asyncio.sleep(NO_FILES_LEFT_S)
                    continue
                task = loop.create_task(self._admit(connection, host, tls))
                self._admitting.add(task)
                task.add_done_callback(self._admitting.discard)
        finally:
            for task in self._admitting:
                task.cancel()

    async def _admit(self, connection: socket.socket, host: str, tls: ssl.SSLContext | None) -> None:
        try:
            address = await self._address(connection, host)
            place = self._places.take(address)
        except BaseException as error:
            connection.close()
            if not isinstance(error, IGNORED):
                raise
            return
        if place is None:
            connection.close()
            return
        loop = asyncio.get_running_loop()
        try:  # from here on asyncio closes the connection
            await loop.connect_accepted_socket(lambda: self._protocol(place), connection, ssl=tls)
        except BaseException as error:
            place.leave()
            if not isinstance(error, IGNORED):
                raise

    async def _address(self, connection: socket.socket, host: str) -> Address:
        """Returns whose connection it is, by the proxy's line where a proxy opened it."""
        address = address_of(host)
        if address in self._proxies:
            async with asyncio.timeout(self._line_s):
                return await _forwarded(connection)
        return address


def counted_as(address: Address) -> str:
    """Returns the name under which connections are counted; of IPv6 the first half, all of which one network has."""
    return str(address if address.version == 4 else ip_network((address, 64), strict=False))


def address_of(host: str) -> Address:
    """Returns an address as the system writes it, without a zone; one of IPv4 within IPv6 as what it is. Raises
    ValueError."""
    address = ip_address(host.partition("%")[0])
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


async def _forwarded(connection: socket.socket) -> Address:
    """Returns the address in the proxy's line, and reads not a byte more. Raises ValueError."""
    loop, line = asyncio.get_running_loop(), b""
    while not line.endswith(b"\r\n"):
        byte = await loop.sock_recv(connection, 1)
        if not byte or len(line) >= PROXY_LINE_BYTES:
            raise ValueError("no PROXY line")
        line += byte
    return forwarded_address(line)


def forwarded_address(line: bytes) -> Address:
    """Returns from where a connection comes by the line of a proxy. Raises ValueError."""
    with suppress(ValueError, KeyError):
        word, family, source, _, _, _ = line.removesuffix(b"\r\n").split(b" ")
        if word == b"PROXY":
            return address_of(str(_FAMILIES[family](source.decode("ascii"))))
    raise ValueError("no PROXY line of a TCP connection")
