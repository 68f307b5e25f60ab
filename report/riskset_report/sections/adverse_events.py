"""Adverse events in the report: any term, then each term, the most frequent first, at each grade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.analyses.methods.adverse_events import AdverseEventCounts, AtGrade, Events
from riskset.catalogue import say
from riskset.results import ResultEntry
from riskset_report.blocks import Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.sections.analysed import analysed_notes
from riskset_report.sections.proportions import Counted
from riskset_report.sections.section import Context, Section, own_title, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    return own_title(context.say("report.adverse_events.title"), entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    analysis, labels = cast(AdverseEventCounts, entry.analysis), context.labels
    arms = analysis.tables.arms
    compared = [level for level in arms.levels if level != arms.reference]
    headings = [labels.arm(arms.variable, level) for level in arms.levels]
    against = (_against(labels.arm(arms.variable, level), compared, context) for level in compared)
    beside = [text for heading in against for text in (heading, context.say("report.rows.p"))]
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=(*headings, labels.arm(arms.variable, None), *beside),
        rows=tuple(_rows(entry, context, compared)),
        notes=(
            context.worded("report.adverse_events.note", grading=analysis.grading),
            *([context.worded("report.adverse_events.compared")] if compared else []),
            *analysed_notes(entry, context),
        ),
    )


def _against(level: str, compared: Sequence[object], context: Context) -> str:
    if len(compared) > 1:
        return context.say("report.adverse_events.difference_of", level=level, interval=context.interval)
    return context.say("report.compared.difference", interval=context.interval)


def _rows(entry: ResultEntry, context: Context, compared: Sequence[str]) -> Iterator[Row]:
    analysis, result = cast(AdverseEventCounts, entry.analysis), cast(Events, entry.result)
    place = Place(entry.id, variable=analysis.tables.arms.variable or "")
    recorded = context.results.study.adverse_events
    exposed = (
        (Shown("count", (place.of("exposed.n", level=level).id,)),)
        for level in (*(arm.level for arm in result.exposed.arms), None)
    )
    yield Row(context.say("report.adverse_events.exposed"), (*exposed, *(("",) for _ in compared for _ in range(2))))
    yield from _grades(context.say("report.adverse_events.any"), "any", result.any, place, compared, context)
    for at, (term, grades) in enumerate(result.terms.items()):
        label = recorded.terms[term].label if recorded is not None else ""
        yield from _grades(label or term, f"terms[{at}].grades", grades, place, compared, context)


def _grades(
    label: str, stem: str, grades: Sequence[AtGrade], place: Place, compared: Sequence[str], context: Context
) -> Iterator[Row]:
    for at, one in enumerate(grades):
        of = Counted(place, f"{stem}[{at}]", one.found)
        cells: list[Text] = [of.shown(level, "proportion", "n", "of", "percent") for level in of.levels]
        for level in compared:
            limits = (f"difference.{key}" for key in ("estimate", "lower", "upper"))
            cells += [of.compared(level, "percent_difference", *limits), of.compared(level, "p_value", "fisher.p")]
        which = "any_grade" if one.grade == "any" else "grade"
        grade = context.say(f"report.adverse_events.{which}", grade=one.grade.replace(">=", "≥ "))
        of_term = context.say("report.adverse_events.term", term=label, grade=grade)
        yield Row(grade if at else of_term, tuple(cells), is_inner=at > 0)


SECTION = Section(say("report.heading.adverse-events"), tabulated(_table, _title))
