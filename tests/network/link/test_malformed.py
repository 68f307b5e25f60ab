"""Attempts to crash the other side with an unreadable message: by an admitted site, and by the server."""

from types import SimpleNamespace

import httpx
import pytest
from flwr.app import ArrayRecord, ConfigRecord
from flwr.proto.fleet_pb2 import PullMessagesResponse
from flwr.proto.message_pb2 import Message, ObjectTree

from riskset.catalogue import say
from riskset.engine.client import RequestHeaders
from riskset.engine.wire import FIELD
from riskset.errors import ProtocolError
from riskset_server.engine.engine import Engine
from riskset_server.engine.loopback import engine_lost
from riskset_server.engine.tickets import EngineLost, Mailbox, Reply, SiteSession, Ticket
from riskset_server.link import FlowerRun
from riskset_site import link as site_link

UNREADABLE = say("server.reply.unreadable")
WELL = ConfigRecord({FIELD: b"well"}).deflate()
MALFORMED = {
    "nothing": b"",
    "no head": b"garbage",
    "a head of one word": b"ConfigRecord\x00",
    "a head that is no text": b"\xff\xfe  3\x00abc",
    "a length that is no number": b"ConfigRecord  many\x00",
    "a body that is no protobuf": b"ConfigRecord  3\x00\xff\xff\xff",
    "a value of no kind": b"ConfigRecord  5\x00\x0a\x03\x0a\x01k",
    "another kind of record": ArrayRecord().deflate(),
    "another field": ConfigRecord({"other": b"x"}).deflate(),
    "text for bytes": ConfigRecord({FIELD: "x"}).deflate(),
    "half of a record": WELL[:-3],
}
ONE, TWO = Ticket("one"), Ticket("two")
SESSION = SiteSession(node_id=7, is_online=True, last_seen_s=0.0, begun="first")


class Client:
    """Flower's client of the run, with invented answers of the SuperLink."""

    def __init__(self, *messages, trees=None):
        self.messages = messages
        self.trees = [ObjectTree(object_id="leaf")] * len(messages) if trees is None else trees

    def ConfirmMessageReceived(self, request):
        pass

    def PullMessages(self, request):
        return SimpleNamespace(messages_list=self.messages, message_object_trees=self.trees)


def run_of(client):
    return FlowerRun(1, client, RequestHeaders({}))


def answer_to(ticket, **error):
    message = Message()
    message.metadata.reply_to_message_id = ticket
    if error:
        message.error.code = error["code"]
    return message


def test_a_readable_reply():
    assert run_of(Client()).open_reply(ONE, "asan", "id", [WELL]) == Reply(ONE, "asan", b"well")
    assert site_link._payload([WELL]) == b"well"


@pytest.mark.parametrize("parts", [[], *([part] for part in MALFORMED.values())], ids=["no parts", *MALFORMED])
def test_no_reply_of_a_site_ends_the_run(parts):
    assert run_of(Client()).open_reply(ONE, "asan", "id", parts) == Reply(ONE, "asan", failure=UNREADABLE)


@pytest.mark.parametrize("parts", [[], *([part] for part in MALFORMED.values())], ids=["no parts", *MALFORMED])
def test_no_message_of_the_server_ends_the_site(parts):
    with pytest.raises(ProtocolError):
        site_link._payload(parts)


def test_a_message_without_its_tree_does_not_end_the_site():
    with pytest.raises(ProtocolError, match="unreadable message"):
        site_link._announced(PullMessagesResponse(messages_list=[Message()]))


def test_a_message_that_flower_cannot_read_does_not_end_the_site():
    message = Message()
    message.content.items.add().key = "a record of no kind"
    response = PullMessagesResponse(messages_list=[message], message_object_trees=[ObjectTree(object_id="leaf")])
    with pytest.raises(ProtocolError, match="unreadable message"):
        site_link._announced(response)


def test_a_second_answer_and_an_answer_to_no_message_do_not_end_the_run():
    mail = Mailbox()
    mail.sent(ONE, "asan", SESSION)
    answers = [answer_to(ONE, code=3), answer_to(ONE), answer_to("another's"), answer_to("another's", code=3)]
    run_of(Client(*answers)).announcements([ONE], mail, 0.0)
    assert [reply.ticket for reply in mail.take_failed()] == [ONE]
    assert mail.fetch({}.get) == []


def test_replies_without_their_trees_are_an_engine_lost():
    with pytest.raises(EngineLost):
        run_of(Client(answer_to(ONE), trees=[])).announcements([ONE], Mailbox(), 0.0)


def test_a_site_that_the_superlink_has_lost_was_not_asked_and_the_others_were(monkeypatch):
    pushed = []

    class Run:
        is_over = False

        def push(self, messages):
            pushed.extend(messages)
            return [(TWO, True) for _ in messages]

    engine = Engine(SimpleNamespace(sessions=dict, close=lambda: None))
    engine._run = Run()
    monkeypatch.setattr(engine, "_sessions", lambda: {"kurume": SESSION})
    tickets = engine.send_all({"asan": b"x", "kurume": b"x"})
    assert pushed == [(7, b"x")]
    assert tickets["kurume"] == TWO
    assert [(reply.name, reply.ticket) for reply in engine._mail.take_failed()] == [("asan", tickets["asan"])]
    assert engine.send("asan", b"x") != tickets["asan"]
    assert len(pushed) == 1


def test_an_error_without_a_message_is_reported_by_its_name():
    assert "(ReadTimeout)" in str(engine_lost(httpx.ReadTimeout("")))
    assert "(too slow)" in str(engine_lost(httpx.ReadTimeout("too slow")))
