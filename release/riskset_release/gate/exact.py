"""A curve with its exact steps, for an exception that auditors sign: of one figure, beside the gated one.

Its steps are those of the exact curve. All else is as in the gated figure: where it ends, the numbers at risk, which
are rounded or held back, medians and tests. It has no limits, since their width tells how many were at risk, and no
mark where a patient was censored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.results import ResultEntry, Results
from riskset.study.propensity import ALL
from riskset_release.gate.counted import path_of
from riskset_release.gate.curves import Published, curve_of, has_curves
from riskset_release.gate.gated import MARK, Gated
from riskset_report.cells import Cell, Cells, Found, Mark, cells_of

_DRAWN: Final = ("curve.survival", "curve.estimate")
_LIMITS: Final = ("curve.lower", "curve.upper")


@dataclass(frozen=True)
class ExactCurve:
    """What may be published of a run, with the exact steps of one curve."""

    results: Results
    cells: Cells


def drawn_by(figure: str, results: Results) -> tuple[ResultEntry, int] | None:
    """Returns the result with curves that a figure of a report draws, by the figure's `result`, and which of its kinds
    of event; None where it draws no curves."""
    for entry in results.entries:
        if not has_curves(entry):
            continue
        if entry.kind == "km" and figure == entry.id:
            return entry, 0
        head, _, cause = figure.rpartition("/")
        if entry.kind == "cumulative-incidence" and head == entry.id and cause.isdecimal():
            return entry, int(cause) - 1
    return None


def with_exact_curve(results: Results, gate: Gated, entry: ResultEntry, cause: int) -> ExactCurve:
    """Returns what may be published of a run, `results` being those before the gate, with the exact curves of one of
    its results and of one kind of event.

    Raises DataError where the curve is not that of all patients, each counted once and from the beginning, or where the
    gate has no curve to take the numbers at risk from.
    """
    check_plain(entry, gate)
    exact: Any = next(one for one in results.entries if one.id == entry.id).result
    gated: Any = entry.result
    least, unit = results.study.disclosure.min_cell, results.study.days_per_unit
    pairs = zip((*exact.arms, exact.overall), (*gated.arms, gated.overall), strict=True)
    *arms, overall = (_exact(one, other, cause, least, unit) for one, other in pairs)
    found = replace(entry, result=replace(gated, arms=tuple(arms), overall=overall))
    shown = replace(gate.results, entries=tuple(found if one is entry else one for one in gate.results.entries))
    own = dict(_cells(found, shown, gate))
    cells = Cells(own.get(cell.id) or gate.cells[cell.id] for cell in cells_of(shown))
    return ExactCurve(shown, cells)


def check_plain(entry: ResultEntry, gate: Gated) -> None:
    """Raises DataError as `with_exact_curve`."""
    analysis: Any = entry.analysis
    is_plain = analysis.population == ALL and not analysis.exposure.weights and not analysis.counts.has_entry
    if not is_plain:
        raise DataError(say("release.exact.not_plain", result=entry.id), say("release.exact.hint"))
    drawn = [cell.value for cell in gate.cells.of(entry.id) if path_of_cell(cell).endswith(_DRAWN)]
    if all(isinstance(value, Mark) or value is None for value in drawn):
        raise DataError(say("release.exact.no_curve", result=entry.id), say("release.exact.hint"))


def path_of_cell(cell: Cell) -> str:
    """Returns the path of a cell's number without indices."""
    return path_of(Found(cell.place, None))


def _exact(exact: Any, gated: Any, cause: int, least: int, days_per_unit: float) -> Any:  # noqa: ANN401 - of either kind
    """Returns the gated group with the curve of the exact one: on the days on which somebody had the event, and on
    those of the gated curve. On other days nobody steps, and a day of its own would tell that somebody left."""
    curve, published = curve_of(exact), curve_of(gated)
    events = np.atleast_2d(curve.events)[cause]
    days = sorted({*map(int, curve.day[events > 0]), *map(int, published.day)})
    of = Published.of(curve, days, least, days_per_unit)
    common = {"day": np.array(of.days, curve.day.dtype), "at_risk": of.at_risk}
    n = len(of.days)
    if not hasattr(exact, "incidence"):
        nothing = dict.fromkeys(("events", "censored", "std_error"), np.zeros(n))
        drawn = replace(published, survival=of.exact(curve.survival, 1.0), **common, **nothing)
        return replace(gated, curve=drawn, lower=np.full(n, np.nan), upper=np.full(n, np.nan))
    shape = (len(curve.estimate), n)
    nothing = dict.fromkeys(("events", "std_error"), np.zeros(shape))
    drawn = replace(published, estimate=of.exact(curve.estimate, 0.0), **common, **nothing)
    return replace(gated, incidence=drawn, lower=np.full(shape, np.nan), upper=np.full(shape, np.nan))


def _cells(entry: ResultEntry, shown: Results, gate: Gated) -> Iterator[tuple[str, Cell]]:
    """Yields the cells of the exact curves: what is drawn; the gated numbers at risk, between the days of the gated
    curve the next one, as a reader of its ticks has it; and nothing else of a step. What the gate holds back stays."""
    for cell in cells_of(shown).of(entry.id):
        path, gated = path_of_cell(cell), gate.cells.get(cell.id)
        if "curve" not in path.split("."):
            continue
        if gated is not None and isinstance(gated.value, Mark):
            yield cell.id, gated
        elif path.endswith("curve.at_risk"):
            yield cell.id, replace(cell, value=_next_at_risk(cell, gate))
        elif path.endswith(_DRAWN):
            yield cell.id, cell
        else:
            yield cell.id, replace(cell, value=None if path.endswith(_LIMITS) else MARK)


def _next_at_risk(cell: Cell, gate: Gated) -> float | int | Mark | None:
    place = cell.place
    same = [one for one in gate.cells.of(place.result, place.quantity) if one.place.level == place.level]
    later = [(float(one.place.day), one.value) for one in same if float(one.place.day) >= float(place.day)]
    return min(later, key=lambda found: found[0])[1] if later else MARK
