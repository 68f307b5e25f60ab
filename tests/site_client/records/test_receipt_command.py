"""A site writes its receipt of a run into a file, for an auditor."""

import json

import pytest
from tests.site_client.records.test_backups import BOTH, Study

from riskset.protocol.after_end import AfterEnd
from riskset.protocol.receipt import check_receipt, read_receipt
from riskset.secure.envelope import sha256
from riskset_server.run.ended import end_of


@pytest.fixture
def study(member, tmp_path):
    member.has_study(covariates='"arm"')
    member.approves(*BOTH)
    made = Study(member, tmp_path)
    yield made
    made.stops()
    made.record.close()


def exchanges(study, run):
    ended = AfterEnd(study.member.coordinator, study.files.roster, end_of(study.record, run), study.record)
    while ended.waiting_for:
        for name in ended.waiting_for:
            site = study.others.get(name, study)
            ended.accept(site.answer(ended.request(name)))


def test_a_receipt_once_it_has_arrived(study, capsys):
    coordinator = study.begins()
    run = coordinator.run
    study.goes(coordinator)
    study.record.end(run, {"results.json": "0" * 64})
    study.stops()
    assert study.member.says("receipt", "0" * 16) == 1
    assert "this site has not taken part in a run 0000000000000000" in capsys.readouterr().err
    assert study.member.says("receipt", run) == 3
    assert f"the receipt of run {run} has not arrived yet" in capsys.readouterr().err
    exchanges(study, run)
    study.stops()
    assert study.member.says("receipt", run) == 0
    file = study.folder / f"kurume.{run}.receipt.json"
    assert "It holds no number" in capsys.readouterr().out
    receipt = read_receipt(file.read_bytes())
    proven = check_receipt(receipt, study.files.roster.parties_of(study.files.roster.sites))
    sent = [one.reply for one in study.answered(run)]
    assert [entry.public["sha256"] for entry in proven.replies] == [sha256(reply) for reply in sent[:-2]]
    assert study.member.says("receipt", run) == 1
    assert "exists already" in capsys.readouterr().err


def test_the_ledger_shows_both_exchanges_and_the_run_is_finished(study, capsys):
    coordinator = study.begins()
    study.goes(coordinator)
    study.record.end(coordinator.run, {"results.json": "0" * 64})
    exchanges(study, coordinator.run)
    study.stops()
    capsys.readouterr()
    assert study.member.says("ledger", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["kind"] for one in found["said"]] == ["approved", "witnessed", "kept"]
    assert found["replies"][-1]["kind"] == "closed"
    assert study.member.says("status", "--json") == 0
    (answered,) = json.loads(capsys.readouterr().out)["runs"]
    assert answered["is_finished"]
