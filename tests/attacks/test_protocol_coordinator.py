"""Attacks on the coordinator by a site, or by someone in between. Nothing from them is stored, and the run
continues."""

import re
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.ledger.witness import Witness
from riskset.protocol.messages import REFUSALS, refusal_message
from riskset.protocol.witnessing import LOG, cosignature
from riskset.rehearsal import MemoryRecord
from riskset.secure.envelope import frame, unframe
from riskset.secure.keys import new_identity
from riskset_site.network.daemon import serve

A_ROUND = 2


@pytest.fixture
def party(federation):
    return federation().goes(A_ROUND)


def own(party, site="asan"):
    """Returns the site's honest reply to the current round."""
    return party.sites[site].answer(party.coordinator.request())


def refused(party, error, match, *replies):
    """Each attempt is refused, nothing from it is stored, and the honest reply is then accepted."""
    kept = len(party.record.kept[party.run_id])
    for reply in replies:
        with pytest.raises(error, match=match):
            party.coordinator.accept(reply)
    goes_on(party, kept)


def ignored(party, *replies):
    kept = len(party.record.kept[party.run_id])
    assert [party.coordinator.accept(reply) for reply in replies] == [None] * len(replies)
    goes_on(party, kept)


def goes_on(party, kept):
    assert len(party.record.kept[party.run_id]) == kept
    assert party.coordinator.accept(own(party)) == "asan"
    party.run()


def test_garbage(party):
    refused(party, ProtocolError, "message", b"", b"x", bytes(12), b"\xff" * 100)


def test_a_reply_forged_in_anothers_name(party):
    """kurume signs a contribution as asan's."""
    refused(party, VerificationError, "is not signed by asan", party.forge(own(party), key=party.keys["kurume"]))


def test_a_reply_by_nobody_of_the_roster(party):
    reply = party.forge(own(party), key=new_identity(), sender="mallory")
    refused(party, VerificationError, "not a party", reply)


def test_a_reply_by_the_coordinator_itself(party):
    refused(party, VerificationError, "not a party", party.forge(own(party), sender="coordinator"))


def test_a_reply_altered_on_its_way(party):
    head, payload, signature = unframe(own(party))
    altered = frame([head, bytes([payload[0] ^ 1]) + payload[1:], signature])
    refused(party, VerificationError, "is not what asan signed", altered)


def test_a_reply_to_something_else(party):
    reply = own(party)
    others = [
        party.forge(reply, key=party.keys["asan"], **{field: "other"})
        for field in ("study", "roster", "history", "type")
    ]
    refused(party, ProtocolError, "a different (study|roster|history|type)", *others)


def test_a_reply_to_a_round_not_asked_yet(party):
    reply = party.forge(own(party), key=party.keys["asan"], round=A_ROUND + 1)
    refused(party, ProtocolError, "a different round", reply)


def test_a_vector_of_another_length(party):
    changes = [*(lambda v, n=n: v[:-n] for n in (16, 1)), *(lambda v, n=n: v + bytes(n) for n in (1, 16))]
    replies = [party.with_vector(own(party), change) for change in changes]
    refused(party, ProtocolError, "numbers in", *replies)


def by_asan(party, *payloads, **changed):
    """Returns asan's reply with each payload in turn, signed by asan."""
    return [party.forge(own(party), key=party.keys["asan"], payload=payload, **changed) for payload in payloads]


def test_a_vector_without_a_cosignature(party):
    payloads = [b"", b"garbage", frame([b""]), frame([b""] * 4), frame([b"", b"\xff"])]
    refused(party, ProtocolError, "cosignature|cut short", *by_asan(party, *payloads))


def test_a_reply_that_states_nothing_or_what_was_not_asked(party):
    vector, line, _ = unframe(unframe(own(party))[1])
    payloads = [frame([vector, line, *said]) for said in ([], [b"1"], [b"0"])]
    refused(party, ProtocolError, "asan does not state", *by_asan(party, *payloads))


def test_a_cosignature_of_another_log(party):
    """If stored, it would stop the run: the other sites would take it for a fork by the coordinator."""
    log = MemoryRecord(party.coordinator_key)
    log.record("another", b"entry")
    witness = Witness(LOG, party.coordinator_key.public_key()).advance(log.checkpoint(), ())
    line = cosignature(witness, "asan", party.keys["asan"], 0)
    vector, _, stated = unframe(unframe(own(party))[1])
    reply = party.forge(own(party), key=party.keys["asan"], payload=frame([vector, line.encode(), stated]))
    refused(party, VerificationError, "asan cosigned a different log", reply)


def test_a_cosignature_by_another_site(party):
    vector, _, stated = unframe(unframe(own(party))[1])
    _, line, _ = unframe(unframe(own(party, "kurume"))[1])
    reply = party.forge(own(party), key=party.keys["asan"], payload=frame([vector, line, stated]))
    refused(party, VerificationError, "asan cosigned a different log", reply)


def test_a_reply_of_another_run(party):
    ignored(party, party.forge(own(party), key=party.keys["asan"], run="other"))


