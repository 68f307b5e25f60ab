"""The results of one run, by id."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from riskset.catalogue import Message, say
from riskset.errors import DataError, did_you_mean
from riskset_notebook.columns import COUNT, NUMBER, TEXT, Json, frame_of
from riskset_notebook.frames.part import Setting
from riskset_notebook.notes import with_notes
from riskset_notebook.result import CumulativeIncidence, KaplanMeier, Result, result_of
from riskset_notebook.tables import Tables

_OVERVIEW = {
    "id": TEXT,
    "kind": TEXT,
    "endpoint": TEXT,
    "population": TEXT,
    "status": TEXT,
    "gate": TEXT,
    "analysed": COUNT,
    "rule": TEXT,
    "reason": TEXT,
    "remedy": TEXT,
}
_FINDINGS = {
    "site": TEXT,
    "id": TEXT,
    "rule": TEXT,
    "limit_name": TEXT,
    "limit": NUMBER,
    "found": NUMBER,
    "verdict": TEXT,
    "remedy": TEXT,
}


class Run(Mapping[str, Result]):
    """The results of a run by their ids, in the order of the study."""

    def __init__(self, document: Json, setting: Setting, tables: Tables, findings: Sequence[Json] = ()) -> None:
        """Not public: `load` and `rehearse` return runs. `findings` are those of a rehearsal at single sites."""
        self._document = document
        self._findings = findings
        self._tables = tables
        self._results = {one["id"]: result_of(one, setting, tables) for one in document["results"]}

    @property
    def id(self) -> str:
        """The run's name; `rehearsal` for a design that was tried."""
        return str(self._document["run"])

    @property
    def study(self) -> Mapping[str, Any]:
        """`id`, `version`, `sha256` and `title` of its study."""
        return dict(self._document["study"])

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that took part, in alphabetical order."""
        return tuple(self._document["sites"])

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences to show with any number of this run."""
        return tuple(self._document["notices"])

    @with_notes
    def __getitem__(self, id_: str) -> Result:
        """Returns the result with this id. Raises UnknownResult, which is a KeyError and names a near id."""
        try:
            return self._results[id_]
        except KeyError:
            raise UnknownResult(say("notebook.run.unknown", id=id_, run=self.id), self._near(id_)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    @with_notes
    def km(self, endpoint: str | None = None, population: str = "all") -> KaplanMeier:
        """Returns the Kaplan-Meier curves of an endpoint, which may be left out where the run has one only. Raises
        UnknownResult where there are none or several; the same of the next three."""
        found = self._the_one("km", endpoint, population)
        assert isinstance(found, KaplanMeier)
        return found

    @with_notes
    def cumulative_incidence(self, endpoint: str | None = None, population: str = "all") -> CumulativeIncidence:
        """Returns the cumulative incidences of an endpoint."""
        found = self._the_one("cumulative-incidence", endpoint, population, model=None)
        assert isinstance(found, CumulativeIncidence)
        return found

    @with_notes
    def cox(self, endpoint: str | None = None, population: str = "all", model: str = "multivariable") -> Result:
        """Returns the Cox model of an endpoint: `multivariable`, or `univariable` where there is one only."""
        return self._the_one("cox", endpoint, population, model=model)

    @with_notes
    def table1(self, population: str = "all") -> Result:
        """Returns the baseline of the patients."""
        return self._the_one("table1", None, population)

    def to_frame(self) -> pd.DataFrame:
        """Returns one row for each result: how it ended, and why it has no numbers. Of a refusal `rule` and `remedy`
        say which rule, and what would pass. A result that is `ok` and has a `rule` lacks a part, for the first reason
        that is given here."""
        rows = []
        for one in self._document["results"]:
            reason = one.get("reason") if one["status"] != "ok" else next(_refusals(one), None)
            why = {key: (reason or {}).get(key) for key in ("rule", "remedy", "message")}
            rows.append({**{key: one.get(key) for key in _OVERVIEW}, **why, "reason": why["message"]})
        return frame_of(rows, _OVERVIEW)

    @with_notes
    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Writes a rehearsal as `riskset study try` does, results.json and the whole report, and returns the paths.
        Raises DataError for a run that was loaded, and where the folder has the results of another run."""
        return self._tables.write(Path(folder))

    def findings(self) -> pd.DataFrame:
        """Returns what rules found in a rehearsal at single sites, other than a pass: one row for each site, result and
        limit. Empty for a run that was loaded: there, only the site itself knows."""
        return frame_of(self._findings, _FINDINGS).drop_duplicates(ignore_index=True)

    def _the_one(self, kind: str, endpoint: str | None, population: str, model: str | None = None) -> Result:
        found = [
            one
            for one in self._results.values()
            if one.kind == kind
            and endpoint in (None, one.endpoint)
            and one.population == population
            and one.document.get("model") == model
        ]
        plain = [one for one in found if one.id.count("/") == min(other.id.count("/") for other in found)]
        if len(plain) == 1:
            return plain[0]  # a further entry of the study that asks the same has its name after the id
        of_kind = tuple(one.id for one in self._results.values() if one.kind == kind)
        hint = say("notebook.run.of_kind", ids=of_kind) if of_kind else say("notebook.run.kinds", kinds=self._kinds())
        message = say("notebook.run.several", kind=kind) if found else say("notebook.run.none", kind=kind)
        raise UnknownResult(message, hint)

    def _kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.kind for one in self._results.values()))

    def _near(self, id_: str) -> Message:
        return did_you_mean(id_, self._results) or say("notebook.run.ids", ids=tuple(self._results))

    def __repr__(self) -> str:
        study = self._document["study"]
        head = say("notebook.run.head", run=self.id, study=study["id"], version=study["version"], n=len(self.sites))
        width = max(map(len, self._results), default=0)
        lines = [f"  {one.id:<{width}}  {one.status}" for one in self._results.values()]
        return "\n".join([str(head), *lines])

    def _repr_html_(self) -> str:
        study = self._document["study"]
        head = say("notebook.run.head", run=self.id, study=study["id"], version=study["version"], n=len(self.sites))
        notices = "".join(f"<p><b>{escape(notice)}</b></p>" for notice in self.notices)
        return f"<p>{escape(str(head))}</p>{notices}{self.to_frame().to_html(index=False, na_rep='')}"


def _refusals(value: object) -> Iterator[Json]:
    """Yields the refusals inside a result, of parts that a rule forbids."""
    if isinstance(value, Mapping):
        if {"rule", "message", "remedy"} <= value.keys():
            yield value
        for inner in value.values():
            yield from _refusals(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refusals(inner)


class UnknownResult(DataError, KeyError):
    """No result, or several, where one was asked for; the hint names those that there are."""

    def __str__(self) -> str:
        return str(self.message)
