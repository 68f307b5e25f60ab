"""Outcomes that a run withheld, and that somebody decided to have computed.

Each of three hospitals has twelve patients. x is a yes-no covariate, everybody finds a partner, and the days are the
patients' numbers:

    arm    x = yes   x = no
    new       4        2
    old       1        5

So the matched are all: shares of 2/3 and 1/6 in 18 patients each, of variances 18 (2/3)(1/3)/17 = 4/17 and
18 (1/6)(5/6)/17 = 5/34, whose mean is 13/68. The difference is 1/2, by the root of 13/68: 1.1435. A study that demands
at most 0.5 is not met. Where 4 of the 6 in the old arm have x too, there is no difference.
"""

import json
from dataclasses import asdict, replace
from math import sqrt

import numpy as np
import pytest
import rfc8785
from tests.test_kinds import with_sets

from riskset.analyses.analysis import NotEstimable, has_result
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.methods.balance import BalanceOfMatched
from riskset.analyses.methods.propensity import PropensityScore
from riskset.catalogue import say
from riskset.errors import DataError, ProtocolError, Refused
from riskset.protocol.opening import Opening, read_opening
from riskset.protocol.program import PROTOCOL, Program, here
from riskset.protocol.roster import COORDINATOR, read_roster, sign_roster
from riskset.protocol.unblinding import Decision, NoDecision, Unblinding, check_decidable, unblinded
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset.secure.envelope import seal, verify
from riskset.study.load import study_hash
from riskset_report import report_of, write_report

SITES = ("asan", "kurume", "osaka")
ASKED = {
    "score": {"kind": "propensity"},
    "km": {"kind": "km", "endpoints": ["os"], "populations": ["all", "match"]},
    "cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": ["all", "match"]},
    "balance": {"kind": "balance"},
}
MODEL = "cox/os/match/univariable/arm"
AT = "2026-11-28T10:00:00.000+00:00"
WHY = "Only <b>age</b> differs, and $x_1$ is adjusted for in the model."
DECISION = Decision("match", "first", "M. Uchida", WHY, AT)


@pytest.fixture
def federation(patients):
    """Returns a function that makes three hospitals of the twelve patients, in a study with these gates; so many of the
    old arm have x."""

    def federation(with_x=1, **gates):
        score = {"covariates": ["x"], "adjustments": {"match": {"method": "nearest", "caliper_sd": None}}}
        variables = patients.variables | {"x": {"type": "boolean"}}
        study = patients.study(SITES, analyses=ASKED, variables=variables, propensity=score | {"gates": gates})
        cohorts = {name: with_sets(Cohort(name, {"os": twelve(at, with_x)}), study) for at, name in enumerate(SITES)}
        return Rehearsal(study, cohorts, "first", is_gated=False)

    return federation


def twelve(at, with_x):
    arm, x = np.repeat([1.0, 0.0], 6), np.repeat([1.0, 0.0, 1.0, 0.0], [4, 2, with_x, 6 - with_x])
    days = np.array([5, 3, 9, 1, 7, 11, 2, 4, 6, 8, 10, 12]) + 20 * at
    variables = {"arm": arm, "x": x, "age": np.full(12, 60.0), "stage": np.zeros(12)}
    return AnalysisSet(days, np.arange(12) % 4 != 1, None, variables)


def document_of(party):
    results = results_of(party.study, party.coordinator.outcome(), SITES, is_gated=False)
    found = results_json(results)
    return results, found, {one["id"]: one for one in found["results"]}


