"""The flow chart in the report: a table with a row for each box, and one for each variable that may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from riskset.analyses.methods.flow import Flow
from riskset.catalogue import in_language, say
from riskset.results import ResultEntry, entry_json
from riskset_report import notation
from riskset_report.blocks import Block, Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.sections.flow_chart import flow_chart
from riskset_report.sections.section import Context, Section, own_title, tabulated


def _title(entry: ResultEntry, context: Context) -> str:
    return own_title(context.say("report.flow.title"), entry, context)


def _table(entry: ResultEntry, context: Context) -> Table:
    """One column per arm, then all patients."""
    flow, labels = cast(Flow, entry.analysis), context.labels
    return Table(
        id=f"table {entry.id}",
        title=_title(entry, context),
        columns=(*(labels.arm(flow.arms.variable, level) for level in flow.arms.levels), labels.arm(None, None)),
        rows=tuple(_rows(entry, flow, context)),
        notes=tuple(_notes(entry, context)),
    )


def _rows(entry: ResultEntry, flow: Flow, context: Context) -> Iterator[Row]:
    found, whole = entry_json(entry), Place(entry.id, variable=flow.arms.variable or "")
    for at, (step, box) in enumerate(zip(flow.steps, found["steps"], strict=True)):
        yield Row(
            in_language(step.label, context.language),
            _counts(whole, f"steps[{at}]", flow, is_given=box["n"] is not None),
        )
    missing = [box for box in found["missing"] if box["n"] != 0]
    if missing:
        yield Row(context.say("report.flow.missing"))
    for box in missing:
        place, name = Place(entry.id, variable=box["variable"]), context.labels.plain_variable(box["variable"])
        yield Row(name, _counts(place, "missing", flow, is_given=box["n"] is not None), is_inner=True)


def _counts(place: Place, quantity: str, flow: Flow, *, is_given: bool) -> tuple[Text, ...]:
    if not is_given:
        return tuple((notation.NO_VALUE,) for _ in (*flow.arms.levels, None))
    by_arm = (place.of(f"{quantity}.by_arm.n", level=level).id for level in flow.arms.levels)
    return tuple((Shown("count", (id_,)),) for id_ in (*by_arm, place.of(f"{quantity}.n").id))


def _notes(entry: ResultEntry, context: Context) -> Iterator[Text]:
    yield context.worded("report.flow.note")
    for box in (*entry_json(entry)["steps"], *entry_json(entry)["missing"]):
        if "reason" in box:
            name = in_language(box.get("label") or box["variable"], context.language)
            yield context.worded(
                "report.flow.no_box", box=name, reason=in_language(box["reason"]["message"], context.language)
            )


def _blocks(entries: Sequence[ResultEntry], context: Context) -> list[Block]:
    charts = [flow_chart(entry, _title(entry, context), context) for entry in entries if entry.status == "ok"]
    return [*charts, *tabulated(_table, _title)(entries, context)]


SECTION = Section(say("report.heading.flow"), _blocks)
