"""Propensity overlap in the report as a figure: the preference scores of both arms, in the intervals that are told."""

from __future__ import annotations

from typing import Any

from riskset.results import ResultEntry, entry_json
from riskset.stats.preference import BINS, EQUIPOISE
from riskset_report.blocks import Shown
from riskset_report.cells import Place
from riskset_report.figures.overlap_figure import OverlapCells, OverlapFigure
from riskset_report.sections.section import Context

Json = dict[str, Any]


def overlap_figure_of(entry: ResultEntry, context: Context) -> OverlapFigure | None:
    """Returns the figure of a `propensity` result; None where there is no preference score by arm, or only the share in
    equipoise is told: a figure would show no more than that number."""
    if entry.status != "ok" or (found := entry_json(entry).get("preference")) is None:
        return None
    if len(found["arms"]) != 2 or any(len(of["edges"]) != 1 for of in found["intervals"]):
        return None
    arm = entry_json(entry)["arm"]
    edges = tuple((low, high) for of in found["intervals"] for low, high in of["edges"])
    per_tenth = context.say("report.overlap.percent_per_tenth")
    return OverlapFigure(
        result=f"{entry.id}/overlap",
        title=context.say("report.overlap.title"),
        upper=_arm(entry, found, arm["level"], context),
        lower=_arm(entry, found, arm["reference"], context),
        intervals=edges,
        band=(EQUIPOISE.start / BINS, EQUIPOISE.stop / BINS),
        band_label=context.say("report.overlap.band"),
        x_label=context.say("report.overlap.score"),
        y_label=context.say("report.overlap.percent") if found["form"] == "tenths" else per_tenth,
        footnotes=((context.say("report.overlap.footnote"),),),
        notices=context.notices,
        description=context.say(
            "report.overlap.alt",
            arms=tuple(context.labels.arm(arm["variable"], arm[k]) for k in ("level", "reference")),
        ),
    )


def _arm(entry: ResultEntry, found: Json, level: str, context: Context) -> OverlapCells:
    place = Place(entry.id)
    n, equipoise, percent = (
        place.of(f"preference.arms.{key}", level=level).id for key in ("n", "equipoise", "percent")
    )
    label = context.labels.arm(entry_json(entry)["arm"]["variable"], level)
    share = Shown("percent", (percent, equipoise))
    at = [f"{level} / {interval['level']}" for interval in found["intervals"]]
    counts, percents = (
        tuple(place.of(f"preference.arms.intervals.{key}", level=of).id for of in at) for key in ("n", "percent")
    )
    text = context.worded("report.overlap.arm", arm=label, n=Shown("count", (n,)), share=share)
    return OverlapCells(label=text, counts=counts, percents=percents)
