"""The results of a run: the study, who took part, and how each analysis ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.figures import Figures
from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result, has_result
from riskset.analyses.excluded import NOT_ADJUSTED, Excluded, excluded_from
from riskset.analyses.level_counts import Level, LevelCount, all_events, level_counts
from riskset.analyses.opened import Tally
from riskset.catalogue import Message, say
from riskset.protocol.coordinator import Outcome
from riskset.protocol.unblinding import Decision
from riskset.results.conduct import Conduct, conduct_of
from riskset.results.in_steps import end_in_steps
from riskset.study.spec import NumberVariable, Study

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
    parts: tuple[ResultEntry, ...] = ()
    """How the analyses ended that are parts of this one."""
    levels: tuple[LevelCount, ...] = ()
    """The patients and events of each level of a model's variables; empty where they are not counted."""
    steps: Mapping[str, float] = field(default_factory=dict)
    """By variable of a term, the units for which its ratio is printed, if not one."""
    meets_demands: bool | None = None
    """Whether its population is what the study demands; None where it demands nothing."""

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
    patients_not_included: int | None = None
    """Eligible patients of the study's other sites. None where that is not known, which it is only in a rehearsal, or
    where one of these sites has 1 to 4 of them."""
    unblinded: tuple[Decision, ...] = ()
    """What somebody decided to have computed, though the study had withheld it."""
    conduct: Conduct | None = None
    """Which limits were in force, and with which programs; None where no rule was applied. Not in results.json."""

    @property
    def sites_not_included(self) -> tuple[str, ...]:
        """Returns the sites of the study that did not take part."""
        return tuple(site for site in self.study.sites if site not in self.sites)

    def without(self, ids: Collection[str]) -> Results:
        """Returns the results without those of these ids."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry.id not in ids))


def results_of(
    study: Study,
    outcome: Outcome,
    sites: Sequence[str],
    notices: Sequence[str] = (),
    *,
    is_gated: bool = True,
    patients: Mapping[str, int] | None = None,
) -> Results:
    """Returns the results of a run.

    `notices` are what a reader must know about the run, beside the study's own notice. `is_gated` is False where the
    disclosure rules were not applied. `patients` are the eligible patients by site, where all rows are on one machine.
    """
    own_notice = [study.header.notice] if study.header.notice else []
    entries = [
        _entry(analysis, outcome, is_gated=is_gated)
        for analysis in outcome.history.plan.reported
        if not analysis.is_part
    ]
    missing = tuple(site for site in study.sites if site not in sites)
    n = _patients_of(missing, patients or {}, study.disclosure.min_cell)
    history = outcome.history
    left_out = [_not_included(study, missing, n)] if missing else []
    said = [*own_notice, *notices, *map(_unblinded, history.opening.unblinded), *left_out]
    return Results(
        study,
        outcome.run,
        tuple(sites),
        outcome.rounds,
        tuple(said),
        tuple(_with_steps(e, study) for e in _with_levels([*_with_parts(entries)], history.figures)),
        history.opened_numbers,
        history.figures.opened_before,
        n,
        history.opening.unblinded,
        conduct_of(history),
    )


def _entry(analysis: Analysis, outcome: Outcome, *, is_gated: bool) -> ResultEntry:
    result, figures, name = outcome.results[analysis.id], outcome.history.figures, analysis.analysis_set
    gate = _gate(result, is_gated=is_gated)
    meets = outcome.history.plan.meets_demands(analysis, outcome.results)
    if isinstance(result, RefusedByRule) or name not in figures.rows:
        return ResultEntry(analysis, result, gate, meets_demands=meets)
    n = figures.rows[name].rows
    return ResultEntry(analysis, result, gate, n, _excluded(analysis, figures), meets_demands=meets)


def _excluded(analysis: Analysis, figures: Figures) -> Excluded | None:
    """Returns who is not in the set of an analysis; None where that was not counted."""
    of_all, name = analysis.set_id.of_all.name, analysis.analysis_set
    found = excluded_from(of_all, figures.excluded)
    if name == of_all or found is None:
        return found
    if of_all not in figures.rows:
        return None
    return found.beside(NOT_ADJUSTED, figures.rows[of_all].rows - figures.rows[name].rows)


def _with_parts(entries: Sequence[ResultEntry]) -> Iterator[ResultEntry]:
    """Yields the results that are printed by themselves, each with its parts."""
    parts_of: dict[str, list[ResultEntry]] = {}
    for entry in entries:
        if (whole := entry.analysis.part_of) is not None:
            parts_of.setdefault(whole, []).append(entry)
    for entry in entries:
        if entry.analysis.part_of is None:
            parts = tuple(parts_of.get(entry.id, ()))
            found = [(part.analysis, part.result) for part in parts]
            is_whole = has_result(entry.result)
            result = entry.analysis.completed(entry.result, found) if is_whole else entry.result
            yield replace(entry, result=result, parts=parts)


def _with_steps(entry: ResultEntry, study: Study) -> ResultEntry:
    steps = _steps(study, entry.analysis)
    return replace(entry, steps=steps, result=end_in_steps(entry.result, steps))


def _steps(study: Study, analysis: Analysis) -> dict[str, float]:
    """Returns by number the units for which a report prints its ratios, where the study says it: not of one that has a
    spline, whose coefficient is no ratio for so many units."""
    numbers = ((name, of) for name, of in study.variables.items() if isinstance(of, NumberVariable))
    return {name: of.print_per for name, of in numbers if of.print_per is not None and name not in analysis.curved}


def _with_levels(entries: Sequence[ResultEntry], figures: Figures) -> Iterator[ResultEntry]:
    """Yields the results, models with the patients and events of each level of their variables."""
    told, up_to_a_day = (_told(entries, counts_all_events=known) for known in (True, False))
    for entry in entries:
        columns, name = entry.analysis.counted_levels, entry.analysis.analysis_set
        if not columns or entry.analysed is None:  # also where it is refused, and what was counted may be noise
            yield entry
            continue
        counted = {column: figures.columns.get(Feature(name, column)) for column in columns}
        having = {column: of.rows for column, of in counted.items() if of is not None}
        n_events = entry.analysis.n_events(entry.result)
        events = all_events(up_to_a_day.get(name, {}), n_events) | told.get(name, {})
        yield replace(entry, levels=tuple(level_counts(columns, entry.analysed, having, events)))


def _told(entries: Sequence[ResultEntry], *, counts_all_events: bool) -> dict[str, dict[Level, tuple[int, int]]]:
    """Returns by set of patients what results say of the events of levels."""
    told: dict[str, dict[Level, tuple[int, int]]] = {}
    for entry in entries:
        if has_result(entry.result) and entry.analysis.counts_all_events == counts_all_events:
            events = entry.analysis.events_by_level(entry.result)
            told.setdefault(entry.analysis.analysis_set, {}).update(events)
    return told


def _patients_of(sites: Sequence[str], patients: Mapping[str, int], min_cell: int) -> int | None:
    """Returns the number of patients of the sites, where it is known and no site among them has a few only."""
    is_shown = all(site in patients and (patients[site] == 0 or patients[site] >= min_cell) for site in sites)
    return sum(patients[site] for site in sites) if sites and is_shown else None


def _not_included(study: Study, sites: Sequence[str], patients: int | None) -> Message:
    names = tuple(say("results.site", name=study.sites[site].name, site=site) for site in sites)
    values = {"n": len(sites), "all": len(study.sites), "sites": names}
    if patients is None:
        return say("results.not_included", **values)
    return say("results.not_included_patients", **values, patients=patients)


def _unblinded(decision: Decision) -> Message:
    by, reason, date = decision.by, decision.reason, decision.at[:10]
    return say("results.unblinded", population=decision.population, run=decision.run, by=by, date=date, reason=reason)


def _gate(result: Result, *, is_gated: bool) -> Gate:
    if not is_gated:
        return "ignored"
    return "refused" if isinstance(result, RefusedByRule) else "passed"
