"""Cox models in the report, as journals print them: reference levels, one row per term, univariable beside
multivariable models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import ALL
from riskset.analyses.design import Column
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_answer import e_values
from riskset.analyses.methods.cox_firth import FirthModel
from riskset.analyses.methods.cox_fit import CoxFit, Separated, SeparationLimit
from riskset.analyses.methods.cox_matched_sets import MatchedSetModel
from riskset.catalogue import Message, say
from riskset.results import ResultEntry
from riskset.study.entry import as_printed
from riskset_report.blocks import Block, Box, Figure, Row, Shown, Table, Text, Within, worded
from riskset_report.cells import Place
from riskset_report.not_reported import missing, not_reported, reason, sentence, told
from riskset_report.sections import cox_forest
from riskset_report.sections.analysed import analysed_notes
from riskset_report.sections.cox_beside import beside, tests_of_time
from riskset_report.sections.cox_spline import spline_figures
from riskset_report.sections.section import Context, Section, own_title

_Cells = tuple[Text, Text, Text]
"""Patients and events of a model, the hazard ratio of a term or why it is missing, and P."""
_NO_TERM: Final[_Cells] = ((), (), ())


def _blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
    """One table per analysis, endpoint and population with a fitted model; otherwise one box per refusal."""
    groups: dict[tuple[str, str | None, str], list[_Model]] = {}
    for entry in entries:
        analysis = entry.analysis
        group = (analysis.name, analysis.endpoint, analysis.population)
        groups.setdefault(group, []).append(_Model(entry, cast(CoxModel, analysis)))
    shown = [models for models in groups.values() if any(model.is_shown for model in models)]
    hidden = [models for models in groups.values() if models not in shown]
    given = (block for models in shown for block in _of_group(models, context))
    return [*given, *(b for models in hidden for b in _boxes(models, context))]


SECTION: Final = Section(say("report.heading.cox"), _blocks)


def _of_group(models: Sequence[_Model], context: Context) -> Iterator[Block]:
    entries = [model.entry for model in models]
    yield from cox_forest.figures(_title(entries[0], context), entries, tuple(_how(models, context)), context)
    yield _table(models, context)
    yield from _beside(models, context)


def _beside(models: Sequence[_Model], context: Context) -> Iterator[Figure | Table]:
    """The figures and tables of what follows from the fitted models."""
    fitted = [(model.name(context), model.entry) for model in models if model.fit]
    yield from spline_figures([entry for _, entry in fitted], context)
    yield from tests_of_time(_title(models[0].entry, context), fitted, context)


def _boxes(models: Sequence[_Model], context: Context) -> list[Box]:
    """One per refusal, even if several models have it."""
    refused = (model.entry for model in models if model.is_refused)
    return list(dict.fromkeys(not_reported(entry, _title(entry, context), context) for entry in refused))


def _title(entry: ResultEntry, context: Context) -> str:
    labels, analysis = context.labels, entry.analysis
    of = {"endpoint": labels.endpoint(analysis.endpoint), "population": labels.population(analysis.population)}
    title = context.say(f"report.cox.title{'' if analysis.population == ALL else '_of'}", **of)
    return own_title(title, entry, context.results)


@dataclass(frozen=True)
class _Model:
    """The end of one model, and the ids of its numbers."""

    entry: ResultEntry
    analysis: CoxModel

    @property
    def fit(self) -> CoxFit | None:
        return self.entry.result if isinstance(self.entry.result, CoxFit) else None

    @property
    def limit(self) -> SeparationLimit | None:
        """Of a separated model: the finite limit of its only separated column."""
        return self.entry.result.limit if isinstance(self.entry.result, Separated) else None

    @property
    def is_shown(self) -> bool:
        return self.fit is not None or self.limit is not None

    @property
    def is_refused(self) -> bool:
        return isinstance(self.entry.result, RefusedByRule)

    @property
    def is_weighted(self) -> bool:
        """Whether patients count by their own weights, so that events are known by their effective number only."""
        return self.analysis.exposure.weights and self.entry.analysed is not None

    @property
    def is_univariable(self) -> bool:
        return self.analysis.model == "univariable"

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns with a result: all of a fit, or those that are separated."""
        if isinstance(self.entry.result, Separated):
            return self.entry.result.columns
        return self.analysis.design if self.fit else ()

    @property
    def variables(self) -> list[str]:
        """The variables that get rows, in the model's order."""
        has_all = self.fit or self.is_univariable or self.is_refused
        return list(dict.fromkeys(column.variable for column in (self.analysis.design if has_all else self.columns)))

    def kind(self, context: Context) -> str:
        return context.say(f"report.cox.{'univariable' if self.is_univariable else 'multivariable'}")

    def name(self, context: Context) -> str:
        """Returns `Multivariable`; `Univariable, Age, per year`."""
        if not self.is_univariable:
            return self.kind(context)
        variable = context.labels.variable(self.variables[0])
        return context.say("report.cox.univariable_of", variable=variable)

    @property
    def size(self) -> Text:
        """Patients and events; events are known of fitted and of separated models."""
        if self.is_weighted:
            return (Shown("count", (self.cell("analysed"),)),)
        if self.fit:
            return (Shown("size", (self.cell("n"), self.cell("events"))),)
        if isinstance(self.entry.result, Separated) and self.entry.analysed is not None:
            return (Shown("size", (self.cell("analysed"), self.cell("events"))),)
        return () if self.entry.analysed is None else (Shown("count", (self.cell("analysed"),)),)

    def cell(self, quantity: str) -> str:
        return Place(self.entry.id, quantity).id

    def of_column(self, column: Column, *quantities: str) -> tuple[str, ...]:
        place = Place(self.entry.id, variable=column.variable)
        return tuple(place.of(quantity, level=column.level).id for quantity in quantities)

    def has_estimate(self, column: Column) -> bool:
        return self.fit is not None and any(term.column == column for term in self.fit.terms)


