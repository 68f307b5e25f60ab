"""The site desk in Chromium: from the address to a signed approval and a pause, by keyboard, in each language.

`make test-browser` installs what it needs. Where that is not installed, nothing here runs.
"""

import re

import pytest
from tests.browser.conftest import comes_to, said_to_console, serious, served
from tests.site_client.conftest import Member

from riskset.catalogue import say
from riskset.desk.serving import bound
from riskset_site.consent.approvals import Approvals
from riskset_site.desk.app import desk_of

PAGES = (
    "/",
    "/map",
    "/check",
    "/join",
    "/review",
    "/approve",
    "/service",
    "/ledger",
    "/unlock",
    "/nowhere",
    "/explain/data.fault.not_a_number",
)


@pytest.fixture
def member(tmp_path):
    return Member(tmp_path)


@pytest.fixture
def desk(member):
    with bound(0) as listening:
        app = desk_of(member.site_file, listening.getsockname()[1])
        with served(app, listening):
            yield app


def standing(member):
    return Approvals(member.ledger(), member.identity).standing()


def presses(page, selector, key="Enter"):
    comes_to(page, selector)
    page.keyboard.press(key)


def writes(page, selector, text):
    comes_to(page, selector)
    page.keyboard.insert_text(text)


def test_from_the_overview_to_an_approval_and_a_pause_by_keyboard(page, desk, member, language):
    page.goto(desk.start_address)
    presses(page, "button")
    presses(page, ".next a")
    page.wait_for_url("**/review")
    presses(page, "a.onward")
    page.wait_for_url("**/approve")
    writes(page, "#by", "김영희")
    writes(page, "#irb", "2026-012")
    page.locator("#until").fill("2099-12-31")  # how a day is typed depends on the browser
    presses(page, "#compared-asan", "Space")
    presses(page, "#statement", "Space")
    presses(page, "main form button")
    page.wait_for_url(re.compile(r"/$"))
    assert (standing(member).approval.by, standing(member).approval.compared) == ("김영희", ("asan",))
    presses(page, ".next a")
    page.wait_for_url("**/service")
    writes(page, "#reason", "새 자료")
    presses(page, "section.form button")
    page.wait_for_selector("#resume")
    assert standing(member).is_paused
    assert say("site.desk.done.paused").in_language(language) in page.locator(".done").inner_text()
    assert said_to_console(page) == []
    assert {re.match(r"http://[^/]*", url)[0] for url in page.asked} == {f"http://127.0.0.1:{desk.port}"}


def test_no_page_has_a_serious_barrier(page, desk, member, language):
    page.goto(desk.start_address)
    assert serious(page) == []
    page.click("button")
    for path in PAGES:
        page.goto(f"http://127.0.0.1:{desk.port}{desk.base}{path}")
        assert serious(page) == [], path
    page.goto(f"http://127.0.0.1:{desk.port}{desk.base}/approve")
    page.fill("#by", "김영희")
    page.fill("#irb", "2026-012")
    page.fill("#until", "2000-01-01")
    page.check("#statement")
    page.click("main form button")
    page.wait_for_selector("[role=alert]:focus")  # the browser gives it the focus once the page is drawn
    assert serious(page) == []
    member.exports(member.patients(60).replace(",40,", ",4O,", 1))
    page.goto(f"http://127.0.0.1:{desk.port}{desk.base}/check")
    assert serious(page) == []
    page.click(".problems button")
    assert "4O" in page.locator("table.rows").inner_text()
    assert serious(page) == []


def test_the_map_is_corrected_and_written_by_keyboard(page, desk, member, language):
    member.site_file.unlink()
    page.goto(desk.start_address)
    presses(page, "button")
    presses(page, ".next a")
    page.wait_for_url("**/map")
    presses(page, "main form button")
    page.wait_for_selector("form.map")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.select_option("#site", "kurume")
    page.select_option("#key", "-")
    presses(page, "button[value=write]")
    page.wait_for_url("**/check")
    assert member.check().fits
    assert serious(page) == []
    assert said_to_console(page) == []


@pytest.mark.parametrize("width", [320, 1000])
def test_no_page_is_wider_than_its_window(page, desk, language, width):
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(desk.start_address)
    page.click("button")
    for path in PAGES:
        page.goto(f"http://127.0.0.1:{desk.port}{desk.base}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
