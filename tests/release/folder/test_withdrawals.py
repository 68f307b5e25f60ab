"""A release is withdrawn: signed, shown wherever it is listed, by those who can, and of these bytes alone."""

import json

import pytest
from tests.release.folder.conftest import AT, CSV, FIGURE, TABLE, WHY

from riskset.audit.proof import FILE as PROOF
from riskset.catalogue import languages
from riskset.cli import main
from riskset.errors import DataError, VerificationError
from riskset.joining.signed import write_signed
from riskset_release.folder import withdrawing
from riskset_release.folder.pages import PAGES
from riskset_release.folder.withdrawing import withdraw_from
from riskset_release.releasing import RECORD
from riskset_release.votes import read_vote
from riskset_release.withdrawals import Withdrawal, read_withdrawal

MARKS = {"en": "WITHDRAWN by", "ko": "철회됨", "ja": "撤回済み"}


def test_a_withdrawal_is_read_as_it_was_signed_and_is_no_vote(release):
    data = release.withdrawal()
    paper = read_withdrawal(data)
    assert (paper.output, paper.reason, paper.meaning, paper.site) == (TABLE, WHY, "withdrawal", "")
    with pytest.raises(DataError):
        read_vote(data)
    with pytest.raises(VerificationError):
        read_withdrawal(data.replace(TABLE.encode(), FIGURE.encode()))


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "short"},
        {"reason": "x" * 2001},
        {"name": ""},
        {"meaning": "approval"},
        {"at": ""},
        {"study": "1"},
        {"output": ""},
        {"more": "1"},
    ],
    ids=str,
)
def test_what_riskset_would_not_sign_is_not_read(release, change):
    content = read_withdrawal(release.withdrawal()).content
    with pytest.raises(DataError):
        read_withdrawal(write_signed(Withdrawal.kind, {**content, **change}, signature=release.committee.keys["sato"]))


def test_a_withdrawn_output_is_marked_on_every_page_and_its_proof_says_so(folder, capsys):
    before = folder.content
    assert folder.withdraws(TABLE) == 0
    out = capsys.readouterr().out
    assert "takes back no copy" in out
    assert "Publish the whole folder again" in out
    for page, language in (
        ("index.html", "en"),
        ("release-note.html", "en"),
        *((f"transfer-statement.{one}.html", one) for one in languages()),
    ):
        assert MARKS[language] in folder.text(page)
        assert WHY in folder.text(page)
    graph = {one["@id"]: one for one in json.loads(folder.reads("ro-crate-metadata.json"))["@graph"]}
    assert graph[CSV]["creativeWorkStatus"] == "Withdrawn"
    assert graph["figures/km-os-all.svg"]["creativeWorkStatus"] == "Published"
    after = folder.content
    assert {path for path in before if before[path] != after[path]} == {PROOF, *PAGES}
    assert set(after) == set(before)


def test_the_command_of_a_reader_says_who_withdrew_it_when_why_and_what_that_cannot_undo(folder, capsys):
    assert folder.withdraws(TABLE) == 0
    capsys.readouterr()
    assert main(["audit", "proof", str(folder.root / CSV)]) == 3
    out = capsys.readouterr().out
    assert "WITHDRAWN: K. Sato withdrew it on 20" in out
    assert WHY in out
    assert "takes back no copy, and no citation" in out
    assert f"{CSV} was released, and has been withdrawn" in out
    assert main(["audit", "proof", str(folder.root / CSV), "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert (said["holds"], said["failures"], said["withdrawn"][0]["reason"]) == (False, [], WHY)
    assert main(["audit", "proof", str(folder.root / "figures/km-os-all.svg")]) == 0


def test_without_an_output_all_are_withdrawn_and_nothing_is_signed_twice(folder, capsys):
    assert folder.withdraws() == 0
    assert all(one["withdrawals"] for one in json.loads(folder.reads(PROOF))["outputs"])
    before = folder.content
    assert folder.withdraws(TABLE) == 0
    assert "nothing was signed again" in capsys.readouterr().out
    assert folder.content == before


def test_an_auditor_who_accepted_nothing_can_withdraw_and_is_known_with_keys_alone(folder, release):
    assert folder.withdraws(TABLE, who="ito") == 0
    assert folder.proves().withdrawn == ()
    (failure,) = folder.proves().checks.failures
    assert "knows neither from an acceptance" in str(failure.told)
    with_keys = folder.proves(trusted=release.committee.trusted)
    assert (with_keys.checks.failures, len(with_keys.withdrawn), with_keys.holds) == ([], 1, False)


def test_a_hospital_that_took_part_can_withdraw(folder, release):
    assert folder.adds(release.withdrawal("asan", site="asan")) == 0
    (withdrawn,) = folder.proves().withdrawn
    assert (withdrawn.name, withdrawn.site) == ("Dr. Asan", "asan")
    assert "Dr. Asan, for asan" in folder.text("index.html")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"who": "stranger"}, "knows neither"),
        ({"who": "coordinator"}, "knows neither"),
        ({"who": "kim", "site": "asan"}, "knows neither"),
        ({"who": "kurume", "site": "asan"}, "knows neither"),
        ({"output_sha256": "0" * 64}, "is not a withdrawal of an output of this release"),
        ({"run": "0" * 16}, "is not a withdrawal of an output of this release"),
        ({"study": "0" * 64}, "is not a withdrawal of an output of this release"),
    ],
    ids=str,
)
def test_a_withdrawal_of_somebody_else_or_of_other_bytes_changes_nothing(folder, release, changes, said, capsys):
    before = folder.content
    assert folder.adds(release.withdrawal(**changes)) == 1
    assert said in capsys.readouterr().err
    assert folder.content == before