def test_a_reply_of_a_round_that_is_over(party):
    ignored(party, party.journals["asan"].exchanges(party.run_id)[0].reply)


def test_a_reply_that_came_twice(party):
    assert party.coordinator.accept(own(party)) == "asan"
    assert party.coordinator.accept(own(party)) is None
    party.run()


def test_a_second_reply_with_another_number(party):
    """The first one counts; a site cannot take back what it sent."""
    first = own(party)
    assert party.coordinator.accept(first) == "asan"
    other = party.forge(first, key=party.keys["asan"], payload=bytes(len(unframe(first)[1])))
    assert party.coordinator.accept(other) is None
    assert first in party.record.kept[party.run_id]
    assert other not in party.record.kept[party.run_id]
    party.run()


def test_a_refusal_is_reported_in_the_words_of_this_program(party):
    """The site sends a code; the sentence is the coordinator's."""
    kept = len(party.record.kept[party.run_id])
    for code in REFUSALS:
        (reply,) = by_asan(party, f'{{"code":"{code}"}}'.encode(), type="refused")
        with pytest.raises(Refused, match=re.escape(str(refusal_message(code, "asan")))):
            party.coordinator.accept(reply)
    goes_on(party, kept)


def test_a_refusal_for_an_unknown_reason(party):
    contents = [b'{"code":"<b>anything</b>"}', b'{"code":7}', b'{"code":["data"]}', b"{}"]
    replies = by_asan(party, *contents, type="refused")
    refused(party, Refused, "for a reason that this version does not know", *replies)


def test_a_refusal_that_is_not_json(party):
    replies = by_asan(party, b"", b"null", b"[]", b"no", type="refused")
    refused(party, ProtocolError, "content of a message", *replies)


def test_a_no_in_anothers_name(party):
    reply = party.sites["kurume"].refusal("data")
    refused(party, VerificationError, "not signed by asan", party.forge(reply, key=party.keys["kurume"], sender="asan"))


def test_a_refusal_of_another_run_or_an_earlier_round(party):
    """A replayed old refusal does not stop a run."""
    no = b'{"code":"data"}'
    ignored(party, *by_asan(party, no, type="refused", run="other"), *by_asan(party, no, type="refused", round=0))


def test_an_outcome_before_the_end(party):
    with pytest.raises(ProtocolError, match="not finished"):
        party.coordinator.outcome()


class Poisoned(dict):
    """The rows of a hospital whose disk fails in the middle, with a value in the error."""

    def __getitem__(self, key):
        raise ValueError("canary of 12345 days")


class Line:
    """The network of one site in memory: what comes, what left, and a stop after it."""

    def __init__(self, stop, *requests):
        self.stop, self.requests, self.left = stop, list(requests), []

    def receive(self):
        if not self.requests:
            self.stop.set()
            return None
        return Paper(self.requests.pop(0))

    def reply(self, delivery, payload):
        self.left.append(payload)
        return True


class Paper:
    def __init__(self, payload):
        self.payload = payload


def answers(site, *requests):
    """Returns what leaves the site's own process for `requests`, and what its terminal says."""
    stop, said = Event(), []
    line = Line(stop, *requests)
    serve(site, line, stop, said.append)
    return line.left, said


def test_the_text_of_an_error_at_a_site_stays_there(party, caplog):
    site, request = party.sites["asan"], party.coordinator.request()
    whole = site._runs[party.run_id].contributor.own
    site._runs[party.run_id].contributor.own = replace(whole, cohort=Cohort("asan", Poisoned()))
    with pytest.raises(ValueError, match="canary of 12345 days"):
        site.answer(request)
    (left,), said = answers(site, request)
    assert b"canary" not in left
    assert b"12345 days" not in left  # the digits alone stand in a hash by chance
    assert party.code(left) == "site"
    # logs are sent to those who help
    assert not any("canary" in line or "12345 days" in line for line in [*said, caplog.text])
    assert any("ValueError in " in line for line in said)
    with pytest.raises(Refused, match="failed with an internal error"):
        party.coordinator.accept(left)
    site._runs[party.run_id].contributor.own = whole
    party.run()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_a_number_that_the_gate_does_not_let_out(patients, federation, value):
    """The sentence at the gate names the analysis; what leaves is one word."""
    party = federation().goes_to("admission/products")
    rows = party.cohorts["asan"].analysis_sets["os"]
    rows.variables["age"][0] = value
    with np.errstate(all="ignore"):
        (left,), said = answers(party.sites["asan"], party.coordinator.request())
    assert party.code(left) == "gate"
    assert b"moments" not in left
    assert said == ["refused: this site has a number that its gate does not release [protocol.refusal.gate]"]


def test_a_message_too_broken_to_answer_does_not_end_the_service(party):
    (first, second), _ = answers(party.sites["asan"], b"\xff\xff", party.coordinator.request())
    assert party.code(first) == "message"
    assert party.coordinator.accept(second) == "asan"
