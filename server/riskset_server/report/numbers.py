"""numbers.csv: every number of results.json, so that any figure on the page can be found."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, fields

from riskset_server.report.cells import Cells, Mark, Number, Place, number_text


def numbers_csv(cells: Cells) -> bytes:
    """Returns a row for each cell, in the order of results.json, as CSV in UTF-8 with the mark that Excel wants.

    `value` reads back to the same double; it is empty where there is no number, and a word where one is held back.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*(field.name for field in fields(Place)), "value"])
    writer.writerows([*astuple(cell.place), _text(cell.value)] for cell in cells)
    return text.getvalue().encode("utf-8-sig")


def _text(value: Number | Mark) -> str:
    if isinstance(value, Mark):
        return value.text
    return "" if value is None else number_text(value)
