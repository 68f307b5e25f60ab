"""What a committee reads afterwards: every number that left is there, with when, for whom, under which approval; and
nothing is shown of a ledger that does not hold."""

import json
import re
import sqlite3
from html.parser import HTMLParser

import pytest
from tests.site_client.records.conftest import BOTH, Consortium

from riskset.catalogue import catalogue
from riskset.ledger.entry import SITE
from riskset_site.keys import SitePaths
from riskset_site.records.journal import JournalFile, open_ledger
from riskset_site.records.refusals import QUIET_S


def read(member, capsys):
    capsys.readouterr()
    assert member.says("ledger", "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_every_number_that_left_is_there(answered, capsys):
    found = read(answered, capsys)
    files = answered.study_folder
    ledger = JournalFile(open_ledger(SitePaths(answered.folder).journal, files.identity.signing, "kurume"))
    rounds = len(ledger.exchanges("run-1"))
    ledger.close()
    assert [reply["round"] for reply in found["replies"]] == list(range(rounds))
    assert [reply["kind"] for reply in found["replies"]] == ["opened", *["contributed"] * (rounds - 2), "closed"]
    assert found["replies"][1]["numbers"] == [
        ["admission/cohorts", "patients of os", 60.0],
        ["in clear", "contributes to patients of os", 1.0],
    ]
    assert {reply["study"] for reply in found["replies"]} == {files.study_hash}
    assert {found["approvals"][reply["approval"]] for reply in found["replies"]} == {
        "by M. Uchida (IRB 2024-117) until 2099-12-31"
    }
    verdicts = [verdict for reply in found["replies"] for verdict in reply["verdicts"]]
    assert {verdict["verdict"] for verdict in verdicts} == {"pass"}
    assert {verdict["rule"] for verdict in verdicts} == {"R2", "R4", "R7"}


def test_approvals_pauses_and_refusals_are_there(answered, capsys):
    consortium = Consortium(answered, run="run-2")
    answered.says("pause", "--by", "M. Uchida", "--reason", "a new export comes")
    consortium.sites["kurume"].answer(consortium.coordinator.request())
    consortium.journal.close()
    said = read(answered, capsys)["said"]
    assert [(one["kind"], one["told"]) for one in said] == [
        ("approved", "by M. Uchida (IRB 2024-117) until 2099-12-31; compared: asan, osaka"),
        ("paused", "by M. Uchida: a new export comes"),
        (
            "refused",
            "refused run run-2: no approval is in force here for this study, this roster and these data",
        ),
    ]


def test_a_coordinator_that_asks_without_end_does_not_fill_the_disk(answered):
    answered.says("pause", "--by", "M. Uchida", "--reason", "a new export comes")
    consortium = Consortium(answered, run="run-2")
    site, request = consortium.sites["kurume"], consortium.coordinator.request()
    for _ in range(3):
        assert b'"approval"' in site.answer(request)
    site.answer(b"garbage")
    consortium.now = QUIET_S
    site.answer(request)
    codes = [entry.public["code"] for entry in consortium.journal.ledger.entries("refused")]
    assert codes == ["approval", "message", "approval"]
    consortium.journal.close()


def test_an_exception_and_its_reason_are_there(member, capsys):
    member.approves(
        *BOTH, "--exception", "R4=1/3", "--reason", "two adults", "--may-be-subtracted", "--may-be-told-alone"
    )
    [said] = read(member, capsys)["said"]
    assert said["told"].endswith(
        "exception R4.leverage = 1/3: two adults; may be subtracted; its own estimates may be told"
    )


def test_the_html_page_holds_every_number(answered, tmp_path, capsys):
    out = tmp_path / "ledger.html"
    assert answered.says("ledger", "--html", str(out)) == 0
    page = out.read_text(encoding="utf-8")
    found = read(answered, capsys)
    numbers = [(label, value) for reply in found["replies"] for _, label, value in reply["numbers"]]
    assert len(numbers) > 40
    for label, value in numbers:
        assert f"<td>{label}</td>" in page or f'<td class="short">{label}</td>' in page
        assert f"{value:.6g}" in page or f"{value:.0f}" in page
    assert out.stat().st_mode & 0o777 == 0o600


MOST_WIDE = 110
"""Characters that a line of a table holds, on a screen of 1280 pixels and on A4 (960 px and 680 px at the sizes of
page.css; the widest letters of a hash take 8 and 6)."""


class Widths(HTMLParser):
    """The width of each table below which it cannot shrink: the longest unbroken text of each column, and the gaps."""

    def __init__(self):
        super().__init__()
        self.tables, self.column, self.text, self.whole = [], 0, None, False

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append({})
        if tag == "tr":
            self.column = 0
        if tag in ("td", "th"):
            self.text, self.whole = "", tag == "th" or dict(attrs).get("class") in ("short", "number")
        if tag == "wbr" and not self.whole:
            self.text += " "

    def handle_data(self, data):
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            parts = [self.text] if self.whole else re.split(r"[ -]", self.text)
            widths = self.tables[-1]
            widths[self.column] = max(widths.get(self.column, 0), *(len(part) + 2 for part in parts))
            self.column, self.text = self.column + 1, None


@pytest.mark.parametrize("command", ["ledger", "review"])
def test_every_table_fits_its_page(answered, tmp_path, command):
    out = tmp_path / "page.html"
    assert answered.says(command, "--html", str(out)) == 0
    page = Widths()
    page.feed(out.read_text(encoding="utf-8"))
    assert len(page.tables) > 5
    assert max(sum(widths.values()) for widths in page.tables) <= MOST_WIDE


CHANGES = {
    "an entry flipped": "UPDATE ledger_entry SET public = replace(public, 'M. Uchida', 'Nobody') WHERE number = 0",
    "an entry dropped": "DELETE FROM ledger_entry WHERE number = 3",
    "the last entry dropped": "DELETE FROM ledger_entry WHERE number = (SELECT max(number) FROM ledger_entry)",
    "a reply changed": "UPDATE exchange SET reply = zeroblob(10) WHERE round = 2",
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_shown_of_a_ledger_that_does_not_hold(answered, capsys, change):
    assert answered.says("ledger") == 0
    capsys.readouterr()
    with sqlite3.connect(SitePaths(answered.folder).journal) as file:
        assert file.execute(CHANGES[change]).rowcount == 1
    file.close()
    assert answered.says("ledger") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "restore the latest intact copy from your backup" in err


def test_before_the_first_approval_there_is_no_ledger(member, capsys):
    assert member.says("ledger") == 1
    assert "it begins with riskset site approve" in capsys.readouterr().err


def checkpoint_of(member, capsys):
    capsys.readouterr()
    assert member.says("ledger") == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Checkpoint")]
    return line.split()[1]


def test_a_checkpoint_noted_on_an_earlier_day_is_compared_with_the_ledger(answered, member, capsys):
    noted = checkpoint_of(answered, capsys)
    answered.says("pause", "--by", "M. Uchida", "--reason", "holidays")
    assert checkpoint_of(answered, capsys) != noted
    assert answered.says("ledger", "--held", noted) == 0
    member.approves(*BOTH)  # another ledger of the same site: a disk put back, all of it signed rightly
    for held in (noted, "2:" + noted.partition(":")[2], "1:" + noted.partition(":")[2]):
        assert member.says("ledger", "--held", held) == 1
        assert "does not begin with the" in capsys.readouterr().err
    assert member.says("ledger", "--held", "yesterday") == 1
    assert "'yesterday' is not a checkpoint" in capsys.readouterr().err


def test_each_kind_of_entry_has_a_name_on_the_page():
    missing = [kind for kind in SITE if f"site.ledger.kind.{kind}" not in catalogue("en")]
    assert missing == []
