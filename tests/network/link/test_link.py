"""The engine between real processes: what passes, what is refused, and with which message."""

import contextlib
import datetime
import socket
import threading
import time

import pytest

import riskset_site.link
from riskset_server.engine import engine as engine_module
from riskset_server.engine.recording import read_recording
from riskset_site.link import FleetLink
from riskset_site.network.reachability import ClockOff, KeyRefused, LeaseHeld, ServerAway, ServerNotTrusted

MIB = 2**20


PATIENCE_S = 120.0


def collect(engine, count):
    replies, until = [], time.monotonic() + PATIENCE_S
    while len(replies) < count and time.monotonic() < until:
        replies += engine.collect(wait_s=1.0)
    return {reply.name: reply for reply in replies}


def echoes(engine, payloads):
    engine.send_all(payloads)
    return {name: reply.payload for name, reply in collect(engine, len(payloads)).items()}


def open_link(stage, name, **settings):
    return FleetLink(settings.pop("address", stage.address), stage.ca, stage.key(name), lease_s=20.0, **settings)


def test_each_site_answers_its_own_message(running):
    assert echoes(running.main, {"a": b"to a", "b": b"to b"}) == {"a": b"a ot", "b": b"b ot"}


def test_the_same_bytes_to_all_are_answered_by_all(running):
    assert echoes(running.main, {"a": b"same", "b": b"same"}) == {"a": b"emas", "b": b"emas"}


def test_the_same_bytes_sent_one_by_one_are_answered_by_all(running):
    """The second message's record is already stored, and may be read before its own frame arrives."""
    for number in range(5):
        tickets = {name: running.main.send(name, b"one by one %d" % number) for name in ("a", "b")}
        replies = collect(running.main, 2)
        assert {name: reply.ticket for name, reply in replies.items()} == tickets
        assert all(reply.payload == b"%d eno yb eno" % number for reply in replies.values())


def test_a_round_does_not_wait_for_a_poll(running, wait_until, monkeypatch):
    """A message reaches the site in answer to the request it has sent, and a reply reaches the engine likewise. Either
    request would be held longer than we wait here, and none is empty, as Flower's are every 3 s."""
    monkeypatch.setattr(engine_module, "LONGEST_LOOK_S", 2 * PATIENCE_S)
    wait_until(lambda: running.held() == 2)
    before, in_vain = running.questions()
    for number in range(3):
        payload = b"%d" % number
        running.main.send_all({"a": payload, "b": payload})
        replies = running.main.collect(PATIENCE_S)
        replies += running.main.collect(PATIENCE_S) if len(replies) == 1 else []
        assert {reply.name: reply.payload for reply in replies} == {"a": payload, "b": payload}
    wait_until(lambda: running.held() == 2)
    assert running.questions() == (before + 6, in_vain)


