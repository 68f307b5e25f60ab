"""Parties that do not run the same program: the refusal says who must update, and no mixture computes a number."""

import json

import pytest
import rfc8785

from riskset.errors import ProtocolError, Refused
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.history import History
from riskset.protocol.messages import refusal_message
from riskset.protocol.opening import open_run, read_opened
from riskset.protocol.program import PROTOCOL, Program, here, read_program
from riskset.secure.envelope import frame, verify
from riskset.study.asked import installed
from riskset_server.run.staying_out import ENDS_A_RUN

NEWER = Program(PROTOCOL + 1, installed())
OTHERS = {
    "an older protocol": (Program(PROTOCOL - 1, {}), "older_protocol", "newer_protocol"),
    "a newer protocol": (NEWER, "newer_protocol", "older_protocol"),
    "an older method": (Program(PROTOCOL, installed() | {"cox": "riskset 0.0.9"}), "older_method", "newer_method"),
    "a newer method": (Program(PROTOCOL, installed() | {"cox": "riskset 1.10"}), "newer_method", "older_method"),
    "no method": (Program(PROTOCOL, {"km": installed()["km"]}), "no_method", "other_method"),
    "a fork's": (Program(PROTOCOL, installed() | {"cox": "risksets 0.1.0"}), "other_method", "other_method"),
    "one in between": (Program(PROTOCOL, installed() | {"km": "riskset 0.2.0.dev1"}), "other_method", "other_method"),
}
"""A program, what a site with it is beside this one, and what a site with this one is beside it."""


def runs(party, site, program):
    """Installs a program at one site."""
    party.start_site(site)
    party.sites[site]._program = program


def cannot(*_):
    raise ProtocolError("a contribution has another length than the question")


def without_program(party, message, key):
    """Returns an opening, or the answer to one, as riskset 0.1.0 writes it."""
    content = json.loads(verify(message, {**party.roster.sites, "coordinator": party.roster.coordinator}).payload)
    del content["protocol"], content["methods"]
    return party.forge(message, key=key, payload=rfc8785.dumps(content))


@pytest.mark.parametrize("what", OTHERS)
class TestEveryDifferenceThatMatters:
    def test_a_site_refuses_by_one_code_and_keeps_nothing(self, federation, what):
        program, code, _ = OTHERS[what]
        party = federation()
        runs(party, "kurume", program)
        with pytest.raises(Refused, match="kurume") as refused:
            party.coordinator.accept(party.sites["kurume"].answer(party.coordinator.request()))
        assert (refused.value.code, str(refused.value)) == (code, str(refusal_message(code, "kurume")))
        assert party.journals["kurume"].exchanges(party.run_id) == ()
        runs(party, "kurume", here())
        party.run()

    def test_a_coordinator_with_it_is_refused_by_every_site(self, federation, what):
        program, _, code = OTHERS[what]
        party = federation()
        party.coordinator._program = program
        request = party.coordinator.request()
        assert {party.hears(site, request) for site in party.sites} == {code}
        assert all(not journal.kept for journal in party.journals.values())

    def test_a_site_that_takes_part_nevertheless_is_named(self, federation, what):
        """As riskset 0.1.0 does, which passes over what it does not know in an opening."""
        program, code, _ = OTHERS[what]
        party = federation()
        honest = party.sites["asan"].answer(party.coordinator.request())
        content = json.loads(verify(honest, party.roster.sites).payload) | program.content
        reply = party.forge(honest, key=party.keys["asan"], payload=rfc8785.dumps(content))
        with pytest.raises(Refused) as refused:
            party.coordinator.accept(reply)
        assert refused.value.code == code
        assert str(refused.value).startswith(f"{refusal_message(code, 'asan')} (")
        assert refused.value.hint == "then begin a new run with: riskset run --new"
        assert party.coordinator.accept(honest) == "asan"
        party.run()


def test_a_site_of_0_1_0_is_named(federation):
    party = federation()
    honest = party.sites["asan"].answer(party.coordinator.request())
    with pytest.raises(Refused) as refused:
        party.coordinator.accept(without_program(party, honest, party.keys["asan"]))
    assert str(refused.value) == (
        "asan uses an older protocol than the coordinator: update riskset at the site (protocol: 1 there, 4 here)"
    )


def test_a_coordinator_of_0_1_0_is_refused(federation):
    party = federation()
    request = party.coordinator.request()
    assert party.hears("asan", without_program(party, request, party.coordinator_key)) == "newer_protocol"
    assert party.hears("asan", request) is None
    party.run()


def test_a_method_that_the_study_does_not_ask_for_may_differ(federation, patients):
    expected = patients.told(federation().study, federation().run())
    party = federation()
    runs(party, "asan", Program(PROTOCOL, installed() | {"gehan": "riskset-gehan 1.0"}))
    runs(party, "kurume", Program(PROTOCOL, installed() | {"gehan": "riskset-gehan 2.0", "peto": "peto 0.1"}))
    assert patients.told(party.study, party.run()) == expected


