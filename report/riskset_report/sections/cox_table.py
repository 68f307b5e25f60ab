"""The table of Cox models as journals print it: patients and events of each row, univariable beside multivariable
hazard ratios, reference levels, and the test of a variable as a whole in its heading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import SeparationLimit
from riskset.catalogue import say
from riskset_report import notation
from riskset_report.blocks import Plain, Row, Shown, Table, Text, Why, Within
from riskset_report.not_reported import missing, reason
from riskset_report.sections.cox_model import Model
from riskset_report.sections.ratios import no_ratio, ratio_of, stem_of
from riskset_report.sections.section import Context

_NOT_COUNTED: Final = f" ({notation.NO_VALUE})"
_Cells = tuple[Text, Text]
"""The hazard ratio of a term, or why it is missing; and P."""
_NO_TERM: Final[_Cells] = ((), ())


@dataclass(frozen=True)
class CoxTable:
    """The models of one analysis, endpoint and population, and what is printed of them."""

    models: tuple[Model, ...]
    context: Context

    def table(self, id_: str, title: str, notes: Sequence[Text]) -> Table:
        """Returns the table; `notes` say how the models were made."""
        rows = tuple(row for variable in self._variables for row in self._rows(variable))
        return Table(id_, title, self._headings, rows, (*notes, *self._notes(rows), *self._ended(rows)))

    @cached_property
    def _sides(self) -> tuple[_Side, ...]:
        """The univariable models and the multivariable one, those of which there is something to say."""
        alone = _Side("univariable", tuple(model for model in self.models if model.is_univariable), self.context)
        together = _Side("multivariable", tuple(m for m in self.models if not m.is_univariable), self.context)
        return tuple(side for side in (alone, together) if any(m.is_shown or m.is_refused for m in side.models))

    @cached_property
    def _has_one_size(self) -> bool:
        """Whether patients and events are told once, because all models have the same patients."""
        sized = {model.patients for side in self._sides for model in side.models if not model.is_refused}
        return len(self._sides) > 1 and len(sized) == 1

    @cached_property
    def _curved(self) -> tuple[str, ...]:
        """The numbers that enter as splines."""
        splines = (spline.number.variable for side in self._sides for m in side.models for spline in m.analysis.splines)
        return tuple(dict.fromkeys(splines))

    @property
    def _variables(self) -> tuple[str, ...]:
        named = (variable for side in self._sides for model in side.models for variable in model.variables)
        return tuple(dict.fromkeys(named))

    @property
    def _headings(self) -> tuple[str, ...]:
        if len(self._sides) > 1 and not self._has_one_size:
            codes = [f"{side.name}.{name}" for side in self._sides for name in ("size", "hr", "p")]
        else:
            codes = ["size", *(f"{side.name}.{name}" for side in self._sides for name in ("ratio", "p"))]
        return tuple(self.context.say(f"report.cox.column.{code}", interval=self.context.interval) for code in codes)

    def _rows(self, variable: str) -> Iterator[Row]:
        """One row for a number; for a category a heading, the reference, and the other levels; for an interaction,
        which has no reference, a heading and the levels; for a number with a spline one row without a ratio."""
        labels = self.context.labels
        if variable.rstrip("'") in self._curved:
            if not variable.endswith("'"):
                sizes, found = zip(*((s.size(variable), s.curved(variable)) for s in self._sides), strict=True)
                yield Row(labels.plain_variable(variable), self._cells(sizes, found))
            return
        columns = [c for side in self._sides for m in side.models for c in m.columns if c.variable == variable]
        levels = dict.fromkeys(column.level for column in columns if column.level is not None)
        if not levels:
            sizes, found = zip(*((s.size(variable), s.cells(variable, None)) for s in self._sides), strict=True)
            yield Row(labels.variable(variable), self._cells(sizes, found))
            return
        yield self._heading(variable)
        reference = columns[0].reference
        if reference is not None:
            at_reference = [side.at_reference(variable) for side in self._sides]
            yield Row(
                labels.level(variable, reference), self._of_level(variable, reference, at_reference), is_inner=True
            )
        for level in levels:
            cells = self._of_level(variable, level, [side.cells(variable, level) for side in self._sides])
            yield Row(labels.level(variable, level), cells, is_inner=True)

    def _heading(self, variable: str) -> Row:
        """Patients and events of the models, and P of all levels together."""
        found = [((), side.p_of_all(variable)) for side in self._sides]
        cells = self._cells([side.size(variable) for side in self._sides], found)
        return Row(self.context.labels.variable(variable), cells if any(cells) else (), is_heading=True)

    def _of_level(self, variable: str, level: str, found: Sequence[_Cells]) -> tuple[Text, ...]:
        return self._cells([side.size_of_level(variable, level) for side in self._sides], found)

    def _cells(self, sizes: Sequence[Text], found: Sequence[_Cells]) -> tuple[Text, ...]:
        if self._has_one_size:
            size: Text = next((size for size in sizes if size), ())
            return (size, *(text for cells in found for text in cells))
        return tuple(text for size, cells in zip(sizes, found, strict=True) for text in (size, *cells))

    def _notes(self, rows: Sequence[Row]) -> Iterator[Text]:
        """What the table's own signs mean, each if it is there."""
        if any(row.is_heading and row.cells and any(map(_has_p, row.cells)) for row in rows):
            yield self.context.worded("report.cox.p_of_all")
        if any(_NOT_COUNTED in text for row in rows for text in row.cells):
            yield self.context.worded("report.cox.events_not_counted", sign=notation.NO_VALUE)
        if self._curved:
            names = tuple(map(self.context.labels.plain_variable, self._curved))
            told = self.context.say("report.cox.curved", variables=names)
            released = self.context.say("report.cox.curved_released", variables=names)
            yield (released if self.context.is_released else told,)

    def _ended(self, rows: Sequence[Row]) -> Iterator[Text]:
        """Why a whole model has no estimate, where no row says it: once for all models that end alike."""
        context, told_in_rows = self.context, {why.reason for row in rows for why in row.whys}
        alike: dict[tuple[str, Plain], list[str]] = {}
        for model in self.models:
            if not model.fit and (why := _why(model, context)) not in told_in_rows:
                alike.setdefault((model.entry.status, why), []).append(model.name(context))
        for (status, reason_of), names in alike.items():
            of = {"models": tuple(names), "status": say(f"report.status.{status}"), "reason": Within(reason_of)}
            yield context.worded("report.cox.ended", **of)


