"""terms.csv: every coefficient of a run, with the column names of R's broom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any, Final

from riskset.catalogue import ENGLISH
from riskset.results import ResultEntry
from riskset.study.spec import NumberVariable, Variable
from riskset_report.cells import Cell, Cells, Found, Mark, Number, Place, numbers_of
from riskset_report.csv_file import csv_file, value_text
from riskset_report.not_reported import reason
from riskset_report.printing import Printer
from riskset_report.report import Report

_OF_THE_RESULT: Final = ("result", "kind", "endpoint", "population", "model", "subgroup")
_OF_THE_TERM: Final = ("term", "variable", "level", "reference")
_BROOM: Final = ("estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high")
_FURTHER: Final = ("ratio", "ratio.low", "ratio.high", "ratio.is", "variance", "conf.level", "n", "n.event", "reason")
COLUMNS: Final = (*_OF_THE_RESULT, *_OF_THE_TERM, *_BROOM, *_FURTHER)

_RATIOS: Final = {"hr": "hazard ratio", "odds_ratio": "odds ratio"}
"""Keys of the ratio, of which `lower` and `upper` are the limits."""
_PLACES: Final = ("terms", "overall", "levels", "under_separation")
"""Where a coefficient is one of a model's column; one in `splines` is of a point of a curve."""
_KINDS: Final = ("cox", "propensity", "subgroup")
"""Kinds that always have coefficients; other results have them where they name a `model`."""


def terms_csv(report: Report, printer: Printer) -> bytes:
    """Returns one row for each coefficient, in the order of results.json, and one for each model without any.

    Numbers come from the cells, with full precision. An estimate and its limits are logarithms, `ratio` and its limits
    are not. A number that is held back is its mark's word, one that is missing is empty, and `reason` says why.
    """
    return csv_file(COLUMNS, (row for entry in report.results.entries for row in _rows(entry, report, printer)))


def _rows(entry: ResultEntry, report: Report, printer: Printer) -> Iterator[list[str]]:
    model = entry.analysis.question_json().get("model", entry.kind if entry.kind in _KINDS else None)
    if model is None:
        return
    variables = report.results.study.variables
    terms = [_Term(entry, found, report.cells, variables) for found in numbers_of(entry) if _is_coefficient(found)]
    yield from (term.row for term in terms)
    if not terms and entry.status != "ok":
        head = _head(entry, str(model))
        why = printer.text(reason(entry, report.cells, ENGLISH))
        yield [*head, *[""] * (len(COLUMNS) - len(head) - 1), why]


def _is_coefficient(found: Found) -> bool:
    around, key = found.inside[-1]
    return key == "coef" and bool(_RATIOS.keys() & around.keys()) and found.inside[0][1] in _PLACES


def _head(entry: ResultEntry, model: str, subgroup: str = "") -> list[str]:
    analysis = entry.analysis
    return [entry.id, entry.kind, analysis.endpoint or "", analysis.population or "", model, subgroup]


@dataclass(frozen=True)
class _Term:
    """An object of results.json that has a coefficient."""

    entry: ResultEntry
    coefficient: Found
    cells: Cells
    variables: Mapping[str, Variable]
    """Of the study."""

    @property
    def row(self) -> list[str]:
        error = "robust_se" if self._own.get("variance", "model") != "model" else "se"
        numbers = [*map(self._cell, ("coef", error, "z", "p"))]
        limits = [*map(self._cell, ("lower", "upper"))]
        patients = [*map(self._of_patients, ("n", "events"))]
        ratio = next(key for key in _RATIOS if key in self._own)
        return [
            *_head(self.entry, self._model, self._subgroup),
            *self._column,
            *(_text(cell) for cell in numbers),
            *(_text(cell, _logarithm) for cell in limits),
            *(_text(cell) for cell in (self._cell(ratio), *limits)),
            _RATIOS[ratio],
            str(self._own.get("variance", "")),
            *(_text(cell) for cell in (self._of_result("level"), *patients)),
            "; ".join(self._why([*numbers, *limits, *patients])),
        ]

    @property
    def _own(self) -> Mapping[str, Any]:
        """The texts of the term."""
        return self.coefficient.inside[-1][0]

    @property
    def _whole(self) -> Mapping[str, Any]:
        """The texts of the result."""
        return self.coefficient.inside[0][0]

    @property
    def _path(self) -> str:
        return self.coefficient.place.quantity.removesuffix(".coef")

    @property
    def _model(self) -> str:
        if self._path.endswith("interaction_model"):
            return "interaction"
        model = str(self._whole.get("model", self.entry.kind))
        return f"{model}, under separation" if self._path.startswith("under_separation") else model

    @property
    def _subgroup(self) -> str:
        """The patients to whom the coefficient belongs, if not all."""
        place = self.coefficient.place
        return f"{place.variable}={place.level}" if self._path.startswith("levels") else ""

    @property
    def _column(self) -> list[str]:
        """The term's name as R writes it; variable, level and reference."""
        variable, level, reference = (self._own.get(key) for key in ("variable", "level", "reference"))
        if variable is None:  # of a subgroup: the arm's
            variable, reference = self._whole["arm"], self._whole["reference"]
            level = next(arm["arm"] for arm in self._whole["overall"]["by_arm"] if arm["arm"] != reference)
        return [self._name(variable, level or ""), variable, level or "", reference or ""]

    def _name(self, variable: str, level: str) -> str:
        """`arm`, `new` as `armnew`; `arm:ecog`, `new:1` as `armnew:ecog1`; `arm:age`, `new` as `armnew:age`."""
        factors, levels = variable.split(":"), level.split(":")
        if len(factors) == 1:
            return variable + level
        leveled = [name for name in factors if not isinstance(self.variables.get(name), NumberVariable)]
        of = dict(zip(leveled, levels, strict=False))
        return ":".join(name + of.get(name, "") for name in factors)

    def _cell(self, key: str) -> Cell | None:
        return self.cells.get(replace(self.coefficient.place, quantity=f"{self._path}.{key}").id)

    def _of_result(self, key: str) -> Cell | None:
        variable = self._whole.get("variable")
        return self.cells.get(Place(self.entry.id, key, variable if isinstance(variable, str) else "").id)

    def _of_patients(self, key: str) -> Cell | None:
        """Returns the number of the term's own patients, as in a subgroup, or of the model's."""
        return self._cell(key) or self._of_result(key) or self._of_result(f"overall.{key}")

    def _why(self, cells: Sequence[Cell | None]) -> Iterator[str]:
        """Yields each reason for which a number is missing, once."""
        yield from dict.fromkeys(filter(None, (self.cells.why(cell) for cell in cells if cell is not None)))


def _text(cell: Cell | None, of: Callable[[float], Number] = lambda value: value) -> str:
    if cell is None:
        return ""
    return value_text(cell.value if cell.value is None or isinstance(cell.value, Mark) else of(cell.value))


def _logarithm(value: float) -> Number:
    """Returns the limit of a coefficient from that of its ratio; none where the ratio is too small to be a number."""
    return log(value) if value > 0 else None
