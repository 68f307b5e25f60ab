"""`riskset site status`: what a data manager reads of the own site, at every stage."""

import json

import pytest

from riskset.protocol.journal import Begun, Exchange, RowMarks
from riskset_site.records.journal import JournalFile

BOTH = ("--compared", "asan", "--compared", "osaka")


@pytest.fixture
def status(member, capsys):
    """Returns what the command prints, as lines by their first words, and its facts."""

    def read():
        capsys.readouterr()
        assert member.says("status", "--json") == 0
        facts = json.loads(capsys.readouterr().out)
        assert member.says("status") == 0
        return " ".join(capsys.readouterr().out.split()), facts

    return read


def test_the_approval_and_what_is_missing(member, status):
    said, facts = status()
    assert "Joined yes; the coordinator's server is localhost:9443" in said
    assert "Approval nobody at this site has approved the study" in said
    assert "To do review it and sign: riskset site review, then riskset site approve" in said
    assert (facts["has_joined"], facts["is_approved"], facts["entries"], facts["runs"]) == (True, False, 0, [])
    assert not (member.folder / "journal.sqlite").exists(), "looking changes nothing"

    member.approves(*BOTH)
    said, facts = status()
    assert "Approval in force until 2099-12-31, signed by M. Uchida" in said
    assert "To do" not in said
    assert facts["is_approved"] is True

    member.says("pause", "--by", "M. Uchida", "--reason", "a new export comes")
    said, facts = status()
    assert (
        "a new export comes [protocol.approval.stopped_because.paused] To do to continue: riskset site resume" in said
    )
    assert facts["is_approved"] is False

    member.says("withdraw", "--by", "M. Uchida", "--reason", "the board said so")
    assert "riskset site approve --after-withdrawal WHY" in status()[0]


def test_what_is_wrong_in_the_folder_is_said_there(member, status):
    member.approves(*BOTH)
    member.exports(member.patients(61))
    assert "the data, or how they are read, have changed since the approval" in status()[0]
    (member.folder / "roster.json").unlink()
    said, facts = status()
    assert "there is no roster" in said
    assert facts["is_approved"] is False


def test_the_runs_that_were_answered_and_the_last_refusal(member, status):
    begun = Begun("trial", member.sites, RowMarks("digest", {"patient": "mark"}), b"\x07" * 32, "approval")
    head = {"type": "opened", "study": "s", "roster": "r", "history": "h", "approval": "a", "coordinator": ""}
    ledger = member.ledger()
    journal = JournalFile(ledger)
    journal.begin("0f9a3c5e7b1d2468", begun, Exchange(0, b"request", b"reply"), head)
    ledger.append("refused", {"code": "approval", "run": "0f9a3c5e7b1d2468"})
    journal.close()
    said, facts = status()
    (run,) = facts["runs"]
    assert (run["run"], run["rounds"], run["is_finished"]) == ("0f9a3c5e7b1d2468", 1, False)
    assert "0f9a3c5e7b1d2468 unfinished 1" in said
    assert "no approval is in force here" in said
    assert "its log says why" not in said, "that is for the coordinator"


def test_a_site_that_has_not_joined(hospital, capsys):
    from riskset.cli import main

    assert main(["site", "status", str(hospital.site_file)]) == 0
    said = capsys.readouterr().out
    assert "join with the coordinator's invite: riskset site join INVITE" in said
