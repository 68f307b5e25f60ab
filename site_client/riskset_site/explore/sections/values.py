"""How numbers and levels are distributed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np

from riskset.catalogue import say
from riskset.stats.arrays import Floats
from riskset.study.spec import NumberVariable, Study
from riskset_site.data.spread import Spread
from riskset_site.explore.figures.axes import MOST_TICKS, tick_text, ticks
from riskset_site.explore.figures.histogram import Histogram, draw
from riskset_site.explore.pictures import NARROW, Pictures
from riskset_site.explore.rows import Looked
from riskset_site.explore.values import Levels, Numbers, arms_of, levels, numbers
from riskset_site.pages import Drawing, Folded, Gallery, PagePart, PageSection, PageTable
from riskset_site.pages.page import number
from riskset_site.pages.tables import table

_MOST_ROWS = 50
"""Outliers that are listed."""
_FEWEST_TICKS = 2
_FIVE = ("minimum", "first_quartile", "median", "third_quartile", "maximum")


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
        step=_step(one.values, variable),
        x_label=pictures.said(x_label),
        y_label=pictures.said(say("explore.axis.rows")),
        footnotes=(pictures.said(limits), *((pictures.said(say("explore.numbers.marks")),) if one.outliers else ())),
    )
    return pictures.drawn(draw, plot, NARROW, say("explore.numbers.picture", label=label))


def _step(values: Floats, variable: NumberVariable) -> float:
    """Returns how far values are apart on the axis: as the study says, or one where all are whole; 0 if not known."""
    if variable.transform is not None:
        return 0.0
    return variable.step or float((values == np.rint(values)).all())


def _raw_ticks(values: Floats, variable: NumberVariable) -> tuple[tuple[float, str], ...]:
    """Returns ticks of the variable's own numbers where the axis has another scale; none where it has theirs."""
    if variable.transform is None:
        return ()
    low, high = float(values.min()), float(values.max())
    powers = [0.0, *(10.0**power for power in range(-3, 10))]
    chosen = [tick for tick in powers if low <= tick <= high]
    if variable.transform == "sqrt" or len(chosen) < _FEWEST_TICKS:
        chosen = ticks(low, high)
    at = variable.transformed(np.array(chosen, np.float64)).tolist()
    first, last = variable.transformed(np.array([low, high])).tolist()
    kept: list[tuple[float, str]] = []
    for place, tick in zip(at, chosen, strict=True):
        if not kept or place - kept[-1][0] >= (last - first) / MOST_TICKS:
            kept.append((place, tick_text(tick)))
    return tuple(kept)


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
