"""The site's process over a line that breaks: it waits longer each time, says each thing once, and loses no answer."""

import pytest

from riskset.catalogue import say
from riskset.errors import DataError, ProtocolError, Unreachable
from riskset.rehearsal import Rehearsal
from riskset_site.network.daemon import FAST_POLL_S, IDLE_POLL_S, LONGEST_PAUSE_S, serve

SITES = ("asan", "kurume")


class Stop:
    """An event whose waiting takes no time; set once the line has nothing more to bring."""

    def __init__(self):
        self.waits, self.is_over = [], False

    def is_set(self):
        return self.is_over

    def wait(self, seconds):
        self.waits.append(seconds)


class Delivery:
    def __init__(self, payload):
        self.payload = payload


class Line:
    """Brings what it is given: bytes, None for nothing, or an error to raise; then it stops the process."""

    def __init__(self, *brings):
        self.brings, self.left, self.stop, self.fails = list(brings), [], Stop(), []

    def receive(self):
        next_ = self.brings.pop(0)
        self.stop.is_over = not self.brings
        if isinstance(next_, Exception):
            raise next_
        return None if next_ is None else Delivery(next_)

    def reply(self, delivery, payload):
        if self.fails:
            raise self.fails.pop()
        self.left.append(payload)
        return True

    def served_by(self, site):
        said = []
        serve(site, self, self.stop, said.append)
        return said


@pytest.fixture
def rehearsal(patients):
    cohorts = patients.deal(patients.rows(seed=1, n=40), patients.sites(SITES, 40))
    return Rehearsal(patients.study(SITES), cohorts)


@pytest.fixture
def site(rehearsal):
    return rehearsal.sites["asan"]


def test_an_answer_leaves_and_is_told(rehearsal, site):
    line = Line(rehearsal.coordinator.request())
    (said,) = line.served_by(site)
    assert line.left == [rehearsal.journals["asan"].exchanges(rehearsal.run_id)[0].reply]
    assert f"run {rehearsal.run_id[:8]}, round 0: opened, {len(line.left[0]):,} bytes" in said


def test_a_server_that_is_away_is_told_once_and_waited_for_ever_longer(site):
    away = Unreachable("the server is away", "is the network up?")
    line = Line(*[away] * 6, None, away, None)
    said = line.served_by(site)
    told = "the server is away (is the network up?)"
    assert said == [told, "connected", told, "connected"]
    pauses = [min(2.0**k, LONGEST_PAUSE_S) for k in range(6)]
    assert line.stop.waits == [*pauses, IDLE_POLL_S, 1.0, IDLE_POLL_S]


def test_another_reason_is_told_too(site):
    said = Line(Unreachable("away"), Unreachable("away"), Unreachable("the clock is off"), None).served_by(site)
    assert said == ["away", "the clock is off", "connected"]


def test_a_message_that_cannot_be_read_is_told_and_passed_over(rehearsal, site):
    line = Line(ProtocolError("no envelope in it"), rehearsal.coordinator.request())
    said = line.served_by(site)
    assert said[0] == "a message from the coordinator was not read: no envelope in it"
    assert len(line.left) == 1


def test_an_answer_that_did_not_get_through_is_sent_when_it_is_asked_for_again(rehearsal, site):
    request = rehearsal.coordinator.request()
    line = Line(request, request)
    line.fails = [Unreachable("away")]
    line.served_by(site)
    kept = rehearsal.journals["asan"].exchanges(rehearsal.run_id)
    assert line.left == [kept[0].reply]
    assert len(kept) == 1


def test_a_run_on_its_way_is_looked_for_often_and_a_quiet_line_seldom(rehearsal, site):
    quiet = Line(None)
    quiet.served_by(site)
    busy = Line(rehearsal.coordinator.request(), None)
    busy.served_by(site)
    assert (quiet.stop.waits, busy.stop.waits) == ([IDLE_POLL_S], [FAST_POLL_S])


@pytest.mark.parametrize("error", [DataError(say("site.ledger.no_acts")), ValueError("61 years old")])
def test_what_looking_meets_does_not_end_the_process(rehearsal, site, error):
    def look():
        raise error

    line, said = Line(rehearsal.coordinator.request()), []
    serve(site, line, line.stop, said.append, look)
    assert said[0].startswith("this folder could not be looked through: ")
    assert "61" not in said[0]
    assert len(line.left) == 1


def test_a_refusal_is_told_in_plain_words(site):
    line = Line(b"garbage")
    (said,) = line.served_by(site)
    no = "refused: this site received a message that is malformed or not from the coordinator"
    assert said == f"{no} [protocol.refusal.message]"


def test_what_is_said_again_and_again_is_told_once(rehearsal, site):
    """A site that is paused is asked for days; a session that has not ended counts its seconds."""
    held = [Unreachable(f"an earlier session counts, for {left} s more", "wait") for left in (3, 2, 1)]
    line = Line(*held, b"garbage", b"garbage", rehearsal.coordinator.request(), b"garbage")
    said = line.served_by(site)
    assert said[:2] == ["an earlier session counts, for 3 s more (wait)", "connected"]
    no = (
        "refused: this site received a message that is malformed or not from the coordinator [protocol.refusal.message]"
    )
    assert said[2] == said[4] == no
    assert "round 0: opened" in said[3]
    assert len(line.left) == 4
    assert len(said) == 5
