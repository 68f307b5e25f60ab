"""What a hospital reads is in its language: its pages, what its commands print, and their errors. What is signed,
recorded or sent is the same in every language."""

from html.parser import HTMLParser

import pytest
from tests.pseudo_language import latin_words

BOTH = ("--compared", "asan", "--compared", "osaka")


class Texts(HTMLParser):
    """The texts of a page that a person reads."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.hidden, self.lang = [], 0, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.hidden += tag == "style"
        if tag == "html":
            self.lang = dict(attrs)["lang"]

    def handle_endtag(self, tag):
        self.hidden -= tag == "style"

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.texts.append(data)


@pytest.fixture
def approved(member):
    assert member.approves(*BOTH) == 0
    return member


@pytest.mark.parametrize("command", ["review", "ledger"])
def test_pages(approved, pseudo_language, tmp_path, command):
    out = tmp_path / "page.html"
    assert approved.says(command, "--html", str(out), "--lang", pseudo_language) == 0
    page = Texts(out.read_text(encoding="utf-8"))
    for t in dict.fromkeys(page.texts):
        if latin_words(
            t, ["trial", "kurume", "asan", "osaka", "arm", "age", "mvi", "multivariable", "sorafenib", "lenvatinib"]
        ):
            print(t)
    assert page.lang == pseudo_language
    assert 0
