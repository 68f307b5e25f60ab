"""A desk goes on answering its own person whatever others send it, and leaves nothing behind when it is stopped."""

import asyncio
import os
import re
import signal
import sys

import pytest
import uvicorn
from tests.site_client.desk.test_site_desk import broken
from tests.started import started
from uvicorn.server import ServerState

from riskset.desk.slow_clients import PromptRequests


class Task:
    def add_done_callback(self, function):
        pass


class Loop:
    """A loop whose clock a test moves."""

    def __init__(self):
        self.timers = []

    def call_later(self, seconds, function):
        timer = asyncio.TimerHandle(seconds, function, (), self)
        self.timers.append(timer)
        return timer

    def create_task(self, coroutine, **_):
        coroutine.close()
        return Task()

    def get_debug(self):
        return False

    def _timer_handle_cancelled(self, timer):
        pass

    def passes(self):
        for timer in [one for one in self.timers if not one.cancelled()]:
            timer._callback()


class Transport:
    def __init__(self):
        self.is_aborted = False

    def get_extra_info(self, name, default=None):
        return default

    def abort(self):
        self.is_aborted = True

    def is_closing(self):
        return self.is_aborted


@pytest.mark.parametrize(
    ("sent", "is_ended"),
    [
        (b"", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", True),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", True),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", False),
    ],
)
def test_a_request_that_is_never_sent_whole_is_ended(sent, is_ended):
    config = uvicorn.Config(lambda: None, log_config=None, ws="none")
    config.load()
    loop, transport = Loop(), Transport()
    connection = PromptRequests(config, ServerState(), {}, _loop=loop)
    connection.connection_made(transport)
    if sent:
        connection.data_received(sent)
    loop.passes()
    assert transport.is_aborted == is_ended


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals: it kills")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_desk_that_is_stopped_leaves_no_file_with_its_address(member, name):
    command = [sys.executable, "-u", "-m", "riskset", "site", "desk", str(member.site_file)]
    file = member.folder / "desk.html"
    environment = {**os.environ, "BROWSER": "true"}
    with started(command, text=True, env=environment) as running:
        assert any(line.startswith("http") for line in running.stdout)
        assert re.search("http://127.0.0.1", file.read_text())
        running.send_signal(getattr(signal, name))
        assert running.wait(timeout=60) == 0
    assert not file.exists()


def test_rows_of_thousands_of_digits_are_no_rows(desk, member):
    broken(member)
    answer = desk.sends("/check", to="/check/rows", rows=f"{'9' * 5000} 2", column="age", problem="x")
    assert answer.status_code == 200
    assert answer.text.count("<tr>") == 2
