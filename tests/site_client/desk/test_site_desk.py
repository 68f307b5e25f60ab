"""The site desk in a browser: who comes in, what is shown, and that a form does what the command does."""

import re
from html import unescape

import pytest
from tests.pseudo_language import latin_words, spoken_here
from tests.site_client.conftest import EXPORT

from riskset.catalogue import languages, say
from riskset.error_pages import page_of
from riskset.language import _Spoken
from riskset.protocol.roster import load_roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.study.load import load_study
from riskset_site.consent.approvals import Approvals
from riskset_site.keys import SitePaths
from riskset_site.network.folder_watch import OnlyProcess

PAGES = ("/", "/check", "/review", "/approve", "/service", "/ledger", "/unlock")


def standing(member):
    return Approvals(member.ledger(), member.identity).standing()


def broken(member):
    """Writes an export with a value that is no number, and one that is out of range."""
    member.exports(member.patients(60).replace(",40,", ",4O,", 1).replace(",47,", ",470,", 1))


# Who comes in.


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_the_cookie(desk_at, member, page):
    assert desk_at(member, opened=False).gets(page).status_code == 403


def test_every_answer_forbids_frames_scripts_and_keeping(desk, member):
    member.approves()
    answers = [desk.gets(page) for page in (*PAGES, "/nowhere", "/desk.css")]
    answers += [desk.sends("/ledger", numbers="yes"), desk.sends("/check", to="/check/rows", rows="2 3")]
    for answer in answers:
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "script" not in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text


@pytest.mark.parametrize("page", ["/approve", "/service", "/ledger", "/unlock", "/check/rows"])
@pytest.mark.parametrize("csrf", [None, "", "x"])
def test_a_form_of_another_page_does_nothing(desk, member, page, csrf):
    assert desk.approves().status_code == 200
    answer = desk.client.post(f"{desk.app.base}{page}", data={"csrf": csrf} if csrf is not None else {})
    assert answer.status_code == 403
    assert not standing(member).stopped


def test_a_form_from_elsewhere_is_refused(desk, member):
    fields = {**desk.hidden("/approve"), "by": "x", "irb": "1", "until": "2099-12-31", "statement": "yes"}
    for origin in ("http://evil.example", "null", ""):
        answer = desk.client.post(f"{desk.app.base}/approve", data=fields, headers={"origin": origin})
        assert answer.status_code == 403
    assert standing(member).approval is None


# What is shown.


def test_the_overview_says_what_to_do_next(desk, member):
    steps = []

    def step():
        return re.search(r'<section class="next".*?<p>(.*?)</p>', desk.reads("/"), re.DOTALL)[1]

    broken(member)
    steps.append(step())
    member.exports(member.patients(60))
    steps.append(step())
    desk.approves()
    steps.append(step())
    desk.sends("/service", act="pause", by="M. Uchida", reason="holidays")
    steps.append(step())
    desk.sends("/service", act="resume", by="M. Uchida")
    with OnlyProcess(SitePaths(member.folder).lock):
        steps.append(step())
    assert steps == [say(f"site.desk.step.{name}") for name in ("check", "review", "start", "resume", "nothing")]


def test_a_site_that_has_not_joined_can_check(desk_at, hospital):
    desk = desk_at(hospital)
    assert say("site.desk.step.join") in unescape(desk.reads("/"))
    assert say("site.desk.fits") in desk.reads("/check")


def test_the_check_shows_each_problem_with_its_rows_and_values(desk, member):
    broken(member)
    page = unescape(desk.reads("/check"))
    for one in member.check().problems:
        assert one.message in page
        assert one.detail in page
        assert one.hint in page
    assert say("site.desk.does_not_fit", n=2) in page


@pytest.mark.parametrize("language", languages())
def test_a_problem_leads_to_the_page_of_its_code(desk, member, language, monkeypatch):
    monkeypatch.setattr(_Spoken, "chosen", language)
    broken(member)
    (path, *_) = re.findall(rf'href="{desk.app.base}(/explain/[^"]*)"', desk.reads("/check"))
    assert path == "/explain/data.fault.not_a_number"
    page = unescape(desk.reads(path))
    assert page_of("data.fault.not_a_number", language).title in page
    assert "`" not in page
    assert desk.gets("/explain/data.fault.nothing_known").status_code in (200, 404)
    assert desk.gets("/explain/x").status_code == 404


def test_the_rows_of_a_problem_open_as_the_export_writes_them(desk, member):
    member.exports("患者," + member.patients(60).replace("\n", "\nP7,").rstrip("P7,"))
    member.writes('key = "患者"', "[map]")
    page = unescape(desk.sends("/check", to="/check/rows", rows="3 5", column="age", problem="<b>").text)
    rows = re.findall(r"<tr><th.*?</tr>", page)
    cells = [re.findall(r">([^<>]*)</t[hd]>", row) for row in rows]
    assert cells[0][:3] == ["row", "患者", "age"]
    assert [row[:3] for row in cells[1:]] == [["3", "P7", "47"], ["5", "P7", "61"]]
    assert "<p><strong><b>" in page  # as text: the page was unescaped here


