"""Attempts on the two ports by someone who has the authority's certificate, as every site does.

Each is first shown to succeed against Flower's unmodified app, then refused by ours.
"""

import asyncio
import contextlib
import socket
import ssl
from http import HTTPStatus

import httpx
import pytest
from flwr.proto.control_pb2 import ListRunsRequest, StartRunRequest
from flwr.proto.runtime_pb2 import AcquireTaskRequest
from flwr.superlink.auth_plugin import NoOpControlAuthnPlugin
from flwr.superlink.cli.flower_superlink import SuperLinkLifespan
from flwr.superlink.config_loader import SuperLinkLifespanConfig
from flwr.superlink.main import create_app

CUT_WITHIN_S = 50.0
"""Ours are closed after 10 s; uvicorn by itself closes a connection 65 s after an answer, and no other."""
PROTOBUF = {"content-type": "application/x-protobuf"}
COORDINATORS = {
    "/v1/control/list-runs": ListRunsRequest(),
    "/v1/control/start-run": StartRunRequest(),
    "/v1/runtime/acquire-task": AcquireTaskRequest(supported_task_types=["flwr-serverapp"]),
}
NOT_FOR_SITES = [*COORDINATORS, "/v1/fleet/register-node", "/v1/fleet/get-fab", "/v1/fleet/get-run", "/docs", "/health"]


@pytest.fixture
def client(running):
    trusted = ssl.create_default_context(cadata=running.ca.decode())
    with httpx.Client(verify=trusted, trust_env=False, timeout=120) as client:
        yield client


def stock_superlink():
    """Flower's app as `flower-superlink` serves it with node authentication."""
    nothing = dict.fromkeys(SuperLinkLifespanConfig.__dataclass_fields__)
    config = SuperLinkLifespanConfig(
        **nothing
        | {
            "authn_plugin": NoOpControlAuthnPlugin(),
            "enable_supernode_auth": True,
            "database": ":flwr-in-memory:",
            "isolation": "process",
            "fleet_api_type": "grpc-rere",
            "simulation": False,
        }
    )
    return create_app(config, SuperLinkLifespan)


@pytest.fixture(scope="module")
def at_stock():
    """Returns what Flower's own app answers to the coordinator's calls, by path."""

    async def answers():
        transport = httpx.ASGITransport(stock_superlink())
        async with httpx.AsyncClient(transport=transport, base_url="https://stock") as stock:
            return {
                path: (await stock.post(path, content=call.SerializeToString(), headers=PROTOBUF)).status_code
                for path, call in COORDINATORS.items()
            }

    return asyncio.run(answers())


@pytest.mark.parametrize("path", COORDINATORS)
def test_acting_as_the_coordinator(running, client, at_stock, path):
    body = COORDINATORS[path].SerializeToString()
    assert at_stock[path] not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND), "Flower lets us in"

    loopback = f"https://127.0.0.1:{running.ports[1]}{path}"
    for shown in ({}, {"authorization": "Bearer of a guess"}, {"authorization": ""}):
        assert client.post(loopback, content=body, headers=PROTOBUF | shown).status_code == HTTPStatus.UNAUTHORIZED
    token = {"authorization": "Bearer the token of the tests"}
    assert client.post(loopback, content=body, headers=PROTOBUF | token).status_code != HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("path", NOT_FOR_SITES)
def test_the_public_port_knows_only_what_sites_need(running, client, path):
    answer = client.post(f"https://{running.address}{path}", content=b"", headers=PROTOBUF)
    assert (answer.status_code, answer.content) == (HTTPStatus.NOT_FOUND, b"")


@pytest.mark.parametrize(
    "path",
    ["/v1/fleet/../control/list-runs", "/v1/fleet/%2e%2e/control/list-runs", "//v1/control/list-runs", "/v1/fleet/"],
)
def test_no_spelling_of_a_path_bypasses_the_public_door(running, path):
    with lines(running) as line:
        line.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".encode())
        assert line.recv(64).startswith(b"HTTP/1.1 404")


def test_thirty_three_megabytes_are_refused(running, client):
    url = f"https://{running.address}/v1/fleet/push-object"
    assert (
        client.post(url, content=bytes(33 * 2**20), headers=PROTOBUF).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    )


def test_thirty_three_megabytes_of_unannounced_length_are_refused(running, client):
    url = f"https://{running.address}/v1/fleet/push-object"
    parts = (bytes(2**20) for _ in range(33))
    assert client.post(url, content=parts, headers=PROTOBUF).status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_headers_that_never_end_are_cut_off(running):
    with lines(running) as line:
        line.sendall(b"POST /v1/fleet/pull-messages HTTP/1.1\r\nhost: x\r\n")
        assert read_to_the_end(line) == b""


def test_a_silent_connection_is_cut_off(running):
    with lines(running) as line:
        assert read_to_the_end(line) == b""


def test_a_second_request_that_never_ends_is_cut_off(running):
    with lines(running) as line:
        line.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 404")
        line.sendall(b"POST /v1/fle")
        assert read_to_the_end(line) == b""


def test_a_body_that_never_ends_times_out(running):
    with lines(running) as line:
        line.sendall(b"POST /v1/fleet/push-object HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")
        assert line.recv(64).startswith(b"HTTP/1.1 408")


def test_too_many_connections_from_one_address_are_cut_off_and_the_others_continue(running):
    """Whatever address a header names; uvicorn by itself believes it from this machine."""
    with contextlib.ExitStack() as stack:
        answered = [is_answered(stack, running, f"x-forwarded-for: 192.0.2.{number}\r\n") for number in range(30)]
        # the tests' limit is 24, and the running sites use four
        assert 0 < sum(answered) <= 24
    running.main.send("a", b"still there?")
    assert [reply.payload for reply in running.main.collect(120)] == [b"?ereht llits"]


def lines(stage):
    trusted = ssl.create_default_context(cadata=stage.ca.decode())
    plain = socket.create_connection(("127.0.0.1", stage.ports[0]), timeout=CUT_WITHIN_S)
    return trusted.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=True)


def read_to_the_end(line):
    try:
        return line.recv(4096)
    except ConnectionResetError:
        return b""


def is_answered(stack, stage, header):
    try:
        line = stack.enter_context(lines(stage))
        line.sendall(f"GET / HTTP/1.1\r\nhost: x\r\n{header}\r\n".encode())
        return line.recv(64).startswith(b"HTTP/1.1 404")
    except OSError:
        return False


@pytest.mark.parametrize(("suites", "passes"), [("ECDHE+AESGCM", True), ("ECDHE+AES:!AESGCM:!AESCCM", False)])
def test_a_suite_of_tls_1_2_that_does_not_authenticate_what_it_encrypts(running, suites, passes):
    offered = ssl.create_default_context(cadata=running.ca.decode())
    offered.maximum_version = ssl.TLSVersion.TLSv1_2
    offered.set_ciphers(suites)
    host, port = running.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=20) as line:
        if passes:
            with offered.wrap_socket(line, server_hostname=host) as open_:
                assert open_.version() == "TLSv1.2"
        else:
            with pytest.raises(ssl.SSLError):
                offered.wrap_socket(line, server_hostname=host)
