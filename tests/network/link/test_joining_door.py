"""The joining path of the public port, over TLS: it admits a site's request, and no stranger's or careless one."""

import contextlib
import json
import socket
import ssl
import subprocess
import sys
from http import HTTPStatus

import httpx
import pytest
from tests.own_ports import own_ports

from riskset.errors import DataError, Refused, Unreachable
from riskset.joining.request import JOIN_PATH, MAX_REQUEST_BYTES, write_request
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.engine.recording import read_recording
from riskset_server.joining.certificates import make_authority
from riskset_site.network.join_request import send_join_request
from riskset_site.network.reachability import ServerAway, ServerNotTrusted


class Coordinator:
    """A running server and what its coordinator does meanwhile."""

    def __init__(self, root, study):
        self.study = study
        self.folder = CoordinatorFolder(root / "coordinator")
        self.port, control = own_ports(2)
        self.folder.make("127.0.0.1", self.port, control)
        self.recording = root / "recording"

    def starts(self):
        command = [sys.executable, "-m", "riskset.cli", "server", "start", self.folder.root, "--in-memory"]
        self.process = subprocess.Popen([*command, "--record", self.recording], stderr=subprocess.PIPE)
        assert b"ready" in self.process.stderr.readline()

    def stops(self):
        self.process.terminate()
        self.process.wait(120)
        self.process.stderr.close()

    def invites(self, site="asan"):
        with self.folder.desk() as desk:
            return desk.invite(self.study, site, self.folder.identity, self.folder.public_server)[0]

    def waiting(self, site="asan"):
        with self.folder.desk() as desk:
            return desk.waiting(site)

    def trusted(self):
        return ssl.create_default_context(cadata=self.folder.authority.decode())

    def line(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        return self.trusted().wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=True)


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory, patients):
    made = Coordinator(tmp_path_factory.mktemp("joining"), patients.study(["asan", "kurume", "osaka"]))
    made.starts()
    yield made
    made.stops()


@pytest.fixture
def client(coordinator):
    base = f"https://127.0.0.1:{coordinator.port}"
    with httpx.Client(verify=coordinator.trusted(), trust_env=False, timeout=120, base_url=base) as client:
        yield client


def request_for(invite, identity=None):
    return write_request(invite, identity or new_identity(), new_node_key().public_key())


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def test_a_site_asks_to_join(coordinator):
    invite, identity = coordinator.invites(), new_identity()
    request = request_for(invite, identity)
    send_join_request(invite, request)
    send_join_request(invite, request)  # an answer was lost
    _, waiting, words = coordinator.waiting()
    assert waiting.member.identity == public_hex(identity)
    assert words == invite.words(public_hex(identity))


def test_a_token_used_twice_is_refused_with_its_reason(coordinator):
    invite = coordinator.invites()
    send_join_request(invite, request_for(invite))
    with pytest.raises(Refused, match="the invite of asan was already used") as refused:
        send_join_request(invite, request_for(invite))
    assert refused.value.code == "used"
    assert "telephone the coordinator" in refused.value.hint


def test_a_revoked_invite_is_refused_with_its_reason(coordinator):
    invite = coordinator.invites("osaka")
    with coordinator.folder.desk() as desk:
        desk.revoke("osaka")
    with pytest.raises(Refused, match="was revoked on") as refused:
        send_join_request(invite, request_for(invite))
    assert refused.value.code == "revoked"


def test_a_request_of_a_different_site_is_refused_with_its_reason(coordinator):
    invite, other = coordinator.invites(), coordinator.invites("kurume")
    with pytest.raises(DataError, match="names a different site than the invite of asan"):
        send_join_request(invite, request_for(type(invite)(**vars(other) | {"token": invite.token})))


def test_an_invite_this_coordinator_did_not_make(coordinator):
    invite = coordinator.invites()
    with pytest.raises(Refused, match="does not know this invite"):
        send_join_request(type(invite)(**vars(invite) | {"token": "A" * 43}), b"")


def test_a_server_under_a_different_authority_does_not_get_the_token(coordinator):
    invite = coordinator.invites()
    other = make_authority("riskset coordinator at 127.0.0.1").certificate.decode()
    pinned_elsewhere = type(invite)(**vars(invite) | {"authority": other})
    with pytest.raises(ServerNotTrusted):
        send_join_request(pinned_elsewhere, request_for(invite))
    with pytest.raises(DataError, match="no request from asan is waiting"):
        coordinator.waiting()


