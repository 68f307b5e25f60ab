"""curves.csv: every curve of a run over time, with the column names of R's `survfit`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from riskset.catalogue import ENGLISH
from riskset.results import ResultEntry
from riskset_report.cells import Cell, Cells, Mark, Place, numbers_of
from riskset_report.csv_file import csv_file, value_text
from riskset_report.not_reported import reason
from riskset_report.printing import Printer
from riskset_report.report import Report

COLUMNS: Final = (
    "result",
    "kind",
    "endpoint",
    "population",
    "strata",
    "variable",
    "level",
    "cause",
    "time",
    "n.risk",
    "n.event",
    "n.censor",
    "surv",
    "cuminc",
    "std.err",
    "lower",
    "upper",
    "cumhaz",
    "std.chaz",
    "reason",
)
_KEYS: Final = {
    "n.risk": "at_risk",
    "n.event": "events",
    "n.censor": "censored",
    "surv": "survival",
    "cuminc": "estimate",
    "std.err": "std_error",
    "lower": "lower",
    "upper": "upper",
    "cumhaz": "cumulative_hazard",
    "std.chaz": "cumulative_hazard_std_error",
}
"""Column and key of a curve in results.json."""
_KINDS: Final = ("km", "cumulative-incidence")


def curves_csv(report: Report, printer: Printer) -> bytes:
    """Returns one row for each curve and each step of the grid at which a patient exits, in the order of results.json,
    and one for each result without curves. `time` is in days.

    Numbers come from the cells, with full precision. A number that is held back is its mark's word, one that is missing
    is empty, and `reason` says why. A column that a kind of curve does not have is empty without a reason.
    """
    return csv_file(COLUMNS, (row for entry in report.results.entries for row in _rows(entry, report, printer)))


def _rows(entry: ResultEntry, report: Report, printer: Printer) -> Iterator[list[str]]:
    if entry.kind not in _KINDS:
        return
    curves = _curves(entry)
    for curve in curves:
        yield from curve.rows(report.cells)
    if not curves and entry.status != "ok" and "model" not in entry.analysis.question_json():
        head = _head(entry)
        yield [*head, *[""] * (len(COLUMNS) - len(head) - 1), printer.text(reason(entry, report.cells, ENGLISH))]


def _head(entry: ResultEntry) -> list[str]:
    return [entry.id, entry.kind, entry.analysis.endpoint or "", entry.analysis.population or ""]


@dataclass(frozen=True)
class _Curve:
    """One arm of a result, or all patients; of one cause."""

    entry: ResultEntry
    place: Place
    """Of its numbers at risk, without the day."""
    variable: str
    cause: str
    days: tuple[str, ...]

    def rows(self, cells: Cells) -> Iterator[list[str]]:
        level = self.place.level
        strata = f"{self.variable}={level}" if level else "All"
        names = [strata, self.variable if level else "", level, self.cause]
        for day in self.days:
            found = [cells.get(self._id(key, day)) for key in _KEYS.values()]
            reasons = dict.fromkeys(filter(None, (cells.why(cell) for cell in found if cell is not None)))
            yield [*_head(self.entry), *names, day, *map(_text, found), "; ".join(reasons)]

    def _id(self, key: str, day: str) -> str:
        curve = self.place.quantity.removesuffix(".at_risk")
        place = Place(self.place.result, f"{curve}.{key}", self.place.variable, self.place.level, day)
        return place.id


def _curves(entry: ResultEntry) -> list[_Curve]:
    """Returns the curves of a result, in the order of results.json."""
    found: dict[tuple[str, str], tuple[Place, str, list[str]]] = {}
    variable = ""
    for number in numbers_of(entry):
        (whole, _), (_, key) = number.inside[0], number.inside[-1]
        variable = whole.get("variable") or ""
        if key == "at_risk" and "curve" in [of for _, of in number.inside]:
            where = (number.place.quantity, number.place.level)
            days = found.setdefault(where, (number.place, _cause(number.inside), []))[2]
            days.append(number.place.day)
    return [_Curve(entry, place, variable, cause, tuple(days)) for place, cause, days in found.values()]


def _cause(inside: tuple[tuple[Mapping[str, Any], str], ...]) -> str:
    return next((str(around["cause"]) for around, _ in inside if "cause" in around), "")


def _text(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return cell.value.text if isinstance(cell.value, Mark) else value_text(cell.value)
