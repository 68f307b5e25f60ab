"""Shared by sections that print one column per arm: the arms, and the ids of their cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from riskset.analyses.counts_in_time import CountsInTime
from riskset.catalogue import Message, say
from riskset.results import ResultEntry
from riskset_report import notation
from riskset_report.blocks import Format, Row, Shown, Text, Why
from riskset_report.cells import Place
from riskset_report.sections.analysed import is_of_all
from riskset_report.sections.section import Context

_ALL_BUT: Final = 1e-9  # of the patients, by which a sum of incidences is 1


@dataclass(frozen=True)
class Arm:
    """One arm, or all patients."""

    label: str
    place: Place
    """Of `arms` or `overall` in its result, at the arm's level."""
    is_empty: bool = field(default=False, kw_only=True)
    """Whether it has no patient: then it has no median that could be reached or not."""

    def cell(self, quantity: str, day: float | None = None) -> str:
        """Returns the id of one of the arm's cells; `day` where the quantity is in a list by day."""
        return self.place.of(f"{self.place.quantity}.{quantity}", level=self.place.level, day=day).id


def arms_of(entry: ResultEntry, counts: CountsInTime, context: Context) -> tuple[Arm, ...]:
    """Returns the arms in the study's order, then all patients."""
    at = Place(entry.id, variable=counts.arm or "")
    labels = context.labels
    result: Any = entry.result  # of any kind that has one curve per arm
    sizes = [arm.n for arm in result.arms]
    arms = (
        Arm(labels.arm(counts.arm, level.level), at.of("arms", level=level.level), is_empty=n == 0)
        for level, n in zip(counts.levels, sizes, strict=True)
    )
    overall = labels.arm(counts.arm, None) if is_of_all(entry) else context.say("report.analysed.heading")
    return (*arms, Arm(overall, at.of("overall")))


def row(
    label: str,
    arms: Iterable[Arm],
    shown: Format,
    *quantities: str,
    day: float | None = None,
    is_inner: bool = False,
) -> Row:
    """Returns a row with one entry for each arm, made of its cells of these quantities, which may be those of a day.

    In an arm without patients, only counts are numbers.
    """
    return Row(label, tuple(_shown(arm, shown, quantities, day) for arm in arms), is_inner=is_inner)


def beyond_follow_up(
    of_day: Row, arms: Sequence[Arm], stems: Sequence[str], estimate: str, day: float, end: float, context: Context
) -> Row:
    """Returns the row of a day, with a footnote at each estimate of an arm of which nobody is followed so long: there a
    curve keeps its last value, unless all have had the event.

    `stems` are the lists of landmarks whose `estimate` add up to `end` where all have had it.
    """

    def is_beyond(arm: Arm) -> bool:
        at_risk, *found = (
            context.cells[arm.cell(quantity, day)].value
            for quantity in (f"{stems[0]}.at_risk", *(f"{stem}.{estimate}" for stem in stems))
        )
        known = [value for value in found if isinstance(value, int | float)]
        return at_risk == 0 and len(known) == len(found) and abs(sum(known) - end) > _ALL_BUT

    def why(arm: Arm) -> Why:
        cells = (arm.cell(f"{stems[0]}.at_risk", day),)
        return Why((Shown("words", cells, context.say("report.rows.beyond_follow_up")),))

    marked = (
        (*text, why(arm)) if not arm.is_empty and is_beyond(arm) else text
        for text, arm in zip(of_day.cells, arms, strict=True)
    )
    return replace(of_day, cells=tuple(marked))


def counted_rows(arms: Sequence[Arm], context: Context, *, are_of_all: bool) -> tuple[Row, Row]:
    """Returns the rows of patients and events; `are_of_all`: they are those of all, whose weights are averaged."""
    when = "before_adjustment" if are_of_all else "counted"
    patients, events = (context.say(f"report.rows.{when}.{what}") for what in ("patients", "events"))
    return row(patients, arms, "count", "n"), row(events, arms, "count", "events")


def _shown(arm: Arm, shown: Format, quantities: Iterable[str], day: float | None) -> Text:
    if arm.is_empty and shown != "count":
        return (notation.NO_VALUE,)
    return (Shown(shown, tuple(arm.cell(quantity, day) for quantity in quantities)),)


def of_quantile(probability: float) -> tuple[str, ...]:
    """Returns the quantities of a quantile, its estimate and limits; for the median two of each, since results.json has
    it twice."""
    stems = [f"quartiles[{probability!r}]", *(["median_days"] if probability == 0.5 else [])]
    return tuple(f"{stem}.{key}" for stem in stems for key in ("estimate", "lower", "upper"))


def grid_in_words(counts: CountsInTime) -> Message:
    """Returns the time grid: `a grid of 7 days, up to day 1095`."""
    width, last = counts.grid.width_days, counts.grid.max_days
    if width == 1:
        return say("report.grid.days", last=last)
    if counts.has_entry:
        return say("report.grid.entries", width=width, last=last)
    return say("report.grid.steps", width=width, last=last)


def limits_in_words(kind: str) -> Message:
    """Returns the name of pointwise limits, which are of one of two kinds."""
    return say(f"report.limits.{kind}")


def time_axis(endpoint: str | None, context: Context) -> str:
    """Returns what a figure's time is: since the endpoint's origin, where that has a name."""
    units, origin = context.units(), context.labels.origins.get(endpoint or "")
    if not origin:
        return context.say("report.axis.time", units=units)
    return context.say("report.axis.since", units=units.capitalize(), origin=origin)


def at_time(time: float, context: Context) -> str:
    """Returns `at 12 months`."""
    return context.say("report.rows.at_time", time=f"{time:g}", units=context.units(time))
