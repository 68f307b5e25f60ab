"""A Word document with this report's page, styles and foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from riskset_report.kept_together import kept_together
from riskset_report.printed import NumberedFigure, NumberedTable, PrintedReport, field_of, in_fields
from riskset_report.word.package import Core
from riskset_report.word.tables import printable
from riskset_report.word.widths import PORTRAIT_MM

FONT: Final = "Arial"
"""What journals ask for; Word replaces it by a font with the same widths where it is missing."""
_ASIAN_FONT: Final = "Yu Gothic"
_ASIAN_FONTS: Final = {"ko": "Malgun Gothic"}
_ASIAN_LANGUAGES: Final = {"ja": "ja-JP", "ko": "ko-KR"}
"""By which Word chooses the forms of characters, and a font where the one that is named is missing."""
_SHORT_MM, _LONG_MM = 210.0, 297.0
_MARGIN_MM: Final = (_SHORT_MM - PORTRAIT_MM) / 2
_SIZES: Final = {"Normal": 10, "Title": 16, "Heading 1": 13, "Heading 2": 11, "Caption": 9}
_SMALL: Final = 8


def new_document(printed: PrintedReport) -> DocumentObject:
    """Returns an empty document on A4; each page's foot has the study's hash and the page's number."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(_SHORT_MM), Mm(_LONG_MM)
    section.left_margin = section.right_margin = Mm(_MARGIN_MM)
    section.top_margin = section.bottom_margin = Mm(_MARGIN_MM)
    for name, size in _SIZES.items():
        _set_style(document.styles[name], size, _ASIAN_FONTS.get(printed.language, _ASIAN_FONT))
    [of_all] = document.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr/w:lang")
    of_all.set(qn("w:eastAsia"), _ASIAN_LANGUAGES.get(printed.language, _ASIAN_LANGUAGES["ja"]))
    title = document.styles["Title"].element.pPr
    title.remove(title.find(qn("w:pBdr")))  # a blue line
    document.styles["Caption"].paragraph_format.space_before = Pt(10)
    document.styles["Caption"].paragraph_format.space_after = Pt(4)
    document.styles["Caption"].paragraph_format.keep_with_next = True
    _write_foot(section, printed)
    return document


def _set_style(style: Any, size: float, asian_font: str) -> None:  # noqa: ANN401
    style.font.name, style.font.size = FONT, Pt(size)
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{attribute}"), None)
    fonts.set(qn("w:hAnsi"), FONT)
    fonts.set(qn("w:eastAsia"), asian_font)
    fonts.set(qn("w:cs"), FONT)


def core_of(printed: PrintedReport, title: str) -> Core:
    """Returns what a document of this report says of itself."""
    creator = f"riskset {version('riskset')}"
    return Core(printable(title), printed.subject, printed.study_hash, creator, printed.ended_at)


def turn(document: DocumentObject, *, is_landscape: bool) -> None:
    """Goes on upright or across, on a new page if that is a change."""
    section = document.sections[-1]
    if (section.orientation == WD_ORIENT.LANDSCAPE) == is_landscape:
        return
    _lay(document.add_section(WD_SECTION.NEW_PAGE), is_landscape=is_landscape)


def clear(document: DocumentObject, *, is_landscape: bool) -> None:
    """Takes everything out of a document of one section, and lays its page upright or across."""
    body = document.element.body
    for element in [element for element in body if element is not body.sectPr]:
        body.remove(element)
    _lay(document.sections[0], is_landscape=is_landscape)


def _lay(section: Any, *, is_landscape: bool) -> None:  # noqa: ANN401
    section.orientation = WD_ORIENT.LANDSCAPE if is_landscape else WD_ORIENT.PORTRAIT
    width, height = (_LONG_MM, _SHORT_MM) if is_landscape else (_SHORT_MM, _LONG_MM)
    section.page_width, section.page_height = Mm(width), Mm(height)


def add_note(document: DocumentObject, text: str, *, keeps: bool = False) -> Paragraph:
    """Adds a small paragraph, as below a table; `keeps`: on the page of what follows."""
    paragraph = document.add_paragraph()
    run = paragraph.add_run(printable(kept_together(text)))
    run.font.size = Pt(_SMALL)
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(2), Pt(0)
    paragraph.paragraph_format.keep_with_next, paragraph.paragraph_format.keep_together = keeps, True
    return paragraph


def add_caption(document: DocumentObject, printed: PrintedReport, block: NumberedTable | NumberedFigure) -> Paragraph:
    """Adds `Table 1. Title.`; the number is a field, so that Word can list tables and figures."""
    paragraph = document.add_paragraph(style="Caption")
    kind = "table" if isinstance(block, NumberedTable) else "figure"
    caption = printed.say(f"report.caption.{kind}", number=field_of("number"))
    field = (f"SEQ {kind.capitalize()} \\* ARABIC", str(block.number))
    for run in _add_fields(paragraph, in_fields(caption), {"number": field}):
        run.bold = True
    title = printed.say("report.caption.title", title=block.title)
    paragraph.add_run(f" {printable(title)}").bold = False
    return paragraph


def _write_foot(section: Any, printed: PrintedReport) -> None:  # noqa: ANN401
    paragraph = section.footer.paragraphs[0]
    paragraph.style.font.size, paragraph.style.font.name = Pt(7), FONT
    paragraph.add_run(f"{printable(printed.say('report.page.foot', hash=printed.study_hash))}    ")
    fields = {"page": ("PAGE", "1"), "pages": ("NUMPAGES", "1")}
    said = printed.say("report.page.number", page=field_of("page"), pages=field_of("pages"))
    _add_fields(paragraph, in_fields(said), fields)


def _add_fields(paragraph: Paragraph, pieces: Sequence[str], fields: Mapping[str, tuple[str, str]]) -> list[Any]:
    """Adds a sentence with fields in it, each given by its instruction and what it shows at first; returns its runs."""
    return [
        paragraph.add_run(piece) if number % 2 == 0 else _add_field(paragraph, *fields[piece])
        for number, piece in enumerate(pieces)
    ]


def _add_field(paragraph: Paragraph, instruction: str, shown: str) -> Any:  # noqa: ANN401
    """Adds a field and returns the run of what it shows until Word counts again."""
    for kind in ("begin", None, "separate"):
        run = paragraph.add_run()
        if kind is None:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = f" {instruction} "
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)
    result = paragraph.add_run(shown)
    end = OxmlElement("w:fldChar")
    end.set(qn("w:fldCharType"), "end")
    paragraph.add_run()._r.append(end)
    return result
