"""The forest plot of Cox models: the multivariable model, and the univariable ones beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from riskset.analyses.analysis import NotEstimable
from riskset.analyses.design import Column
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, Separated
from riskset.results import ResultEntry
from riskset_report.blocks import Shown, Text
from riskset_report.cells import Place
from riskset_report.figures.forest_figure import ForestFigure, ForestRow, IntervalCells, Told
from riskset_report.figures.forest_plot import Mark
from riskset_report.not_reported import missing_word
from riskset_report.sections.analysed import analysed_notes
from riskset_report.sections.forests import EMPTY, interval, pages, why
from riskset_report.sections.ratios import ratio_of, stem_of
from riskset_report.sections.section import Context

_FEWEST: Final = 2
"""Estimates: one alone is not worth a figure."""
_REFERENCE: Final = IntervalCells("reference", "", "", "")


def figures(
    title: str, entries: Sequence[ResultEntry], notes: Sequence[Text], context: Context
) -> tuple[ForestFigure, ...]:
    """Returns the figure of the models of one analysis, endpoint and population, on one page or more; none where they
    have fewer than two estimates. `notes` say how the models were made."""
    sides = _Sides.of(entries)
    rows = tuple(row for variable in sides.variables for row in _rows(variable, sides, context))
    if sum(one.mark != "reference" for row in rows for one in row.intervals[-1:]) < _FEWEST:
        return ()
    of = entries[0].analysis
    kinds = (context.say("report.cox.univariable"), context.say("report.cox.multivariable"))
    beside, ratio = (context.say("report.forest.ratio_of", model=kind, interval=context.interval) for kind in kinds)
    if not sides.has_both:
        ratio = context.say("report.forest.ratio", interval=context.interval)
    figure = ForestFigure(
        result=f"cox/{of.endpoint}/{of.population}/{of.name}",
        title=title,
        label=context.say("report.forest.variable"),
        left=(beside,) if sides.has_both else (context.say("report.forest.size"),) if sides.alone else (),
        right=(ratio, context.say("report.rows.p")),
        rows=rows,
        x_label=context.say("report.forest.axis"),
        favours=None,
        footnote=(*notes, *_notes(sides, context)),
        notices=context.notices,
        description=context.say("report.forest.alt_cox"),
        legend=_legend(sides, context),
    )
    return pages(figure, context)


@dataclass(frozen=True)
class _Sides:
    """The models of a figure."""

    alone: tuple[ResultEntry, ...]
    """Univariable models."""
    together: ResultEntry | None
    """The multivariable one, if it has estimates, or is separated and has a limit."""

    @classmethod
    def of(cls, entries: Sequence[ResultEntry]) -> _Sides:
        alone = tuple(entry for entry in entries if _model(entry).model == "univariable")
        with_ratios = (entry for entry in entries if entry not in alone and _has_ratios(entry.result))
        return cls(alone, next(with_ratios, None))

    @property
    def has_both(self) -> bool:
        return bool(self.alone) and self.together is not None

    @property
    def models(self) -> tuple[ResultEntry, ...]:
        return (*self.alone, *((self.together,) if self.together else ()))

    @property
    def curved(self) -> tuple[str, ...]:
        """Numbers that enter as splines: no hazard ratio says what they do."""
        splines = (spline.number.variable for entry in self.models for spline in _model(entry).splines)
        return tuple(dict.fromkeys(splines))

    @property
    def variables(self) -> tuple[str, ...]:
        found = dict.fromkeys(column.variable for entry in self.models for column in _model(entry).design)
        return tuple(name for name in found if name.rstrip("'") not in self.curved)

    def univariable(self, variable: str) -> ResultEntry | None:
        of = (one for one in self.alone if any(c.variable == variable for c in _model(one).design))
        return next(of, None)

    def multivariable(self, variable: str) -> ResultEntry | None:
        one = self.together
        return one if one and any(c.variable == variable for c in _model(one).design) else None


def _model(entry: ResultEntry) -> CoxModel:
    return cast(CoxModel, entry.analysis)


@dataclass(frozen=True)
class _Term:
    """What a model says of a row."""

    ratio: Told = EMPTY
    p: Told = EMPTY
    interval: IntervalCells | None = None


def _rows(variable: str, sides: _Sides, context: Context) -> Iterator[ForestRow]:
    """One row for a number; for a category a heading, the reference and the other levels."""
    models = [one for one in (sides.univariable(variable), sides.multivariable(variable)) if one]
    columns = dict.fromkeys(c for one in models for c in _model(one).design if c.variable == variable)
    levels = {column.level: column for column in columns}
    labels = context.labels
    if None in levels:
        yield _row(labels.variable(variable), variable, levels[None], sides, context, is_inner=False)
        return
    yield ForestRow(labels.variable(variable), is_heading=True)
    reference = next(iter(columns)).reference
    if reference is not None:
        yield _at_reference(labels.level(variable, reference), variable, sides, context)
    for level, column in levels.items():
        yield _row(labels.level(variable, level or ""), variable, column, sides, context, is_inner=True)


def _row(label: str, variable: str, column: Column, sides: _Sides, context: Context, *, is_inner: bool) -> ForestRow:
    alone = _term(sides.univariable(variable), column, "circle" if sides.has_both else "square", context)
    together = _term(sides.multivariable(variable), column, "square", context)
    main, drawn = (together, (alone.interval, together.interval)) if sides.together else (alone, (alone.interval,))
    texts = (*_left(alone, variable, sides), main.ratio, main.p)
    return ForestRow(label, texts, tuple(one for one in drawn if one), is_inner=is_inner, is_heading=not is_inner)


def _left(alone: _Term, variable: str, sides: _Sides) -> tuple[Told, ...]:
    """Returns the texts left of the axis: the univariable hazard ratio beside a multivariable one; else the size."""
    if sides.has_both:
        return (alone.ratio,)
    return (_size(sides.univariable(variable)),) if sides.alone else ()


def _at_reference(label: str, variable: str, sides: _Sides, context: Context) -> ForestRow:
    one = Told((context.say("report.rows.one"),))
    alone, together = (
        one if entry and _has_ratios(entry.result) else EMPTY
        for entry in (sides.univariable(variable), sides.multivariable(variable))
    )
    left = (alone,) if sides.has_both else (_size(sides.univariable(variable)),) if sides.alone else ()
    main = together if sides.together else alone
    drawn = (_REFERENCE,) if one in (alone, together) else ()
    return ForestRow(label, (*left, main, EMPTY), drawn, is_inner=True)


def _has_ratios(end: object) -> bool:
    return isinstance(end, CoxFit) or (isinstance(end, Separated) and end.limit is not None)


def _size(entry: ResultEntry | None) -> Told:
    """Returns patients and events; of a weighted model, whose events are not counted, its patients."""
    if entry is None or entry.analysed is None:
        return EMPTY
    if _model(entry).exposure.weights or not _has_ratios(entry.result):
        return Told((Shown("count", (Place(entry.id, "analysed").id,)),))
    patients = "n" if isinstance(entry.result, CoxFit) else "analysed"
    return Told((Shown("size", (Place(entry.id, patients).id, Place(entry.id, "events").id)),))


def _term(entry: ResultEntry | None, column: Column, mark: Mark, context: Context) -> _Term:
    if entry is None:
        return _Term()
    at, end = Place(entry.id, variable=column.variable), entry.result
    estimated = end.terms if isinstance(end, CoxFit) else end.rest or () if isinstance(end, Separated) else ()
    if any(term.column == column for term in estimated):
        return _estimate(entry, column, mark, of_rest=isinstance(end, Separated))
    if isinstance(end, CoxFit):
        found = end.why_not_used(column)
        end = NotEstimable(found.code, found.message)
    elif isinstance(end, Separated) and end.limit is not None and end.limit.column == column:
        return _limit(at, column, end.limit.side, f"{stem_of(entry, column, 'reason.limit')}.hr", mark)
    reasons = context.cells.of(entry.id, "reason")
    return _Term(Told((missing_word(end, context),), why(end, reasons, context)))


def _estimate(entry: ResultEntry, column: Column, mark: Mark, *, of_rest: bool) -> _Term:
    """Returns a hazard ratio; `of_rest`: of a separated model, with the separated covariate at its limit."""
    inside = "under_separation.terms" if of_rest else "terms"
    hr, lower, upper = ratio_of(entry, column, of=inside)
    p = Place(entry.id, variable=column.variable).of(f"{inside}.p", level=column.level).id
    ratio, of_p = Told((Shown("ratio", (hr, lower, upper)),)), Told((Shown("p_value", (p,)),))
    return _Term(ratio, of_p, IntervalCells(mark, hr, lower, upper))


def _limit(at: Place, column: Column, side: str, key: str, mark: Mark) -> _Term:
    """Returns the only finite limit of a separated model, whose path is `key`: an arrow from there on."""
    is_lower = side == "lower"
    shown = Shown("above" if is_lower else "below", (at.of(key, level=column.level).id,))
    keys = ("", key, "") if is_lower else ("", "", key)
    return _Term(Told((shown,)), interval=interval(at, mark, keys, column.level))


def _legend(sides: _Sides, context: Context) -> tuple[tuple[Mark, str], ...]:
    if not sides.has_both:
        return ()
    return (
        ("circle", context.say("report.cox.univariable")),
        ("square", context.say("report.cox.multivariable")),
    )


def _notes(sides: _Sides, context: Context) -> Iterator[Text]:
    entry = sides.together
    separated = entry.result if entry and isinstance(entry.result, Separated) else None
    is_counted = entry is not None and not _model(entry).exposure.weights
    tells_size = entry is not None and is_counted and (separated is None or entry.analysed is not None)
    if entry is not None and tells_size:
        patients = "analysed" if separated else "n"
        n, events = (Shown("count", (Place(entry.id, key).id,)) for key in (patients, "events"))
        yield context.worded("report.forest.size_of_model", n=n, events=events)
    if separated and separated.rest:
        yield (context.say("report.forest.at_limit"),)
    if any(":" in variable for variable in sides.variables):
        yield (context.say("report.forest.product"),)
    if sides.curved:
        yield (context.say("report.forest.curved", variables=tuple(map(context.labels.plain_variable, sides.curved))),)
    sets = {_model(entry).set_id: entry for entry in reversed(sides.models)}
    if len(sets) == 1:
        yield from analysed_notes(next(iter(sets.values())), context, has_advice=False, is_counted=tells_size)
