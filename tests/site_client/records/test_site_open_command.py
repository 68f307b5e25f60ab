"""`riskset site open`, `recompute` and `destroy-secret`: a run is opened once it is over, on record; what it gave can
be computed again; and its secret is destroyed for good."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from tests.site_client.records.conftest import BOTH, Consortium

from riskset.audit.site_opening import Notice, read_notice, read_opening
from riskset.catalogue import say
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.opening import Opening
from riskset.rehearsal import MemoryRecord
from riskset.secure.envelope import sha256
from riskset.secure.keys import new_identity
from riskset.secure.masks import public_of
from riskset_site.commands import opening as commands
from riskset_site.keys import SitePaths
from riskset_site.records.journal import JournalFile, open_ledger

TO = ("--to", "K. Sato", "--reason", "audit of the first run")


def journal_of(member):
    key = member.study_folder.identity.signing
    return closing(JournalFile(open_ledger(SitePaths(member.folder).journal, key, "kurume")))


def kinds(member):
    with journal_of(member) as journal:
        return [entry.kind for entry in journal.ledger.entries()]


def opened(member, *more, run="run-1"):
    return member.says("open", run, *TO, "--yes", *more)


def notice_of(member, site, folder, run="run-1", key=None, name=None):
    """The notice of another site, as the auditor hands it on."""
    file = folder / f"{name or site}.notice.json"
    at = "2026-01-02T03:04:05.678+00:00"
    file.write_bytes(Notice(run, site, "K. Sato", at).signed(key or member.others[site]))
    return "--notice", str(file)


def test_a_run_is_opened_with_the_numbers_that_its_ledger_has(answered, capsys):
    assert opened(answered) == 0
    file = answered.folder / "kurume.run-1.opening.json"
    out = " ".join(capsys.readouterr().out.split())
    assert f"{file} holds this site's own sums, in clear. Give it to K. Sato and to nobody else." in out
    document, opening = read_opening(file.read_bytes())
    document.check_signed(answered.identity.signing.public_key(), say("audit.opening.no_site"), say("cli.check_path"))
    assert (opening.run, opening.site, opening.to, opening.reason) == ("run-1", "kurume", *TO[1::2])
    assert file.stat().st_mode & 0o777 == 0o600
    assert answered.says("ledger", "--json") == 0
    replies = json.loads(capsys.readouterr().out)["replies"][1:]
    found = [
        [
            [id_, label, value]
            for id_, labels, values in one.numbers
            for label, value in zip(labels, values, strict=True)
        ]
        for one in opening.rounds
    ]
    assert found == [reply["numbers"] for reply in replies]
    assert [list(one.verdicts) for one in opening.rounds] == [reply["verdicts"] for reply in replies]
    with journal_of(answered) as journal:
        assert opening.secret == journal.begun("run-1").secret
        assert len(public_of(opening.secret)) == 32
        assert opening.log.count("\n") == len(
            journal.ledger.entries()
        )  # the act is younger than the log that is opened


def test_the_act_is_on_record_before_the_file_exists(answered, monkeypatch, capsys):
    def no_file(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "create_file", no_file)
    with pytest.raises(KeyboardInterrupt):
        commands.open_(answered.site_file, "run-1", *TO[1::2], yes=True)
    assert kinds(answered)[-1] == "disclosed"
    monkeypatch.undo()
    assert opened(answered) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"This site opened the run on \d{4}-\d\d-\d\d to K\. Sato\.", said)
    with journal_of(answered) as journal:
        entry = journal.ledger.entries("disclosed")[-1]
    data = (answered.folder / "kurume.run-1.opening.json").read_bytes()
    assert entry.public == {"run": "run-1", "to": "K. Sato", "reason": TO[3], "sha256": sha256(data)}


def test_a_notice_says_that_a_site_has_opened_and_holds_no_number(answered):
    assert opened(answered) == 0
    data = (answered.folder / "kurume.run-1.notice.json").read_bytes()
    document, notice = read_notice(data)
    document.check_signed(answered.identity.signing.public_key(), say("audit.opening.no_site"), say("cli.check_path"))
    assert (notice.run, notice.site, notice.to) == ("run-1", "kurume", "K. Sato")
    assert set(document.content) == {"schema", "run", "site", "to", "at"}


def test_what_follows_from_one_more_opening_is_said_before(answered, tmp_path, capsys):
    asan, osaka = (notice_of(answered, site, tmp_path) for site in ("asan", "osaka"))
    for notices, says in [
        ((), "After this opening, 2 of 3 sites are left."),
        (
            asan,
            "After this opening only osaka is left: anyone who has the openings and the totals then knows its sums",
        ),
        (asan + osaka, "anyone who has their openings and the totals knows the sums of this site already."),
    ]:
        capsys.readouterr()
        assert opened(answered, *notices, "--out", str(tmp_path / f"{len(notices)}.json")) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert says in said
        assert ("asan opened the run on 2026-01-02 to K. Sato." in said) == (asan[1] in notices)
        assert ("osaka: no notice that it has opened the run." in said) == (osaka[1] not in notices)


def test_a_notice_of_something_else_is_refused(answered, tmp_path, capsys):
    before = kinds(answered)
    for notice, says in [
        (notice_of(answered, "asan", tmp_path, run="run-2", name="later"), "not of another participant of this run"),
        (notice_of(answered, "kurume", tmp_path, key=answered.identity.signing), "not of another participant"),
        (notice_of(answered, "sapporo", tmp_path, key=new_identity()), "not of another participant of this run"),
        (notice_of(answered, "asan", tmp_path, key=answered.others["osaka"], name="forged"), "somebody else signed it"),
        (("--notice", str(answered.folder / "roster.json")), "expected a notice"),
    ]:
        assert opened(answered, *notice) == 1
        assert says in " ".join(capsys.readouterr().err.split())
    assert kinds(answered) == before


def test_nothing_is_opened_before_the_run_is_over(member, capsys):
    member.approves(*BOTH)
    consortium = Consortium(member)
    consortium.sites["kurume"].answer(consortium.coordinator.request())
    consortium.journal.close()
    for command in (("open", "run-1", *TO), ("destroy-secret", "run-1")):
        assert member.says(*command, "--yes") == 3
        assert "run run-1 is not over at this site" in capsys.readouterr().err
    assert opened(member, run="run-2") == 1
    assert "run run-2 is not in this site's journal" in capsys.readouterr().err
    assert not list(member.folder.glob("*.opening.json"))


def test_a_file_that_is_there_is_not_replaced_and_nothing_is_recorded(answered, tmp_path, capsys):
    before, file = kinds(answered), tmp_path / "there.json"
    file.write_text("mine")
    assert opened(answered, "--out", str(file)) == 1
    assert "exists already" in capsys.readouterr().err
    (tmp_path / "x.notice.json").write_text("mine")
    assert opened(answered, "--out", str(tmp_path / "x.opening.json")) == 1
    assert answered.says("open", "run-1", "--to", "two\nlines", "--reason", "x", "--yes") == 1
    assert "--to needs one line of text" in capsys.readouterr().err
    assert answered.says("open", "run-1", "--to", "K. Sato", "--reason", "x" * 201, "--yes") == 1
    assert (kinds(answered), file.read_text()) == (before, "mine")


def test_nothing_is_opened_or_destroyed_unless_somebody_says_yes(answered, monkeypatch, capsys):
    before = kinds(answered)
    for command in (("open", "run-1", *TO), ("destroy-secret", "run-1")):
        assert answered.says(*command) == 1
        assert "there is no terminal to ask questions at" in capsys.readouterr().err
        for answer in (False, True):
            monkeypatch.setattr(commands.sys.stdin, "isatty", lambda: True, raising=False)
            monkeypatch.setattr(commands, "agreed", lambda _, answer=answer: answer)
            assert answered.says(*command) == (0 if answer else 1)
            monkeypatch.undo()
            assert (kinds(answered) != before) == answer
        before = kinds(answered)


def test_the_rows_give_the_numbers_again_to_the_bit(answered, capsys):
    before = kinds(answered)
    capsys.readouterr()
    assert answered.says("recompute", "run-1") == 0
    said = " ".join(capsys.readouterr().out.split())
    (same, n), (sent, of) = (
        re.search(pattern, said).groups()
        for pattern in (
            r"(\d+) of (\d+) numbers of the ledger follow from the rows, to the bit",
            r"(\d+) of (\d+) numbers that were sent are those of the ledger, to the bit",
        )
    )
    assert same == n
    assert sent == of
    assert int(n) > int(of) > 40
    assert "Run run-1 follows from the rows." in said
    assert kinds(answered) == before
    assert answered.says("recompute", "run-1", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["follows"]
    assert sum(one["numbers"] for one in found["rounds"]) == int(n)


def test_other_rows_another_study_or_roster_are_named_and_nothing_is_compared(answered, capsys):
    export = answered.patients(60)
    answered.exports(export.replace("sorafenib,40", "sorafenib,41", 1))
    assert answered.says("recompute", "run-1") == 3
    assert "the data have changed since it began" in " ".join(capsys.readouterr().err.split())
    answered.exports(export)
    answered.has_roster(telephone="+81 942 000 001")
    assert answered.says("recompute", "run-1") == 3
    assert "it had another roster" in " ".join(capsys.readouterr().err.split())
    answered.has_study(covariates='"arm", "age"')
    assert answered.says("recompute", "run-1") == 3
    assert "it was of another study, or another version of it" in " ".join(capsys.readouterr().err.split())
    assert answered.says("recompute", "run-2") == 1


def chunks(data):
    """Pieces of a ciphertext of which none can be elsewhere by chance."""
    return [data[at : at + 24] for at in range(0, len(data) - 24, 24)]


def begun_blob(member, run="run-1"):
    with closing(sqlite3.connect(SitePaths(member.folder).journal)) as file:
        return file.execute("SELECT begun FROM run WHERE id = ?", (run,)).fetchone()[0]


def test_a_destroyed_secret_is_nowhere_in_the_file(answered, capsys):
    path, old = SitePaths(answered.folder).journal, begun_blob(answered)
    before = path.read_bytes()
    assert sum(chunk in before for chunk in chunks(old)) > 0.9 * len(chunks(old)) > 50
    assert answered.says("destroy-secret", "run-1", "--yes") == 0
    assert "The secret of run run-1 is destroyed." in capsys.readouterr().out
    after = path.read_bytes()
    assert [chunk for chunk in chunks(old) if chunk in after] == []
    assert not [*answered.folder.glob("journal.sqlite-*")]
    with journal_of(answered) as journal:
        begun = journal.begun("run-1")
        assert begun.secret == b""
        assert begun.rows.digest == answered.study_folder.snapshot
        assert len(begun.rows.marks) == 60
    assert kinds(answered)[-1] == "destroyed"


def test_a_run_without_its_secret_is_not_opened_but_still_computed_again_and_repeated(member, capsys):
    member.approves(*BOTH)
    first, record = Consortium(member), MemoryRecord(member.coordinator)
    files, sites = member.study_folder, tuple(sorted(member.sites))
    held = member.coordinator, files.study, files.roster
    first.coordinator = Coordinator(*held, "run-1", Opening(sites), record)
    first.goes()
    second = Consortium(member, run="run-2")
    second.sites = {**first.sites, "kurume": second.sites["kurume"]}
    second.coordinator = Coordinator(*held, "run-2", Opening(sites, ("run-1",)), record)
    second.goes()
    with journal_of(member) as journal:
        exchanges, other = journal.exchanges("run-1"), journal.begun("run-2").secret
    assert member.says("destroy-secret", "run-1", "--yes") == 0
    assert opened(member) == 3
    assert "the secret of run run-1 was destroyed on" in capsys.readouterr().err
    assert member.says("destroy-secret", "run-1", "--yes") == 3
    assert member.says("recompute", "run-1") == 0
    said = capsys.readouterr().out
    assert "What was sent is not compared: the secret of the run was destroyed." in said
    assert "follow from the rows, to the bit" in said
    assert opened(member, run="run-2") == 0
    later = Consortium(member, run="run-3")
    assert later.journal.begun("run-2").secret == other
    assert [later.sites["kurume"].answer(one.request) for one in exchanges] == [one.reply for one in exchanges]
    later.journal.close()
    capsys.readouterr()
    assert member.says("ledger", "--json") == 0
    said = {one["kind"]: one["told"] for one in json.loads(capsys.readouterr().out)["said"]}
    assert said["destroyed"] == "destroyed the secret of run run-1"
    assert said["disclosed"] == "opened run run-2 to K. Sato: audit of the first run"


def test_a_run_that_had_no_secret_has_none_to_destroy(member_at, capsys):
    member = member_at()
    member.has_study(secure_sum="off")
    member.approves(*BOTH)
    Consortium(member).goes()
    capsys.readouterr()
    assert member.says("destroy-secret", "run-1", "--yes") == 3
    assert "run run-1 has no secret" in capsys.readouterr().err
    assert opened(member) == 0
    assert "Sums were not masked in this run" in capsys.readouterr().out
    assert member.says("recompute", "run-1") == 0


def test_a_site_that_lost_its_secret_sends_nothing_in_a_run_under_way(member):
    """Nobody takes the secret away before the end; but where it is gone, sums never leave without masks."""
    member.approves(*BOTH)
    consortium = Consortium(member)
    request = consortium.coordinator.request()
    for name, site in consortium.sites.items():
        consortium.coordinator.accept(site.answer(request))
        del name
    consortium.journal.destroy_secret("run-1")
    again = Consortium(member)
    assert b'"journal"' in again.sites["kurume"].answer(consortium.coordinator.request())
    consortium.journal.close()
    again.journal.close()
