"""Dates on a line, by year, and in an order that hardly can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskset.catalogue import say
from riskset_site.explore.dates import Days, Disorder, days, disorders
from riskset_site.explore.figures.date_lines import DateLines, draw
from riskset_site.explore.pictures import WIDE, Pictures
from riskset_site.explore.rows import Looked
from riskset_site.pages import PagePart, PageSection, PageTable
from riskset_site.pages.tables import table

_MOST_ROWS = 20
"""Of one pair of dates that are listed."""
_MOST_YEARS = 12
"""Columns of a table."""


def section(looked: Looked, pictures: Pictures) -> PageSection:
    """Returns the section."""
    return PageSection(say("explore.heading.dates"), list(_parts(looked, pictures)))


def _parts(looked: Looked, pictures: Pictures) -> Iterator[PagePart]:
    found = [one for one in days(looked) if len(one.values)]
    if not found:
        yield say("explore.dates.none")
        return
    header, study = looked.study.header, looked.study
    lines = DateLines(
        lines=tuple((study.label_of(one.name), one.values) for one in found),
        enrolled=(header.enrolled.from_, header.enrolled.to) if header.enrolled else (None, None),
        enrolled_label=pictures.said(say("explore.dates.enrolled")),
        cutoff=header.data_cutoff,
        cutoff_label=pictures.said(say("explore.dates.cutoff")),
        x_label=pictures.said(say("explore.axis.year")),
    )
    yield pictures.drawn(draw, lines, WIDE, say("explore.dates.picture"))
    yield _by_year(found)
    wrong = list(disorders(looked))
    if not wrong:
        yield say("explore.dates.in_order")
        return
    yield say("explore.dates.disorders")
    for one in wrong:
        yield _rows(one)


def _by_year(found: list[Days]) -> PageTable:
    """Returns how many dates each year has; each decade where years are many, as those of births are."""
    is_long = len({year for one in found for year in one.by_year}) > _MOST_YEARS
    counts = [_by_decade(one.by_year) if is_long else one.by_year for one in found]
    years = sorted({year for count in counts for year in count})
    named = table(("variable",), [])
    rows = [(one.name, *(str(count.get(year, "")) for year in years)) for one, count in zip(found, counts, strict=True)]
    texts = tuple(f"{year}–{year + 9}" if is_long else str(year) for year in years)
    return PageTable((*named.columns, *texts), rows, frozenset(texts))


def _by_decade(by_year: Mapping[int, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for year, n in by_year.items():
        found[year // 10 * 10] = found.get(year // 10 * 10, 0) + n
    return found


def _rows(one: Disorder) -> PageTable:
    n, names = len(one.rows), {"first": one.first, "second": one.second}
    caption = (
        say("explore.dates.by_study", n=n, **names) if one.by_study else say("explore.dates.by_rows", n=n, **names)
    )
    named = table(("row",), [])
    rows = [(str(row), first, second) for row, first, second in one.rows[:_MOST_ROWS]]
    return PageTable((*named.columns, one.first, one.second), rows, caption=caption)