@dataclass(frozen=True)
class _Side:
    """The models of one pair of columns: the univariable ones, or the multivariable one."""

    name: str
    models: tuple[_Model, ...]

    def cells(self, variable: str, level: str | None, context: Context) -> _Cells:
        """What is printed of a term."""
        for model in self.models:
            if (limit := model.limit) and (limit.column.variable, limit.column.level) == (variable, level):
                form = Shown("above" if limit.side == "lower" else "below", _limit_cells(model, limit))
                return model.size, (form,), ()
            if not model.fit and variable in model.variables:
                return model.size, (missing(model.entry, context),), ()
            for column in model.columns:
                if (column.variable, column.level) == (variable, level):
                    return _term(model, column, context)
        return _NO_TERM

    def at_reference(self, variable: str, context: Context) -> _Cells:
        """The texts at a variable's reference level: a ratio of 1 is printed only if a model has the other levels."""
        model = next((model for model in self.models if variable in model.variables), None)
        if model is None:
            return _NO_TERM
        return model.size, (missing(model.entry, context) if model.is_refused else context.say("report.rows.one"),), ()


def _limit_cells(model: _Model, limit: SeparationLimit) -> tuple[str, ...]:
    return model.of_column(limit.column, "reason.limit.hr")


def _term(model: _Model, column: Column, context: Context) -> _Cells:
    if not model.has_estimate(column):
        return model.size, (context.words.not_estimable,), ()
    *ratio, p = model.of_column(column, "terms.hr", "terms.lower", "terms.upper", "terms.p")
    return model.size, (Shown("ratio", tuple(ratio)),), (Shown("p_value", (p,)),)


def _table(models: Sequence[_Model], context: Context) -> Table:
    alone = _Side("univariable", tuple(model for model in models if model.is_univariable))
    together = _Side("multivariable", tuple(model for model in models if not model.is_univariable))
    sides = [side for side in (alone, together) if any(m.is_shown or m.is_refused for m in side.models)]
    variables = dict.fromkeys(variable for side in sides for model in side.models for variable in model.variables)
    first = models[0].entry
    return Table(
        id=f"table cox/{first.analysis.endpoint}/{first.analysis.population}/{first.analysis.name}",
        title=_title(first, context),
        columns=tuple(text for side in sides for text in _headings(side, context)),
        rows=tuple(row for variable in variables for row in _rows(variable, sides, context)),
        notes=tuple(_notes(models, context)),
    )


