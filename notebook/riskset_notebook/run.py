"""The results of one run, by id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import pandas as pd

from riskset.catalogue import Message, say
from riskset.errors import DataError, did_you_mean
from riskset_notebook.columns import COUNT, TEXT, Json, frame_of
from riskset_notebook.frames.part import Setting
from riskset_notebook.notes import with_notes
from riskset_notebook.result import Curves, Result

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
_CLASSES: Mapping[str, type[Result]] = {"km": Curves}


class Run(Mapping[str, Result]):
    """The results of a run by their ids, in the order of the study."""

    def __init__(self, document: Json, setting: Setting) -> None:
        """Not public: `load` and `rehearse` return runs."""
        self._document = document
        self._results = {one["id"]: _CLASSES.get(one["kind"], Result)(one, setting) for one in document["results"]}

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
    def km(self, endpoint: str | None = None, population: str = "all") -> Curves:
        """Returns the Kaplan-Meier curves of an endpoint; `endpoint` may be left out where the run has one. Raises
        UnknownResult where there are none, or several."""
        found = self._the_one("km", endpoint, population)
        assert isinstance(found, Curves)
        return found

    def to_frame(self) -> pd.DataFrame:
        """Returns one row for each result: how it ended, and why it has no numbers. Of a refusal `rule` and `remedy`
        say which rule, and what would pass."""
        rows = []
        for one in self._document["results"]:
            reason = one.get("reason") or {}
            why = {"rule": reason.get("rule"), "remedy": reason.get("remedy"), "reason": reason.get("message")}
            rows.append({**{key: one.get(key) for key in _OVERVIEW}, **why})
        return frame_of(rows, _OVERVIEW)

    def _the_one(self, kind: str, endpoint: str | None, population: str | None) -> Result:
        found = [
            one
            for one in self._results.values()
            if one.kind == kind and endpoint in (None, one.endpoint) and one.population == population
        ]
        if len(found) == 1:
            return found[0]
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


class UnknownResult(DataError, KeyError):
    """No result, or several, where one was asked for; the hint names those that there are."""

    def __str__(self) -> str:
        return str(self.message)
