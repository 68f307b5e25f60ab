"""A part of a result as a frame: which columns it has, and how its rows follow from the result's object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from riskset_notebook.columns import REASON, TEXT, Columns, Json, frame_of
from riskset_report.labels import Labels

Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """What a frame needs besides the result itself."""

    labels: Labels
    """Those of the study; without a study every name is its own label."""
    unit: str
    days_per_unit: float
    ticks: tuple[float, ...] = ()
    """Of the axis of time, in the unit, as the study names them; empty for customary ones, and without a study."""

    def arm(self, variable: str | None, level: str | None) -> Row:
        """Returns the cells that say of whom a row is: `level` is missing for all patients."""
        return {"variable": variable, "level": level, "level_label": self.labels.arm(variable, level)}

    def column(self, term: Json) -> Row:
        """Returns the cells that name a column of a model, with the labels of a report."""
        variable, level = term["variable"], term.get("level")
        return {
            "variable": variable,
            "level": level,
            "reference": term.get("reference"),
            "label": self.labels.variable(variable),
            "level_label": None if level is None else self.labels.level(variable, level),
        }


ARM: Columns = {"variable": TEXT, "level": TEXT, "level_label": TEXT}
COLUMN: Columns = {"variable": TEXT, "level": TEXT, "reference": TEXT, "label": TEXT, "level_label": TEXT}

Rows = Callable[[Json, Setting], Iterable[Row]]


@dataclass(frozen=True)
class Part:
    """One frame of a kind of result."""

    columns: Columns
    rows: Rows

    def frame(self, result: Json, setting: Setting) -> pd.DataFrame:
        """Returns the frame; its last column is `reason`. A result without numbers has at least one row, which says
        why."""
        end = reason_of(result) if result["status"] != "ok" else None
        rows = [{**row, "reason": row.get("reason") or end} for row in self.rows(result, setting)]
        if not rows and end is not None:
            rows = [{"reason": end}]
        return frame_of(rows, {**self.columns, **REASON})


def reason_of(*objects: Json | None, key: str = "reason") -> str | None:
    """Returns the sentence of the first object that says why a number is missing; None where none does."""
    for one in objects:
        reason = one.get(key) if isinstance(one, Mapping) else None
        if isinstance(reason, Mapping):
            return str(reason.get("message") or reason.get("code") or "")
    return None


def picked(source: Json | None, names: Iterable[str], prefix: str = "") -> Row:
    """Returns keys of an object as cells, under `prefix`; all missing where there is no object."""
    return {f"{prefix}{name}": (source or {}).get(name) for name in names}


def arms_of(result: Json) -> Iterator[Json]:
    """Yields the objects of the arms, then that of all patients; none where the result has no numbers."""
    yield from result.get("arms") or ()
    if result.get("overall") is not None:
        yield result["overall"]
