"""No English is left in a report in another language: every text of the page, of the document for Word, of the figures
and of the tables is a sentence of the catalogue, a number, or a text of the study."""

import io
import tomllib
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from docx import Document
from PIL import Image
from tests.pseudo_language import latin_words
from tests.report.whole_study import whole_results

from riskset.disclosure.rules import LIMITS
from riskset.study.load import study_hash
from riskset_report import report_of
from riskset_report.figures import style
from riskset_report.folder import contents_of
from riskset_report.held_back import results_without_marked

OF_THE_STUDY = ("A trial", "trial", "asan", "kurume", "osaka", "arm", "age", "stage", "old", "new", "days", "dead",
                "lost", "os", "adults", "pain", "itch", "skin", "nails", "CTCAE")  # fmt: skip
NAMES = (
    "(match)",
    "(cox)",
    "(curved)",
    "rehearsal",
    "balance/match",
    "propensity",
    "by-site",
    "safety",
    "any term",
    "any grade",
)
"""Of entries and results, and of the run."""
REFERENCES = tomllib.loads((files("riskset_report.methods") / "references.toml").read_text(encoding="utf-8"))
"""Papers have their titles in every language."""
FILES = {"numbers.csv", "methods.md", "strobe.docx"}
NOTATION = {*FILES, "ORR", "DCR", "P", "df", "mm", "SVG", "PDF", "PNG", "I", "II", "III", "R"}
"""The same in every language; I to III are stages, R the rules."""


class Texts(HTMLParser):
    """The texts of a page, and its language."""

    def __init__(self, page):
        super().__init__()
        self.texts, self.hidden, self.language = [], False, ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.hidden = tag == "style"
        self.language = dict(attrs)["lang"] if tag == "html" else self.language

    def handle_data(self, data):
        if not self.hidden:
            self.texts.append(" ".join(data.split()))


@pytest.fixture
def quickly_drawn(monkeypatch):
    """Figures as SVG only, whose texts can be read; the others are one white point."""
    point, saved = io.BytesIO(), style._saved
    Image.new("RGB", (1, 1)).save(point, "PNG")
    others = {"png": point.getvalue(), "pdf": b""}

    def quick(figure, form, metadata, **settings):
        return others[form] if form in others else saved(figure, form, metadata, **settings)

    monkeypatch.setattr(style, "_saved", quick)


def left_over(texts, results):
    """The texts that have a word in Latin letters which is no part of the study and no notation."""
    ids = [entry.id for entry in results.entries]
    known = [*OF_THE_STUDY, *NAMES, *REFERENCES.values(), *LIMITS, *ids, study_hash(results.study)]
    return sorted({text for text in texts if set(latin_words(text, known)) - NOTATION})


def in_word(content):
    document = Document(io.BytesIO(content))
    cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    foot = (paragraph.text for section in document.sections for paragraph in section.footer.paragraphs)
    return [*(paragraph.text for paragraph in document.paragraphs), *cells, *foot]


def in_svg(content):
    return ["".join(one.itertext()) for one in ET.fromstring(content).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(("n", "is_gated"), [(300, False), pytest.param(60, True, marks=pytest.mark.exhaustive)])
def test_no_english_is_left(pseudo_language, quickly_drawn, n, is_gated):
    report = report_of(whole_results(n, is_gated), language=pseudo_language)
    contents = contents_of(report, None, are_texts_paths=False)
    page = Texts(contents["index.html"].decode())
    figures = [text for name, of in contents.items() if name.endswith(".svg") for text in in_svg(of)]
    tables = [text for name, of in contents.items() if name.startswith("tables/") and name.endswith(".html")
              for text in Texts(of.decode()).texts]  # fmt: skip
    assert page.language == pseudo_language
    for texts in (page.texts, in_word(contents["report.docx"]), figures, tables):
        assert left_over(texts, report.results) == []
        assert len(texts) > 100


def test_what_is_for_programs_is_the_same_in_every_language(pseudo_language):
    results = whole_results()
    in_english, other = (report_of(results, language=language) for language in ("en", pseudo_language))
    assert results_without_marked(in_english) == results_without_marked(other)
    assert in_english.parts[0].heading != other.parts[0].heading
