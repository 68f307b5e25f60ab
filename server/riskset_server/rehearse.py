"""A whole study in memory over the site files of one machine, through the codec, the gate and the sums of a real
run."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import plan
from riskset.errors import DataError, Problem, RisksetError
from riskset.protocol.coordinator import Outcome
from riskset.rehearsal import Rehearsal
from riskset.study.spec import Study

REHEARSAL = "Rehearsal on one machine: nothing was sent, and nobody has approved or audited it."
GATE_IGNORED = "The gate was ignored: these numbers may not leave the machine they were computed on."

LoadCohort = Callable[[Path, Study], Cohort]


def rehearse(study: Study, folder: Path, *, is_gated: bool = True) -> tuple[Outcome, list[str]]:
    """Returns the outcome over `folder`/*/site.toml, and the names of the sites. DataError tells all sites'
    problems; Refused where a site would not take part at all."""
    cohorts = _cohorts(study, folder)
    return Rehearsal(study, cohorts, is_gated=is_gated).run(), sorted(cohorts)


def verdicts(study: Study, outcome: Outcome, *, is_gated: bool) -> str:
    """Returns a line for each result: what the gate and the method said of it."""
    ends = [(analysis.id, outcome.results[analysis.id]) for analysis in plan(study).reported]
    width = max(len(id_) for id_, _ in ends)
    gate = "passed the gate" if is_gated else "gate ignored"
    return "\n".join(f"{id_:<{width}}  {_said(result, gate)}" for id_, result in ends)


def _said(result: Result, gate: str) -> str:
    if isinstance(result, RefusedByRule):
        return f"refused by {result.rule}: {result.message}; {result.remedy}"
    return f"{gate}; " + (f"not estimable: {result.message}" if isinstance(result, NotEstimable) else "ok")


def _cohorts(study: Study, folder: Path) -> dict[str, Cohort]:
    files = sorted(folder.glob("*/site.toml"))
    if not files:
        raise DataError(f"there is no site file under {folder}", "each site has a folder of its own with its site.toml")
    load = _loader()
    cohorts: dict[str, Cohort] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            cohort = load(file, study)
        except DataError as error:
            found = error.problems or [Problem(file.parent.name, str(error), error.hint)]
            problems += [Problem(f"{file.parent.name}: {p.where}", p.message, p.hint, p.line, p.detail) for p in found]
            continue
        if cohort.site in cohorts:
            problems.append(Problem(file.parent.name, f"another folder also calls itself {cohort.site}", "rename one"))
        cohorts[cohort.site] = cohort
    missing = [] if problems else sorted(set(study.sites) - set(cohorts))
    problems += [Problem(name, "the study names this site, and no folder is its") for name in missing]
    if problems:
        raise DataError("the study cannot be tried on these sites", "correct what is told above", problems)
    return cohorts


def _loader() -> LoadCohort:
    """Returns the hospital's own reader; found by name, because the coordinator's code never imports the hospital's."""
    for entry in entry_points(group="riskset.cohorts"):
        load: LoadCohort = entry.load()
        return load
    raise RisksetError("no reader of site files is installed", "install riskset whole")
