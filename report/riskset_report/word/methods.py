"""The text of methods in a Word document."""

from __future__ import annotations

from docx.document import Document
from docx.shared import Mm, Pt

from riskset_report.methods.text import PrintedMethods
from riskset_report.word.document import turn
from riskset_report.word.tables import printable

_HANGING: int = Mm(8)


def add_methods(document: Document, methods: PrintedMethods) -> None:
    """Adds the text with its headings, then the references as a numbered list."""
    turn(document, is_landscape=False)
    document.add_heading(printable(methods.title), level=1)
    for part in methods.parts:
        document.add_heading(printable(part.heading), level=2)
        for paragraph in part.paragraphs:
            document.add_paragraph(printable(paragraph)).paragraph_format.space_after = Pt(6)
    if methods.references:
        document.add_heading(printable(methods.references_title), level=2)
    for number, reference in enumerate(methods.references, 1):
        layout = document.add_paragraph(printable(f"{number}.\t{reference}")).paragraph_format
        layout.left_indent, layout.first_line_indent = _HANGING, -_HANGING
        layout.tab_stops.add_tab_stop(_HANGING)
        layout.space_after, layout.keep_together = Pt(2), True
