"""A page is one value: terminal and HTML file show the same, and no text becomes markup. JSON shows the same facts."""

import json
from html.parser import HTMLParser

import pytest

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.visible_text import visible
from riskset_site.pages import Folded, Page, PageSection, PageTable
from riskset_site.pages.html import page_html
from riskset_site.pages.output import facts_json
from riskset_site.pages.page import number
from riskset_site.pages.text import page_text

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'x'"
TABLE = PageTable(
    ("rule", "value", "verdict"), (("R1", "530", "pass"), ("R4", HOSTILE, "fail")), frozenset({"value"}), "Rules"
)
PAGE = Page(
    f"Title {HOSTILE}",
    {"study": "hcc 1.0.0", HOSTILE: HOSTILE},
    [
        PageSection("What is asked", ["A sentence.", ("first", HOSTILE), TABLE]),
        PageSection("What leaves", [Folded("240 numbers", PageTable(("number", "value"), (("S(t)", "0.125"),)))]),
    ],
    warnings=["ends in 12 days", HOSTILE],
    footer="Nothing was sent.",
)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)


@pytest.fixture(scope="module")
def read():
    reader = Reader()
    reader.feed(page_html(PAGE))
    return reader


def test_a_hostile_text_is_shown_and_not_run(read):
    assert "script" not in {tag for tag, _ in read.tags}
    assert read.texts.count(HOSTILE) == 5  # a fact's name and value, a warning, an item, a cell
    assert read.texts.count(f"Title {HOSTILE}") == 2


def test_every_element_is_closed_and_none_loads_anything(read):
    assert read.open == []
    assert not {"src", "href"} & {name for _, attributes in read.tags for name in attributes}
    assert "url(" not in page_html(PAGE)


@pytest.mark.parametrize(
    ("value", "printed"), [(120.0, "120"), (0.12345678, "0.123457"), (1e15, "1e+15"), (float("-inf"), "-inf")]
)
def test_a_number_is_printed_whatever_it_is(value, printed):
    """A leverage has no bound where patients follow from the others: the review must show that, not fail."""
    assert number(value) == printed


def test_no_word_of_a_sentence_is_lost_where_a_line_ends():
    """Signs of two columns may end a line one column too late, which Rich would mend with an ellipsis."""
    item = " ".join(["곡선에서 환자의 가중치가 드러나지 않습니다."] * 9)
    for before in range(12):
        sentence = "x" * before + item
        text = page_text(Page("", {}, [PageSection("", [(sentence,)])]))
        assert text.split() == ["==", "==", "-", *sentence.split()]


def test_numbers_are_aligned_to_the_right_and_verdicts_are_marked(read):
    kinds = [(tag, attributes.get("class")) for tag, attributes in read.tags]
    assert kinds.count(("td", "number")) == 2
    assert ("span", "pass") in kinds
    assert ("span", "fail") in kinds


def test_the_terminal_shows_the_same_except_folded_tables():
    assert page_text(PAGE).splitlines() == [
        f"Title {HOSTILE}",
        "",
        "! ends in 12 days",
        "",
        f"! {HOSTILE}",
        "",
        f"{'study':{len(HOSTILE)}}   hcc 1.0.0",
        f"{HOSTILE}   {HOSTILE}",
        "",
        "== What is asked ==",
        "",
        "A sentence.",
        "",
        "- first",
        f"- {HOSTILE}",
        "",
        "Rules",
        f"rule   {'value':>{len(HOSTILE)}}   verdict",
        f"R1     {530:>{len(HOSTILE)}}   pass",
        f"R4     {HOSTILE}   fail",
        "",
        "== What leaves ==",
        "",
        "240 numbers",
        "",
        "Nothing was sent.",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("계획 対象 é", "계획 対象 é"),
        ("one\x1b[1A\x1b[2Ktwo", "one\\x1b[1A\\x1b[2Ktwo"),
        ("safe\u202edetar", "safe\\u202edetar"),
        ("a\nb\r\u200bc", "a\\nb\\r\\u200bc"),
    ],
)
def test_a_label_cannot_show_a_reader_a_different_text(text, shown):
    assert visible(text) == shown
    page = Page(
        text,
        {text: text},
        [PageSection(text, [text, (text,), PageTable((text,), ((text,),), caption=text)])],
        [text],
        text,
    )
    for written in (page_text(page), page_html(page)):
        assert written.count(shown) >= 9
        assert text == shown or text not in written


def test_the_json_has_a_message_as_sentence_code_and_values():
    problem = Problem("column 'AFP'", say("data.fault.outside_range", n=2, low=0.0, high=1e6), say("data.hint.range"))
    (written,) = json.loads(facts_json({"problems": (problem,)}))["problems"]
    expected = {
        "where": "column 'AFP'",
        "message": "2 values are outside 0 to 1000000",
        "hint": str(say("data.hint.range")),
        "code": "data.fault.outside_range",
        "values": {"n": 2, "low": 0.0, "high": 1e6},
    }
    assert expected.items() <= written.items()
