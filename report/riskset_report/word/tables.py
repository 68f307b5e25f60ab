"""A three-line table as an element of a Word document: rules above and below the head and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from riskset_report.kept_together import kept_together
from riskset_report.printing import PrintedRow, PrintedTable
from riskset_report.word.widths import PADDING_MM, Layout, head_lines, lines_of

_TWIPS_PER_MM: Final = 1440 / 25.4
_RULE, _FINE_RULE = 12, 6
"""Eighths of a point."""
_INDENT_TWIPS: Final = 180


def table_element(table: PrintedTable, layout: Layout, *, is_followed: bool) -> Any:  # noqa: ANN401 - python-docx has no types for its elements
    """Returns the element of a table, without caption and notes.

    The head is repeated on each page. No row is split, and no level parted from its heading. A table of less than half
    a page stays on one page. `is_followed`: its last row stays with the notes.
    """
    widths = [round(width * _TWIPS_PER_MM) for width in layout.widths_mm]
    rows = [_head(table, widths, layout)]
    for number, group in enumerate(table.groups, 1):
        is_last, is_whole = number == len(table.groups), not table.is_tall
        kept = [True] * (len(group) - 1) + [is_followed if is_last else is_whole]
        rows += [_row(row, widths, layout, keeps=keeps) for row, keeps in zip(group, kept, strict=True)]
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    properties = _properties(table.title, sum(widths))
    return parse_xml(f"<w:tbl {nsdecls('w')}>{properties}<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>")


def _properties(title: str, width: int) -> str:
    padding = round(PADDING_MM * _TWIPS_PER_MM)
    return (
        f'<w:tblPr><w:tblW w:w="{width}" w:type="dxa"/>'
        f"<w:tblBorders>{_rule('top', _RULE)}{_rule('bottom', _RULE)}</w:tblBorders>"
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="{padding}" w:type="dxa"/>'
        f'<w:right w:w="{padding}" w:type="dxa"/></w:tblCellMar>'
        '<w:tblLook w:val="0020" w:firstRow="1" w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" '
        f'w:noVBand="1"/><w:tblCaption w:val={quoteattr(printable(title))}/></w:tblPr>'
    )


def _head(table: PrintedTable, widths: Sequence[int], layout: Layout) -> str:
    rule, size = _rule("bottom", _FINE_RULE), layout.size
    texts = map(head_lines, ("", *map(kept_together, table.columns)), layout.widths_mm, repeat(size))
    cells = "".join(
        _cell(lines, width, size, keeps=True, is_bold=True, borders=rule, align="bottom")
        for lines, width in zip(texts, widths, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"


def _row(row: PrintedRow, widths: Sequence[int], layout: Layout, *, keeps: bool) -> str:
    indent, size = _INDENT_TWIPS if row.is_inner else 0, layout.size
    if not row.cells:
        cells = _cell((row.label,), sum(widths), size, keeps=keeps, is_bold=True, span=len(widths))
    else:
        cells = _cell((row.label,), widths[0], size, keeps=keeps, is_bold=row.is_heading, indent=indent)
        columns = zip(row.cells, widths[1:], layout.is_broken, strict=True)
        cells += "".join(_cell(lines_of(text, is_broken=of), width, size, keeps=keeps) for text, width, of in columns)
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>"


def _cell(
    lines: Sequence[str],
    width: int,
    size: float,
    *,
    keeps: bool,
    is_bold: bool = False,
    indent: int = 0,
    span: int = 1,
    borders: str = "",
    align: str = "top",
) -> str:
    spans = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    rules = f"<w:tcBorders>{borders}</w:tcBorders>" if borders else ""
    kept = "<w:keepNext/>" if keeps else ""
    sizes = f'<w:sz w:val="{round(2 * size)}"/><w:szCs w:val="{round(2 * size)}"/>'  # also of an empty line
    texts = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(printable(line))}</w:t>' for line in lines)
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{spans}{rules}<w:vAlign w:val="{align}"/></w:tcPr>'
        f'<w:p><w:pPr>{kept}<w:spacing w:before="20" w:after="20"/>'
        f'<w:ind w:left="{indent}"/><w:rPr>{sizes}</w:rPr></w:pPr>'
        f"<w:r><w:rPr>{'<w:b/>' if is_bold else ''}{sizes}</w:rPr>{texts}</w:r></w:p></w:tc>"
    )


def _rule(side: str, eighths: int) -> str:
    return f'<w:{side} w:val="single" w:sz="{eighths}" w:space="0" w:color="000000"/>'


def printable(text: str) -> str:
    """Returns a text without the characters that XML cannot have."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n")
