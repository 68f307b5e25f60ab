"""What is printed in place of a result without numbers: its status and the reason."""

from __future__ import annotations

from typing import Final

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset.results.refusals import of_analysis
from riskset_report import notation
from riskset_report.blocks import Box, Shown, Text
from riskset_report.cells import Cells

_JUDGED_BY: Final = {"all": "all", "a site": "site"}


def not_reported(entry: ResultEntry, title: str, cells: Cells) -> Box:
    """Returns the box of a result without numbers."""
    result = _printed(entry)
    if isinstance(result, RefusedByRule):
        status = say(f"report.refused_by.{_JUDGED_BY[result.by]}", rule=result.rule)
        message, remedy = (str(text).rstrip(".") for text in (result.message, result.remedy))
        return Box(title, status, (message,), remedy)
    return Box(title, say("report.not_estimable"), reason(entry, cells), "")


def reason(entry: ResultEntry, cells: Cells) -> Text:
    """Returns why a result is missing: its code or rule, the sentence, and what would pass. Raises ValueError if the
    entry has a result."""
    result = _printed(entry)
    if isinstance(result, RefusedByRule):
        finding, remedy = sentence(result.rule, str(result.message)), str(result.remedy).rstrip(".")
        return (str(say("report.reason_with_remedy", reason=finding, remedy=remedy)) if remedy else finding,)
    if isinstance(result, NotEstimable):
        text, numbers = sentence(result.code, str(result.message)), cells.of(entry.id, "reason")
        return (Shown("words", tuple(cell.id for cell in numbers), text),) if numbers else (text,)
    raise ValueError(f"{entry.id} has a result")


def _printed(entry: ResultEntry) -> Result:
    """Returns the end of an analysis as it is printed beside it."""
    result = entry.result
    return of_analysis(entry.id, result) if isinstance(result, RefusedByRule) else result


def sentence(code: str, message: str) -> str:
    """Returns `code: message`, without a full stop."""
    return ": ".join(part for part in (code, message) if part).rstrip(".")


def missing(entry: ResultEntry) -> str:
    """Returns what a table's cell shows for a model without numbers: `n.e.`, `refused (R4)`."""
    if isinstance(entry.result, RefusedByRule):
        return str(say("report.refused_cell", rule=entry.result.rule))
    return notation.NOT_ESTIMABLE
