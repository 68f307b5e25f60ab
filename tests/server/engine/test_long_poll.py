"""The held request: answered at once if there are messages, at the ring if they come later, otherwise in time."""

import asyncio
import gc

import pytest

from riskset.engine.wire import AT_RING_HEADER, EVERYONE, NODE_HEADER, WAIT_HEADER, WHOLE_HEADER
from riskset_server.engine import long_poll
from riskset_server.engine.long_poll import Bell, LongPoll, _seconds


class Mail:
    """An application that answers each request with what is in `box`."""

    def __init__(self, status=200):
        self.status = status
        self.looks = asyncio.Queue()
        self.box = b""
        self.asked = []

    async def __call__(self, scope, receive, send):
        self.asked.append((await receive())["body"])
        self.looks.put_nowait(None)
        scope["state"]["used"] = True
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": self.box})


def request(path="/mail", **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "headers": pairs, "state": {}}


async def call(app, scope, hang_up=None):
    """Returns the body of the answer, or None where there was none. `hang_up` disconnects the client when set."""
    bodies, waiting = [], [{"type": "http.request", "body": b"any mail?", "more_body": False}]

    async def receive():
        if waiting:
            return waiting.pop()
        await (hang_up or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.body":
            bodies.append(message["body"])

    await app(scope, receive, send)
    return b"".join(bodies) if bodies else None


def held(mail):
    bell = Bell()
    return LongPoll(mail, held="/mail", until=bell, bell=Bell()), bell


def waits(seconds):
    return request(**{WAIT_HEADER: seconds})


def test_mail_that_is_there_is_delivered_at_once():
    mail = Mail()
    mail.box = b"a letter"
    app, _ = held(mail)
    assert asyncio.run(call(app, waits("10"))) == b"a letter"
    assert mail.asked == [b"any mail?"]


@pytest.fixture
def unlimited(monkeypatch):
    """Holds a client as long as it requests: here no request ends by itself."""
    monkeypatch.setattr(long_poll, "LONGEST_S", float("inf"))


@pytest.mark.usefixtures("unlimited")
def test_mail_that_arrives_later_is_delivered_at_the_ring():
    mail = Mail()

    async def story():
        app, bell = held(mail)
        question = asyncio.ensure_future(call(app, waits("3600")))
        await mail.looks.get()
        bell.ring()  # a letter for someone else
        await mail.looks.get()
        mail.box = b"a letter"
        bell.ring()
        return await question

    assert asyncio.run(story()) == b"a letter"
    assert mail.asked == [b"any mail?"] * 3


def test_without_a_ring_the_empty_answer_comes_in_time():
    mail = Mail()
    assert asyncio.run(call(held(mail)[0], waits("0.05"))) == b""


@pytest.mark.usefixtures("unlimited")
def test_a_client_that_disconnected_gets_no_mail():
    """Flower would count it as delivered, and it would be lost."""
    mail = Mail()

    async def story():
        app, bell = held(mail)
        hang_up = asyncio.Event()
        question = asyncio.ensure_future(call(app, waits("3600"), hang_up))
        await mail.looks.get()
        hang_up.set()
        mail.box = b"a letter"
        bell.ring()
        return await question

    assert asyncio.run(story()) is None
    assert len(mail.asked) == 1


def test_a_request_without_the_header_is_not_held():
    mail = Mail()
    assert asyncio.run(call(held(mail)[0], request())) == b""


@pytest.mark.parametrize(("header", "rings"), [(WHOLE_HEADER, True), ("another", False)])
def test_only_a_complete_message_rings(header, rings):
    async def story():
        bell = Bell()
        ring = bell.next_ring()
        app = LongPoll(Mail(), held="/mail", until=Bell(), bell=bell)
        await call(app, request("/parts", **{header: EVERYONE}))
        return ring.is_set()

    assert asyncio.run(story()) is rings


@pytest.mark.parametrize(("status", "rings"), [(200, True), (204, True), (307, False), (401, False), (500, False)])
def test_a_refused_part_does_not_ring(status, rings):
    async def story():
        bell = Bell()
        ring = bell.next_ring()
        app = LongPoll(Mail(status), held="/mail", until=Bell(), bell=bell)
        await call(app, request("/parts", **{WHOLE_HEADER: EVERYONE}))
        return ring.is_set()

    assert asyncio.run(story()) is rings


@pytest.mark.parametrize(("value", "seconds"), [(b"2.5", 2.5), (b"1e9", 20.0), (b"-1", -1.0), (b"soon", 0.0)])
def test_the_longest_wait_a_client_may_request(value, seconds):
    assert _seconds(value) == seconds


def test_nan_means_no_wait():
    assert not _seconds(b"nan") > 0


@pytest.mark.usefixtures("unlimited")
def test_a_message_wakes_only_those_to_whom_it_is_sent():
    """Else each message would repeat the request of every site, and a round would grow with the square of the sites."""
    mail = Mail()

    async def story():
        app, bell = held(mail)
        sender = LongPoll(Mail(), held="", until=Bell(), bell=bell)
        waiting = {}
        for node in range(50):
            scope = request(**{WAIT_HEADER: "3600", NODE_HEADER: str(node)})
            waiting[node] = asyncio.ensure_future(call(app, scope))
            await mail.looks.get()
        mail.box = b"a letter"
        await call(sender, request("/parts", **{WHOLE_HEADER: "7,19"}))
        assert await asyncio.gather(waiting[7], waiting[19]) == [b"a letter"] * 2
        assert len(mail.asked) == 50 + 2
        await call(sender, request("/parts", **{WHOLE_HEADER: EVERYONE}))
        await asyncio.gather(*waiting.values())

    asyncio.run(story())
    assert len(mail.asked) == 100


def test_nothing_is_kept_of_a_client_that_no_longer_waits():
    mail = Mail()

    async def story():
        app, bell = held(mail)
        for node in range(3):
            await call(app, request(**{WAIT_HEADER: "0.01", NODE_HEADER: f"{node}"}))
        for _ in range(3):  # cancelled tasks end
            await asyncio.sleep(0)
        gc.collect()
        return len(bell._next)

    assert asyncio.run(story()) == 0


ANNOUNCE, PARTS = "/announce", "/parts"


@pytest.mark.usefixtures("unlimited")
def test_a_message_is_not_announced_before_its_parts_are_there(monkeypatch):
    monkeypatch.setattr(long_poll, "ARRIVAL_S", float("inf"))
    mail = Mail()

    async def story():
        app, bell = held(mail)
        sender = LongPoll(Mail(), held="", until=Bell(), bell=bell, announces=ANNOUNCE)
        await call(sender, request(ANNOUNCE))
        question = asyncio.ensure_future(call(app, waits("3600")))
        await call(sender, request(PARTS))  # one of several
        await asyncio.sleep(0)
        assert mail.asked == []
        mail.box = b"a letter"
        await call(sender, request(PARTS, **{WHOLE_HEADER: EVERYONE}))
        return await question

    assert asyncio.run(story()) == b"a letter"
    assert len(mail.asked) == 1


@pytest.mark.parametrize("status", [200, 500])
def test_parts_that_never_come_do_not_hold_the_others_for_ever(monkeypatch, status):
    """A coordinator's process ends between the announcement and its parts, or the announcement is refused."""
    monkeypatch.setattr(long_poll, "ARRIVAL_S", 0.01 if status == 200 else float("inf"))
    mail = Mail()
    mail.box = b"a letter"

    async def story():
        app, bell = held(mail)
        sender = LongPoll(Mail(status), held="", until=Bell(), bell=bell, announces=ANNOUNCE)
        await call(sender, request(ANNOUNCE))
        return await call(app, waits("10"))

    assert asyncio.run(story()) == b"a letter"


@pytest.mark.usefixtures("unlimited")
def test_a_client_that_waits_for_parts_is_answered_at_the_ring_though_there_is_no_mail():
    mail = Mail()

    async def story():
        app, bell = held(mail)
        question = asyncio.ensure_future(call(app, request(**{WAIT_HEADER: "3600", AT_RING_HEADER: "1"})))
        await mail.looks.get()
        bell.ring()
        return await question

    assert asyncio.run(story()) == b""
    assert len(mail.asked) == 1
