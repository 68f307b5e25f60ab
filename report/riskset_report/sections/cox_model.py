"""How one Cox model of a table ended, and the ids of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.design import Column
from riskset.analyses.level_counts import LevelCount
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, Separated, SeparationLimit
from riskset.results import ResultEntry
from riskset_report.blocks import Shown, Text
from riskset_report.cells import Place
from riskset_report.labels import Labels
from riskset_report.sections.section import Context


def term_label(column: Column, labels: Labels) -> str:
    """Returns what a sentence calls a term: a variable, with the level if it has one."""
    level = "" if column.level is None else f" {labels.level(column.variable, column.level)}"
    return f"{labels.variable(column.variable)}{level}"


@dataclass(frozen=True)
class Model:
    """The end of one model, and the ids of its numbers."""

    entry: ResultEntry

    @property
    def analysis(self) -> CoxModel:
        return cast(CoxModel, self.entry.analysis)

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
    def has_robust_errors(self) -> bool:
        """Whether limits and P of its terms are from robust errors: no products of two of these are known, so that
        what it says of several coefficients together is from the information, and contradicts them."""
        return self.analysis.robust != "none"

    @property
    def is_univariable(self) -> bool:
        return self.analysis.model == "univariable"

    @property
    def patients(self) -> tuple[str, int | None]:
        """Who is in it: models with equal ones have the same patients."""
        return self.analysis.analysis_set, self.fit.n if self.fit else self.entry.analysed

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

    def levels_of(self, variable: str) -> dict[str, LevelCount]:
        """Returns the patients of each level of a variable; empty where they are not counted."""
        return {of.level: of for of in self.entry.levels if of.variable == variable}

    def cell(self, quantity: str) -> str:
        return Place(self.entry.id, quantity).id

    def of_column(self, column: Column, *quantities: str) -> tuple[str, ...]:
        place = Place(self.entry.id, variable=column.variable)
        return tuple(place.of(quantity, level=column.level).id for quantity in quantities)

    def of_variable(self, variable: str, *quantities: str, level: str | None = None) -> tuple[str, ...]:
        place = Place(self.entry.id, variable=variable)
        return tuple(place.of(quantity, level=level).id for quantity in quantities)

    def has_estimate(self, column: Column) -> bool:
        return self.fit is not None and any(term.column == column for term in self.fit.terms)
