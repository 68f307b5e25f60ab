"""A whole study in memory over the site files of one machine, through the codec, the gate and the sums of a real
run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import plan
from riskset.disclosure.policy import default_policy, loosened
from riskset.errors import DataError, Problem, RisksetError
from riskset.protocol.approval import ExceptionSigned
from riskset.protocol.coordinator import Outcome
from riskset.protocol.participation import column_for
from riskset.rehearsal import Rehearsal
from riskset.study.spec import Study

REHEARSAL = "Rehearsal on one machine: nothing was sent, and nobody has approved or audited it."
GATE_IGNORED = "The gate was ignored: these numbers may not leave the machine they were computed on."


@dataclass(frozen=True)
class Rehearsed:
    """What came of a rehearsal."""

    outcome: Outcome
    sites: list[str]
    """Those that took part."""
    own: tuple[tuple[str, Mapping[str, Any]], ...]
    """What did not pass on a site's own rows, as its ledger would hold it."""


LoadCohort = Callable[[Path, Study], Cohort]


def rehearse(
    study: Study,
    folder: Path,
    without: Sequence[str] = (),
    exceptions: tuple[ExceptionSigned, ...] = (),
    *,
    is_gated: bool = True,
) -> Rehearsed:
    """Returns what came of it over `folder`/*/site.toml.

    `exceptions` are taken as signed by every site. DataError tells all sites' problems, and limits that cannot be
    signed; Refused where a site would not take part at all.
    """
    cohorts = _cohorts(study, folder)
    if unknown := sorted(set(without) - set(cohorts)):
        raise DataError(f"no folder is of the site {', '.join(unknown)}", f"there are {', '.join(sorted(cohorts))}")
    taking_part = {name: cohort for name, cohort in cohorts.items() if name not in without}
    _check_exceptions(study, len(taking_part), exceptions)
    limits = {file.site: file.limits for file in map(_loader("riskset.site_files"), _files(folder))}
    rehearsal = Rehearsal(study, taking_part, is_gated=is_gated, exceptions=exceptions, limits=limits)
    return Rehearsed(rehearsal.run(), sorted(taking_part), tuple(_own(rehearsal)))


def _own(rehearsal: Rehearsal) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for site, journal in sorted(rehearsal.journals.items()):
        for sent in journal.sent[rehearsal.run_id]:
            yield from ((site, verdict) for verdict in sent.verdicts if verdict["verdict"] != "pass")


def _check_exceptions(study: Study, sites: int, exceptions: Sequence[ExceptionSigned]) -> None:
    column = column_for(study.disclosure, sites)
    loosened(default_policy(column, study.disclosure.min_cell), {one.limit: one.value for one in exceptions})


def verdicts(study: Study, rehearsed: Rehearsed, *, is_gated: bool) -> str:
    """Returns a line for each result, what the gate and the method said of it; then each refusal once, with what would
    pass, and what the sites themselves saw of their own rows."""
    results = rehearsed.outcome.results
    ends = [(analysis.id, results[analysis.id]) for analysis in plan(study).reported]
    width = max(len(id_) for id_, _ in ends)
    gate = "passed the gate" if is_gated else "gate ignored"
    lines = [f"{id_:<{width}}  {_said(result, gate)}" for id_, result in ends]
    refusals = dict.fromkeys(_why(result) for _, result in ends if isinstance(result, RefusedByRule))
    own = dict.fromkeys(_own_line(site, verdict) for site, verdict in rehearsed.own)
    return "\n".join([*lines, *([""] if refusals else []), *refusals, *own])


def not_given(study: Study, results: Mapping[str, Result]) -> list[str]:
    """Returns a line for each analysis without a result, and why; one line where every analysis has one."""
    ends = [(analysis.id, results[analysis.id]) for analysis in plan(study).reported]
    refused = [f"{id_}: refused by {_why(result)}" for id_, result in ends if isinstance(result, RefusedByRule)]
    failed = [f"{id_}: not estimable: {result.message}" for id_, result in ends if isinstance(result, NotEstimable)]
    return [*refused, *failed] or [f"all {len(ends)} analyses have a result"]


def _said(result: Result, gate: str) -> str:
    if isinstance(result, RefusedByRule):
        return f"refused by {result.rule}"
    return f"{gate}; " + (f"not estimable: {result.message}" if isinstance(result, NotEstimable) else "ok")


def _why(refusal: RefusedByRule) -> str:
    return f"{refusal.rule}: {refusal.message}; {refusal.remedy}"


def _own_line(site: str, verdict: Mapping[str, Any]) -> str:
    """On one machine the sites' own figures may be told; in a real run each sees its own alone."""
    found = f"{float(verdict['value']):.6g} where the limit is {float(verdict['limit']):.6g}"
    return f"{site}: {verdict['limit_name']} of {verdict['subject']}: {found}; {verdict['remedy']}"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/site.toml"))


def _cohorts(study: Study, folder: Path) -> dict[str, Cohort]:
    files = _files(folder)
    if not files:
        raise DataError(f"there is no site file under {folder}", "each site has a folder of its own with its site.toml")
    load: LoadCohort = _loader("riskset.cohorts")
    cohorts: dict[str, Cohort] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            cohort = load(file, study)
        except DataError as error:
            found = error.problems or [Problem(file.parent.name, str(error), error.hint)]
            problems += [replace(problem, where=f"{file.parent.name}: {problem.where}") for problem in found]
            continue
        if cohort.site in cohorts:
            problems.append(Problem(file.parent.name, f"another folder also calls itself {cohort.site}", "rename one"))
        cohorts[cohort.site] = cohort
    missing = [] if problems else sorted(set(study.sites) - set(cohorts))
    problems += [Problem(name, "the study names this site, and no folder is its") for name in missing]
    if problems:
        raise DataError("the study cannot be tried on these sites", "correct what is told above", problems)
    return cohorts


def _loader(group: str) -> Callable[..., Any]:
    """Returns the hospital's own reader; found by name, because the coordinator's code never imports the hospital's."""
    for entry in entry_points(group=group):
        load: Callable[..., Any] = entry.load()
        return load
    raise RisksetError("no reader of site files is installed", "install riskset whole")
