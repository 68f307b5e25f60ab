"""index.html: the whole report as one self-contained page that also prints to A4; and each table as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from riskset_report.kept_together import kept_together
from riskset_report.margin_box import css_string, with_counters
from riskset_report.printed import (
    Drawings,
    NumberedFigure,
    NumberedTable,
    PrintedReport,
    field_of,
    figure_files,
)
from riskset_report.table_width import is_wide, pieces, words_of

NAME: Final = "index.html"
_LIMITS: Final = re.compile(r"(\(\d+%[^()]*\))")


def page(printed: PrintedReport, drawings: Drawings) -> str:
    """Returns the page, with the drawings in it; links lead only to files of the same folder."""
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            printed=printed,
            drawings=drawings,
            style=_style(),
            foot=css_string(printed.say("report.page.foot", hash=printed.study_hash)),
            page_number=_page_number(printed),
            words=_words(printed),
        )
    )


def table_page(printed: PrintedReport, table: NumberedTable) -> str:
    """Returns one table as a page, from which it can be copied."""
    template = _environment().get_template("table.html.j2")
    return template.render(printed=printed, block=table, style=_style())


@cache
def _environment() -> Environment:
    loader = PackageLoader("riskset_report", "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "unbroken": _unbroken,
        "kept": kept_together,
        "headed": _headed,
        "anchor": _anchor,
        "label": _label,
        "caption": _caption,
        "svg": _svg,
        "files": _files,
        "heading": _heading,
        "sentence": _sentence,
        "title": _title,
    }
    environment.tests |= {"figure": _is_figure, "numbered": _is_numbered}
    return environment


@cache
def _style() -> Markup:
    return Markup(files("riskset_report").joinpath("templates/style.css").read_text(encoding="utf-8"))


def _words(printed: PrintedReport) -> dict[str, str]:
    link = Markup('<a href="numbers.csv">numbers.csv</a>')
    return {
        "contents": printed.say("report.page.contents"),
        "would_pass": printed.say("report.page.would_pass"),
        "numbers": Markup(printed.say("report.page.numbers", file=link)),
    }


def _page_number(printed: PrintedReport) -> Markup:
    return with_counters(printed.say("report.page.number", page=field_of("page"), pages=field_of("pages")))


def _is_figure(block: object) -> bool:
    return isinstance(block, NumberedFigure)


def _is_numbered(block: object) -> bool:
    return isinstance(block, NumberedFigure | NumberedTable)


def _anchor(block: NumberedFigure | NumberedTable) -> str:
    return f"{'figure' if isinstance(block, NumberedFigure) else 'table'}-{block.number}"


@pass_context
def _label(context: Context, block: NumberedFigure | NumberedTable) -> str:
    """`Figure 3.`"""
    kind = "figure" if isinstance(block, NumberedFigure) else "table"
    return str(context["printed"].say(f"report.caption.{kind}", number=block.number))


@pass_context
def _title(context: Context, title: str) -> str:
    """The title of a figure or a table as a sentence."""
    return str(context["printed"].say("report.caption.title", title=title))


@pass_context
def _heading(context: Context, title: str) -> str:
    """What a box is of, before it says why there are no numbers."""
    return str(context["printed"].say("report.page.box", title=title))


@pass_context
def _sentence(context: Context, text: str) -> str:
    """A text that has no full stop yet, with the language's."""
    return str(context["printed"].say("report.sentence", text=text))


@pass_context
def _caption(context: Context, table: NumberedTable) -> str:
    """`Table 3. Title`"""
    return f"{_label(context, table)} {table.title}"


def _unbroken(cell: str) -> Markup:
    """A cell's pieces as elements that stay on one line."""
    return _parted(pieces(cell))


def _headed(heading: str) -> Markup:
    """A heading in which no line ends inside `(95% CI)`; where characters are wide, inside none of its words, since a
    line would else end between any two of them."""
    if any(map(is_wide, heading)):
        return _parted(words_of(heading))
    split = enumerate(_LIMITS.split(heading))
    return Markup("").join(Markup("<span>{}</span>" if n % 2 else "{}").format(piece) for n, piece in split)


def _parted(parts: Sequence[str]) -> Markup:
    if len(parts) == 1:
        return Markup.escape(parts[0])
    blanks = (Markup(" " if part.startswith(" ") else "<wbr>" * (number > 0)) for number, part in enumerate(parts))
    spans = (Markup("<span>{}</span>").format(part.strip()) for part in parts)
    return Markup("").join(blank + span for blank, span in zip(blanks, spans, strict=True))


@pass_context
def _files(context: Context, figure: NumberedFigure) -> Iterator[tuple[str, str]]:
    """Yields the name and the path of each file of a figure."""
    for path in figure_files(figure.name, context["drawings"][figure.name]):
        narrow = re.search(r"-(\d+)mm\.", path)
        yield f"{path.rsplit('.', 1)[1].upper()}{f' {narrow[1]} mm' if narrow else ''}", path


@pass_context
def _svg(context: Context, figure: NumberedFigure) -> Markup:
    """The widest drawing as an element of the page; a prefix keeps its ids distinct from those of other drawings."""
    widest = next(iter(context["drawings"][figure.name].values()))
    svg = widest.svg.decode()
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{_anchor(figure)}-", element)
    return Markup(element.replace("<svg", Markup('<svg role="img" aria-label="{}"').format(figure.alternative), 1))
