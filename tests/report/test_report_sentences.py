"""A report in each language: whole sentences with the language's full stops, in headings that break between words."""

import re
from html import unescape

import pytest
from docx import Document
from docx.oxml.ns import qn

from riskset.catalogue import ENGLISH, languages, say
from riskset_report import report_of, write_report
from riskset_report.blocks import Shown, Within, worded
from riskset_report.not_reported import clause
from riskset_report.word.widths import PADDING_MM, head_lines

OTHERS = [language for language in languages() if language != ENGLISH]
FULL_STOP = {language: say("report.sentence", text="").in_language(language) for language in languages()}


@pytest.fixture
def refused(lung):
    """Results of which one is refused, and one not estimable."""
    lung["results"][1] |= {
        "status": "refused",
        "reason": {"rule": "R3", "message": say("rules.own.R3.events"), "remedy": say("rules.remedy.events", needed=9)},
    }
    lung["results"][2] |= {
        "status": "not estimable",
        "reason": {"code": "no_events", "message": say("analyses.no_events")},
    }
    return lung


@pytest.mark.parametrize("language", OTHERS)
def test_a_report_ends_sentences_as_its_language_does(refused, typed, tmp_path, language):
    write_report(report_of(typed(refused), language=language), tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    texts = [unescape(text).strip() for text in re.findall(r"<p[^>]*>([^<]+)</p>", page)]
    document = Document(str(tmp_path / "report.docx"))
    texts += [paragraph.text for paragraph in document.paragraphs]
    found = [text for text in texts if clause(say("analyses.no_events"), language) in text]
    assert len(found) > 1
    assert all(text.endswith(FULL_STOP[language]) for text in found)
    doubled = [text for text in texts if re.search(r"[.。]。|。\.|\.\.(?!\.)", text)]
    assert not doubled
    assert f'<html lang="{language}">' in page
    [of_all] = document.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr/w:lang")
    assert of_all.get(qn("w:eastAsia")).startswith(f"{language}-")


@pytest.mark.parametrize("language", languages())
def test_a_line_within_a_sentence_is_where_the_language_has_it(language):
    n, lost = Shown("count", ("a",)), ("x ", Shown("count", ("b",)), "; y")
    pieces = worded(say("report.analysed.some", n=n, reasons=Within(lost)), language)
    assert [piece for piece in pieces if isinstance(piece, Shown)] == [n, lost[1]]
    at = pieces.index("x ")
    assert pieces[at : at + 3] == lost
    assert pieces[-1] == FULL_STOP[language]


@pytest.mark.parametrize(
    ("width_em", "lines"),
    [(20, ("HR (95%信頼区間)",)), (9, ("HR", "(95%信頼区間)")), (2, ("HR", "(95%信頼区間)"))],
)
def test_a_heading_of_wide_characters_breaks_between_words(width_em, lines):
    size = 10.0
    assert head_lines("HR (95%信頼区間)", width_em * size * 25.4 / 72 + 2 * PADDING_MM, size) == lines
    assert head_lines("HR (95% CI)", 2 * PADDING_MM, size) == ("HR (95% CI)",)