class TestACoordinatorThatTellsEachSiteWhatItHas:
    """Two versions of a method would derive two next points from one sum, and send sums at both."""

    def mixed(self, federation):
        party = federation()
        runs(party, "asan", OTHERS["an older method"][0])
        opening = party.coordinator.request()
        content = json.loads(verify(opening, {"coordinator": party.roster.coordinator}).payload)
        content["methods"]["cox"] = "riskset 0.0.9"
        other = party.forge(opening, payload=rfc8785.dumps(content))
        replies = [site.answer(other if name == "asan" else opening) for name, site in party.sites.items()]
        return party, [verify(reply, party.roster.sites) for reply in replies]

    def test_every_party_sees_it_in_the_answers(self, federation):
        _, opened = self.mixed(federation)
        assert {message.head.type for message in opened} == {"opened"}
        assert open_run(opened, ())  # without a comparison they pass for one run
        with pytest.raises(ProtocolError) as refused:
            open_run(opened, {"cox"})
        assert str(refused.value) == (
            f"the participants have different programs: cox {installed()['cox']} at kurume, riskset 0.0.9 at asan"
        )
        assert open_run(opened, {"km"})

    def test_no_site_sends_a_number(self, federation):
        party, opened = self.mixed(federation)
        payload = frame([party.shown(), *(message.raw for message in opened)])
        first = party.forge(party.coordinator.request(), type="round", round=1, payload=payload)
        assert {party.hears(site, first) for site in party.sites} == {"history"}


class TestInTheMiddleOfARun:
    def test_a_site_that_was_updated_stays_out_until_it_has_the_version_it_began_with(self, federation, patients):
        expected = patients.told(federation().study, federation().run())
        party = federation().goes_to("first")
        runs(party, "osaka", OTHERS["a newer method"][0])
        assert party.hears("osaka", party.coordinator.request()) == "program"
        runs(party, "osaka", here())
        assert patients.told(party.study, party.run()) == expected

    def test_a_site_that_was_updated_repeats_what_it_sent_and_derives_nothing(self, federation, monkeypatch):
        """A later program may not even be able to."""
        party = federation().goes_to("first")
        sent = party.journals["osaka"].exchanges(party.run_id)
        runs(party, "osaka", OTHERS["a newer method"][0])
        monkeypatch.setattr(History, "advance", cannot)
        assert [party.sites["osaka"].answer(exchange.request) for exchange in sent] == [one.reply for one in sent]
        assert party.hears("osaka", party.coordinator.request()) == "program"

    def test_a_coordinator_whose_program_cannot_derive_the_run_says_that_it_is_another(self, federation, monkeypatch):
        party = federation().goes_to("first")
        monkeypatch.setattr(History, "advance", cannot)
        began = party.coordinator_key, party.study, party.roster, party.run_id, party.coordinator._opening, party.record
        with pytest.raises(ProtocolError, match="another length"):
            Coordinator(*began)
        with pytest.raises(Refused, match="was opened with a different program"):
            Coordinator(*began, NEWER)

    def test_a_coordinator_that_was_updated_asks_nothing_more(self, federation):
        party = federation().goes_to("first")
        party.start_coordinator()
        party.coordinator._program = OTHERS["a newer method"][0]
        with pytest.raises(
            Refused, match=rf"was opened with a different program \(cox: {installed()['cox']}, now riskset 1"
        ):
            party.step()

    def test_of_a_run_that_came_to_its_end_it_still_derives_the_results(self, federation, patients):
        party = federation()
        expected = patients.told(party.study, party.run())
        party.start_coordinator()
        party.coordinator._program = NEWER
        party.coordinator.check_program()
        assert patients.told(party.study, party.coordinator.outcome()) == expected


def test_each_answer_says_with_which_program_it_was_made(federation):
    party = federation().goes(1)
    for name, journal in party.journals.items():
        said = read_opened(verify(journal.exchanges(party.run_id)[0].reply, party.roster.sites).payload)
        assert said.program == here(), name


@pytest.mark.parametrize(
    "content",
    [
        {"protocol": 0},
        {"protocol": True},
        {"protocol": "2"},
        {"methods": ["cox"]},
        {"methods": {"cox": 1}},
        {"methods": {"cox": "riskset\x1b[2J 0.1.0"}},
        {"methods": {"cox": "x" * 201}},
        {"methods": {str(i): "riskset 0.1.0" for i in range(1001)}},
    ],
)
def test_a_malformed_program(content):
    with pytest.raises(ProtocolError):
        read_program({"protocol": PROTOCOL, "methods": {}} | content)


def test_who_must_update_is_stated_for_every_difference():
    for code in ("older_protocol", "newer_protocol", "no_method", "older_method", "newer_method", "other_method"):
        where = "at the coordinator" if code in ENDS_A_RUN else "at the site"
        assert where in str(refusal_message(code, "asan"))
