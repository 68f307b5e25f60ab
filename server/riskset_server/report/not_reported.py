"""What is printed in the place of a result that is not given: never an empty cell, and always why."""

from __future__ import annotations

from typing import Final

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.results import ResultEntry
from riskset_server.report import notation
from riskset_server.report.blocks import Box, Shown, Text
from riskset_server.report.cells import Cells

_JUDGED: Final = {
    "all": "on the totals, by all parties alike",
    "a site": "by a site on its own patients; which site, nobody learns",
}


def not_reported(entry: ResultEntry, title: str, cells: Cells) -> Box:
    """Returns the box of a result without numbers."""
    result = entry.result
    if isinstance(result, RefusedByRule):
        status = f"Refused by rule {result.rule}, {_JUDGED[result.by]}"
        message, remedy = (str(text).rstrip(".") for text in (result.message, result.remedy))
        return Box(title, status, (message,), remedy)
    return Box(title, entry.status.capitalize(), reason(entry, cells), "")


def reason(entry: ResultEntry, cells: Cells) -> Text:
    """Returns why a result is missing: its code or rule, the sentence for people, and what would pass a rule."""
    result = entry.result
    if isinstance(result, RefusedByRule):
        said, remedy = sentence(result.rule, str(result.message)), str(result.remedy).rstrip(".")
        return (f"{said}. What would pass: {remedy}" if remedy else said,)
    if isinstance(result, NotEstimable):
        said, numbers = (
            sentence(result.code, str(result.message)),
            tuple(cell.id for cell in cells.of(entry.id, "reason")),
        )
        return (Shown("words", numbers, said),) if numbers else (said,)
    raise ValueError(f"{entry.id} has a result")


def sentence(code: str, message: str) -> str:
    """Returns a code with its sentence, without a full stop."""
    return ": ".join(part for part in (code, message) if part).rstrip(".")


def missing(entry: ResultEntry) -> str:
    """Returns what a table's cell says of a model without numbers: `n.e.`, `refused (R4)`."""
    return f"refused ({entry.result.rule})" if isinstance(entry.result, RefusedByRule) else notation.NOT_ESTIMABLE
