"""From a site file and a study to the arrays that analyses use. As long as there is one problem, no row is used.

Steps: export -> values of each variable -> eligible rows -> follow-up to each endpoint -> its complete rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet, AnySet, Cohort, PatientSet, SetId
from riskset.analyses.excluded import BEFORE_LANDMARK, MISSING, NO_FOLLOW_UP, Reason, variables_of
from riskset.analyses.plan import Plan, plan
from riskset.catalogue import say
from riskset.errors import DataError, Problem
from riskset.joining.expiry import today_utc
from riskset.study.spec import NumberVariable, Study
from riskset_site.data.column_reading import known
from riskset_site.data.config import load_site_file
from riskset_site.data.content import Content, content_of_export
from riskset_site.data.eligibility import FlowStep, Reached, flow
from riskset_site.data.export import Export, read_export
from riskset_site.data.follow_up import EligibleRows, FollowUp, follow_up
from riskset_site.data.site_file import SiteFile


@dataclass(frozen=True)
class Preparation:
    """What is known of the rows before any of them is used; all masks are (n,) over the export."""

    export: Export
    reached: Reached
    steps: tuple[FlowStep, ...]
    follow_ups: Mapping[str, FollowUp]
    """By endpoint."""

    @property
    def eligible(self) -> NDArray[np.bool_]:
        """True for rows in the last box of the flow chart."""
        return [*self.reached.values()][-1]

    @property
    def problems(self) -> tuple[Problem, ...]:
        of_follow_up = (problem for found in self.follow_ups.values() for problem in found.problems)
        return tuple(dict.fromkeys((*self.export.problems, *of_follow_up)))  # endpoints share dates

    def at_landmark(self, set_id: SetId) -> NDArray[np.bool_]:
        """True for rows still at risk at the landmark of a set; for all where it has none."""
        if set_id.endpoint is None or set_id.landmark_days is None:
            return np.ones(self.export.n, bool)
        return self.follow_ups[set_id.endpoint].days > set_id.landmark_days

    def known(self, endpoint: str) -> NDArray[np.bool_]:
        """True for eligible rows whose follow-up to the endpoint is known."""
        return self.eligible & self.follow_ups[endpoint].known

    def complete(self, variables: Sequence[str]) -> NDArray[np.bool_]:
        """True for rows in which none of the variables is missing."""
        masks = (known(self.export.columns[name].values) for name in variables)
        return reduce(np.logical_and, masks, np.ones(self.export.n, bool))

    def excluded(self, reason: Reason, sets: Sequence[SetId], study: Study) -> int:
        """Returns how many eligible rows are not analysed for a reason, which may be of one of the study's `sets`."""
        if reason.code == NO_FOLLOW_UP:
            return int((self.eligible & ~self.known(reason.of)).sum())
        if reason.code == MISSING:
            return int((self.eligible & ~self.complete([reason.of])).sum())
        set_id = next(s for s in sets if s.name == reason.of)
        known_rows = self.eligible if set_id.endpoint is None else self.known(set_id.endpoint)
        complete = self.complete(variables_of(set_id, study))
        if reason.code == BEFORE_LANDMARK:
            return int((known_rows & complete & ~self.at_landmark(set_id)).sum())
        return int((known_rows & ~complete).sum())


@dataclass(frozen=True)
class Loaded:
    """A hospital's cohort, and what identifies its patients and their values in the export."""

    cohort: Cohort
    content: Content
    keys: Sequence[str] | None
    """The patient numbers by row of the export; None where the site file names no column of patient numbers."""


def load_cohort(site_file: Path, study: Study, today: date | None = None) -> Cohort:
    """Returns the hospital's cohort; rows keep the order of the export, and there may be none.

    Raises DataError with every problem of the site file or, where there is none, every problem of the data.
    """
    return load_patients(site_file, study, today).cohort


def load_patients(site_file: Path, study: Study, today: date | None = None) -> Loaded:
    """Returns the cohort as `load_cohort` does, with its content and patient numbers. `today` is the clock's where it
    is not given; no date can be later."""
    site = load_site_file(site_file, study)
    prepared = prepare(site, study, today or today_utc())
    if prepared.problems:
        hint = say("data.cohort.see_rows", file=site_file.name)
        raise DataError(say("data.cohort.does_not_fit"), hint, prepared.problems)
    return Loaded(
        cohort_of(prepared, site.site, study),
        content_of_export(prepared.export, site, study, sets_of(study, plan(study))),
        prepared.export.keys,
    )


def cohort_of(prepared: Preparation, site: str, study: Study) -> Cohort:
    """Returns the cohort of rows without problems."""
    planned = plan(study)
    sets = sets_of(study, planned)
    excluded = {reason.key: prepared.excluded(reason, sets, study) for reason in planned.excluded}
    eligible = tuple(np.flatnonzero(prepared.eligible).tolist())
    return Cohort(site, {set_id.name: _set(set_id, prepared, study) for set_id in sets}, excluded, eligible)


def sets_of(study: Study, planned: Plan) -> tuple[SetId, ...]:
    """Returns the sets of rows that analyses use: one per endpoint, then those that a single analysis needs."""
    return tuple(dict.fromkeys((*map(SetId, study.endpoints), *planned.sets)))


def prepare(site: SiteFile, study: Study, today: date) -> Preparation:
    """Returns the export and which of its rows are analysed. Raises DataError where the export is not a table."""
    return prepared_from(read_export(site, study, today), study)


def prepared_from(export: Export, study: Study) -> Preparation:
    """Returns which rows of an export are analysed."""
    values = export.values
    reached, steps = flow(study, values, export.excluded)
    rows = EligibleRows([*reached.values()][-1], export.row_numbers)
    return Preparation(
        export,
        reached,
        steps,
        {
            name: follow_up(endpoint, values, rows, study.header.data_cutoff)
            for name, endpoint in study.endpoints.items()
        },
    )


def _set(set_id: SetId, prepared: Preparation, study: Study) -> AnySet:
    endpoint, names = set_id.endpoint, variables_of(set_id, study)
    rows = prepared.eligible if set_id.until is None else prepared.reached[set_id.until]
    chosen = prepared.complete(names) & (rows if endpoint is None else prepared.known(endpoint))
    chosen &= prepared.at_landmark(set_id)
    variables = {name: _covariate(name, prepared.export, study)[chosen] for name in names}
    for term in (term for name in names for term in study.terms_of(name)):
        variables[term.name] = term.scale.transformed(prepared.export.columns[term.of].values)[chosen]
    patients = np.flatnonzero(chosen)
    weights = None
    if set_id.weighted_by is not None:
        weights = prepared.export.columns[set_id.weighted_by].values[chosen].astype(np.float64)
    if endpoint is None:
        return PatientSet(variables, patients, weights)
    found = prepared.follow_ups[endpoint]
    entry = None if found.entry_days is None else found.entry_days[chosen]
    cause = None if found.cause is None else found.cause[chosen]
    days = found.days[chosen] - (set_id.landmark_days or 0)
    return AnalysisSet(days, found.event[chosen], entry, variables, patients, weights, cause=cause)


def _covariate(name: str, export: Export, study: Study) -> NDArray[np.float64]:
    """Returns a covariate as models use it: transformed, 0 or 1, or the index of a level."""
    variable, values = study.variables[name], export.columns[name].values
    if name in study.sums and study.sums[name].is_whole:
        return study.sums[name].values(export.values)
    return variable.transformed(values) if isinstance(variable, NumberVariable) else values.astype(np.float64)
