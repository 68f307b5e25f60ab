"""A rehearsal: a whole study in memory over the site files of one machine, with the messages, gate and sums of a real
run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import plan
from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure.policy import default_policy, loosened
from riskset.errors import DataError, Problem, Refused, RisksetError
from riskset.ledger.durable import utc_now
from riskset.protocol.approval import ExceptionSigned
from riskset.protocol.coordinator import Outcome
from riskset.protocol.derived_once import derived_once
from riskset.protocol.rule_column import column_for
from riskset.protocol.unblinding import Unblinding
from riskset.rehearsal import Rehearsal
from riskset.results.refusals import ToldOnce, in_short, told_once
from riskset.study.spec import Study
from riskset_server.run.outcome import refusals_of, said_of
from riskset_server.run.staying_out import STAYS_OUT, NextRun, refused_together
from riskset_server.run.suggest.search import Rehearsals

REHEARSAL: Final = say("run.rehearsal.notice")
GATE_IGNORED: Final = say("run.rehearsal.notice_no_gate")
RUN: Final = "rehearsal"
"""The name of the run whose results are written."""
BEFORE_DECISION: Final = "first-rehearsal"


@dataclass(frozen=True)
class Rehearsed:
    """The outcome of a rehearsal."""

    outcome: Outcome
    sites: list[str]
    """Those that took part, sorted."""
    own: tuple[tuple[str, Mapping[str, Any]], ...]
    """Site, and what a rule found on the site's own rows other than a pass, as its ledger would record it."""
    patients: Mapping[str, int]
    """Eligible patients by site, also of those left out."""


LoadCohort = Callable[[Path, Study], Cohort]


def rehearse(
    study: Study,
    folder: Path,
    without: Sequence[str] = (),
    exceptions: tuple[ExceptionSigned, ...] = (),
    *,
    is_gated: bool = True,
    may_be_told_alone: bool = False,
    command: str = "riskset study try",
    unblinding: Unblinding | None = None,
) -> Rehearsed:
    """Returns the outcome of the study over the sites in `folder`/*/site.toml.

    `exceptions` and `may_be_told_alone` are taken as signed by every site; `command` is what was typed. With
    `unblinding` the outcome is that of a second run, which the decision opens. Raises
    DataError with all sites' problems, or for limits that nobody may sign; Refused if sites would not take part at all,
    with the names of all, or where the first run withheld nothing of a population.
    """
    plan(study)  # what is wrong with the study is said once, and not for each site
    return rehearse_cohorts(
        study,
        _cohorts(study, folder),
        without,
        exceptions,
        limits=_limits(folder),
        is_gated=is_gated,
        may_be_told_alone=may_be_told_alone,
        next_run=NextRun(study.disclosure, command),
        unblinding=unblinding,
    )


def rehearse_cohorts(
    study: Study,
    cohorts: Mapping[str, Cohort],
    without: Sequence[str] = (),
    exceptions: tuple[ExceptionSigned, ...] = (),
    *,
    limits: Mapping[str, Mapping[str, Any]] | None = None,
    is_gated: bool = True,
    may_be_told_alone: bool = False,
    next_run: NextRun,
    unblinding: Unblinding | None = None,
) -> Rehearsed:
    """Returns the outcome of the study over cohorts in memory, by site, as `rehearse` does; `limits` are the sites' own
    stricter ones, and `next_run` is what is offered where sites stay out. Raises what `rehearse` raises."""
    taking_part = _taking_part(cohorts, without)
    _check_exceptions(study, len(taking_part), exceptions)
    told = tuple(taking_part) if may_be_told_alone else ()
    rehearsal = Rehearsal(
        study,
        taking_part,
        BEFORE_DECISION if unblinding else RUN,
        is_gated=is_gated,
        exceptions=exceptions,
        limits=limits,
        told_alone=told,
    )
    outcome = _outcome(rehearsal, next_run)
    if unblinding is not None:
        planned = rehearsal.coordinator.plan
        rehearsal.start_again(RUN, unblinding.after(planned, outcome.run, outcome.results, utc_now()))
        outcome = _outcome(rehearsal, next_run)
    patients = {name: cohort.n_patients for name, cohort in cohorts.items()}
    return Rehearsed(outcome, sorted(taking_part), tuple(_own_findings(rehearsal)), patients)


def rehearsals(
    study: Study, folder: Path, without: Sequence[str] = (), exceptions: tuple[ExceptionSigned, ...] = ()
) -> Rehearsals:
    """Returns what tries changes of the study over the same site files."""
    return Rehearsals(
        study, lambda changed: _taking_part(_cohorts(changed, folder), without), exceptions, _limits(folder)
    )


def _taking_part(cohorts: Mapping[str, Cohort], without: Sequence[str]) -> dict[str, Cohort]:
    if unknown := sorted(set(without) - set(cohorts)):
        message = say("run.rehearsal.no_site", missing=tuple(unknown))
        raise DataError(message, say("run.rehearsal.no_site_hint", sites=tuple(sorted(cohorts))))
    return {name: cohort for name, cohort in cohorts.items() if name not in without}


def _limits(folder: Path) -> dict[str, Mapping[str, str]]:
    return {file.site: file.limits for file in map(_loader("riskset.site_files"), _files(folder))}


def _outcome(rehearsal: Rehearsal, next_run: NextRun) -> Outcome:
    coordinator = rehearsal.coordinator
    while not coordinator.is_finished:
        request, refusals = coordinator.request(), dict[str, Refused]()
        with derived_once():
            for site in coordinator.waiting_for:
                try:
                    coordinator.accept(rehearsal.sites[site].answer(request))
                except Refused as no:
                    if no.code not in STAYS_OUT:
                        raise
                    refusals[site] = no
        if refusals:
            raise refused_together(refusals, {}, coordinator.participants, next_run, is_opened=False)
    return coordinator.outcome()


