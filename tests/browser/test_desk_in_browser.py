"""The review desk in Chromium: from the address to a signed vote, by keyboard and by mouse, in each language.

`make test-browser` installs what it needs. Where that is not installed, nothing here runs.
"""

import re
import shutil
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from tests.release.conftest import Committee

from riskset.catalogue import languages, say
from riskset.language import _Spoken
from riskset_release.desk.own_desk import OwnDesk
from riskset_release.desk.review import Review
from riskset_release.desk.seats import SigningSeat
from riskset_release.desk.serving import bound
from riskset_release.vote_folder import votes_in

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

INSTALLED = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
A4 = (595, 842)
"""In points."""


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=INSTALLED, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def served(app, listening):
    server = uvicorn.Server(uvicorn.Config(app.asgi(), log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def committee():
    return Committee()


@pytest.fixture(params=languages())
def language(request, monkeypatch):
    monkeypatch.setattr(_Spoken, "chosen", request.param)
    return request.param


@pytest.fixture
def desk(committee, tmp_path):
    with bound(0) as listening:
        review = Review(committee.candidate, committee.trusted, committee.policy, tmp_path / "votes")
        seat = SigningSeat.of(review, "sato", committee.keys["sato"], committee.now)
        app = OwnDesk(seat, listening.getsockname()[1])
        with served(app, listening):
            yield app


@pytest.fixture
def page(chromium):
    """A page that remembers what went wrong in it, and whom it asked."""
    context = chromium.new_context()
    page = context.new_page()
    page.wrong, page.asked = [], []
    page.on("console", lambda told: page.wrong.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    context.close()


def comes_to(page, selector):
    """Presses Tab until the element has the focus."""
    wanted = page.locator(selector).first
    for _ in range(200):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def serious(page):
    found = axe.Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


def said_to_console(page):
    """Returns what the browser says of a page, but for the icon of a site, which the desk does not have."""
    return [one for one in page.wrong if "404" not in one]


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
    assert page.locator("[role=alert]").evaluate("element => element === document.activeElement")
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
