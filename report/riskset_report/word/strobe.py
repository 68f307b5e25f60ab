"""strobe.docx: the STROBE checklist with pointers into the folder of the run."""

from __future__ import annotations

from typing import Final

from riskset_report.methods.strobe import Checklist
from riskset_report.printed import PrintedReport
from riskset_report.word.document import add_note, core_of, new_document
from riskset_report.word.package import file_of
from riskset_report.word.tables import printable, table_element
from riskset_report.word.widths import Layout

NAME: Final = "strobe.docx"
_LAYOUT: Final = Layout(False, 8.0, (25.0, 32.0, 66.0, 52.0), (False, False, False))
"""Of the item's number, its topic, the recommendation and where it is answered."""


def strobe_docx(printed: PrintedReport, checklist: Checklist) -> bytes:
    """Returns the document."""
    document = new_document(printed)
    document.add_paragraph(printable(checklist.title), style="Title")
    add_note(document, printed.say("strobe.study", title=printed.title, subject=printed.subject))
    for note in checklist.notes:
        add_note(document, note)
    add_note(document, "")
    document.element.body._insert_tbl(table_element(checklist.table, _LAYOUT, is_followed=False))
    add_note(document, "")
    return file_of(document, core_of(printed, checklist.title))