def _own_findings(rehearsal: Rehearsal) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for site, journal in sorted(rehearsal.journals.items()):
        for sent in journal.sent[rehearsal.run_id]:
            yield from ((site, verdict) for verdict in sent.verdicts if verdict["verdict"] != "pass")


def _check_exceptions(study: Study, sites: int, exceptions: Sequence[ExceptionSigned]) -> None:
    column = column_for(study.disclosure, sites)
    loosened(default_policy(column, study.disclosure.min_cell), {one.limit: one.value for one in exceptions})


def verdicts(rehearsed: Rehearsed, *, is_gated: bool) -> Iterator[Message]:
    """Yields one line per result, with its verdict; then each refusal once, with what would pass; then what the rules
    found at each site."""
    results = rehearsed.outcome.results
    reported = said_of(rehearsed.outcome.history.plan.reported, results)
    ends = [(analysis, results[analysis.id]) for analysis in reported]
    width = max(len(analysis.id) for analysis, _ in ends)
    for one, result in ends:
        yield say("run.verdict.line", analysis=one.id.ljust(width), verdict=_verdict(one, result, is_gated=is_gated))
    refusals = list(told_once((one.id, of) for one, result in ends for of in refusals_of(one, result)))
    if refusals:
        yield NOTHING
    yield from map(_told, refusals)
    by_a_site = {one.id for one, result in ends if any(of.by == "a site" for of in refusals_of(one, result))}
    yield from _own_lines([(site, verdict) for site, verdict in rehearsed.own if verdict["analysis"] in by_a_site])


def _verdict(analysis: Analysis, result: Result, *, is_gated: bool) -> Message:
    verdict = _of_result(result, is_gated=is_gated)
    refused = [] if isinstance(result, RefusedByRule) else refusals_of(analysis, result)
    return say(f"run.verdict.{analysis.less_than_asked}", verdict=verdict, rule=refused[0].rule) if refused else verdict


def _of_result(result: Result, *, is_gated: bool) -> Message:
    if isinstance(result, RefusedByRule):
        return say("run.verdict.refused", rule=result.rule)
    gate = say("run.verdict.passed") if is_gated else say("run.verdict.no_gate")
    if isinstance(result, NotEstimable):
        return say("run.verdict.not_estimable", gate=gate, reason=result.message)
    return say("run.verdict.ok", gate=gate)


def _told(once: ToldOnce) -> Message:
    """Returns a refusal with the analyses that it concerns. What would pass follows the figures of the sites."""
    of, analyses = once.refusal, in_short(once.ids)
    if of.by == "a site":
        return say("run.outcome.told_of_a_site", rule=of.rule, analyses=analyses, finding=of.message)
    return say("run.outcome.told", rule=of.rule, analyses=analyses, finding=of.message, remedy=of.remedy)


def _own_lines(found: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Message]:
    """Yields each site's figures, and below those of one limit, once, what would pass. On one machine the figures may
    be printed; in a real run each site sees only its own."""
    by_limit: dict[tuple[str, str], dict[tuple[str, float], dict[str, float]]] = {}
    for site, verdict in found:
        of = by_limit.setdefault((verdict["limit_name"], verdict["remedy"]), {})
        figures = of.setdefault((site, float(verdict["limit"])), {})
        figures.setdefault(verdict["analysis"], float(verdict["value"]))
    for (name, remedy), of_limit in by_limit.items():
        yield from _own_of_limit(name, remedy, of_limit)


def _own_of_limit(name: str, remedy: str, of: Mapping[tuple[str, float], Mapping[str, float]]) -> Iterator[Message]:
    for (site, limit), figures in of.items():
        by_figure: dict[float, list[str]] = {}
        for analysis, value in figures.items():
            by_figure.setdefault(value, []).append(analysis)
        found = tuple(say("run.verdict.own_figure", found=v, analysis=in_short(ids)) for v, ids in by_figure.items())
        yield say("run.verdict.own", site=site, limit_name=name, limit=limit, found=found)
    yield say("run.verdict.would_pass", limit_name=name, remedy=remedy)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/site.toml"))


def _cohorts(study: Study, folder: Path) -> dict[str, Cohort]:
    files = _files(folder)
    if not files:
        raise DataError(say("run.rehearsal.no_files", folder=folder), say("run.rehearsal.no_files_hint"))
    load: LoadCohort = _loader("riskset.cohorts")
    cohorts: dict[str, Cohort] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            cohort = load(file, study)
        except DataError as error:
            found = error.problems or [Problem(file.parent.name, error.message, error.hint)]
            problems += [replace(problem, where=f"{file.parent.name}: {problem.where}") for problem in found]
            continue
        if cohort.site in cohorts:
            message, hint = say("run.rehearsal.twice", site=cohort.site), say("run.rehearsal.twice_hint")
            problems.append(Problem(file.parent.name, message, hint))
        cohorts[cohort.site] = cohort
    missing = [] if problems else sorted(set(study.sites) - set(cohorts))
    absent = say("run.rehearsal.missing")
    problems += [Problem(name, absent, say("run.rehearsal.leave_out", site=name)) for name in missing]
    if problems:
        raise DataError(say("run.rehearsal.problems"), say("run.rehearsal.problems_hint"), problems)
    return cohorts


def _loader(group: str) -> Callable[..., Any]:
    """Returns the hospital's reader, found by entry point: the coordinator's code never imports the hospital's."""
    for entry in entry_points(group=group):
        load: Callable[..., Any] = entry.load()
        return load
    raise RisksetError(say("run.rehearsal.no_reader"), say("run.rehearsal.no_reader_hint"))
