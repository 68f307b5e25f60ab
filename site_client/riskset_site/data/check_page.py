"""A check as a page for a terminal. In English plain ASCII but for the site's own words: not every console prints
more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from riskset.analyses.excluded import COSTLY
from riskset.catalogue import ENGLISH, Message, say
from riskset.error_pages import with_code
from riskset.errors import Problem
from riskset.visible_text import quoted
from riskset_site.data.check import EndpointCheck, SiteCheck, VariableCheck
from riskset_site.data.column_reading import MetText
from riskset_site.data.spread import Spread
from riskset_site.pages import PageTable
from riskset_site.pages.page import number
from riskset_site.pages.tables import table
from riskset_site.pages.text import grid, printed, shown

_TEXTS = 20
"""Of one variable that a terminal shows; --json has all."""


def check_page(check: SiteCheck, language: str = ENGLISH) -> str:
    """Returns the page in a language that has a catalogue, with colours where standard output is a terminal."""
    return printed(_parts(check, language))


def _parts(check: SiteCheck, language: str) -> Iterator[RenderableType]:
    yield shown(say("data.page.title", site=check.site, study=check.study, version=check.version), language)
    if check.variables:
        yield shown(rows_read(check), language)
    for part in check_tables(check):
        yield from ("", grid(part, language))
    if missing := check_remarks(check):
        yield from ("", *(shown(line, language) for line in missing))
    for problem in check.problems:
        said = say("data.page.problem", where=problem.where, message=problem.message)
        yield from ("", *_problem(problem, with_code(said, problem.message), language))
    for warning in check.warnings:
        said = say("data.page.warned", where=warning.where, message=warning.message)
        yield from ("", *_problem(warning, with_code(said, warning.message), language))
    yield from ("", shown(_verdict(check), language))


def rows_read(check: SiteCheck) -> Message:
    """Returns how many rows were read, and how many are eligible."""
    file, eligible = check.export, check.eligible
    if check.rows_of_file > check.rows:
        return say("data.page.rows_of_patients", n=check.rows, rows=check.rows_of_file, file=file, eligible=eligible)
    return say("data.page.rows", n=check.rows, file=file, eligible=eligible)


def check_tables(check: SiteCheck) -> tuple[PageTable, ...]:
    """Returns how variables, values, texts, eligibility rules and endpoints came out; no table without rows."""
    found = (_variables(check), _spreads(check), _texts(check), _steps(check), _endpoints(check))
    return tuple(table for table in found if table.rows)


def check_remarks(check: SiteCheck) -> list[Message]:
    """Returns which covariates cost rows, in sentences."""
    invalid = {row.variable for row in check.variables if row.wrong or not (row.columns or check.fits)}
    return list(dict.fromkeys(line for row in check.endpoints for line in _missing(row, invalid)))


def _variables(check: SiteCheck) -> PageTable:
    rows = [
        ((row.variable, _columns(row), row.kind), (row.read, row.missing, row.excluded, row.wrong))
        for row in check.variables
    ]
    return _table(("variable", "column", "type"), ("read", "missing", "excluded", "invalid"), rows)


def _columns(row: VariableCheck) -> str:
    if row.derived:
        return say("data.page.computed")
    if row.is_between and row.columns:
        return say("data.detail.years_between", first=row.columns[0], last=row.columns[1])
    return ", ".join(row.columns) if row.columns else say("data.page.no_column")


def _spreads(check: SiteCheck) -> PageTable:
    """Returns how numbers, dates and follow-up are distributed."""
    rows = [
        (row.variable, row.unit, str(row.read), str(row.missing), *_five(row.spread))
        for row in check.variables
        if row.spread
    ]
    rows += [
        (row.endpoint, say("data.page.days"), str(row.rows), str(row.no_follow_up), *_five(row.days))
        for row in check.endpoints
        if row.days
    ]
    counts = ("n", "missing", "minimum", "first_quartile", "median", "third_quartile", "maximum")
    return table(("distribution", "unit", *counts), rows, counts)


def _five(found: Spread | None) -> tuple[str, ...]:
    values = (getattr(found, field.name) for field in fields(Spread))
    return tuple(value if isinstance(value, str) else number(value) for value in values)


def _texts(check: SiteCheck) -> PageTable:
    """Returns what each text was read as; the most frequent ones of a column."""
    rows: list[tuple[str, ...]] = []
    for variable in check.variables:
        shown = variable.texts[:_TEXTS]
        rows += [(variable.variable, _text(met), _read_as(met), str(met.rows)) for met in shown]
        if rest := variable.texts[_TEXTS:]:
            more = say("data.page.more_texts", n=len(rest))
            rows.append((variable.variable, more, "", str(sum(met.rows for met in rest))))
    return table(("variable", "text", "read_as", "rows"), rows, ("rows",))


def _text(met: MetText) -> str:
    if met.column:
        return say("data.page.where_text", column=met.column, text=quoted(met.text))
    return met.text if isinstance(met.text, Message) else quoted(met.text)


def _read_as(met: MetText) -> str:
    if met.outcome == "read":
        return quoted(met.meaning)
    if met.outcome == "proposed":
        return say("data.page.proposed", meaning=met.meaning)
    return say(f"data.page.outcome.{met.outcome}")


def _steps(check: SiteCheck) -> PageTable:
    rows = [((step.id, step.label), (step.excluded, step.undecided, step.remaining)) for step in check.steps]
    return _table(("eligibility", "rule"), ("not_met", "unknown", "remaining"), rows)


def _endpoints(check: SiteCheck) -> PageTable:
    counts = ("no_follow_up", "incomplete", "analysed", "events", "at_time_0", "at_cutoff", "event_after_censoring")
    return _table(("endpoint",), counts, [((row.endpoint,), _counts(row)) for row in check.endpoints])


def _counts(row: EndpointCheck) -> tuple[int, ...]:
    left_out, analysed = (row.no_follow_up, row.incomplete), (row.rows, row.events)
    return (*left_out, *analysed, row.at_time_0, row.at_cutoff, row.event_after_censoring)


def _missing(row: EndpointCheck, invalid: Collection[str]) -> Iterator[Message]:
    """Which covariates cost the set rows, and what to tell the coordinator where one costs many; not where its values
    are `invalid`, which is for the site to mend."""
    if lost := tuple(f"{name} {n}" for name, n in row.missing.items() if n):
        yield say("data.page.missing", endpoint=row.endpoint, variables=lost)
    if costly := tuple(name for name in row.costly if name not in {*invalid, row.arm}):
        yield say("data.page.costly", names=costly, share=f"{COSTLY:.0%}")
    if row.arm in row.costly and row.arm not in invalid:
        yield say("data.page.costly_arm", name=row.arm, share=f"{COSTLY:.0%}")


def _table(
    texts: Sequence[str], counts: Sequence[str], rows: Sequence[tuple[Sequence[str], Sequence[int]]]
) -> PageTable:
    """Returns a table of texts and, to their right, counts."""
    return table((*texts, *counts), [(*words, *map(str, numbers)) for words, numbers in rows], counts)


def _problem(problem: Problem, said: Message, language: str) -> Iterator[RenderableType]:
    yield Text(shown(said, language), style="bold")
    for line in (problem.detail, say("data.page.hint", hint=problem.hint) if problem.hint else ""):
        if line:
            yield Padding(shown(line, language), (0, 0, 0, 2))


def _verdict(check: SiteCheck) -> Message:
    if check.fits:
        n = len(check.warnings)
        return say("data.page.fits_with_warnings", n=n) if n else say("data.page.fits")
    n = len(check.problems)
    return say("data.page.does_not_fit", n=n) if check.variables else say("data.page.unreadable", n=n)