def test_ten_megabytes_pass_in_both_directions(running):
    payload = bytes(range(256)) * (10 * MIB // 256)
    assert echoes(running.main, {"a": payload})["a"] == payload[::-1]


def test_the_recording_holds_the_messages_of_both_directions(running):
    echoes(running.main, {"a": b"recorded"})
    passed = list(read_recording(running.folder / "recording"))
    assert any(b"recorded" in record.body and not record.is_request for record in passed)
    assert any(b"dedrocer" in record.body and record.is_request for record in passed)


def test_a_message_beyond_the_limit_is_not_sent(running):
    with pytest.raises(ValueError, match="at most"):
        running.main.send("a", bytes(32 * MIB))


def test_the_engine_reports_who_is_online_and_since_when(running):
    running.key("absent")
    running.main.register("absent", running.key("absent").public_key())
    seen = running.main.online()
    assert seen.keys() == {"a", "b"}
    assert all(running.began < moment < time.time() for moment in seen.values())


def test_a_site_that_was_never_online_is_reported_as_such(running):
    running.main.register("absent", running.key("absent").public_key())
    running.main.send("absent", b"anybody?")
    assert collect(running.main, 1)["absent"].failure.code == "server.reply.never_online"


def test_a_heartbeat_keeps_a_silent_site_online(running, wait_until):
    """It neither requests nor answers, as in a long computation; the SuperLink still gets its heartbeats."""
    running.main.register("silent", running.key("silent").public_key())
    with open_link(running, "silent") as link:
        link.connect()
        first = running.main.online()["silent"]
        wait_until(lambda: running.main.online()["silent"] > first)  # a heartbeat: every sixth of the lease of 20 s


def test_an_unregistered_key_is_refused(running):
    with open_link(running, "stranger") as link, pytest.raises(KeyRefused, match="does not know this site's keys yet"):
        link.connect()


def test_a_second_session_learns_how_long_the_first_still_lasts(running):
    with open_link(running, "a") as link, pytest.raises(LeaseHeld) as held:
        link.connect()
    assert 1 <= held.value.retry_s <= 20


def test_a_site_that_ended_its_session_can_return_at_once(running):
    running.main.register("guest", running.key("guest").public_key())
    for _ in range(3):
        with open_link(running, "guest") as link:
            link.connect()  # raises LeaseHeld where the last was not ended


def test_a_fast_clock_is_reported_with_its_offset(running, monkeypatch):
    running.main.register("early", running.key("early").public_key())

    class Ahead(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.now(tz) + datetime.timedelta(seconds=42)

    monkeypatch.setattr("riskset_site.network.node_signature.now", lambda: Ahead.now(datetime.UTC))
    monkeypatch.setattr(riskset_site.link, "datetime", Ahead)
    began = time.monotonic()
    with open_link(running, "early") as link, pytest.raises(ClockOff, match=r"\d\d s ahead of") as off:
        link.connect()
    took_s = time.monotonic() - began  # the Date header is truncated to the second, and older by its transit time
    assert 41.9 < off.value.offset_s < 44.1 + took_s


def test_a_server_of_a_different_authority_is_not_trusted(running, stage):
    link = FleetLink(running.address, stage.ca, running.key("a"))
    with link, pytest.raises(ServerNotTrusted, match="does not trust"):
        link.connect()


def test_a_server_under_a_different_name_is_not_trusted(running, proxy):
    with open_link(running, "a", address="another.test:443") as link, pytest.raises(ServerNotTrusted):
        link.connect()
    assert proxy[0].startswith(b"CONNECT another.test:443 ")


def test_an_address_where_nothing_listens_is_reported(running):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen; nobody else gets the port meanwhile
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with open_link(running, "a", address=address) as link, pytest.raises(ServerAway, match="no answer from"):
            link.connect()


def test_an_answer_after_the_run_has_ended_is_dropped_quietly(running):
    running.main.register("late", running.key("late").public_key())
    second = running.engine("late")
    second.start()
    with open_link(running, "late") as link:
        link.connect()
        second.send("late", b"a question")
        delivery = link.receive()
        assert delivery.payload == b"a question"
        second.close()
        assert link.reply(delivery, b"too late") is False


def test_a_killed_coordinator_does_not_block_the_next(running):
    """The first engine is neither used nor closed again; the second begins a run beside the abandoned one."""
    running.engine("a", "b").start()
    heir = running.engine("a", "b")
    heir.start()
    assert echoes(heir, {"a": b"again"}) == {"a": b"niaga"}


def test_the_way_to_the_server_goes_through_the_hospital_s_proxy(running, proxy):
    """The name is known to the proxy alone, so that only a client that asks it can come through."""
    running.main.register("behind", running.key("behind").public_key())
    with open_link(running, "behind", address="superlink.test:443") as link:
        link.connect()
    assert proxy[0].startswith(b"CONNECT superlink.test:443 ")


def test_a_proxy_is_not_asked_for_this_very_machine(running, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    running.main.register("beside", running.key("beside").public_key())
    with open_link(running, "beside") as link:
        link.connect()
    with running.engine("beside") as engine:
        engine.start()


@pytest.fixture
def proxy(running, monkeypatch):
    """An HTTPS proxy that connects every name to the running SuperLink; returns the requests it got."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=connect_proxy, args=(listener, running.ports[0], asked), daemon=True).start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
        yield asked


def connect_proxy(listener, port, asked):
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            asked.append(client.recv(65536))
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=relay, args=(client, port), daemon=True).start()


def relay(client, port):
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        back = threading.Thread(target=pump, args=(server, client), daemon=True)
        back.start()
        pump(client, server)
        back.join()


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
