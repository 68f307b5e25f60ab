"""Chromium, a desk that it can reach, and what is asked of a page. Where it is not installed, tests that ask for it are
skipped."""

import shutil
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from tests.release.conftest import Committee

from riskset.catalogue import languages
from riskset.language import _Spoken

INSTALLED = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def chromium():
    pytest.importorskip("axe_playwright_python.sync_playwright")
    with pytest.importorskip("playwright.sync_api").sync_playwright() as running:
        browser = running.chromium.launch(executable_path=INSTALLED, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def served(app, listening, tls=None):
    config = uvicorn.Config(app.asgi(), log_level="error", ws="none", lifespan="off")
    config.load()
    config.ssl = tls
    server = uvicorn.Server(config)
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
def page(chromium, request):
    """A page that remembers what went wrong in it, and whom it asked; it takes a certificate that signs itself."""
    locale = request.getfixturevalue("language") if "language" in request.fixturenames else None
    context = chromium.new_context(ignore_https_errors=True, locale=locale)
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
    from axe_playwright_python.sync_playwright import Axe  # only where a browser runs

    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


def said_to_console(page):
    """Returns what the browser says of a page, but for the icon of a site, which the desk does not have."""
    return [one for one in page.wrong if "404" not in one]