def _why(model: Model, context: Context) -> Plain:
    return reason(model.entry, context.cells, context.language)


def _has_p(text: Text) -> bool:
    return any(isinstance(piece, Shown) and piece.format == "p_value" for piece in text)


@dataclass(frozen=True)
class _Side:
    """The models of one kind: the univariable ones, or the multivariable one."""

    name: str
    models: tuple[Model, ...]
    context: Context

    def _model_of(self, variable: str) -> Model | None:
        return next((model for model in self.models if variable in model.variables), None)

    def size(self, variable: str) -> Text:
        """Patients and events of the model that has a variable."""
        model = self._model_of(variable)
        return model.size if model else ()

    def size_of_level(self, variable: str, level: str) -> Text:
        """Patients and events of a level; a dash in place of events that are not counted."""
        model = self._model_of(variable)
        of = model.levels_of(variable).get(level) if model else None
        if model is None or of is None:
            return ()
        n, events = model.of_variable(variable, "levels.n", "levels.events", level=level)
        return (Shown("count", (n,)), _NOT_COUNTED) if of.events is None else (Shown("size", (n, events)),)

    def cells(self, variable: str, level: str | None) -> _Cells:
        """What is printed of a term."""
        for model in self.models:
            if (limit := model.limit) and (limit.column.variable, limit.column.level) == (variable, level):
                return self._separated(model, limit)
            if not model.fit and variable in model.variables:
                return self._without(model), ()
            for column in model.columns:
                if (column.variable, column.level) == (variable, level):
                    return self._term(model, column)
        return _NO_TERM

    def curved(self, variable: str) -> _Cells:
        """What is printed of a number with a spline: its coefficients are no ratio for so many units."""
        model = self._model_of(variable)
        return ((notation.NO_VALUE,), ()) if model and model.fit else self.cells(variable, None)

    def at_reference(self, variable: str) -> _Cells:
        """The texts at a variable's reference level: a ratio of 1 is printed only if a model has the other levels."""
        model = self._model_of(variable)
        if model is None:
            return _NO_TERM
        return self._without(model) if model.is_refused else (self.context.say("report.rows.one"),), ()

    def p_of_all(self, variable: str) -> Text:
        """P of all levels of a variable together, where they are several and none has a robust error."""
        model = self._model_of(variable)
        if model is None or model.fit is None or model.has_robust_errors or variable not in model.fit.categories:
            return ()
        return (Shown("p_value", model.of_variable(variable, "categories.p")),)

    def _without(self, model: Model) -> Text:
        context = self.context
        return missing(model.entry, context), Why(_why(model, context))

    def _separated(self, model: Model, limit: SeparationLimit) -> _Cells:
        hr = f"{stem_of(model.entry, limit.column, 'reason.limit')}.hr"
        form = Shown("above" if limit.side == "lower" else "below", model.of_column(limit.column, hr))
        return (form, Why(_why(model, self.context))), ()

    def _term(self, model: Model, column: Column) -> _Cells:
        if model.fit is None or not model.has_estimate(column):
            return self._not_estimable(model, column), ()
        ratio = Shown("ratio", ratio_of(model.entry, column))
        return (ratio,), (Shown("p_value", model.of_column(column, "terms.p")),)

    def _not_estimable(self, model: Model, column: Column) -> Text:
        return self._without(model) if model.fit is None else no_ratio(model.fit, column, self.context)
