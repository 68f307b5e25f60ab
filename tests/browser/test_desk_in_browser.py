"""The review desk in Chromium: from the address to a signed vote, by keyboard and by mouse, in each language.

`make test-browser` installs what it needs. Where that is not installed, nothing here runs.
"""

import re

import pytest
from tests.browser.conftest import comes_to, said_to_console, serious, served

from riskset.catalogue import say
from riskset.desk.serving import bound
from riskset_release.desk.own_desk import OwnDesk
from riskset_release.desk.review import Review
from riskset_release.desk.seats import SigningSeat
from riskset_release.vote_folder import votes_in

A4 = (595, 842)
"""In points."""


@pytest.fixture
def desk(committee, tmp_path):
    with bound(0) as listening:
        review = Review(committee.candidate, committee.trusted, committee.policy, tmp_path / "votes")
        seat = SigningSeat.of(review, "sato", committee.keys["sato"], committee.now)
        app = OwnDesk(seat, listening.getsockname()[1])
        with served(app, listening):
            yield app


def test_from_the_queue_to_a_signed_vote_by_keyboard(page, desk, language, tmp_path):
    page.goto(desk.start_address)
    comes_to(page, "button")
    page.keyboard.press("Enter")
    comes_to(page, "table.queue a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/outputs/km-os")
    comes_to(page, "input[name=decision]")
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    assert page.locator("#decision-reject").is_checked()
    comes_to(page, "#category")
    page.keyboard.press("ArrowDown")
    comes_to(page, "#reason")
    page.keyboard.insert_text("最後の行から一つの病院が分かるため、公表できません。")
    comes_to(page, "#name")
    page.keyboard.insert_text("佐藤 花子")
    comes_to(page, "#statement")
    page.keyboard.press("Space")
    comes_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signed")
    assert say("release.desk.signed").in_language(language) in page.locator("h1").inner_text()
    (vote,) = votes_in(tmp_path / "votes").votes
    assert (vote.decision, vote.category, vote.name) == ("reject", "disclosure", "佐藤 花子")
    assert said_to_console(page) == []


def test_from_the_queue_to_a_signed_vote_by_mouse(page, desk, language, tmp_path):
    page.goto(desk.start_address)
    page.click("button")
    page.click("table.queue a >> nth=1")
    assert page.locator(".released img").evaluate("image => image.naturalWidth") > 0
    page.click("label[for=decision-accept]")
    page.fill("#name", "김영희")
    page.click("label[for=statement]")
    page.click("main form button")
    page.wait_for_url("**/signed")
    (vote,) = votes_in(tmp_path / "votes").votes
    assert (vote.output, vote.decision, vote.name) == ("curve-os", "accept", "김영희")
    assert said_to_console(page) == []
    assert {re.match(r"http://[^/]*", url)[0] for url in page.asked} == {f"http://127.0.0.1:{desk.port}"}


def test_no_page_has_a_serious_barrier(page, desk, committee, language, tmp_path):
    committee.votes(tmp_path / "votes", "kim", decision="reject")
    committee.votes(tmp_path / "votes", "stranger")
    page.goto(desk.start_address)
    assert serious(page) == []
    page.click("button")
    base = f"http://127.0.0.1:{desk.port}/{desk.path}"
    for path in ("/", "/summary", "/outputs/km-os", "/outputs/curve-os", "/outputs/cox-os", "/nowhere"):
        page.goto(f"{base}{path}")
        assert serious(page) == [], path
    page.goto(f"{base}/outputs/km-os")
    page.check("#decision-reject")
    page.fill("#name", "K. Sato")
    page.check("#statement")
    page.click("main form button")
    page.wait_for_selector("[role=alert]:focus")  # the browser gives it the focus once the page is drawn
    assert serious(page) == []
    page.check("#decision-accept")
    page.check("#statement")
    page.click("main form button")
    page.wait_for_url("**/signed")
    assert serious(page) == []


def test_pages_print_on_a4_without_the_form(page, desk, language):
    page.goto(desk.start_address)
    page.click("button")
    for path in ("/summary", "/outputs/km-os"):
        page.goto(f"http://127.0.0.1:{desk.port}/{desk.path}{path}")
        sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(prefer_css_page_size=True))
        assert {(round(float(width)), round(float(height))) for width, height in sheets} == {A4}
        page.emulate_media(media="print")
        assert not any(one.is_visible() for one in page.locator("form, header nav").all())
        page.emulate_media(media="null")


def test_no_other_page_frames_the_desk_or_votes_in_it(page, desk, tmp_path):
    page.goto(desk.start_address)
    page.click("button")
    address = f"http://127.0.0.1:{desk.port}/{desk.path}/outputs/km-os"
    fields = '<input name="decision" value="accept"><input name="name" value="A"><input name="statement" value="yes">'
    elsewhere = (
        f'<iframe src="{address}"></iframe><form method="post" action="{address}">{fields}<button>x</button></form>'
    )
    page.route("http://elsewhere.example/", lambda route: route.fulfill(body=elsewhere, content_type="text/html"))
    page.goto("http://elsewhere.example/")
    assert "km-os" not in page.frames[1].content()
    with page.expect_navigation() as sent:
        page.click("button")
    assert sent.value.status == 403
    assert not (tmp_path / "votes").exists()
