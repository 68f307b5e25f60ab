"""Votes are signed files, of these bytes by this key; which of them count, and what follows."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from tests.release.conftest import REASON, an_output

from riskset.audit.trusted import Trusted, read_trusted
from riskset.catalogue import say
from riskset.errors import DataError, RisksetError, VerificationError
from riskset.joining.signed import write_signed
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import new_identity
from riskset_release.ballots import Policy, count, decision_of, decisions
from riskset_release.outputs import Verdict
from riskset_release.vote_folder import votes_in
from riskset_release.votes import DECISIONS, MEANINGS, Judgement, Vote, read_vote, vote_on


def state(committee, folder, id_="km-os"):
    counted = count(committee.candidate, votes_in(folder), committee.trusted, committee.policy)
    return decisions(committee.candidate, counted, committee.policy)[id_], counted


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_vote_is_read_as_it_was_signed(committee, decision):
    data, vote = committee.vote("sato", decision=decision)
    assert read_vote(data) == vote
    assert read_vote(json.dumps(json.loads(data)).encode()) == vote  # spaces are not signed
    assert (vote.name, vote.meaning) == ("Dr. Sato", MEANINGS[decision])
    assert vote.is_of(committee.output("km-os"))


def test_a_vote_that_was_changed_is_none(committee):
    data, _ = committee.vote("sato", decision="reject")
    for before, after in (
        (b'"reject"', b'"accept"'),
        (b"km-os", b"km-0s"),
        (b"Dr. Sato", b"Dr. Kato"),
        (b"09:00", b"08:00"),
    ):
        with pytest.raises((DataError, VerificationError)):
            read_vote(data.replace(before, after))


def test_a_vote_signed_by_another_key_than_it_names_is_none(committee):
    _, vote = committee.vote("sato")
    forged = write_signed(Vote.kind, vote.content, signature=committee.keys["stranger"])
    with pytest.raises(VerificationError, match="the key in it never signed it"):
        read_vote(forged)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "approve"},
        {"meaning": "approval as an exception"},
        {"category": "disclosure"},
        {"decision": "reject", "meaning": MEANINGS["reject"]},
        {"decision": "reject", "meaning": MEANINGS["reject"], "category": "disclosure", "reason": "too short"},
        {"decision": "reject", "meaning": MEANINGS["reject"], "category": "mood", "reason": REASON},
        {"decision": "change", "meaning": MEANINGS["change"], "category": "other", "reason": "x" * 2001},
        {"name": ""},
        {"name": "Sato\u202e"},
        {"name": "x" * 101},
        {"reason": "line\nline"},
        {"at": "yesterday"},
        {"at": "2026-06-30T09:00:00.000+09:00"},
        {"output_sha256": "A" * 64},
        {"bundle": ""},
        {"replaces": "0"},
        {"run": ""},
        {"study": 1},
    ],
    ids=str,
)
def test_what_riskset_would_not_sign_is_not_read(committee, change):
    data, vote = committee.vote("sato")
    assert read_vote(data) == vote
    wrong = write_signed(Vote.kind, {**vote.content, **change}, signature=committee.keys["sato"])
    with pytest.raises(DataError):
        read_vote(wrong)


def test_a_field_more_or_less_is_not_read(committee):
    _, vote = committee.vote("sato")
    more, less = {**vote.content, "remark": "x"}, {k: v for k, v in vote.content.items() if k != "replaces"}
    for content in (more, less, {**vote.content, "schema": 2}):
        with pytest.raises(DataError):
            read_vote(write_signed(Vote.kind, content, signature=committee.keys["sato"]))


def test_a_judgement_without_a_reason_is_not_signed(committee):
    for judgement in (
        Judgement("reject", "K. Sato"),
        Judgement("exception", "K. Sato", "other", "because"),
        Judgement("", "K"),
    ):
        with pytest.raises(DataError):
            vote_on(committee.candidate, committee.output("km-os"), judgement, committee.keys["sato"], committee.now())


def test_two_auditors_accept(committee, tmp_path):
    committee.votes(tmp_path, "sato")
    decision, _ = state(committee, tmp_path)
    assert (decision.state, decision.accepts, decision.is_released) == ("waiting", 1, False)
    committee.votes(tmp_path, "kim")
    decision, counted = state(committee, tmp_path)
    assert (decision.state, decision.accepts, decision.is_released) == ("accepted", 2, True)
    assert counted.problems == ()
    assert state(committee, tmp_path, "curve-os")[0].state == "waiting"


@pytest.mark.parametrize(("blocking", "found"), [("reject", "rejected"), ("change", "changes")])
def test_one_auditor_blocks_whatever_the_others_say(committee, tmp_path, blocking, found):
    for who in ("sato", "kim"):
        committee.votes(tmp_path, who)
    assert state(committee, tmp_path)[0].is_released
    committee.votes(tmp_path, "ito", decision=blocking)
    assert state(committee, tmp_path)[0].state == found


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("stranger", "its key is not that of one auditor"),
        ("park", "who wrote or requested an analysis does not vote"),
        ("coordinator", "signed by the coordinator's key"),
    ],
)
def test_who_may_not_vote_is_named_and_does_not_count(committee, tmp_path, who, said):
    committee.votes(tmp_path, "sato")
    committee.votes(tmp_path, who)
    decision, counted = state(committee, tmp_path)
    assert (decision.state, decision.accepts) == ("waiting", 1)
    (problem,) = counted.problems
    assert said in problem


def test_a_key_of_two_names_votes_for_neither(committee, tmp_path):
    auditors = {**committee.trusted.auditors, "sato-2": committee.keys["sato"].public_key().public_bytes_raw().hex()}
    committee.trusted = Trusted(committee.trusted.fingerprints, auditors)
    committee.votes(tmp_path, "sato")
    decision, counted = state(committee, tmp_path)
    assert decision.accepts == 0
    assert len(counted.problems) == 1


def test_the_same_auditor_twice_counts_for_nothing_but_blocks(committee, tmp_path):
    committee.votes(tmp_path, "kim")
    committee.votes(tmp_path, "sato")
    committee.votes(tmp_path, "sato")
    decision, counted = state(committee, tmp_path)
    assert (decision.state, decision.accepts) == ("waiting", 1)
    assert [("sato has two votes" in one) for one in counted.problems] == [True, True]
    committee.votes(tmp_path, "sato", decision="reject")
    assert state(committee, tmp_path)[0].state == "rejected"


def test_a_vote_replaces_the_auditors_own_earlier_one(committee, tmp_path):
    committee.votes(tmp_path, "kim")
    first = committee.votes(tmp_path, "sato", decision="reject")
    assert state(committee, tmp_path)[0].state == "rejected"
    second = committee.votes(tmp_path, "sato", replaces=first.id)
    decision, counted = state(committee, tmp_path)
    assert decision.state == "accepted"
    assert counted.ballots["km-os"].replaced == (first,)
    assert counted.ballots["km-os"].of_key(second.key) == second


def test_a_vote_replaces_no_vote_of_somebody_else(committee, tmp_path):
    rejection = committee.votes(tmp_path, "ito", decision="reject")
    committee.votes(tmp_path, "sato")
    committee.votes(tmp_path, "kim", replaces=rejection.id)
    decision, counted = state(committee, tmp_path)
    assert (decision.state, decision.accepts) == ("rejected", 1)
    assert any("replaces one that is not in the folder" in one for one in counted.problems)


def test_taking_a_file_away_takes_no_rejection_away(committee, tmp_path):
    for who in ("sato", "kim"):
        committee.votes(tmp_path, who)
    first = committee.votes(tmp_path, "ito")
    committee.votes(tmp_path, "ito", decision="reject", replaces=first.id)
    assert state(committee, tmp_path)[0].state == "rejected"
    (tmp_path / first.file_name).unlink()
    decision, counted = state(committee, tmp_path)
    assert decision.state == "rejected"
    assert "Put the earlier vote back" in counted.problems[0]


def test_a_changed_file_is_voted_on_again(committee, tmp_path):
    for who in ("sato", "kim"):
        committee.votes(tmp_path, who)
    outputs = committee.candidate.outputs
    committee.candidate = replace(committee.candidate, outputs=(an_output("km-os", content=b"a,c\n"), *outputs[1:]))
    decision, counted = state(committee, tmp_path)
    assert (decision.state, decision.accepts) == ("waiting", 0)
    assert len(counted.ballots["km-os"].earlier) == 2
    assert counted.problems == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"run": "another"}, "of another run"),
        ({"study": "3" * 64}, "of another run"),
        ({"bundle": "3" * 64}, "of another bundle"),
        ({"output": "nothing"}, "has no output nothing"),
    ],
    ids=str,
)
def test_a_vote_on_something_else_is_named(committee, tmp_path, change, said):
    committee.votes(tmp_path, "sato", **change)
    decision, counted = state(committee, tmp_path)
    assert decision.accepts == 0
    assert said in counted.problems[0]


def test_what_passes_by_exception_only_is_not_accepted_otherwise(committee, tmp_path):
    for who in ("sato", "kim"):
        committee.votes(tmp_path, who, "cox-os")
    assert state(committee, tmp_path, "cox-os")[0].accepts == 0
    committee.votes(tmp_path, "ito", "cox-os", decision="exception")
    assert state(committee, tmp_path, "cox-os")[0].accepts == 1


def test_an_exception_is_an_acceptance_where_none_is_needed(committee, tmp_path):
    committee.votes(tmp_path, "sato", decision="exception")
    assert state(committee, tmp_path)[0].accepts == 1


def test_of_records_that_do_not_hold_nothing_is_accepted(committee, tmp_path):
    for who in ("sato", "kim"):
        committee.votes(tmp_path, who)
    assert state(committee, tmp_path)[0].is_released
    committee.candidate = replace(committee.candidate, failures=(say("audit.file.changed"),))
    assert state(committee, tmp_path)[0].state == "unproven"


def test_somebody_has_to_accept():
    with pytest.raises(ValueError, match="somebody has to accept"):
        Policy(0)


def test_everything_in_the_folder_is_counted_or_named(committee, tmp_path):
    vote = committee.votes(tmp_path, "sato")
    (tmp_path / "copy.json").write_bytes((tmp_path / vote.file_name).read_bytes())
    (tmp_path / "note.txt").write_text("I accept everything.")
    (tmp_path / "long.vote.json").write_bytes(b" " * 40_000)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.vote.json").symlink_to(tmp_path / vote.file_name)
    os.mkfifo(tmp_path / "pipe.vote.json")
    (tmp_path / ".hidden").write_text("{}")
    found = votes_in(tmp_path)
    assert found.votes == (vote,)  # a copy is the same vote
    named = sorted(one.split()[0] for one in found.unread)
    assert named == [".hidden", "folder", "link.vote.json", "long.vote.json", "note.txt", "pipe.vote.json"]
    assert votes_in(tmp_path / "nowhere").votes == ()


def test_a_folder_that_cannot_be_one_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RisksetError):
        votes_in(tmp_path / "file")


def test_a_rule_that_only_holds_something_back_needs_no_exception(committee, tmp_path):
    committee.votes(tmp_path, "sato")
    _, counted = state(committee, tmp_path)
    held_back = an_output("x", verdicts=(Verdict("small cells", say("audit.file.missing"), passes=False),))
    assert decision_of(held_back, counted.ballots["km-os"], Policy(1)).is_released


WORDS = "call begin armor size panel palm"


def test_auditors_are_below_a_heading_of_their_own():
    key = new_identity().public_key()
    trusted = read_trusted(f'coordinator = "{WORDS}"\n[auditors]\nsato = "{fingerprint_words(key)}"\n')
    assert trusted.auditor(key) == "sato"
    assert not trusted.has("sato")  # an auditor is no party of a run
    assert trusted.auditor(new_identity().public_key()) is None
    assert read_trusted(f'coordinator = "{WORDS}"\n').auditors == {}


def test_the_file_of_fingerprints_in_docs_release_md_is_one():
    page = (Path(__file__).parents[2] / "docs" / "release.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert set(read_trusted(dedent(block)).auditors) == {"sato", "kim"}


@pytest.mark.parametrize(
    "below", ["sato = 1", 'sato = "two words"', f'"../sato" = "{WORDS}"', f'Sato = "{WORDS}"', f'"" = "{WORDS}"']
)
def test_what_is_no_auditor_is_refused(below):
    with pytest.raises(DataError):
        read_trusted(f'coordinator = "{WORDS}"\n[auditors]\n{below}\n')
    with pytest.raises(DataError):
        read_trusted(f'auditors = 1\ncoordinator = "{WORDS}"\n')
