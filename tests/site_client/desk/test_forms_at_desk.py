"""Forms of the site desk do what the commands do, and say why where they do not."""

import re
from html import unescape

import pytest

from riskset.catalogue import say
from riskset_site.consent.approvals import Approvals
from riskset_site.keys import SitePaths, lock_keys
from riskset_site.network.folder_watch import OnlyProcess
from riskset_site.site_status import site_status

SECRET = "a long passphrase"


def standing(member):
    return Approvals(member.ledger(), member.identity).standing()


# Approving.


def test_an_approval_by_the_form_is_that_of_the_command(desk, member):
    page = unescape(desk.approves(**{"compared-asan": member.study_folder.roster.fingerprint("asan")}).text)
    approval = standing(member).approval
    assert (approval.by, approval.irb, approval.until.isoformat()) == ("M. Uchida", "2024-117", "2099-12-31")
    assert approval.compared == ("asan",)
    assert not approval.may_be_subtracted
    assert not approval.may_be_told_alone
    assert (member.folder / "kurume.approval.json").exists()
    assert say("site.approval.signed", by="M. Uchida", study="trial", version="1.0.0", site="kurume") in page
    assert say("site.approval.not_compared", sites=("osaka",)) in page
    assert site_status(member.site_file).is_approved
    assert "osaka" not in desk.reads("/")  # said once


def test_every_term_of_the_command_is_in_the_form(desk, member):
    typed = {"limit2": "R3.events", "value2": "10", "reason2": "few patients", "may_be_subtracted": "yes"}
    assert desk.approves(may_be_told_alone="yes", **typed).status_code == 200
    approval = standing(member).approval
    assert approval.may_be_subtracted
    assert approval.may_be_told_alone
    assert [(one.limit, str(one.value), one.reason) for one in approval.exceptions] == [
        ("R3.events", "10", "few patients")
    ]


def test_a_file_that_vouches_counts(desk, member, member_at):
    member.says("vouch", "--compared", "osaka", "--out", str(member.folder / "own.json"))
    files = [("file", ("vouched.json", (member.folder / "own.json").read_bytes(), "application/json"))]
    answer = desk.approves(files=files)
    assert answer.status_code == 422
    assert "has not been compared here" in answer.text
    assert standing(member).approval is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"statement": None}, "site.desk.no_statement"),
        ({"until": "2099-02-30"}, "site.terms.not_a_day"),
        ({"until": ""}, "site.terms.not_a_day"),
        ({"by": ""}, "site.terms.not_printable"),
        ({"limit1": "R3.events", "value1": "10"}, ""),
        ({"value1": "2"}, ""),
        ({"seen": "0" * 64}, "site.desk.changed"),
    ],
)
def test_what_cannot_be_signed_is_said_and_what_was_typed_stays(desk, member, changes, code):
    answer = desk.approves(**{"irb": "2024-118", **changes})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="2024-118"' in answer.text
    if code in ("site.desk.no_statement", "site.desk.changed"):
        assert say(code) in answer.text
    assert standing(member).approval is None


def test_data_that_changed_since_the_page_are_not_signed(desk, member):
    seen = desk.hidden("/approve")["seen"]
    member.exports(member.patients(61))
    answer = desk.approves(seen=seen)
    assert answer.status_code == 422
    assert say("site.desk.changed_hint") in answer.text
    assert standing(member).approval is None
    assert desk.approves().status_code == 200


def test_after_a_withdrawal_the_form_asks_why(desk, member):
    desk.approves()
    assert desk.sends("/service", act="withdraw", by="M. Uchida", reason="ended").status_code == 422
    assert not standing(member).is_withdrawn
    desk.sends("/service", act="withdraw", by="M. Uchida", reason="ended", certain="yes")
    assert standing(member).is_withdrawn
    assert desk.approves().status_code == 422
    assert 'name="after_withdrawal"' in desk.reads("/approve")
    assert desk.approves(after_withdrawal="the committee allows it again").status_code == 200
    assert standing(member).approval is not None