def test_no_server_at_the_address(coordinator):
    invite = coordinator.invites()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen; nobody else gets the port meanwhile
        elsewhere = type(invite)(**vars(invite) | {"address": f"127.0.0.1:{taken.getsockname()[1]}"})
        with pytest.raises(ServerAway):
            send_join_request(elsewhere, b"")


@pytest.mark.parametrize(
    "shown", [{}, bearer("A"), bearer("A" * 43), {"authorization": "Basic AAAA"}, bearer("\x7f" * 900)], ids=str
)
def test_a_stranger_learns_nothing(client, shown):
    answer = client.post(JOIN_PATH, content=b"{}", headers=shown)
    assert (answer.status_code, answer.content) == (HTTPStatus.UNAUTHORIZED, b"")


def test_a_stranger_is_answered_before_the_body_is_read(coordinator):
    with coordinator.line() as line:
        head = f"POST {JOIN_PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 8000\r\n"
        line.sendall(f"{head}authorization: Bearer {'A' * 43}\r\n\r\n".encode())
        assert line.recv(64).startswith(b"HTTP/1.1 401")  # a server that waited for the body would answer 408


def test_two_tokens_are_refused(coordinator, client):
    shown = [("authorization", f"Bearer {coordinator.invites().token}")] * 2
    assert client.post(JOIN_PATH, content=b"{}", headers=shown).status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_only_a_post_is_accepted(coordinator, client, method):
    answer = client.request(method, JOIN_PATH, headers=bearer(coordinator.invites().token))
    assert (answer.status_code, answer.content) == (HTTPStatus.NOT_FOUND, b"")


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"null", b"\x00" * 100, b"[" * 8000, b'{"request":{},"signature":""}'],
    ids=lambda b: repr(b[:20]),
)
def test_garbage_with_a_valid_token_does_not_use_it_up(coordinator, client, body):
    invite = coordinator.invites()
    answer = client.post(JOIN_PATH, content=body, headers=bearer(invite.token))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["error"] == "the request is not a join request from a site"
    send_join_request(invite, request_for(invite))


def test_more_than_eight_kilobytes_are_refused(coordinator, client):
    invite = coordinator.invites()
    for content in (bytes(MAX_REQUEST_BYTES + 1), (bytes(1024) for _ in range(9))):
        answer = client.post(JOIN_PATH, content=content, headers=bearer(invite.token))
        assert (answer.status_code, answer.content) == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"")
    send_join_request(invite, request_for(invite))


def test_a_body_that_never_ends_times_out_and_the_others_continue(coordinator):
    slow, other = coordinator.invites(), coordinator.invites("kurume")
    head = f"POST {JOIN_PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nauthorization: Bearer {slow.token}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(coordinator.line()) for _ in range(12)]
        for line in lines:
            line.sendall(head.encode() + b"{")
        send_join_request(other, request_for(other))
        for line in lines:
            assert line.recv(64).startswith(b"HTTP/1.1 408")


def test_everything_that_passes_is_recorded_except_the_token(coordinator):
    invite = coordinator.invites()
    request = request_for(invite)
    send_join_request(invite, request)
    bodies = [record.body for record in read_recording(coordinator.recording) if record.path == JOIN_PATH]
    assert request in bodies
    assert json.loads(bodies[-1]) == {"received": "asan"}
    assert invite.token.encode() not in coordinator.recording.read_bytes()


def test_an_answer_that_is_not_from_a_coordinator(coordinator, monkeypatch):
    """A proxy's page, or text that moves the cursor."""
    invite = coordinator.invites()

    def answering(status, content):
        made = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
        monkeypatch.setattr(httpx, "Client", lambda **_: REAL(transport=made))
        send_join_request(invite, b"")

    with pytest.raises(Unreachable):
        answering(200, b"<html>")
    with pytest.raises(Unreachable):
        answering(502, b"<html>")
    with pytest.raises(Unreachable):
        answering(409, b"[]")
    with pytest.raises(Refused, match=r"^no\[2J$"):
        answering(409, b'{"error": "no\\u001b[2J", "code": "used"}')


REAL = httpx.Client