def test_outcomes_are_withheld_until_somebody_decides(federation, tmp_path):
    party = federation(smd_max=0.5, on_fail="ask")
    party.run()
    _, document, found = document_of(party)
    assert found["balance/match"]["largest_smd"] == pytest.approx(0.5 / sqrt(13 / 68))
    assert (found[MODEL]["status"], found[MODEL]["reason"]["code"]) == ("not estimable", "withheld")
    assert "is 1.144, above smd_max = 0.5; somebody may decide" in found[MODEL]["reason"]["message"]
    assert (document["unblinded"], found[MODEL]["demands"]) == ([], "not met")
    assert found["cox/os/all/univariable/arm"]["status"] == "ok"

    party.start_again("second", [DECISION])
    party.run()
    results, document, found = document_of(party)
    assert (found[MODEL]["status"], found[MODEL]["demands"]) == ("ok", "not met")
    said = {"population": "match", "run": "first", "by": "M. Uchida", "reason": WHY, "at": AT}
    assert document["unblinded"] == [said]
    (notice,) = document["notices"]
    assert "M. Uchida decided on 2026-11-28 to have them computed: Only <b>age</b> differs" in notice
    assert [party.journals[site].opened["second"]["unblinded"] for site in SITES] == [[said]] * 3
    assert "unblinded" not in party.journals["asan"].opened["first"]
    write_report(report_of(results), tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Only &lt;b&gt;age&lt;/b&gt; differs, and $x_1$ is adjusted" in page
    assert str(say("report.balance.flagged")) in page


def test_outcomes_are_those_of_a_study_that_marks_them(federation):
    party, marked = federation(smd_max=0.5, on_fail="ask"), federation(smd_max=0.5)
    for one in (party, marked):
        one.run()
    party.start_again("second", [DECISION])
    party.run()
    assert document_of(party)[2] == document_of(marked)[2]


def test_a_site_that_is_started_again_knows_what_was_withheld(federation):
    party = federation(smd_max=0.5, on_fail="ask")
    party.run()
    party.start_again("second", [DECISION])
    for site in SITES:
        party.start_site(site)  # its memory is its journal
    assert party.run().history.opening.unblinded == (DECISION,)


def refusals(party, *decisions):
    """Returns the codes with which the sites refuse a run that these decisions open."""
    party.start_again("second", decisions)
    request, codes = party.coordinator.request(), []
    for site in party.cohorts:
        with pytest.raises(Refused) as no:
            party.coordinator.accept(party.sites[site].answer(request))
        codes.append(no.value.code)
    return {*codes}


def test_nobody_decides_in_advance(federation):
    party = federation(smd_max=0.5, on_fail="ask")
    assert refusals(party, DECISION) == {"not_withheld"}


def test_an_unfinished_run_shows_nothing(federation):
    party = federation(smd_max=0.5, on_fail="ask")
    while not party.coordinator._history or not party.coordinator._history.is_closing:
        party.step()
    assert party.coordinator._history.plan.withheld("match", party.coordinator._history.results)
    assert refusals(party, DECISION) == {"not_withheld"}


def test_where_the_gate_passed_there_is_nothing_to_decide(federation):
    party = federation(with_x=4, smd_max=0.5, on_fail="ask")
    party.run()
    assert document_of(party)[2][MODEL]["demands"] == "met"
    assert refusals(party, DECISION) == {"not_withheld"}


@pytest.mark.parametrize("on_fail", ["flag", "withhold"])
def test_a_study_that_does_not_ask_leaves_nothing_to_decide(federation, on_fail):
    party = federation(smd_max=0.5, on_fail=on_fail)
    party.run()
    assert refusals(party, DECISION) == {"not_asked"}
    with pytest.raises(Refused, match="does not leave the outcomes of"):
        check_decidable(party.coordinator.plan, "match", {})
    with pytest.raises(ProtocolError, match="does not leave the outcomes of"):
        unblinded(party.coordinator.plan, [DECISION])


def test_other_patients_are_another_decision(federation):
    """The export has changed since, and with it who is matched."""
    party = federation(smd_max=0.5, on_fail="ask")
    party.run()
    for site in SITES:
        party.rows[site] = type(party.rows[site])("another digest", {})
        party.start_site(site)
    assert refusals(party, DECISION) == {"not_withheld"}


def test_a_balance_that_is_not_known_is_withheld_and_decided_about(federation, monkeypatch):
    """As where a rule refuses it. An outcome that has no score has no decision either."""
    no_balance = NotEstimable("no patients", say("analyses.balance.nobody"))
    monkeypatch.setattr(BalanceOfMatched, "combine", lambda *_: no_balance)
    party = federation(smd_max=0.5, on_fail="ask")
    withheld = party.run().results[MODEL]
    assert (withheld.code, withheld.message.code) == ("withheld", "protocol.withheld.ask")
    assert "what it demands of these patients is not known (needs balance/match" in withheld.message
    party.start_again("second", [DECISION])
    assert has_result(party.run().results[MODEL])
    monkeypatch.setattr(PropensityScore, "combine", lambda *_: no_balance)
    assert federation(smd_max=0.5, on_fail="ask").run().results[MODEL].code == "needs"


def of_other_sites(party, monkeypatch):
    del party.cohorts["osaka"]


def of_another_roster(party, monkeypatch):
    members = {name: replace(member, irb="2026-2") for name, member in party.roster.members.items()}
    signed = sign_roster(party.study.id, party.coordinator_key, members, study_hash(party.study))
    party.roster = read_roster(signed)
    for site in SITES:
        party.start_site(site)


def of_another_program(party, monkeypatch):
    """It would derive the earlier run by methods other than those by which it was computed."""
    methods = dict.fromkeys(here().methods, "riskset 999")
    for module in ("site", "coordinator"):
        monkeypatch.setattr(f"riskset.protocol.{module}.here", lambda: Program(PROTOCOL, methods))
    for site in SITES:
        party.start_site(site)


@pytest.mark.parametrize("change", [of_other_sites, of_another_roster, of_another_program])
def test_a_run_that_differs_is_another_decision(federation, change, monkeypatch):
    party = federation(smd_max=0.5, on_fail="ask")
    party.run()
    change(party, monkeypatch)
    assert refusals(party, DECISION) == {"not_withheld"}


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "too short"},
        {"reason": "r" * 501},
        {"reason": "a reason that moves the cursor \x1b[2J"},
        {"reason": " a reason with a space before it"},
        {"reason": 20},
        {"by": ""},
        {"by": "n" * 201},
        {"at": "yesterday"},
        {"more": "text"},
        {"run": None},
    ],
    ids=str,
)
def test_a_decision_that_is_not_in_its_form(federation, change):
    content = {"participants": ["a"], "earlier": [], **here().content}
    stated = {**DECISION.content, **change}
    assert read_opening(rfc8785.dumps(content | {"unblinded": [DECISION.content]})).unblinded == (DECISION,)
    with pytest.raises(NoDecision):
        read_opening(rfc8785.dumps(content | {"unblinded": [stated]}))
    party = federation(smd_max=0.5, on_fail="ask")
    request = verify(party.coordinator.request(), {COORDINATOR: party.coordinator_key.public_key()})
    head = asdict(request.head)
    del head["payload"]
    opening = json.loads(request.payload) | {"unblinded": [stated]}
    reply = party.sites["asan"].answer(seal(party.coordinator_key, rfc8785.dumps(opening), **head))
    assert json.loads(verify(reply, party.roster.sites).payload) == {"code": "message"}


def test_several_decisions_are_of_several_populations():
    content = {"participants": ["a"], "earlier": [], "unblinded": [DECISION.content] * 2}
    with pytest.raises(NoDecision):
        read_opening(rfc8785.dumps(content | here().content))


def test_an_opening_without_decisions_is_what_it_was():
    """Others' programs, and earlier records, know no such key."""
    assert b"unblinded" not in Opening(("a",), ()).to_bytes(here())


@pytest.mark.parametrize(
    ("by", "reason", "said"), [("", WHY, "--by"), ("a\nb", WHY, "--by"), ("M. Uchida", "because", "found 7")]
)
def test_what_a_person_types_has_its_form(by, reason, said):
    with pytest.raises(DataError, match=said):
        Unblinding.typed(["match"], by, reason)
    assert Unblinding.typed(["match", "match"], " M. Uchida ", WHY).populations == ("match",)
