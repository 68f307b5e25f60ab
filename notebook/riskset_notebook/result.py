"""One result of a run: its numbers as frames, its curves as a drawing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset_notebook.columns import Json
from riskset_notebook.frames import parts_of
from riskset_notebook.frames.part import Setting, reason_of
from riskset_notebook.notes import with_notes
from riskset_notebook.tables import Tables

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Result:
    """One result of a run, as results.json has it."""

    document: Json = field(repr=False)
    setting: Setting = field(repr=False)
    tables: Tables = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """The same in every run of a study: `cox/os/all/multivariable`."""
        return str(self.document["id"])

    @property
    def kind(self) -> str:
        """The kind of analysis: `km`, `cox`, ..."""
        return str(self.document["kind"])

    @property
    def analysis(self) -> str:
        """Its name under [analyses] in the study."""
        return str(self.document["analysis"])

    @property
    def endpoint(self) -> str | None:
        """Its endpoint; None where it has none."""
        return self.document.get("endpoint")

    @property
    def population(self) -> str | None:
        """`all`, or an adjusted population; None where it has none."""
        return self.document.get("population")

    @property
    def status(self) -> str:
        """`ok`, `not estimable` or `refused`."""
        return str(self.document["status"])

    @property
    def reason(self) -> str | None:
        """Why it has no numbers, as a sentence; None where it has."""
        return reason_of(self.document)

    @property
    def json(self) -> dict[str, Any]:
        """A copy of the object in results.json; docs/results.md describes every key."""
        return deepcopy(dict(self.document))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of its frames, the one that `to_frame()` returns first."""
        return tuple(parts_of(self.document))

    @with_notes
    def to_frame(self, part: str | None = None) -> pd.DataFrame:
        """Returns a part of the result, the first of `parts` unless another is named.

        The columns and their types depend on kind and part alone. A missing number is NaN (a missing count <NA>), and
        `reason` says why; a result without numbers has such rows only. Raises DataError for an unknown part.
        """
        known: Mapping[str, Any] = parts_of(self.document)
        name = self.parts[0] if part is None else part
        if name not in known:
            hint = did_you_mean(name, known) or say("notebook.part.known", parts=self.parts)
            raise DataError(say("notebook.part.unknown", part=name, id=self.id), hint)
        frame: pd.DataFrame = known[name].frame(self.document, self.setting)
        return frame

    @with_notes
    def to_docx(self, path: str | os.PathLike[str]) -> None:
        """Writes the result's table as the report prints it, for Word. Raises DataError where the report has no table
        of this result alone."""
        Path(path).write_bytes(self.tables.content(self.id, "docx"))

    @with_notes
    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Writes the same table as a page. Raises as `to_docx`."""
        Path(path).write_bytes(self.tables.content(self.id, "html"))

    @with_notes
    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Writes the texts of the same table, for a spreadsheet. Raises as `to_docx`."""
        Path(path).write_bytes(self.tables.content(self.id, "csv"))

    def __repr__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"<{type(self).__name__} {self.id}: {self.status}{why}>"

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(self.id)}</b>: {escape(self.status)}</p>"
        return f"{head}{self.to_frame().to_html(index=False, na_rep='', max_rows=20)}"


@dataclass(frozen=True, repr=False)
class KaplanMeier(Result):
    """Kaplan-Meier curves of an endpoint."""

    @with_notes
    def plot(self, ax: Axes | None = None, *, bands: bool = True, legend: bool = True, at_risk: bool = False) -> Axes:
        """Draws the curve of each arm (of all patients where there are no arms) as steps, in per cent against time in
        the study's unit, and returns the axes. As in the report, a curve ends where fewer than 10 are at risk.

        `ax` is the current one of pyplot unless it is given. `bands` draws the pointwise limits, `legend` the names of
        the arms, `at_risk` the numbers at risk below the axis. Raises DataError where there is no curve.
        """
        from riskset_notebook.drawing import draw, survival_of

        return draw(self, survival_of(self), ax, bands=bands, legend=legend, at_risk=at_risk)


@dataclass(frozen=True, repr=False)
class CumulativeIncidence(Result):
    """Cumulative incidences of the causes of an endpoint."""

    @with_notes
    def plot(
        self,
        ax: Axes | None = None,
        *,
        cause: str | None = None,
        bands: bool = True,
        legend: bool = True,
        at_risk: bool = False,
    ) -> Axes:
        """Draws the incidence of one cause in each arm, as `KaplanMeier.plot` draws curves. `cause` is the endpoint's
        own event unless another is named. Raises DataError where there is no curve, or no such cause."""
        from riskset_notebook.drawing import draw, incidence_of

        return draw(self, incidence_of(self, cause), ax, bands=bands, legend=legend, at_risk=at_risk)


def result_of(document: Json, setting: Setting, tables: Tables) -> Result:
    """Returns one object of `results` in results.json, with where its tables are."""
    if document["kind"] == "km":
        return KaplanMeier(document, setting, tables)
    if document["kind"] == "cumulative-incidence" and "model" not in document:
        return CumulativeIncidence(document, setting, tables)
    return Result(document, setting, tables)
