"""Which numbers of a model's term are printed: its ratio for one unit, or for as many as the study says; or why it has
none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.results import ResultEntry
from riskset.results.in_steps import step_of
from riskset_report.blocks import Text, Why
from riskset_report.cells import Place
from riskset_report.missing_numbers import sentence

if TYPE_CHECKING:
    from riskset_report.sections.section import Context


def ratio_of(entry: ResultEntry, column: Column, ratio: str = "hr", *, of: str = "terms") -> tuple[str, str, str]:
    """Returns the cells of the ratio of a term and of its limits; `of`: where results.json has the term."""
    at, stem = Place(entry.id, variable=column.variable), stem_of(entry, column, of)
    estimate, lower, upper = (at.of(f"{stem}.{key}", level=column.level).id for key in (ratio, "lower", "upper"))
    return estimate, lower, upper


def stem_of(entry: ResultEntry, column: Column, of: str) -> str:
    """Returns the path of what is printed of a term, `terms`, or `terms.per` where it is of more than one unit."""
    return of if step_of(column.variable, entry.steps) is None else f"{of}.per"


def no_ratio(fit: CoxFit, column: Column, context: Context) -> Text:
    """Returns what is printed of a term without an estimate, and the footnote that says why."""
    why = fit.why_not_used(column)
    return context.words.not_estimable, Why((sentence(why.code, why.message, context.language),))
