"""A dossier as one HTML file that prints on A4 and loads nothing else: no script, no font, no address."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from riskset.catalogue import in_language, say
from riskset.visible_text import visible
from riskset_report.dossier.document import Blanks, Dossier, Items, Table
from riskset_report.margin_box import css_string, with_counters
from riskset_report.printed import field_of


def dossier_page(dossier: Dossier, language: str) -> str:
    """Returns the whole file, in a language that has a catalogue. Every text of the study is escaped."""
    number = say("dossier.page", page=field_of("page"), pages=field_of("pages"))
    return (
        _environment()
        .get_template("dossier.html.j2")
        .render(
            dossier=dossier,
            language=language,
            style=_style("style") + _style("dossier"),
            foot=css_string(_shown(dossier.foot, language)),
            page_number=with_counters(in_language(number, language)),
            blank=say("dossier.blank"),
        )
    )


@cache
def _environment() -> Environment:
    loader = PackageLoader("riskset_report", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": _shown_here, "lines": _lines, "breakable": _breakable}
    environment.tests |= {"items": _is_items, "tabular": _is_table, "blanks": _is_blanks}
    return environment


@cache
def _style(name: str) -> Markup:
    return Markup(files("riskset_report").joinpath(f"templates/{name}.css").read_text(encoding="utf-8"))


def _shown(text: str, language: str) -> str:
    """A text in the language, on one line, with what could mislead its reader escaped."""
    return visible(in_language(text, language))


@pass_context
def _shown_here(context: Context, text: str) -> str:
    return _shown(text, context["language"])


@pass_context
def _breakable(context: Context, text: str) -> Markup:
    """The same with places at which a long id such as `cox/os/all/univariable/age` may go on in a new line."""
    return Markup("/<wbr>").join(_shown(text, context["language"]).split("/"))


def _lines(cell: str | tuple[str, ...]) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell


def _is_items(part: object) -> bool:
    return isinstance(part, Items)


def _is_table(part: object) -> bool:
    return isinstance(part, Table)


def _is_blanks(part: object) -> bool:
    return isinstance(part, Blanks)
