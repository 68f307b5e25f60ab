"""A hospital that took part in a run forbids that an output of it is published."""

import json
from dataclasses import replace

import pytest
from tests.release.conftest import REASON, an_output

from riskset.errors import DataError, VerificationError
from riskset.joining.signed import write_signed
from riskset_release.ballots import Policy, count, decisions
from riskset_release.vetoes import Veto, read_veto
from riskset_release.vote_folder import votes_in
from riskset_release.votes import read_vote


def state(committee, folder, id_="km-os"):
    counted = count(committee.candidate, votes_in(folder), committee.trusted, committee.policy)
    return decisions(committee.candidate, counted, committee.policy)[id_].state, counted


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "votes"


@pytest.fixture
def accepted(committee, folder):
    """Two auditors accept `km-os` and `curve-os`."""
    for who in ("sato", "kim"):
        for output in ("km-os", "curve-os"):
            committee.votes(folder, who, output)
    assert state(committee, folder)[0] == "accepted"
    return committee


def test_a_veto_is_read_as_it_was_signed_and_is_no_vote(committee):
    data, veto = committee.veto("kurume")
    assert read_veto(data) == veto
    assert read_veto(json.dumps(json.loads(data)).encode()) == veto
    with pytest.raises(DataError):
        read_vote(data)
    with pytest.raises(DataError):
        read_veto(committee.vote("sato")[0])
    with pytest.raises(VerificationError):
        read_veto(data.replace(b"km-os", b"curve"))


@pytest.mark.parametrize(
    "change",
    [{"reason": "short"}, {"reason": "x" * 2001}, {"at": ""}, {"study": "1"}, {"site": ""}, {"more": "1"}],
    ids=str,
)
def test_what_riskset_would_not_sign_is_not_read(committee, change):
    _, veto = committee.veto("kurume")
    with pytest.raises(DataError):
        read_veto(write_signed(Veto.kind, {**veto.content, **change}, signature=committee.keys["kurume"]))


def test_one_hospital_is_enough_and_the_other_outputs_are_not_touched(accepted, folder):
    accepted.vetoes(folder, "kurume")
    assert state(accepted, folder)[0] == "vetoed"
    assert state(accepted, folder, "curve-os")[0] == "accepted"


def test_a_veto_without_an_output_is_of_all(accepted, folder):
    accepted.vetoes(folder, "kurume", "")
    assert {state(accepted, folder, id_)[0] for id_ in ("km-os", "curve-os")} == {"vetoed"}


def test_a_changed_file_does_not_end_a_veto(accepted, folder):
    accepted.vetoes(folder, "kurume")
    outputs = accepted.candidate.outputs
    accepted.candidate = replace(accepted.candidate, outputs=(an_output("km-os", content=b"x"), *outputs[1:]))
    assert state(accepted, folder)[0] == "vetoed"


@pytest.mark.parametrize(
    ("site", "options", "said"),
    [
        ("kurume", {"key": "stranger"}, "does not have the fingerprint of kurume"),
        ("kurume", {"key": "asan"}, "does not have the fingerprint of kurume"),
        ("coordinator", {}, "A veto in the name of coordinator"),
        ("sato", {}, "A veto in the name of sato"),
        ("kurume", {"run": "another"}, "of another run (another)"),
        ("kurume", {"study": "3" * 64}, "of another run"),
        ("kurume", {"output": "nothing"}, "has no output nothing"),
        ("kurume", {"at": "2026-07-02T00:00:00.000+00:00"}, "vetoes ended with 2026-07-01"),
    ],
    ids=str,
)
def test_a_veto_that_does_not_count_is_named(accepted, folder, site, options, said):
    accepted.policy = Policy(2, frozenset(), "2026-07-01")
    accepted.vetoes(folder, site, **options)
    found, counted = state(accepted, folder)
    assert found == "accepted"
    (problem,) = counted.problems
    assert said in problem


def test_a_veto_of_the_last_day_counts(accepted, folder):
    accepted.policy = Policy(2, frozenset(), "2026-07-01")
    accepted.vetoes(folder, "kurume", at="2026-07-01T23:59:59.999+00:00")
    assert state(accepted, folder)[0] == "vetoed"


def test_everybody_at_the_desk_sees_a_veto(desk, committee, folder):
    browser = desk()
    assert browser.uploads(committee.veto("asan", key="stranger")[0]).status_code == 422
    assert not folder.exists()
    assert browser.uploads(committee.veto("asan")[0]).status_code == 303
    committee.votes(folder, "kim", decision="reject")
    for page in ("/", "/summary", "/outputs/km-os"):
        assert "Vetoed by asan" in browser.gets(page).text
    for page in ("/summary", "/outputs/km-os"):
        assert REASON in browser.gets(page).text
        assert "Dr. Kim" not in browser.gets(page).text  # votes stay blind