# Pausing, and the process that answers.


def test_pause_and_resume_are_acts_of_the_ledger(desk, member):
    desk.approves()
    page = desk.sends("/service", act="pause", by="K. Sato", reason="a new export comes").text
    assert say("site.desk.done.paused") in page
    assert standing(member).is_paused
    assert "K. Sato" in page
    page = desk.sends("/service", act="resume", by="K. Sato").text
    assert say("site.desk.done.resumed") in page
    assert not standing(member).stopped


def test_a_pause_needs_neither_study_nor_data(desk, member):
    desk.approves()
    for name in ("export.csv", "study.toml"):
        (member.folder / name).unlink()
    assert desk.sends("/service", act="pause", by="K. Sato", reason="lost").status_code == 200
    assert standing(member).is_paused


def test_what_is_paused_already_is_said(desk, member):
    desk.approves()
    desk.sends("/service", act="pause", by="K. Sato", reason="x")
    answer = desk.sends("/service", act="pause", by="K. Sato", reason="y")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_form_that_asks_nothing_known_does_nothing(desk, member):
    desk.approves()
    assert desk.sends("/service", act="delete", by="K. Sato", certain="yes").status_code == 403
    assert not standing(member).stopped


def test_the_page_says_whether_the_site_is_answering(desk, member):
    paths = SitePaths(member.folder)
    assert say("site.desk.not_running") in desk.reads("/service")
    with OnlyProcess(paths.lock, process=4242):
        page = desk.reads("/service")
        assert say("site.desk.running") in page
        assert "4242" in page
    assert say("site.desk.not_running") in desk.reads("/service")
    with OnlyProcess(paths.lock):
        pass  # to look has not taken the folder


def test_the_last_lines_of_the_log_are_shown(desk, member):
    SitePaths(member.folder).log.write_text("".join(f"line {n} <b>\n" for n in range(100)), encoding="utf-8")
    page = desk.reads("/service")
    assert "line 99 &lt;b&gt;" in page
    assert "line 88 " in page
    assert "line 87 " not in page


# The ledger, and locked keys.


def test_numbers_are_shown_only_after_asking(desk, member):
    desk.approves()
    page = desk.reads("/ledger")
    assert say("site.ledger.heading.acts") in page
    assert say("site.desk.numbers_button") in page
    answer = desk.sends("/ledger", numbers="yes")
    assert say("site.desk.numbers_button") not in answer.text


def test_a_checkpoint_is_compared(desk, member):
    desk.approves()
    noted = re.search(r"<dd>(1:[^<]*)</dd>", desk.reads("/ledger"))[1]
    desk.sends("/service", act="pause", by="K. Sato", reason="x")
    assert say("site.desk.held_true") in desk.sends("/ledger", held=noted).text
    answer = desk.sends("/ledger", held="1:AAAA")
    assert answer.status_code == 422
    assert say("site.desk.held_true") not in answer.text


def test_locked_keys_are_opened_once_and_asked_for_again_to_sign(desk_at, member, monkeypatch):
    monkeypatch.setenv("RISKSET_PASSPHRASE", SECRET)
    lock_keys(SitePaths(member.folder))
    monkeypatch.delenv("RISKSET_PASSPHRASE")
    desk = desk_at(member)
    assert desk.gets("/review").url.path.endswith("/unlock")
    assert desk.gets("/check").url.path.endswith("/check")
    assert desk.sends("/unlock", passphrase="not the passphrase").status_code == 422
    assert desk.gets("/review").url.path.endswith("/unlock")
    assert desk.sends("/unlock", passphrase=SECRET).url.path.endswith("/")
    assert say("site.review.heading.numbers") in desk.reads("/review")
    assert desk.approves(passphrase="not the passphrase").status_code == 422
    assert desk.approves(passphrase=SECRET).status_code == 200
    assert say("site.desk.step.start") in desk.reads("/")
