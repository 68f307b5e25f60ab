"""The way in to the public port: how many connections an address may have, and whose word on the address counts.

Over real sockets and TLS: the direct client is 127.0.0.1, the proxy 127.0.0.2.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from ipaddress import ip_address

import pytest

from riskset.engine.client import trust_only
from riskset_server.engine.entrance import LOG_AGAIN_S, Entrance, Places, address_of, counted_as, forwarded_address
from riskset_server.joining.certificates import issue_server_certificate, make_authority

DIRECT, PROXY = "127.0.0.1", "127.0.0.2"
LIMIT = 2
PATIENCE_S = 120.0


class Greeter(asyncio.Protocol):
    """Greets whoever has come in."""

    def __init__(self, place):
        self.place = place

    def connection_made(self, transport):
        transport.write(b"welcome")

    def connection_lost(self, error):
        self.place.leave()


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """The contexts of the server and of a client."""
    folder, authority = tmp_path_factory.mktemp("tls"), make_authority("tests")
    server = issue_server_certificate(authority, [DIRECT])
    (folder / "server.pem").write_bytes(server.certificate)
    (folder / "server.key").write_bytes(server.key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem", folder / "server.key")
    return tls, trust_only(authority.certificate.decode())


def come_in(certified, proxies, clients):
    """Returns for each client in turn, (its address, what it sends before TLS), whether it is welcomed. All stay."""
    tls, trusted = certified

    async def all_of_them():
        with socket.create_server((DIRECT, 0)) as listener:
            entrance = Entrance(Greeter, Places(LIMIT), frozenset(map(ip_address, proxies)), PATIENCE_S)
            accepting = asyncio.create_task(entrance.accept(listener, tls))
            async with contextlib.AsyncExitStack() as staying:
                welcomed = [await is_welcomed(staying, listener, trusted, *client) for client in clients]
            accepting.cancel()
            return welcomed

    return asyncio.run(all_of_them())


async def is_welcomed(staying, listener, trusted, source, before):
    loop, line = asyncio.get_running_loop(), socket.socket()
    line.bind((source, 0))
    line.setblocking(False)
    try:
        await loop.sock_connect(line, listener.getsockname())
        await loop.sock_sendall(line, before)
        reader, writer = await asyncio.open_connection(sock=line, ssl=trusted, server_hostname=DIRECT)
    except OSError:
        line.close()
        return False
    staying.push_async_callback(leave, reader, writer)
    return await asyncio.wait_for(reader.read(64), PATIENCE_S) == b"welcome"


async def leave(_, writer):
    """Asyncio ends a connection whose reader is no longer held."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def from_address(number):
    return b"PROXY TCP4 10.0.0.%d 10.0.0.99 40000 8443\r\n" % number


FORGED = [(DIRECT, from_address(number)) for number in range(4)]


def test_a_forged_address_does_not_get_around_the_limit(certified):
    assert come_in(certified, [DIRECT], FORGED) == [True] * 4, "where anyone is believed, the limit of 2 limits nobody"
    assert come_in(certified, [PROXY], FORGED) == [False] * 4
    assert come_in(certified, [], FORGED) == [False] * 4
    honest = [(DIRECT, b"")] * (LIMIT + 1)
    assert come_in(certified, [PROXY], [*FORGED, *honest]) == [False] * 4 + [True, True, False]


def test_behind_a_proxy_each_address_has_its_own_limit(certified):
    behind = [(PROXY, from_address(1))] * 3 + [(PROXY, from_address(2))] * 3
    assert come_in(certified, [], [(PROXY, b"")] * 3) == [True, True, False], "unless it is configured"
    assert come_in(certified, [PROXY], behind) == [True, True, False] * 2


def test_a_proxy_must_say_from_where_a_connection_comes(certified):
    silent = [b"", b"PROXY UNKNOWN\r\n", b"GET / HTTP/1.1\r\n", b"PROXY TCP4 10.0.0.1" + b" " * 200]
    assert come_in(certified, [PROXY], [(PROXY, before) for before in silent]) == [False] * 4


def test_a_second_line_behind_the_proxy_s_is_not_read(certified):
    """A client of the proxy that forges one itself: the proxy's comes first."""
    twice = [(PROXY, from_address(1) + from_address(number)) for number in range(2, 5)]
    assert come_in(certified, [PROXY], twice) == [False] * 3


@pytest.mark.parametrize(
    ("line", "address"),
    [
        (b"PROXY TCP4 192.0.2.7 10.0.0.99 40000 8443\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 8443\r\n", "2001:db8::7"),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 40000 8443\r\n", "192.0.2.7"),
    ],
)
def test_the_address_in_a_line(line, address):
    assert str(forwarded_address(line)) == address


@pytest.mark.parametrize(
    "line",
    [
        b"PROXY UNKNOWN\r\n",
        b"PROXY TCP4 2001:db8::7 10.0.0.99 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.99 1\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.99 1 2 3\r\n",
        b"PROXY TCP4 192.0.2.007 10.0.0.99 1 2\r\n",
        b"PROXY TCP4 \xff 10.0.0.99 1 2\r\n",
        b"proxy TCP4 192.0.2.7 10.0.0.99 1 2\r\n",
        b"\r\n",
    ],
)
def test_a_line_that_names_no_address(line):
    with pytest.raises(ValueError, match="no PROXY line"):
        forwarded_address(line)


def test_an_address_of_ipv6_is_counted_with_its_network():
    """Whoever has one has 2^64 of them."""
    names = {counted_as(address_of(host)) for host in ("2001:db8::1", "2001:db8::2:1", "2001:db8::1%eth0")}
    assert names == {"2001:db8::/64"}
    assert counted_as(address_of("2001:db8:0:1::1")) not in names


def test_the_log_names_the_limit_and_the_setting_once_a_minute_for_each_address(caplog):
    now_s = 0.0
    places = Places(LIMIT, lambda: now_s)
    one, other = map(ip_address, ("192.0.2.7", "192.0.2.8"))
    held = [places.take(one) for _ in range(LIMIT)]
    with caplog.at_level(logging.WARNING):
        assert [places.take(one) for _ in range(3)] == [None] * 3
        (said,) = caplog.messages
        assert "192.0.2.7 has 2 connections" in said
        assert "--connections-per-address" in said
        now_s = LOG_AGAIN_S
        assert places.take(one) is None
        assert len(caplog.messages) == 2
        held += [places.take(other) for _ in range(LIMIT)]
        assert places.take(other) is None
        assert len(caplog.messages) == 3
    held[0].leave()
    held[0].leave()
    assert places.take(one), "a place that was left"
    assert places.take(one) is None, "left twice, it is free once"
