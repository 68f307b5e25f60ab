"""The preference score in the report: patients of each arm in fixed intervals, and how many are in equipoise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from riskset.analyses.methods.preference import PreferenceScore
from riskset.results import ResultEntry, entry_json
from riskset_report.blocks import Block, Row, Shown, Table, Text
from riskset_report.cells import Place
from riskset_report.not_reported import not_reported
from riskset_report.sections.section import Context

Json = dict[str, Any]
_FORMAT: Final = "count_with_percent"


def preference_block(entry: ResultEntry, context: Context) -> Block | None:
    """Returns the table, or the box of one without numbers; None where the study does not ask for it, or has no
    score."""
    if entry.status != "ok" or (found := entry_json(entry).get("preference")) is None:
        return None
    if not found["arms"]:
        (part,) = (part for part in entry.parts if isinstance(part.analysis, PreferenceScore))
        return not_reported(part, context.say("report.preference.title"), context)
    arm = entry_json(entry)["arm"]["variable"]
    return Table(
        id=f"table {entry.id} preference",
        title=context.say("report.preference.title"),
        columns=tuple(context.labels.arm(arm, of["level"]) for of in found["arms"]),
        rows=tuple(_rows(Place(entry.id), found, context)),
        notes=tuple(_notes(found, context)),
    )


def _rows(place: Place, found: Json, context: Context) -> Iterator[Row]:
    levels = [of["level"] for of in found["arms"]]
    keys = [f"preference.arms.{key}" for key in ("n", "equipoise", "percent")]
    counts, *of_equipoise = ([place.of(key, level=level).id for level in levels] for key in keys)
    yield Row(context.say("report.preference.patients"), tuple((Shown("count", (id_,)),) for id_ in counts))
    for interval in found["intervals"]:
        at = [f"{level} / {interval['level']}" for level in levels]
        ids = ([place.of(f"preference.arms.intervals.{key}", level=of).id for key in ("n", "percent")] for of in at)
        yield Row(_printed(interval["level"]), tuple((Shown(_FORMAT, tuple(both)),) for both in ids))
    if found["form"] in ("tenths", "tenths of equipoise"):  # else it is an interval
        both = zip(*of_equipoise, strict=True)
        yield Row(
            context.say("report.preference.equipoise", interval=_printed("0.3 to 0.7")),
            tuple((Shown(_FORMAT, ids),) for ids in both),
        )


def _printed(level: str) -> str:
    """`0.3–0.7`."""
    return level.replace(" to ", "–")


def _notes(found: Json, context: Context) -> Iterator[Text]:
    yield (context.say("report.propensity.preference"),)
    if found["form"] == "equipoise":
        yield (context.say("report.overlap.none"),)
    for of in found["refused"][-1:]:
        reason = {"rule": of["reason"]["rule"], "reason": of["reason"]["message"]}
        yield context.worded("report.propensity.preference_coarser", form=of["form"], **reason)
