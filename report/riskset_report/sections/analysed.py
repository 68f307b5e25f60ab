"""Who is in a figure or table and who is not, as every section says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from riskset.analyses.cohort import ALL
from riskset.analyses.excluded import BEFORE_LANDMARK, INCOMPLETE, NO_FOLLOW_UP, NOT_ADJUSTED
from riskset.analyses.methods.cumulative_incidence import KIND as CAUSES
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report.blocks import Plain, Shown, Text, Within, worded
from riskset_report.labels import Labels
from riskset_report.not_reported import clause
from riskset_report.sentences import items_beside

if TYPE_CHECKING:
    from riskset_report.sections.section import Context

_CODES: Final = {
    NO_FOLLOW_UP: "no_follow_up",
    INCOMPLETE: "incomplete",
    BEFORE_LANDMARK: "before_landmark",
    NOT_ADJUSTED: "not_adjusted",
}


def is_of_all(entry: ResultEntry) -> bool:
    """Whether the result is of all eligible patients, or that is not known."""
    excluded = entry.excluded
    return excluded is None or not any(map(excluded.any, _CODES))


def population_of(entry: ResultEntry, context: Context) -> str:
    """Returns the patients of a result as a title names them: `all patients` only if no eligible patient is missing."""
    if entry.analysis.population != ALL or is_of_all(entry):
        return context.labels.population(entry.analysis.population)
    excluded = entry.excluded
    is_complete = excluded is not None and excluded.any(INCOMPLETE)
    return context.say(f"report.analysed.{'complete_cases' if is_complete else 'with_follow_up'}")


def analysed_notes(
    entry: ResultEntry, context: Context, *, has_advice: bool = True, is_counted: bool = False
) -> Iterator[Text]:
    """Yields how many patients are analysed, how many are not and why; why there is nothing by arm; what competes with
    the event where that is censored; and with `has_advice`, what would pass. A figure has no advice: that is for the
    study's author, not for readers of a journal. `is_counted`: how many are analysed is said already."""
    labels, cells = context.labels, context.cells
    yield from arms_notes(entry, context, has_remedy=has_advice)
    if entry.meets_demands is False:
        yield (context.say("report.balance.flagged"),)
    if entry.kind != CAUSES and (events := labels.competing.get(entry.analysis.endpoint or "")):
        yield (context.say("report.analysed.competing", events=events),)
    if entry.analysed is None or entry.excluded is None:
        return
    n = Shown("count", tuple(cell.id for cell in cells.of(entry.id, "analysed")))
    if is_of_all(entry):
        yield (
            context.worded("report.analysed.all_counted") if is_counted else context.worded("report.analysed.all", n=n)
        )
        return
    lost: list[Plain] = []
    by_variable: dict[str, str] = {}
    for at, code in enumerate(entry.excluded.by_reason):
        if entry.excluded.any(code):
            count = Shown("count", tuple(cell.id for cell in cells.of(entry.id, f"excluded[{at}].n")))
            of = say(f"report.analysed.reason.{_CODES[code]}", n=count)
            found = cells.of(entry.id, f"excluded[{at}].variables")
            by_variable |= {cell.place.variable: cell.id for cell in found if cell.value is not None}
            lost.append(
                (*worded(of, context.language), *(_variables(by_variable, labels) if code == INCOMPLETE else ()))
            )
    reasons = Within(items_beside(lost, context.language, of="lists"))
    if is_counted:
        yield context.worded("report.analysed.left_out", reasons=reasons)
    else:
        yield context.worded("report.analysed.some", n=n, reasons=reasons)


def arms_notes(entry: ResultEntry, context: Context, *, has_remedy: bool = True) -> Iterator[Text]:
    """Yields why there is nothing by arm, where the study asks for it and a rule forbids it."""
    if refusal := entry.analysis.arms_refusal:
        why = {"rule": refusal.rule, "reason": refusal.message}
        if has_remedy:
            yield context.worded("report.analysed.no_arms", **why, remedy=clause(refusal.remedy, context.language))
        else:
            yield context.worded("report.analysed.no_arms_alone", **why)


def _variables(cell_of: Mapping[str, str], labels: Labels) -> Plain:
    """Returns ` (ECOG 72, AFP 3)`, of the variables of which a number is told."""
    each: list[Plain] = [(f"{labels.plain_variable(v)} ", Shown("count", (id_,))) for v, id_ in cell_of.items()]
    if not each:
        return ()
    return worded(
        say("report.analysed.variables", variables=Within(items_beside(each, labels.language))), labels.language
    )
