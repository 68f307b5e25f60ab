"""Tables with the column headings of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from riskset.catalogue import Message, say
from riskset.disclosure.rules import Limit
from riskset_site.pages.page import PageTable


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[str] = (), caption: str = ""
) -> PageTable:
    """Returns a table of a page; columns are codes of `[site.column]`."""
    headings = {code: say(f"site.column.{code}") for code in columns}
    return PageTable(list(headings.values()), rows, frozenset(headings[code] for code in numeric), caption)


def bound(limit: Limit, value: str) -> str:
    """Returns which figures pass: `>= 5`, `<= 0.2`."""
    return f"{'>=' if limit.direction == 'at least' else '<='} {value}"


def verdict_word(verdict: str) -> Message:
    """Returns a verdict as people read it: `pass`, `review`, `fail`, or `in the run`."""
    return say(f"site.verdict.{verdict.replace(' ', '_')}")


def numbers(n: int) -> Message:
    """Returns how many numbers there are: `1 number`, `2,310 numbers`."""
    return say("site.count.numbers", n=n)
