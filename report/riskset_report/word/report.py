"""report.docx, and each table as a document of its own."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from docx.document import Document
from docx.shared import Emu, Mm, Pt

from riskset_report.printed import Drawings, NumberedFigure, NumberedTable, PrintedBlock, PrintedReport
from riskset_report.printing import PrintedBox, PrintedTable
from riskset_report.word.document import add_caption, add_note, clear, core_of, new_document, turn
from riskset_report.word.methods import add_methods
from riskset_report.word.package import file_of
from riskset_report.word.tables import printable, table_element
from riskset_report.word.widths import PORTRAIT_MM, layout_of

_HIGHEST_MM: Final = 235.0
"""Of a figure, which leaves room for its caption on the page."""


def report_docx(printed: PrintedReport, drawings: Drawings) -> bytes:
    """Returns the whole report: title, notices, facts, then all tables, figures and boxes in the order of the page,
    then the methods."""
    document = new_document(printed)
    document.add_paragraph(printable(printed.title), style="Title")
    for notice in printed.notices:
        document.add_paragraph().add_run(printable(notice)).bold = True
    for name, value in printed.facts:
        _add_fact(document, printed, name, value)
    for part in printed.parts:
        turn(document, is_landscape=_is_wide(part.blocks[0]))
        document.add_heading(printable(part.heading), level=1)
        if part.notes:
            add_note(document, part.notes, keeps=True)
        for block in part.blocks:
            _add_block(document, printed, block, drawings)
    if printed.missing is not None:
        turn(document, is_landscape=False)
        document.add_heading(printed.missing.title, level=1)
        _add_table(document, printed.missing, printed.missing.foot)
    add_methods(document, printed.methods)
    return file_of(document, core_of(printed, printed.title))


def table_docx(printed: PrintedReport, table: NumberedTable) -> bytes:
    """Returns a table as a document with its caption and notes, ready to be copied into a manuscript."""
    return _alone(new_document(printed), printed, table)


def table_documents(printed: PrintedReport) -> Iterator[tuple[str, bytes]]:
    """Yields every table as a document, by the name of its files."""
    document = new_document(printed)  # one for all: reading its template takes longer than writing a table
    for table in printed.tables:
        yield table.name, _alone(document, printed, table)


def _alone(document: Document, printed: PrintedReport, table: NumberedTable) -> bytes:
    clear(document, is_landscape=_is_wide(table))
    _add_numbered_table(document, printed, table, table.table.foot)
    return file_of(document, core_of(printed, table.title))


def _add_block(document: Document, printed: PrintedReport, block: PrintedBlock, drawings: Drawings) -> None:
    if isinstance(block, PrintedBox):
        _add_box(document, printed, block)
        return
    turn(document, is_landscape=_is_wide(block))
    if isinstance(block, NumberedTable):
        _add_numbered_table(document, printed, block, block.notes)
    else:
        _add_figure(document, printed, block, drawings)


def _is_wide(block: PrintedBlock) -> bool:
    """Whether a block needs a page across."""
    return isinstance(block, NumberedTable) and layout_of(block.table).is_landscape


def _add_numbered_table(
    document: Document, printed: PrintedReport, table: NumberedTable, notes: tuple[str, ...]
) -> None:
    add_caption(document, printed, table)
    _add_table(document, table.table, notes)


def _add_table(document: Document, table: PrintedTable, notes: tuple[str, ...]) -> None:
    """Adds a table and its notes; the last paragraph keeps the table from growing together with another."""
    element = table_element(table, layout_of(table), is_followed=bool(notes))
    document.element.body._insert_tbl(element)
    for number, note in enumerate(notes, 1):
        add_note(document, note, keeps=number < len(notes) and not table.is_tall)
    add_note(document, "")


def _add_figure(document: Document, printed: PrintedReport, figure: NumberedFigure, drawings: Drawings) -> None:
    files = next(iter(drawings[figure.name].values()))
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    picture = paragraph.add_run().add_picture(io.BytesIO(files.png))
    scale = min(Mm(PORTRAIT_MM) / picture.width, Mm(_HIGHEST_MM) / picture.height, 1)
    picture.width, picture.height = Emu(round(scale * picture.width)), Emu(round(scale * picture.height))
    properties = picture._inline.docPr
    properties.set("name", figure.name)
    properties.set("descr", printable(figure.alternative))
    caption = add_caption(document, printed, figure)
    caption.paragraph_format.keep_with_next = False
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(2), Pt(14)


def _add_box(document: Document, printed: PrintedReport, box: PrintedBox) -> None:
    paragraph = document.add_paragraph()
    paragraph.add_run(printable(printed.say("report.page.box", title=box.title))).bold = True
    sentences = [printed.say("report.sentence", text=box.status)]
    for name, text in (("why", box.why), ("would_pass", box.remedy)):
        if text:
            sentences += [printed.say(f"report.page.{name}"), printed.say("report.sentence", text=text)]
    between = printed.say("report.between_sentences")
    paragraph.add_run(printable("".join(f"{between}{sentence}" for sentence in sentences)))
    paragraph.paragraph_format.keep_together = True


def _add_fact(document: Document, printed: PrintedReport, name: str, value: str) -> None:
    paragraph = add_note(document, "")
    run = paragraph.runs[0]
    run.text, run.bold = printable(printed.say("report.fact.name", name=name)), True
    other = paragraph.add_run(printable(value))
    other.font.size = run.font.size
