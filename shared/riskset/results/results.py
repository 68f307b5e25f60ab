"""The results of a run: the study, who took part, and how each analysis ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result
from riskset.analyses.excluded import Excluded, excluded_from
from riskset.analyses.opened import Tally
from riskset.protocol.coordinator import Outcome
from riskset.study.spec import Study

Status = Literal["ok", "not estimable", "refused"]
Gate = Literal["passed", "refused", "ignored"]


@dataclass(frozen=True)
class ResultEntry:
    """How one analysis ended."""

    analysis: Analysis
    result: Result
    gate: Gate
    """`ignored` where no rule was applied; such a result must not leave its machine."""
    analysed: int | None = None
    """Patients of its analysis set, over all sites; None where it was refused."""
    excluded: Excluded | None = None
    """Eligible patients who are not in the set; None where they were not counted."""

    @property
    def id(self) -> str:
        return self.analysis.id

    @property
    def kind(self) -> str:
        return self.analysis.kind

    @property
    def status(self) -> Status:
        if isinstance(self.result, RefusedByRule):
            return "refused"
        return "not estimable" if isinstance(self.result, NotEstimable) else "ok"


@dataclass(frozen=True)
class Results:
    """All results of one run."""

    study: Study
    run: str
    sites: tuple[str, ...]
    """The participants."""
    rounds: int
    notices: tuple[str, ...]
    """What must accompany every number; the study's own notice first, if it has one."""
    entries: tuple[ResultEntry, ...]
    """In the order of the study."""
    opened: Tally
    """Numbers that models and tables opened, and what the patients consist of (R5)."""
    opened_before: int
    """In earlier runs: the most that a site states."""


def results_of(
    study: Study, outcome: Outcome, sites: Sequence[str], notices: Sequence[str] = (), *, is_gated: bool = True
) -> Results:
    """Returns the results of a run.

    `notices` are what a reader must know about the run, beside the study's own notice. `is_gated` is False where the
    disclosure rules were not applied.
    """
    own_notice = [study.header.notice] if study.header.notice else []
    entries = [_entry(analysis, outcome, is_gated=is_gated) for analysis in outcome.history.plan.reported]
    notices, history = (*own_notice, *notices), outcome.history
    before = history.figures.opened_before
    return Results(
        study, outcome.run, tuple(sites), outcome.rounds, notices, tuple(entries), history.opened_numbers, before
    )


def _entry(analysis: Analysis, outcome: Outcome, *, is_gated: bool) -> ResultEntry:
    result, figures, name = outcome.results[analysis.id], outcome.history.figures, analysis.analysis_set
    gate = _gate(result, is_gated=is_gated)
    if isinstance(result, RefusedByRule) or name not in figures.rows:
        return ResultEntry(analysis, result, gate)
    return ResultEntry(analysis, result, gate, figures.rows[name].rows, excluded_from(name, figures.excluded))


def _gate(result: Result, *, is_gated: bool) -> Gate:
    if not is_gated:
        return "ignored"
    return "refused" if isinstance(result, RefusedByRule) else "passed"
