"""The mailbox: which messages are open, which replies are incomplete."""

import pytest

from riskset.catalogue import say
from riskset_server.engine import tickets
from riskset_server.engine.tickets import Mailbox, Reply, SiteSession, Ticket

SESSION = SiteSession(node_id=7, is_online=True, last_seen_s=0.0, begun="first")
ONE, TWO = Ticket("one"), Ticket("two")


@pytest.fixture
def mail():
    mail = Mailbox()
    mail.sent(ONE, "asan", SESSION)
    mail.sent(TWO, "kurume", SESSION)
    return mail


def test_a_message_waits_until_its_reply_is_announced(mail):
    mail.announced(ONE, "reply", ["part"])
    assert mail.waiting() == [TWO]
    assert mail.is_receiving


def test_a_reply_is_complete_when_all_its_parts_have_arrived_in_order(mail):
    mail.announced(ONE, "reply", ["head", "tail"])
    store = {"head": b"h"}
    assert mail.fetch(store.get) == []
    store["tail"] = b"t"
    assert mail.fetch(store.get) == [(ONE, "asan", "reply", [b"h", b"t"])]
    assert mail.fetch(store.get) == []
    assert mail.waiting() == [TWO]


def test_a_slow_reply_does_not_delay_the_others(mail):
    mail.announced(ONE, "slow", ["absent"])
    mail.announced(TWO, "fast", ["there"])
    assert [name for _, name, _, _ in mail.fetch({"there": b""}.get)] == ["kurume"]


def test_a_reply_that_stays_incomplete_is_given_up(mail, monkeypatch):
    mail.announced(ONE, "reply", ["absent"])
    monkeypatch.setattr(tickets, "ARRIVAL_S", -1.0)
    assert mail.fetch({}.get) == []
    assert mail.take_failed() == [Reply(ONE, "asan", failure=say("server.reply.cut_off"))]
    assert not mail.is_receiving


def test_the_open_message_of_a_site_that_began_a_new_session_fails(mail):
    restarted = SiteSession(node_id=7, is_online=True, last_seen_s=9.0, begun="second")
    mail.compare({"asan": restarted, "kurume": SESSION})
    assert [(reply.name, reply.payload) for reply in mail.take_failed()] == [("asan", None)]
    assert mail.waiting() == [TWO]


def test_a_reply_in_transit_survives_a_restart_of_its_site(mail):
    mail.announced(ONE, "reply", ["part"])
    mail.compare({"asan": SiteSession(7, True, 9.0, "second"), "kurume": SESSION})
    assert mail.take_failed() == []


def test_failures_are_reported_once(mail):
    mail.failed(ONE, say("server.reply.stopped"))
    assert len(mail.take_failed()) == 1
    assert mail.take_failed() == []
