"""A check as a page for a terminal. Plain ASCII but for the site's own words: not every console prints more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from riskset.errors import Problem
from riskset_site.data.check import SiteCheck
from riskset_site.pages import PageTable
from riskset_site.pages.page import visible
from riskset_site.pages.text import grid, printed


def check_page(check: SiteCheck) -> str:
    """Returns the page, with colours where standard output is a terminal."""
    return printed(_parts(check))


def _parts(check: SiteCheck) -> Iterator[RenderableType]:
    yield f"site {check.site}, study {check.study} {check.version}"
    if check.variables:
        yield f"{_rows(check.rows)} read from {check.export}, {check.eligible} eligible"
    for table in _tables(check):
        if table.rows:
            yield from ("", grid(table))
    for problem in check.problems:
        yield from ("", *_problem(problem))
    yield from ("", _verdict(check))


def _tables(check: SiteCheck) -> Iterator[PageTable]:
    yield _table(
        ["variable", "column", "kind"],
        ["read", "missing", "excluded", "wrong"],
        [
            (
                (row.variable, " to ".join(row.columns) or "(not in the export)", row.kind),
                (row.read, row.missing, row.excluded, row.wrong),
            )
            for row in check.variables
        ],
    )
    yield _table(
        ["eligibility", "rule"],
        ["not fulfilled", "not known", "remain"],
        [((step.id, step.label), (step.excluded, step.undecided, step.remaining)) for step in check.steps],
    )
    yield _table(
        ["endpoint"],
        ["no follow-up", "incomplete", "analysed", "events", "at time 0", "at cut-off", "event after censoring"],
        [
            (
                (row.endpoint,),
                (
                    *(row.no_follow_up, row.incomplete, row.rows),
                    *(row.events, row.at_time_0, row.at_cutoff, row.event_after_censoring),
                ),
            )
            for row in check.endpoints
        ],
    )


def _table(
    texts: Sequence[str], counts: Sequence[str], rows: Sequence[tuple[Sequence[str], Sequence[int]]]
) -> PageTable:
    return PageTable(
        [*texts, *counts], [(*words, *map(str, numbers)) for words, numbers in rows], numeric=frozenset(counts)
    )


def _problem(problem: Problem) -> Iterator[RenderableType]:
    yield Text(visible(f"{problem.where}: {problem.message}"), style="bold")
    for line in (problem.detail, f"hint: {problem.hint}" if problem.hint else ""):
        if line:
            yield Padding(visible(line), (0, 0, 0, 2))


def _verdict(check: SiteCheck) -> str:
    if check.fits:
        return "The data fit the study. Nothing was sent."
    count = "one problem" if len(check.problems) == 1 else f"{len(check.problems)} problems"
    counted = " The counts above take a wrong value as missing." if check.variables else ""
    return f"The data do not fit the study: {count}.{counted} Nothing was sent."


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
