"""What a statistician can change so that the rules let more of a study pass, one change at a time.

`rank` orders changes by what they cost the study: of two that do as much, the lower one is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal, Protocol

import numpy as np

from riskset.analyses.cohort import AnySet, Cohort
from riskset.catalogue import Message, say
from riskset.disclosure.policy import short_name
from riskset.disclosure.rules import LIMITS
from riskset.study.spec import Study


class Change(Protocol):
    """One change."""

    rank: ClassVar[int]

    @property
    def said(self) -> Message:
        """What it is, in a few words."""

    def on(self, study: Study) -> Study | None:
        """Returns the changed study, not checked yet; None where there is nothing to change."""


@dataclass(frozen=True)
class Transform:
    """A number enters the models transformed."""

    variable: str
    transform: Literal["log", "log1p", "sqrt"]
    rank: ClassVar[int] = 0

    @property
    def said(self) -> Message:
        return say("run.suggest.change.transform", variable=self.variable, transform=self.transform)

    def on(self, study: Study) -> Study | None:
        return _with_variable(study, self.variable, "transform", self.transform)


@dataclass(frozen=True)
class Rows:
    """Each analysis has its own complete rows, or all of an endpoint have the same."""

    missing: Literal["complete", "by_model"]
    rank: ClassVar[int] = 1

    @property
    def said(self) -> Message:
        return say("run.suggest.change.rows", missing=self.missing)

    def on(self, study: Study) -> Study | None:
        entries = {name: entry.model_copy(update={"missing": self.missing}) for name, entry in study.analyses.items()}
        return None if entries == study.analyses else study.model_copy(update={"analyses": entries})


@dataclass(frozen=True)
class Width:
    """Curves have steps of another width."""

    days: int
    rank: ClassVar[int] = 2

    @property
    def said(self) -> Message:
        return say("run.suggest.change.width", n=self.days)

    def on(self, study: Study) -> Study | None:
        grid = study.time.grid.model_copy(update={"width_days": self.days})
        return study.model_copy(update={"time": study.time.model_copy(update={"grid": grid})})


@dataclass(frozen=True)
class Merge:
    """Two levels of a category become one. Where no patient has the second, that one is left out."""

    variable: str
    levels: tuple[str, str]
    is_empty: bool = False
    rank: ClassVar[int] = 3

    @property
    def said(self) -> Message:
        return (
            say("run.suggest.change.empty", variable=self.variable, level=self.levels[1])
            if self.is_empty
            else say("run.suggest.change.merge", variable=self.variable, levels=self.levels)
        )

    @property
    def merged(self) -> str:
        return self.levels[0] if self.is_empty else " or ".join(self.levels)

    def on(self, study: Study) -> Study | None:
        known = study.levels_of(self.variable)
        return (
            _with_variable(study, self.variable, "levels", self._new(known)) if set(self.levels) <= set(known) else None
        )

    def of(self, cohort: Cohort, study: Study) -> Cohort:
        """Returns the cohort with recoded patients; `study` is the one before the merge."""
        known = study.levels_of(self.variable)
        new = self._new(known)
        code = np.array([new.index(self._level(level)) for level in known], np.float64)

        def recoded(rows: AnySet) -> AnySet:
            values = rows.variables.get(self.variable)
            if values is None:
                return rows
            return replace(rows, variables={**rows.variables, self.variable: code[values.astype(np.int64)]})

        return replace(cohort, analysis_sets={name: recoded(rows) for name, rows in cohort.analysis_sets.items()})

    def _new(self, known: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(self._level, known)))

    def _level(self, level: str) -> str:
        return self.merged if level in self.levels else level


@dataclass(frozen=True)
class FewerTogether:
    """A model of several covariates is made without one of them."""

    entry: str
    covariate: str
    rank: ClassVar[int] = 4

    @property
    def said(self) -> Message:
        return say("run.suggest.change.fewer_together", entry=self.entry, covariate=self.covariate)

    def on(self, study: Study) -> Study | None:
        entry = study.analyses.get(self.entry)
        changed = None if entry is None else entry.without(self.covariate, alone=False)
        return None if changed is None else _with_entries(study, {**study.analyses, self.entry: changed})


@dataclass(frozen=True)
class Without:
    """No model uses a covariate."""

    covariate: str
    rank: ClassVar[int] = 5

    @property
    def said(self) -> Message:
        return say("run.suggest.change.without", covariate=self.covariate)

    def on(self, study: Study) -> Study | None:
        entries = {name: entry.without(self.covariate) for name, entry in study.analyses.items()}
        kept = {name: entry for name, entry in entries.items() if entry is not None}
        return _with_entries(study, kept) if kept else None


@dataclass(frozen=True)
class FewerEndpoints:
    """An entry is made for its other endpoints."""

    entry: str
    endpoint: str
    rank: ClassVar[int] = 6

    @property
    def said(self) -> Message:
        return say("run.suggest.change.fewer_endpoints", entry=self.entry, endpoint=self.endpoint)

    def on(self, study: Study) -> Study | None:
        entry = study.analyses.get(self.entry)
        rest = tuple(name for name in entry.outcome_endpoints if name != self.endpoint) if entry else ()
        if entry is None or not rest:
            return None
        return _with_entries(study, {**study.analyses, self.entry: entry.model_copy(update={"endpoints": rest})})


@dataclass(frozen=True)
class Loosen:
    """Every site signs an exception."""

    limit: str
    value: str
    rank: ClassVar[int] = 7

    @property
    def said(self) -> Message:
        return say("run.suggest.change.exception", exception=self.typed)

    @property
    def typed(self) -> str:
        """Returns it as it is typed: `R4=1/3`, `R4=0.21`."""
        value = Fraction(self.value)
        written = self.value if value.numerator == 1 or 100 % value.denominator else f"{float(value):g}"
        return f"{short_name(LIMITS[self.limit])}={written}"

    def on(self, study: Study) -> Study | None:
        return study


@dataclass(frozen=True)
class WithoutArms:
    """Nothing is compared by arm, and no model uses the arm."""

    rank: ClassVar[int] = 8

    @property
    def said(self) -> Message:
        return say("run.suggest.change.without_arms")

    def on(self, study: Study) -> Study | None:
        changed = None if study.comparison is None else Without(study.comparison.arm).on(study)
        return None if changed is None else changed.model_copy(update={"comparison": None})


def _with_variable(study: Study, name: str, key: str, value: object) -> Study:
    variable = study.variables[name].model_copy(update={key: value})
    return study.model_copy(update={"variables": {**study.variables, name: variable}})


def _with_entries(study: Study, entries: object) -> Study:
    return study.model_copy(update={"analyses": entries})
