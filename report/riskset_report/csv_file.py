"""A file of comma-separated values that Excel opens as it is, and in which no text acts as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from riskset_report.cells import Mark, Number, number_text

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""With what a spreadsheet takes a cell for a formula, which may call another program."""
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Returns the rows under their headings, in UTF-8 with the byte order mark that Excel needs.

    A text that a spreadsheet takes for a formula has an apostrophe before it.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in (columns, *rows):
        writer.writerow([guarded(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def guarded(text: str) -> str:
    """Returns a text with an apostrophe before `=`, `+`, `-`, `@`, a tab and a carriage return. A number, and a text
    that begins otherwise, stay as they are."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def value_text(value: Number | Mark) -> str:
    """Returns a number that reads back to the same double; nothing for no number, and a mark's word."""
    if isinstance(value, Mark):
        return value.text
    return "" if value is None else number_text(value)
