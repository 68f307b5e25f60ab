"""A check as a page for a terminal. Plain ASCII but for the site's own words: not every console prints more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from riskset.analyses.excluded import COSTLY
from riskset.catalogue import Message, say
from riskset.errors import Problem
from riskset_site.data.check import EndpointCheck, SiteCheck
from riskset_site.pages import PageTable
from riskset_site.pages.page import visible
from riskset_site.pages.tables import table
from riskset_site.pages.text import grid, printed


def check_page(check: SiteCheck) -> str:
    """Returns the page, with colours where standard output is a terminal."""
    return printed(_parts(check))


def _parts(check: SiteCheck) -> Iterator[RenderableType]:
    yield say("data.page.title", site=check.site, study=check.study, version=check.version)
    if check.variables:
        read = say("data.page.rows", n=check.rows, file=check.export, eligible=check.eligible)
        yield visible(read)
    for part in (_variables(check), _steps(check), _endpoints(check)):
        if part.rows:
            yield from ("", grid(part))
    if missing := list(dict.fromkeys(line for row in check.endpoints for line in _missing(row))):
        yield from ("", *missing)
    for problem in check.problems:
        yield from ("", *_problem(problem))
    yield from ("", _verdict(check))


def _variables(check: SiteCheck) -> PageTable:
    rows = [
        ((row.variable, _columns(row.columns), row.kind), (row.read, row.missing, row.excluded, row.wrong))
        for row in check.variables
    ]
    return _table(("variable", "column", "type"), ("read", "missing", "excluded", "invalid"), rows)


def _columns(columns: Sequence[str]) -> str:
    if len(columns) == 2:
        return say("data.detail.years_between", first=columns[0], last=columns[1])
    return columns[0] if columns else say("data.page.no_column")


def _steps(check: SiteCheck) -> PageTable:
    rows = [((step.id, step.label), (step.excluded, step.undecided, step.remaining)) for step in check.steps]
    return _table(("eligibility", "rule"), ("not_met", "unknown", "remaining"), rows)


def _endpoints(check: SiteCheck) -> PageTable:
    counts = ("no_follow_up", "incomplete", "analysed", "events", "at_time_0", "at_cutoff", "event_after_censoring")
    return _table(("endpoint",), counts, [((row.endpoint,), _counts(row)) for row in check.endpoints])


def _counts(row: EndpointCheck) -> tuple[int, ...]:
    left_out, analysed = (row.no_follow_up, row.incomplete), (row.rows, row.events)
    return (*left_out, *analysed, row.at_time_0, row.at_cutoff, row.event_after_censoring)


def _missing(row: EndpointCheck) -> Iterator[RenderableType]:
    """Which covariates cost the set rows, and what to tell the coordinator where one costs many."""
    if lost := tuple(f"{name} {n}" for name, n in row.missing.items() if n):
        yield visible(say("data.page.missing", endpoint=row.endpoint, variables=lost))
    if row.costly:
        yield visible(say("data.page.costly", names=row.costly, share=f"{COSTLY:.0%}"))


def _table(
    texts: Sequence[str], counts: Sequence[str], rows: Sequence[tuple[Sequence[str], Sequence[int]]]
) -> PageTable:
    """Returns a table of texts and, to their right, counts."""
    return table((*texts, *counts), [(*words, *map(str, numbers)) for words, numbers in rows], counts)


def _problem(problem: Problem) -> Iterator[RenderableType]:
    yield Text(visible(f"{problem.where}: {problem.message}"), style="bold")
    for line in (problem.detail, say("data.page.hint", hint=problem.hint) if problem.hint else ""):
        if line:
            yield Padding(visible(line), (0, 0, 0, 2))


def _verdict(check: SiteCheck) -> Message:
    if check.fits:
        return say("data.page.fits")
    n = len(check.problems)
    return say("data.page.does_not_fit", n=n) if check.variables else say("data.page.unreadable", n=n)
