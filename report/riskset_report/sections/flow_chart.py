"""The flow chart in the report as a figure: rows read, who is excluded, the arms, and who is analysed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, cast

from riskset.analyses.methods.balance import KIND as BALANCE
from riskset.analyses.methods.flow import Flow
from riskset.catalogue import in_language
from riskset.results import ResultEntry, entry_json
from riskset_report.blocks import Shown, Text
from riskset_report.cells import Place
from riskset_report.figures.flow_figure import BoxCells, FlowFigure, LineCells
from riskset_report.missing_numbers import sentence
from riskset_report.sections.section import Context

Json = dict[str, Any]
MOST_COLUMNS: Final = 4
"""Arms that have boxes of their own, beside each other."""


def flow_chart(entry: ResultEntry, title: str, context: Context) -> FlowFigure:
    """Returns the figure of a `flow` result."""
    steps = _Steps(entry, context)
    arms = steps.flow.arms.levels
    has_columns = 0 < len(arms) <= MOST_COLUMNS
    return FlowFigure(
        result=entry.id,
        title=title,
        trunk=tuple(_trunk(steps)),
        columns=tuple(tuple(_column(steps, level)) for level in arms)
        if has_columns
        else (tuple(_column(steps, None)),),
        footnotes=tuple(_footnotes(steps)),
        more=context.say("report.flow_chart.more"),
        notices=context.notices,
        description=context.say("report.flow_chart.alt"),
    )


class _Steps:
    """The boxes of a result, by id, and the ids of their cells."""

    def __init__(self, entry: ResultEntry, context: Context) -> None:
        self.entry, self.context, self.flow = entry, context, cast(Flow, entry.analysis)
        self.found: list[Json] = entry_json(entry)["steps"]
        self.at = {step["id"]: i for i, step in enumerate(self.found)}
        self.to_eligible = self.found[: self.at[self.flow.eligible] + 1]
        self.endpoints = [step["id"].rpartition("/")[0] for step in self.found if step["after"] == self.flow.eligible]

    def cell(self, step: str, level: str | None = None) -> str | None:
        """Returns the id of a count; None where a rule refused the box."""
        at = self.at[step]
        if self.found[at]["n"] is None:
            return None
        place = Place(self.entry.id, variable=self.flow.arms.variable or "")
        quantity = f"steps[{at}].by_arm.n" if level else f"steps[{at}].n"
        return place.of(quantity, level=level).id

    def n(self, code: str, step: str, level: str | None = None, **values: str) -> Text:
        """Returns a sentence of the catalogue with the number of a box."""
        id_ = self.cell(step, level)
        return self.sentence(code, Shown("count", (id_,)) if id_ else None, **values)

    def sentence(self, code: str, n: Shown | None, **values: str) -> Text:
        """Returns a sentence with a number; None is one that a rule refused."""
        given = n or self.context.say("report.flow_chart.not_given")
        return self.context.worded(f"report.flow_chart.{code}", n=given, **values)

    def label(self, step: str) -> str:
        """Returns what a box is called in the report's language; a rule of the study by its own label."""
        return in_language(self.flow.steps[self.at[step]].label, self.context.language)

    def arm(self, level: str | None) -> str:
        return self.context.labels.arm(self.flow.arms.variable, level)


def _trunk(steps: _Steps) -> Iterator[tuple[BoxCells, BoxCells]]:
    first, last = steps.to_eligible[0], steps.to_eligible[-1]
    eligible = (LineCells(steps.n("eligible", last["id"]), is_heading=True),)
    if first is not last:
        read = LineCells(steps.n("labelled", first["id"], label=steps.label(first["id"])), is_heading=True)
        yield (read,), tuple(_excluded(steps))
    yield eligible, ()


def _excluded(steps: _Steps) -> Iterator[LineCells]:
    """All who are not eligible, and by which criterion they left."""
    ids = [step["id"] for step in steps.to_eligible]
    yield LineCells(_left_out(steps, "excluded", ids[0], ids[-1]), is_heading=True)
    yield LineCells((steps.context.say("report.flow_chart.criteria"),))
    for before, step in pairwise(steps.to_eligible):
        text = _left_out(steps, "labelled", before["id"], step["id"], label=steps.label(step["id"]))
        yield LineCells(text, is_inner=True)


def _left_out(steps: _Steps, code: str, before: str, after: str, **values: str) -> Text:
    ids = [id_ for id_ in (steps.cell(before), steps.cell(after)) if id_]
    return steps.sentence(code, Shown("left_out", tuple(ids)) if len(ids) == 2 else None, **values)


def _column(steps: _Steps, level: str | None) -> Iterator[BoxCells]:
    """The boxes of an arm; with None, of all patients, the first of which has the arms, where there are any."""
    arms = [level] if level else list(steps.flow.arms.levels)
    if arms:
        arm = steps.flow.eligible
        yield tuple(
            LineCells(steps.n("labelled", arm, one, label=steps.arm(one)), is_heading=bool(level)) for one in arms
        )
    if analysed := tuple(_analysed(steps, level)):
        yield analysed
    if populations := tuple(_populations(steps, arms, is_named=level is None)):
        yield (LineCells((steps.context.say("report.flow_chart.populations"),), is_heading=True), *populations)


def _analysed(steps: _Steps, level: str | None) -> Iterator[LineCells]:
    for endpoint in steps.endpoints:
        label = steps.context.labels.endpoint(endpoint)
        yield LineCells((label,), is_heading=True)
        yield LineCells(steps.n("followed", f"{endpoint}/follow-up", level), is_inner=True)
        yield LineCells(steps.n("analysed", f"{endpoint}/complete", level), is_inner=True)


def _populations(steps: _Steps, arms: Sequence[str], *, is_named: bool) -> Iterator[LineCells]:
    """Patients of the arms in each adjusted population, as the table of its balance has them."""
    for entry in _balances(steps.context):
        found, label = entry_json(entry), steps.context.labels.population(entry.analysis.population)
        sizes = "effective" if "effective" in found else "matched"
        sides = {found["arm"]["level"]: "treated", found["arm"]["reference"]: "control"}
        for arm in arms:
            if arm in sides:
                n = Shown("count", (Place(entry.id, f"{sizes}.{sides[arm]}").id,))
                name = (
                    steps.context.say("report.caption.of", title=label, population=steps.arm(arm))
                    if is_named
                    else label
                )
                yield LineCells(steps.sentence(sizes, n, label=name), is_inner=True)


def _balances(context: Context) -> list[ResultEntry]:
    entries = context.results.entries
    return [entry for entry in entries if entry.kind == BALANCE and entry.status == "ok"]


def _footnotes(steps: _Steps) -> Iterator[Text]:
    if steps.flow.arms.levels:
        yield (steps.context.say("report.flow_chart.arms"),)
    if any("effective" in entry_json(entry) for entry in _balances(steps.context)):
        yield (steps.context.say("report.flow_chart.effective_n"),)
    by_reason: dict[str, list[str]] = {}
    for step in steps.found:
        if "reason" in step:
            why = sentence(step["reason"].get("rule", ""), step["reason"]["message"], steps.context.language)
            by_reason.setdefault(why, []).append(steps.label(step["id"]))
    for why, boxes in by_reason.items():
        yield (steps.context.say("report.flow_chart.why", boxes=tuple(boxes), reason=why),)
