"""How numbers and levels are distributed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np

from riskset.catalogue import say
from riskset.study.spec import NumberVariable, Study
from riskset_site.data.spread import Spread
from riskset_site.explore.figures.axes import tick_text
from riskset_site.explore.figures.histogram import Histogram, draw
from riskset_site.explore.pictures import NARROW, Pictures
from riskset_site.explore.rows import Looked
from riskset_site.explore.values import Levels, Numbers, arms_of, levels, numbers
from riskset_site.pages import Drawing, Folded, Gallery, PagePart, PageSection, PageTable
from riskset_site.pages.page import number
from riskset_site.pages.tables import table

_MOST_ROWS = 50
"""Outliers that are listed."""
_MOST_POWERS = 5
"""Of ten, below an axis: 1,000,000 is wide."""
_FIVE = ("minimum", "first_quartile", "median", "third_quartile", "maximum")
_DECADES = {"log", "log2", "log10", "log1p", "log10p1"}
"""Transforms of which an axis is labelled at powers of ten of the raw number."""


def of_numbers(looked: Looked, pictures: Pictures) -> PageSection:
    """Returns the section of numbers: pictures, quartiles, and what is far out with its rows."""
    return PageSection(say("explore.heading.numbers"), list(_numbers(tuple(numbers(looked)), looked.study, pictures)))


def _numbers(found: Sequence[Numbers], study: Study, pictures: Pictures) -> Iterator[PagePart]:
    if not found:
        yield say("explore.numbers.none")
        return
    rows = [(one.name, one.variable.unit, str(len(one.values)), str(one.missing), *_five(one.spread)) for one in found]
    figures = ("n", "missing", *_FIVE)
    yield table(("variable", "unit", *figures), rows, figures)
    yield Gallery(tuple(_histogram(one, study, pictures) for one in found if len(one.values)))
    far = [(one.name, str(row), number(value)) for one in found for row, value in one.outliers]
    if not far:
        yield say("explore.numbers.no_outlier")
        return
    yield table(("variable", "row", "value"), far[:_MOST_ROWS], ("row", "value"), say("explore.numbers.outliers"))
    if rest := len(far) - _MOST_ROWS if len(far) > _MOST_ROWS else 0:
        yield say("explore.numbers.more", n=rest)


def _five(found: Spread | None) -> tuple[str, ...]:
    if found is None:
        return ("",) * len(_FIVE)
    values = (getattr(found, field.name) for field in fields(found))
    return tuple(value if isinstance(value, str) else number(value) for value in values)


def _histogram(one: Numbers, study: Study, pictures: Pictures) -> Drawing:
    variable, label = one.variable, study.label_of(one.name)
    low, high = variable.range
    x_label = say("explore.numbers.axis", label=label, unit=variable.unit) if variable.unit else label
    limits = say("explore.numbers.range", low=tick_text(low), high=tick_text(high))
    plot = Histogram(
        values=variable.transformed(one.values),
        x_ticks=_raw_ticks(one.values, variable),
        limits=variable.transformed_range,
        marked=tuple(variable.transformed(np.array([value for _, value in one.outliers], np.float64)).tolist()),
        step=0.0 if variable.transform else variable.step or 0.0,
        x_label=pictures.said(x_label),
        y_label=pictures.said(say("explore.axis.rows")),
        footnotes=(pictures.said(limits), *((pictures.said(say("explore.numbers.marks")),) if one.outliers else ())),
    )
    return pictures.drawn(draw, plot, NARROW, say("explore.numbers.picture", label=label))


def _raw_ticks(values: np.ndarray, variable: NumberVariable) -> tuple[tuple[float, str], ...]:
    """Returns powers of ten where the axis is logarithmic: the variable's own numbers, not their logarithms."""
    if variable.transform not in _DECADES:
        return ()
    powers = np.unique([0.0, *10.0 ** np.arange(-3, 10)])
    chosen = powers[(powers >= variable.range[0]) & (powers <= variable.range[1])]
    chosen = chosen[(chosen >= values.min()) & (chosen <= values.max())]
    chosen = chosen[:: -(-len(chosen) // _MOST_POWERS)] if len(chosen) else chosen
    return tuple(zip(variable.transformed(chosen).tolist(), map(tick_text, chosen.tolist()), strict=True))


def of_levels(looked: Looked) -> PageSection:
    """Returns the section of categories and booleans: counts by arm, first of those that are in models."""
    found = list(levels(looked))
    arms, study = arms_of(looked.study), looked.study
    named = {name for endpoint in study.endpoints for name in study.covariates_of(endpoint)}
    first, others = ([one for one in found if (one.name in named) == is_first] for is_first in (True, False))
    parts: list[PagePart] = [_levels(first or others, arms)] if found else [say("explore.levels.none")]
    if first and others:
        parts.append(Folded(say("explore.levels.others", n=len(others)), _levels(others, arms)))
    return PageSection(say("explore.heading.levels"), parts)


def _levels(found: Sequence[Levels], arms: Sequence[str]) -> PageTable:
    rows = []
    for one in found:
        totals = one.counts.sum(axis=0)
        for level, counts in zip((*one.levels, say("data.page.outcome.missing")), one.counts, strict=True):
            if level in one.levels or counts.any():
                shares = [f"{n} ({n / of:.0%})" if of else str(n) for n, of in zip(counts, totals, strict=True)]
                everybody = f"{counts.sum()} ({counts.sum() / max(1, totals.sum()):.0%})"
                first = one.name if level == one.levels[0] else ""
                rows.append((first, level, everybody, *(shares if arms else ())))
    named = table(("variable", "level", "rows"), rows, ("rows",))
    return PageTable((*named.columns, *arms), rows, named.numeric | frozenset(arms))
