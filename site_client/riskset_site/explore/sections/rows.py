"""How many rows the page is about, and why others are not."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import NOTHING, Message, say
from riskset.error_pages import with_code
from riskset.errors import Problem
from riskset_site.data.check import SiteCheck
from riskset_site.explore.rows import Looked
from riskset_site.pages import PagePart, PageSection
from riskset_site.pages.tables import table


def section(looked: Looked, check: SiteCheck) -> PageSection:
    """Returns the section."""
    return PageSection(say("explore.heading.rows"), list(_parts(looked, check)))


def _parts(looked: Looked, check: SiteCheck) -> Iterator[PagePart]:
    aside, n, used = looked.aside, looked.whole.export.n, looked.used.export.n
    if check.rows_of_file > n:
        yield say("explore.rows.of_patients", rows=check.rows_of_file, n=n)
    yield say("explore.rows.read", n=n, file=check.export, used=used, eligible=int(looked.eligible.sum()))
    counts = {
        "unreadable": int(aside.unreadable.sum()),
        "impossible": int(aside.impossible.sum()),
        "repeated": int(aside.repeated.sum()),
    }
    if reasons := tuple(say(f"explore.rows.{name}", n=count) for name, count in counts.items() if count):
        yield say("explore.rows.aside", n=int(aside.any.sum()))
        yield reasons
    if looked.used.steps:
        rows = [(s.label, str(s.excluded), str(s.undecided), str(s.remaining)) for s in looked.used.steps]
        figures = ("not_met", "unknown", "remaining")
        yield table(("eligibility", *figures), rows, figures)
    if check.problems:
        yield say("explore.rows.problems", n=len(check.problems))
        yield tuple(map(_in_full, check.problems))
    if check.warnings:
        yield say("explore.rows.warnings", n=len(check.warnings))
        yield tuple(map(_in_full, check.warnings))


def _in_full(problem: Problem) -> Message:
    """Returns a problem with its rows and values: the page is for the site's own eyes."""
    said = say("data.page.problem", where=problem.where, message=problem.message)
    hint = say("data.page.hint", hint=problem.hint) if problem.hint else NOTHING
    whole = say("explore.rows.in_full", parts=tuple(part for part in (said, problem.detail, hint) if part))
    return with_code(whole, problem.message)