def _headings(side: _Side, context: Context) -> tuple[str, ...]:
    names = ("size", "hr", "p")
    return tuple(context.say(f"report.cox.column.{side.name}.{name}", interval=context.interval) for name in names)


def _rows(variable: str, sides: Sequence[_Side], context: Context) -> Iterator[Row]:
    """One row for a number; for a category a heading, the reference, and the other levels; for an interaction, which
    has no reference, a heading and the levels."""
    labels = context.labels
    columns = [c for side in sides for model in side.models for c in model.columns if c.variable == variable]
    levels = dict.fromkeys(column.level for column in columns if column.level is not None)
    if not levels:
        yield Row(labels.variable(variable), _row_cells(variable, None, sides, context))
        return
    reference = columns[0].reference
    yield Row(labels.variable(variable))
    if reference is not None:
        at_reference = tuple(text for side in sides for text in side.at_reference(variable, context))
        yield Row(labels.level(variable, reference), at_reference, is_inner=True)
    for level in levels:
        yield Row(labels.level(variable, level), _row_cells(variable, level, sides, context), is_inner=True)


def _row_cells(variable: str, level: str | None, sides: Sequence[_Side], context: Context) -> tuple[Text, ...]:
    return tuple(text for side in sides for text in side.cells(variable, level, context))


