"""What is missing, by variable and together."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import say
from riskset_site.explore.figures.missing_grid import MissingGrid, draw
from riskset_site.explore.missing import Missingness, missingness
from riskset_site.explore.pictures import WIDE, Pictures
from riskset_site.explore.rows import Looked
from riskset_site.pages import PagePart, PageSection
from riskset_site.pages.tables import table

_MOST_PATTERNS, _MOST_VARIABLES = 16, 14
"""Drawn; the table has all variables."""


def section(looked: Looked, pictures: Pictures) -> PageSection:
    """Returns the section."""
    return PageSection(say("explore.heading.missing"), list(_parts(missingness(looked), pictures)))


def _parts(found: Missingness, pictures: Pictures) -> Iterator[PagePart]:
    if not found.by_variable:
        yield say("explore.missing.none")
        return
    rows = [(name, str(n), f"{n / found.n:.1%}") for name, n in found.by_variable.items()]
    yield table(("variable", "missing", "share"), rows, ("missing", "share"), say("explore.missing.caption", n=found.n))
    variables = tuple(found.by_variable)[:_MOST_VARIABLES]
    patterns = found.patterns[:_MOST_PATTERNS]
    grid = MissingGrid(
        variables,
        patterns,
        missing_label=pictures.said(say("explore.missing.missing")),
        known_label=pictures.said(say("explore.missing.known")),
        x_label=pictures.said(say("explore.missing.axis")),
    )
    yield pictures.drawn(draw, grid, WIDE, say("explore.missing.picture"))
    if rest := sum(n for _, n in found.patterns[_MOST_PATTERNS:]):
        yield say("explore.missing.rest", n=rest)
    if len(variables) < len(found.by_variable):
        yield say("explore.missing.fewer", n=len(variables))
