"""What is printed in place of a result without numbers: its status and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.catalogue import in_language, say
from riskset.results import ResultEntry
from riskset.results.refusals import of_analysis
from riskset_report.blocks import Box, Plain, Shown
from riskset_report.cells import Cells
from riskset_report.missing_numbers import FULL_STOPS, sentence

if TYPE_CHECKING:
    from riskset_report.sections.section import Context

_JUDGED_BY: Final = {"all": "all", "a site": "site"}


def not_reported(entry: ResultEntry, title: str, context: Context) -> Box:
    """Returns the box of a result without numbers."""
    result = _printed(entry)
    if isinstance(result, RefusedByRule):
        status = context.say(f"report.refused_by.{_JUDGED_BY[result.by]}", rule=result.rule)
        message, remedy = (clause(text, context.language) for text in (result.message, result.remedy))
        return Box(title, status, (message,), remedy)
    return Box(title, context.say("report.not_estimable"), reason(entry, context.cells, context.language), "")


def reason(entry: ResultEntry, cells: Cells, language: str) -> Plain:
    """Returns why a result is missing: its code or rule, the sentence, and what would pass. Raises ValueError if the
    entry has a result."""
    result = _printed(entry)
    if isinstance(result, RefusedByRule):
        finding, remedy = sentence(result.rule, result.message, language), clause(result.remedy, language)
        both = say("report.reason_with_remedy", reason=finding, remedy=remedy).in_language(language)
        return (both if remedy else finding,)
    if isinstance(result, NotEstimable):
        text, numbers = sentence(result.code, result.message, language), cells.of(entry.id, "reason")
        return (Shown("words", tuple(cell.id for cell in numbers), text),) if numbers else (text,)
    raise ValueError(f"{entry.id} has a result")


def _printed(entry: ResultEntry) -> Result:
    """Returns the end of an analysis as it is printed beside it."""
    result = entry.result
    return of_analysis(entry.id, result) if isinstance(result, RefusedByRule) else result


def clause(text: str, language: str) -> str:
    """Returns a message in a language, without a full stop."""
    return in_language(text, language).rstrip(FULL_STOPS)


def missing(entry: ResultEntry, context: Context) -> str:
    """Returns what a table's cell shows for a model without numbers: `n.e.`, `refused (R4)`."""
    return missing_word(entry.result, context)


def missing_word(end: Result, context: Context) -> str:
    """Returns the same of any end without numbers."""
    if isinstance(end, RefusedByRule):
        return context.say("report.refused_cell", rule=end.rule)
    return context.words.not_estimable
