"""A coordinator that wants outcomes which the study withholds: by a decision that the study leaves to nobody, before
anything was withheld, or told to one hospital and not to the others. All rules are on."""

import json
from dataclasses import asdict, replace

import pytest
from tests.test_kinds import with_sets

from riskset.errors import ProtocolError, Refused
from riskset.protocol.roster import COORDINATOR
from riskset.protocol.unblinding import Decision
from riskset.rehearsal import Rehearsal
from riskset.secure.envelope import seal, verify

SITES = ("asan", "kurume", "osaka")
ASKED = {
    "score": {"kind": "propensity"},
    "cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": ["match"]},
    "balance": {"kind": "balance"},
}
MODEL = "cox/os/match/univariable/arm"
DECISION = Decision("match", "first", "M. Uchida", "We would like to know.", "2026-11-28T10:00:00.000+00:00")


@pytest.fixture
def federation(patients):
    """Returns a function that makes hospitals with rules and masks, in a study whose gate the patients miss (.145)."""

    def federation(on_fail):
        gates = {"smd_max": 0.1, "on_fail": on_fail}
        score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}, "gates": gates}
        study = patients.study(SITES, analyses=ASKED, propensity=score)
        dealt = patients.deal(patients.rows(3, 390), patients.sites(SITES, 390))
        return Rehearsal(study, {site: with_sets(cohort, study) for site, cohort in dealt.items()}, "first")

    return federation


@pytest.fixture
def without_the_rule(monkeypatch):
    monkeypatch.setattr("riskset.protocol.site.check_decidable", lambda *_: None)
    return monkeypatch


def ends(party):
    """Returns the status of the outcome in a run to its end: `withheld`, or the type of a result."""
    result = party.run().results[MODEL]
    return getattr(result, "code", type(result).__name__)


def refusals(party):
    request, codes = party.coordinator.request(), set()
    for site in SITES:
        with pytest.raises(Refused) as no:
            party.coordinator.accept(party.sites[site].answer(request))
        codes.add(no.value.code)
    return codes


class TestOfAStudyThatAsksNobody:
    def test_succeeds_where_the_rule_is_off(self, federation, without_the_rule):
        without_the_rule.setattr(
            "riskset.protocol.history.unblinded",
            lambda plan, decisions: plan.without_gates_of({one.population for one in decisions}),
        )
        party = federation("withhold")
        assert ends(party) == "withheld"
        party.start_again("second", [DECISION])
        assert ends(party) == "CoxFit"

    def test_is_refused(self, federation):
        party = federation("withhold")
        assert ends(party) == "withheld"
        party.start_again("second", [DECISION])
        assert refusals(party) == {"not_asked"}

    def test_no_party_derives_such_a_run(self, federation, without_the_rule):
        """Even if hospitals answer its opening."""
        party = federation("withhold")
        party.start_again("second", [DECISION])
        with pytest.raises(ProtocolError, match="does not leave the outcomes of match to a decision"):
            party.run()


class TestInAdvance:
    def test_succeeds_where_the_rule_is_off(self, federation, without_the_rule):
        party = federation("ask")
        party.start_again("second", [DECISION])
        assert ends(party) == "CoxFit"

    def test_is_refused(self, federation):
        party = federation("ask")
        party.start_again("second", [DECISION])
        assert refusals(party) == {"not_withheld"}

    def test_after_the_run_that_withheld_it_is_answered(self, federation):
        party = federation("ask")
        assert ends(party) == "withheld"
        party.start_again("second", [DECISION])
        assert ends(party) == "CoxFit"

    def test_after_a_run_of_others_it_is_refused(self, federation):
        """One hospital has other patients than when it was withheld, so that another number stands for the balance."""
        party = federation("ask")
        assert ends(party) == "withheld"
        party.rows["asan"] = replace(party.rows["asan"], digest="other patients")
        party.start_site("asan")
        party.start_again("second", [DECISION])
        reply = party.sites["asan"].answer(party.coordinator.request())
        assert json.loads(verify(reply, party.roster.sites).payload) == {"code": "not_withheld"}


class TestToldToOneHospital:
    """The others would compute the outcomes without knowing that somebody decided so, or why."""

    @pytest.mark.parametrize("other", [{}, {"unblinded": [DECISION.content | {"reason": "It was planned like this."}]}])
    def test_is_refused(self, federation, other):
        party = federation("ask")
        assert ends(party) == "withheld"
        party.start_again("second", [DECISION])
        honest = party.coordinator.request()
        message = verify(honest, {COORDINATOR: party.coordinator_key.public_key()})
        head = asdict(message.head)
        del head["payload"]
        payload = json.loads(message.payload)
        del payload["unblinded"]
        forged = seal(party.coordinator_key, canonical(payload | other), **head)
        for site in SITES:
            reply = party.sites[site].answer(forged if site == "asan" else honest)
            if site == SITES[-1]:
                with pytest.raises(ProtocolError, match="the participants received different openings"):
                    party.coordinator.accept(reply)
            else:
                party.coordinator.accept(reply)


def canonical(content):
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