def _how(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    """How the models were made, and what is shown of them."""
    fitted = [model for model in models if model.fit]
    shown = [model for model in models if model.is_shown]
    yield worded(_what_is_shown(shown), context.language)
    if any(isinstance(model.analysis, FirthModel) for model in fitted):
        yield context.worded("report.cox.firth")
    if strata := dict.fromkeys(column.variable for model in models for column in model.analysis.strata):
        yield (context.say("report.cox.strata", variables=tuple(map(context.labels.plain_variable, strata))),)
    yield from _weights(fitted, context)
    if (day := models[0].analysis.set_id.landmark_days) is not None:
        yield context.worded("report.cox.landmark", day=day)
    if any(model.limit for model in shown):
        yield context.worded("report.cox.separated")


def _notes(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    fitted = [model for model in models if model.fit]
    yield from _how(models, context)
    yield from _analysed([model for model in models if not model.is_refused], context)
    for model in fitted:
        if not model.is_univariable or len(model.analysis.design) > 1:
            yield context.worded("report.cox.tests", model=model.name(context), **_tests(model))
    for model in fitted:
        yield from beside(model.name(context), model.entry, context)
    yield from _beside_the_terms(fitted, context)
    if left_out := _not_in_multivariable(models):
        covariates = tuple(context.labels.plain_variable(variable) for variable in left_out)
        yield (context.say("report.cox.not_in_multivariable", covariates=covariates),)
    yield from _at_limits(models, context)
    yield from _of_splines(fitted, context)
    yield from _missing(models, context)


def _what_is_shown(shown: Sequence[_Model]) -> Message:
    if any(isinstance(model.analysis, MatchedSetModel) for model in shown):  # all are of one entry
        return say("report.cox.by_matched_set")
    ties = {model.analysis.ties for model in shown}
    return say("report.cox.note", ties=say(f"report.cox.ties.{ties.pop() if len(ties) == 1 else 'both'}"))


def _weights(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    """As how many patients and events those of weighted models count: once for each set of patients."""
    of_sets = {model.analysis.analysis_set: model for model in reversed(models) if model.is_weighted}
    for model in reversed(list(of_sets.values())):
        by = model.analysis.set_id.weighted_by
        population = say("report.population.weights", name=model.analysis.population)
        weights = context.labels.plain_variable(by) if by else population
        cells = {key: Shown("count", (model.cell(f"effective_{key}"),)) for key in ("n", "events")}
        yield context.worded("report.cox.weights", weights=weights, **cells)


def _at_limits(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    """The other hazard ratios of a model with one separated column, with that column at its limit."""
    labels = context.labels
    for model in models:
        end = model.entry.result
        for term in (end.rest or ()) if isinstance(end, Separated) else ():
            column, ways = term.column, ("hr", "lower", "upper", "p")
            *ratio, p = model.of_column(column, *(f"under_separation.terms.{way}" for way in ways))
            level = "" if column.level is None else f" {labels.level(column.variable, column.level)}"
            of = {"model": model.name(context), "term": f"{labels.variable(column.variable)}{level}"}
            shown = {"hr": Shown("ratio_95", tuple(ratio)), "p": Shown("p_value", (p,))}
            yield context.worded("report.cox.at_limit", **of, **shown)


def _of_splines(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    """The test that a number's effect is linear, for each spline."""
    labels = context.labels
    for model in models:
        for spline in model.analysis.splines:
            variable = spline.number.variable
            if any(model.has_estimate(part) for part in spline.parts):
                place = Place(model.entry.id, variable=variable)
                test = Shown("chi_square", tuple(place.of(f"splines.linearity.{k}").id for k in ("chi2", "df", "p")))
                of = {"model": model.name(context), "variable": labels.plain_variable(variable)}
                yield context.worded("report.cox.linearity", **of, knots=tuple(as_printed(spline.knots)), test=test)


def _not_in_multivariable(models: Sequence[_Model]) -> list[str]:
    """Returns the variables of univariable models that the multivariable one does not have; none without one."""
    together = {column.variable for model in models if not model.is_univariable for column in model.analysis.design}
    alone = dict.fromkeys(column.variable for model in models for column in model.analysis.design)
    return [variable for variable in alone if variable not in together] if together else []


def _analysed(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    """Who is analysed: once if all models have the same patients, otherwise for each set of patients."""
    of_sets = {model.analysis.analysis_set: model for model in reversed(models)}
    for model in reversed(list(of_sets.values())):
        for note in analysed_notes(model.entry, context):
            yield note if len(of_sets) == 1 else (context.say("report.cox.of_model", model=model.name(context)), *note)


def _tests(model: _Model) -> dict[str, Shown]:
    return {
        test: Shown("chi_square", tuple(model.cell(f"tests.{test}.{part}") for part in ("chi2", "df", "p")))
        for test in ("likelihood_ratio", "wald", "score")
    }


def _beside_the_terms(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    """The tests of categories as a whole, and the E-values."""
    labels = context.labels
    for model in models:
        fit, of_model = cast(CoxFit, model.fit), model.name(context)
        # the tests of a univariable model are of its only variable
        for variable in () if model.is_univariable else fit.categories:
            place = Place(model.entry.id, variable=variable)
            test = Shown("chi_square", tuple(place.of(f"categories.{part}").id for part in ("chi2", "df", "p")))
            yield context.worded("report.cox.category", model=of_model, variable=labels.variable(variable), test=test)
        for column, value in e_values(fit) if model.analysis.with_e_value else ():
            estimate, limit = model.of_column(column, "e_value.estimate", "e_value.limit")
            level = labels.level(column.variable, column.level or "")
            yield context.worded(
                "report.cox.e_value",
                model=of_model,
                term=f"{labels.variable(column.variable)} {level}",
                outcome=value.outcome,
                estimate=Shown("three_digits", (estimate,)),
                limit=Shown("three_digits", (limit,)),
            )


def _missing(models: Sequence[_Model], context: Context) -> Iterator[Text]:
    """Why a whole model or a term has no estimate: once for all models that end alike."""
    alike: dict[tuple[str, Text], list[str]] = {}
    for model in models:
        if not model.fit:
            end = (model.entry.status, reason(model.entry, context.cells, context.language))
            alike.setdefault(end, []).append(model.name(context))
    for (status, why), names in alike.items():
        of = {"models": tuple(names), "status": say(f"report.status.{status}"), "reason": Within(why)}
        yield context.worded("report.cox.ended", **of)
    for model in models:
        yield from _missing_terms(model, context)


def _missing_terms(model: _Model, context: Context) -> Iterator[Text]:
    labels = context.labels
    if model.fit is None:
        return
    for column in model.columns:
        if not model.has_estimate(column):
            why = model.fit.why_not_used(column)
            level = "" if column.level is None else f" {labels.level(column.variable, column.level)}"
            name = f"{labels.variable(column.variable)}{level}"
            found = sentence(why.code, told(why.message, context.language))
            yield context.worded("report.cox.term_not_estimable", model=model.kind(context), term=name, reason=found)
