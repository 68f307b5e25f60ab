"""The desk's pages: what a template needs beside the texts that are always the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from riskset.catalogue import Message, say
from riskset.desk.templates import environment_of
from riskset.error_pages import page_name
from riskset.errors import Problem
from riskset.language import spoken, told
from riskset.visible_text import visible
from riskset_site.data.check import SiteCheck
from riskset_site.desk.seat import SiteSeat
from riskset_site.desk.words import WORDS
from riskset_site.mapping.option_words import option_shown
from riskset_site.pages.html import body_html, table_html
from riskset_site.pages.page import Page, PageTable


def page_of(template: str, base: str, seat: SiteSeat, **values: Any) -> str:  # noqa: ANN401 - whatever a template prints
    """Returns a page, with what every template needs; `base` is the path of the desk, without a slash at its end."""
    return (
        _environment()
        .get_template(f"{template}.html.j2")
        .render(base=base, language=spoken(), seat=seat, words=WORDS, **{"session": None, **values})
    )


def _body(page: Page) -> Markup:
    return Markup(body_html(page, spoken()))


def _table(table: PageTable) -> Markup:
    return Markup(table_html(table, spoken()))


def _marked(text: str) -> Markup:
    """Returns a text of a page of errors, in which what is between backticks is code."""
    parts = visible(" ".join(text.split())).split("`")
    written = (f"<code>{escape(part)}</code>" if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("".join(written))


def _fits(check: SiteCheck) -> Message:
    if not check.fits:
        return say("site.desk.does_not_fit", n=len(check.problems))
    n = len(check.warnings)
    return say("site.desk.fits_with_warnings", n=n) if n else say("site.desk.fits")


def _column_of(problem: Problem) -> str:
    """Returns the column of the export in which a problem is; empty where it is in none, or in several."""
    found = dict(problem.where.values).get("column", "") if isinstance(problem.where, Message) else ""
    return found if isinstance(found, str) else ""


@cache
def _environment() -> Environment:
    filters: Mapping[str, Callable[..., Any]] = {
        "body": _body,
        "table": _table,
        "site": lambda seat: say("site.desk.site", site=seat.site),
        "in_force": lambda one: say("site.desk.in_force", by=one.by, until=one.until.isoformat()),
        "problem": lambda problem: say("data.page.problem", where=problem.where, message=problem.message),
        "fits": _fits,
        "has_page": lambda message: isinstance(message, Message) and page_name(message.code) is not None,
        "marked": _marked,
        "column_of": _column_of,
        "spoken": told,
        "exact": lambda text: Markup(escape(text)),  # in what a form sends back, nothing is changed to be seen
        "rows_of": lambda table: say("site.map.ask.rows", n=table.rows),
        "option": lambda option, choice: option_shown(choice, option),
        "distinct": lambda one: say("site.desk.map.distinct", distinct=one.distinct, rows=one.rows),
        "unnameable": lambda exports: say("site.desk.map.unnameable", files=exports.unnameable),
        "problems": lambda error: [one for one in getattr(error, "problems", ()) if isinstance(one, Problem)],
    }
    return environment_of("riskset_site.desk", filters)
