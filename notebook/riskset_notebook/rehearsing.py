"""Tries a design on frames of patients: a whole study in memory, as `riskset study try` runs it on site files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from riskset.analyses.cohort import Cohort
from riskset.catalogue import say
from riskset.disclosure.policy import parse_exception
from riskset.errors import DataError, Problem, did_you_mean
from riskset.protocol.approval import ExceptionSigned
from riskset.results import results_json, results_of
from riskset.study.spec import Study
from riskset_notebook.design import StudyDesign
from riskset_notebook.faults import of_frame
from riskset_notebook.loading import setting_of
from riskset_notebook.notes import with_notes
from riskset_notebook.patients import table_of
from riskset_notebook.run import Run
from riskset_notebook.tables import TablesOfResults
from riskset_server.run.rehearse import GATE_IGNORED, REHEARSAL, Rehearsed, rehearse_cohorts
from riskset_server.run.staying_out import NextRun
from riskset_site.data.table_in_memory import cohort_of_table


@dataclass(frozen=True)
class _NextCall(NextRun):
    """The same design without some of the sites, as it is called."""

    def begun_without(self, sites: Sequence[str]) -> str:
        return f"rehearse(..., without={[*self.left_out, *sites]!r})"


@with_notes
def rehearse(
    study: StudyDesign,
    patients: Mapping[str, pd.DataFrame],
    *,
    without: Sequence[str] = (),
    exceptions: Sequence[str] = (),
    may_be_told_alone: bool = False,
    ignore_gate: bool = False,
) -> Run:
    """Returns the results of the study over the patients of each site, with the messages, rules and sums of a real run.

    `patients` has a frame for each site of the study but those of `without`: one row a patient, the columns named as
    the study's variables; other columns are not read. `exceptions` (`"R12.contributors=2"`) and `may_be_told_alone` are
    taken as signed by every site. With `ignore_gate` what a rule would refuse is computed, and every result is marked.

    Raises DataError with every problem of the frames; no message has a patient's value. Raises Refused where a site
    would not take part at all. Nothing is written or sent.
    """
    spec = study.spec
    cohorts = _cohorts(spec, patients, without)
    signed = tuple(ExceptionSigned(*parse_exception(text, REHEARSAL), REHEARSAL) for text in exceptions)
    rehearsed = rehearse_cohorts(
        spec,
        cohorts,
        (),
        signed,
        is_gated=not ignore_gate,
        may_be_told_alone=may_be_told_alone,
        next_run=_NextCall(spec.disclosure, left_out=tuple(without)),
    )
    notices = [REHEARSAL, GATE_IGNORED] if ignore_gate else [REHEARSAL]
    results = results_of(
        spec, rehearsed.outcome, rehearsed.sites, notices, is_gated=not ignore_gate, patients=rehearsed.patients
    )
    document = results_json(results)
    return Run(
        document,
        setting_of(document, spec),
        TablesOfResults(results),
        tuple(_findings(rehearsed)),
    )


def _findings(rehearsed: Rehearsed) -> Iterator[dict[str, object]]:
    """Yields what rules found at single sites, which a real run tells that site alone."""
    for site, verdict in rehearsed.own:
        limits = {"limit_name": verdict["limit_name"], "limit": float(verdict["limit"])}
        found = {"found": float(verdict["value"]), "verdict": verdict["verdict"], "remedy": verdict["remedy"]}
        yield {"site": site, "id": verdict["analysis"], "rule": verdict["rule"], **limits, **found}


def _cohorts(study: Study, patients: Mapping[str, pd.DataFrame], without: Sequence[str]) -> dict[str, Cohort]:
    problems = list(_wrong_sites(study, patients, without))
    cohorts: dict[str, Cohort] = {}
    for site, frame in patients.items():
        if site not in study.sites:
            continue
        try:
            cohorts[site] = cohort_of_table(table_of(frame, study), site, study)
        except DataError as error:
            problems += [of_frame(site, one) for one in error.problems]
    if problems:
        raise DataError(say("notebook.frames.problems"), say("notebook.frames.problems_hint"), problems)
    return {site: cohort for site, cohort in cohorts.items() if site not in without}


def _wrong_sites(study: Study, patients: Mapping[str, pd.DataFrame], without: Sequence[str]) -> list[Problem]:
    known = say("notebook.frames.sites", sites=tuple(study.sites))
    unknown = [name for name in dict.fromkeys([*patients, *without]) if name not in study.sites]
    missing = [name for name in study.sites if name not in patients and name not in without]
    return [
        *(
            Problem(name, say("notebook.frames.unknown_site"), did_you_mean(name, study.sites) or known)
            for name in unknown
        ),
        *(
            Problem(name, say("notebook.frames.no_frame"), say("notebook.frames.leave_out", site=name))
            for name in missing
        ),
    ]
