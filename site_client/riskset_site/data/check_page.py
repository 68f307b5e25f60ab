"""A check as a page for a terminal. Plain ASCII but for the site's own words: not every console prints more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from riskset.errors import Problem
from riskset_site.data.check import SiteCheck

_WIDTH_OF_A_FILE = 120  # where nobody has told how wide the page is


def check_page(check: SiteCheck) -> str:
    """Returns the page, with colours where standard output is a terminal."""
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    with console.capture() as page:
        console.print(Group(*_parts(check)))
    return "".join(f"{line.rstrip()}\n" for line in page.get().splitlines())


def _parts(check: SiteCheck) -> Iterator[RenderableType]:
    yield f"site {check.site}, study {check.study} {check.version}"
    if check.variables:
        yield f"{_rows(check.rows)} read from {check.export}, {check.eligible} eligible"
        yield from ("", _variables(check))
    if check.steps:
        yield from ("", _steps(check))
    if check.endpoints:
        yield from ("", _endpoints(check))
    for problem in check.problems:
        yield from ("", *_problem(problem))
    yield from ("", _verdict(check))


def _variables(check: SiteCheck) -> Table:
    table = _table(["variable", "column", "kind"], ["read", "missing", "excluded", "wrong"])
    for row in check.variables:
        column = " to ".join(row.columns) or "(not in the export)"
        table.add_row(row.variable, column, row.kind, *map(str, (row.read, row.missing, row.excluded, row.wrong)))
    return table


def _steps(check: SiteCheck) -> Table:
    table = _table(["eligibility", "rule"], ["not fulfilled", "not known", "remain"])
    for step in check.steps:
        table.add_row(step.id, step.label, *map(str, (step.excluded, step.undecided, step.remaining)))
    return table


def _endpoints(check: SiteCheck) -> Table:
    counts = ["no follow-up", "incomplete", "analysed", "events", "at time 0", "at cut-off", "event after censoring"]
    table = _table(["endpoint"], counts)
    for row in check.endpoints:
        left_out, kept = (row.no_follow_up, row.incomplete), (row.rows, row.events, row.at_time_0)
        table.add_row(row.endpoint, *map(str, (*left_out, *kept, row.at_cutoff, row.event_after_censoring)))
    return table


def _table(texts: Sequence[str], counts: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for name in texts:
        table.add_column(name, overflow="fold")
    for name in counts:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _problem(problem: Problem) -> Iterator[RenderableType]:
    yield Text(f"{problem.where}: {problem.message}", style="bold")
    for line in (problem.detail, f"hint: {problem.hint}" if problem.hint else ""):
        if line:
            yield Padding(line, (0, 0, 0, 2))


def _verdict(check: SiteCheck) -> str:
    if check.fits:
        return "The data fit the study. Nothing was sent."
    count = "one problem" if len(check.problems) == 1 else f"{len(check.problems)} problems"
    counted = " The counts above take a wrong value as missing." if check.variables else ""
    return f"The data do not fit the study: {count}.{counted} Nothing was sent."


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