def forged(folder, change):
    """Writes a proof in which somebody has changed something by hand."""
    said = json.loads(folder.reads(PROOF))
    output = next(one for one in said["outputs"] if one["id"] == TABLE)
    change(output)
    (folder.root / PROOF).write_text(json.dumps(said, ensure_ascii=False))


@pytest.mark.parametrize(
    "change",
    [
        lambda output: output["withdrawals"][0].update(signature="0" * 128),
        lambda output: output["withdrawals"][0]["withdrawal"].update(reason="It was only a mistake of the printer."),
        lambda output: output["withdrawals"][0]["withdrawal"].update(output=FIGURE),
        lambda output: output["withdrawals"][0]["withdrawal"].update(at=AT),
        lambda output: output["withdrawals"][0].update(remark="It was lifted."),
        lambda output: output.pop("withdrawals"),
        lambda output: output.update(withdrawals=None),
    ],
)
def test_a_withdrawal_that_was_changed_does_not_make_the_file_good_again(folder, change):
    assert folder.withdraws(TABLE) == 0
    forged(folder, change)
    assert folder.proves().checks.failures
    assert not folder.proves().holds


def test_a_proof_without_the_withdrawal_is_an_older_one_and_cannot_know(folder):
    """What docs/proof.md tells a reader: nothing in a copy shows what happened after it was made."""
    assert folder.withdraws(TABLE) == 0
    forged(folder, lambda output: output["withdrawals"].clear())
    assert folder.proves().holds


def test_a_withdrawal_of_one_output_is_none_of_the_next(folder):
    assert folder.withdraws(TABLE) == 0
    said = json.loads(folder.reads(PROOF))
    figure, table = said["outputs"]
    figure["withdrawals"] = table["withdrawals"]
    (folder.root / PROOF).write_text(json.dumps(said, ensure_ascii=False))
    assert folder.proves("figures/km-os-all.svg").checks.failures


def test_a_folder_that_was_changed_is_not_withdrawn_from(folder, capsys):
    (folder.root / CSV).write_bytes(folder.reads(CSV) + b" ")
    before = folder.content
    assert folder.withdraws(FIGURE) == 1
    assert "not as it was released" in capsys.readouterr().err
    assert folder.content == before


def test_files_of_a_withdrawn_output_may_be_taken_away(folder):
    assert folder.withdraws(TABLE) == 0
    (folder.root / CSV).unlink()
    assert folder.withdraws(FIGURE) == 0
    assert CSV not in folder.text("index.html")
    assert "km-os-all.docx" in folder.text("index.html")


def test_a_killed_command_leaves_whole_files_and_is_made_good_by_typing_it_again(folder, monkeypatch):
    class Killed(BaseException):
        pass

    written, real = [], withdrawing.replace_file

    def dies_at_the_third(path, content):
        written.append(path.name)
        if len(written) == 3:
            raise Killed
        real(path, content)

    before = folder.content
    monkeypatch.setattr(withdrawing, "replace_file", dies_at_the_third)
    with pytest.raises(Killed):
        withdraw_from(folder.root, {"a": folder.release.withdrawal()}, None)
    monkeypatch.undo()
    assert written[0] == PROOF  # what decides is written first
    assert folder.proves().withdrawn
    assert set(folder.content) == set(before)
    assert MARKS["en"] not in folder.text("release-note.html")
    assert folder.withdraws(TABLE) == 0
    assert MARKS["en"] in folder.text("release-note.html")
    assert folder.content[RECORD] == before[RECORD]


@pytest.mark.parametrize(
    ("outputs", "changes", "said"),
    [
        (["table-km-os-al"], {}, "did you mean 'table-km-os-all'"),
        ([TABLE], {"reason": "because"}, "20 to 2000 characters"),
        ([TABLE], {"name": ""}, "Write your name"),
        ([TABLE], {"who": "kim", "as": "sato"}, "the key is not that of sato"),
        ([TABLE], {"as": ""}, "sign a withdrawal with --as"),
        ([TABLE], {"add": "a.json"}, "sign a withdrawal with --as"),
    ],
    ids=str,
)
def test_what_cannot_be_signed_changes_nothing(folder, outputs, changes, said, capsys):
    before = folder.content
    assert folder.withdraws(*outputs, **changes) == 1
    assert said in capsys.readouterr().err
    assert folder.content == before


def test_a_proof_of_the_first_schema_is_still_read_and_is_not_withdrawn_from(folder, capsys):
    said = json.loads(folder.reads(PROOF))
    outputs = [{k: v for k, v in one.items() if k != "withdrawals"} for one in said["outputs"]]
    first = {k: v for k, v in said.items() if k not in ("pages", "described")} | {"schema": 1, "outputs": outputs}
    (folder.root / PROOF).write_text(json.dumps(first, ensure_ascii=False))
    assert folder.proves().holds
    assert folder.withdraws(TABLE) == 1
    assert "written by an earlier version" in capsys.readouterr().err


def test_two_withdrawals_are_both_listed(folder):
    assert folder.withdraws(TABLE) == 0
    assert folder.withdraws(TABLE, who="kim", name="M. Kim") == 0
    assert [one.name for one in folder.proves().withdrawn] == ["K. Sato", "M. Kim"]
    assert "M. Kim" in folder.text("transfer-statement.ja.html")
