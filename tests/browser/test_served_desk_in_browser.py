"""The desk for all auditors in Chromium: from the challenge to an uploaded vote by keyboard, in each language."""

import time

import pytest
from tests.browser.conftest import comes_to, said_to_console, serious, served
from tests.release.conftest import REASON
from tests.release.served.certificate import self_signed

from riskset.catalogue import say
from riskset.desk.serving import bound
from riskset_release.desk.door import Door
from riskset_release.desk.review import Review
from riskset_release.desk.served_desk import ServedDesk
from riskset_release.desk.sessions import LoggedIn
from riskset_release.desk.tls import tls_of
from riskset_release.logins import answer, read_challenge
from riskset_release.vote_folder import votes_in


@pytest.fixture
def desk(committee, tmp_path):
    with bound(0) as listening:
        review = Review(committee.candidate, committee.trusted, committee.policy, tmp_path / "votes")
        door = Door(f"127.0.0.1:{listening.getsockname()[1]}", review, time.monotonic)
        app = ServedDesk(door, LoggedIn(time.monotonic))
        with served(app, listening, tls_of(*self_signed(tmp_path), "127.0.0.1")):
            yield app


def logs_in(page, desk, key):
    """Answers the challenge of the page with the key, by keyboard."""
    asked = read_challenge(page.locator("pre.command").inner_text().split()[3])
    assert asked.desk == page.url.split("/")[2]
    comes_to(page, "#answer")
    page.keyboard.insert_text(answer(asked, key).decode())
    comes_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url(f"https://{desk.door.desk}/")


def test_from_the_challenge_to_an_uploaded_vote_by_keyboard(page, desk, committee, language, tmp_path):
    page.goto(f"https://{desk.door.desk}/")
    assert serious(page) == []
    page.fill("#answer", "x")
    page.click("main button")
    page.wait_for_selector("[role=alert]:focus")  # the browser gives it the focus once the page is drawn
    assert serious(page) == []
    logs_in(page, desk, committee.keys["sato"])
    assert serious(page) == []
    comes_to(page, "table.queue a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/outputs/km-os")
    assert serious(page) == []
    comes_to(page, "input[name=decision]")
    page.keyboard.press("Space")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    comes_to(page, "#category")
    page.keyboard.press("ArrowDown")
    comes_to(page, "#reason")
    page.keyboard.insert_text(REASON)
    comes_to(page, "#name")
    page.keyboard.insert_text("Dr. Sato")
    comes_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_selector("pre.command")
    assert serious(page) == []
    assert f"--sha256 {committee.output('km-os').sha256}" in page.locator("pre.command").inner_text()
    data, vote = committee.vote("sato", decision="reject")
    comes_to(page, "#file")
    chosen = {"name": vote.file_name, "mimeType": "application/json", "buffer": data}
    page.set_input_files("#file", chosen)  # the dialog is the system's, and not part of the page
    comes_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signed")
    assert serious(page) == []
    assert say("release.desk.signed").in_language(language) in page.locator("h1").inner_text()
    assert votes_in(tmp_path / "votes").votes == (vote,)
    comes_to(page, "header button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    assert [one for one in said_to_console(page) if "422" not in one] == []
    assert {url.split("/")[2] for url in page.asked} == {desk.door.desk}


def test_no_page_of_the_desk_is_wider_than_a_narrow_screen(page, desk, committee, language):
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"https://{desk.door.desk}/")
    addresses = ["/login", "/", "/summary", "/outputs/km-os", "/outputs/curve-os", "/outputs/cox-os"]
    for path in addresses:
        if path == "/":
            logs_in(page, desk, committee.keys["sato"])
        page.goto(f"https://{desk.door.desk}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