def test_a_problem_names_the_rows_that_can_be_opened(hospital):
    hospital.exports(EXPORT.replace(",61,", ",six,").replace(",50,", ",ten,"))
    (problem,) = [one for one in hospital.check().problems if "age" in one.where]
    assert problem.rows == (2, 4)
    assert "rows" not in problem.to_json()


def test_the_review_is_the_committees_page(desk, member):
    page = desk.reads("/review")
    assert say("site.review.heading.numbers") in page
    assert say("site.review.footer") in page


def test_a_page_that_cannot_be_shown_says_what_to_do(desk, member):
    (member.folder / "roster.json").unlink()
    answer = desk.gets("/review")
    assert answer.status_code == 422
    assert say("site.desk.trouble") in answer.text
    assert "roster.json" in answer.text


def test_every_problem_of_a_site_file_is_listed(desk, member):
    member.writes("colour = 1")
    assert "[source] colour" in desk.gets("/check").text


def test_values_are_in_no_address(desk, member):
    broken(member)
    assert not re.findall(r'(?:href|action)="[^"]*4O', desk.reads("/check"))


# Languages.


@pytest.mark.parametrize("language", languages())
def test_pages_are_in_the_language_that_is_spoken(desk, language, monkeypatch):
    monkeypatch.setattr(_Spoken, "chosen", language)
    page = desk.reads("/approve")
    assert f'<html lang="{language}">' in page
    assert say("site.desk.statement").in_language(language) in page


def test_every_sentence_of_the_pages_is_in_the_catalogue(desk_at, member, tmp_path, monkeypatch):
    with spoken_here(tmp_path / "catalogue") as language:
        monkeypatch.setattr(_Spoken, "chosen", language)
        desk = desk_at(member, opened=False)
        pages = [desk.client.get(desk.app.start_address).text, desk.gets("/").text]
        desk.opens()
        pages += [desk.gets(page).text for page in ("/", "/approve", "/service", "/ledger", "/unlock", "/nowhere")]
        desk.approves()
        pages += [desk.sends("/service", act="pause", by="K. Sato", reason="R").text, desk.reads("/ledger")]
        broken(member)
        pages += [desk.reads("/check"), desk.sends("/check", to="/check/rows", rows="2").text]
    of_the_study = {
        "kurume",
        "asan",
        "osaka",
        "JP",
        "trial",
        "sorafenib",
        "lenvatinib",
        "year",
        "ng",
        "mL",
        "os",
        "yes",
        "no",
    }
    of_the_study |= {*load_study(member.folder / "study.toml").variables, "category", "number", "boolean", "date"}
    of_the_study |= set(EXPORT.split(",")) | {
        "O",
        "R",
        "true",
        "false",
        "UTC",
        "riskset",
        "site",
        "serve",
        "explore",
        "study",
        "html",
        "INVITE",
        "export.csv",
        "protocol.approval.none",
    }
    roster = load_roster(member.folder / "roster.json")
    known = ["A trial", str(member.folder), "Hospital of", "M. Uchida", "K. Sato", "riskset/site/kurume", "localhost"]
    known += [*map(roster.fingerprint, member.sites), fingerprint_words(roster.coordinator)]
    left = set()
    for page in pages:
        text = re.sub(r"<style.*?</style>|<(select).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
        left.update(latin_words(re.sub(r"\S{40,}|\b[0-9a-f]{16}\b", " ", unescape(text)), known))
    assert left - of_the_study == set()


def test_a_file_that_cannot_be_read_is_named(desk, member):
    (member.folder / "study.toml").unlink()
    (member.folder / "study.toml").mkdir()
    answer = desk.gets("/check")
    assert answer.status_code == 422
    assert "study.toml" in answer.text


def test_a_desk_opens_where_there_is_no_site_file_yet(desk_at, hospital):
    hospital.site_file.unlink()
    answer = desk_at(hospital, opened=False).opens()
    assert answer.status_code == 200
    assert say("site.desk.step.map") in answer.text


def test_a_form_has_room_for_the_texts_of_an_export_and_no_more(desk):
    csrf = desk.hidden("/map")["csrf"]
    texts = {f"text-{n}": "=" + "a" * 200 for n in range(4_000)}
    assert desk.client.post(f"{desk.app.base}/map", data={"csrf": csrf, **texts}).status_code == 422
    assert desk.client.post(f"{desk.app.base}/map", data={"csrf": csrf, "x": "a" * 2**22}).status_code == 413
