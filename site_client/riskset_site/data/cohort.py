"""A site file and a study to the arrays that analyses see. Nothing is used where anything is wrong.

The way: export -> values by variable -> eligible rows -> follow-up of each endpoint -> its complete rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.errors import DataError, Problem
from riskset.study.spec import NumberVariable, Study
from riskset_site.data.columns import known
from riskset_site.data.config import load_site_file
from riskset_site.data.eligibility import Step, flow
from riskset_site.data.export import Export, read_export
from riskset_site.data.follow_up import FollowUp, Rows, follow_up
from riskset_site.data.site_file import SiteFile


@dataclass(frozen=True)
class Preparation:
    """Everything that is known of a hospital's rows before any of them is used; all masks are (n,) over the export."""

    export: Export
    eligible: NDArray[np.bool_]
    steps: tuple[Step, ...]
    follow_ups: Mapping[str, FollowUp]
    """By endpoint."""
    complete: Mapping[str, NDArray[np.bool_]]
    """By endpoint: no covariate of its models is missing."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        of_follow_up = (problem for found in self.follow_ups.values() for problem in found.problems)
        return tuple(dict.fromkeys((*self.export.problems, *of_follow_up)))  # endpoints share dates

    def analysed(self, endpoint: str) -> NDArray[np.bool_]:
        """True for the rows of the endpoint's analysis set."""
        return self.eligible & self.follow_ups[endpoint].known & self.complete[endpoint]


def load_cohort(site_file: Path, study: Study) -> Cohort:
    """Returns the hospital's cohort; rows keep the order of the export, and there may be none.

    Raises DataError with every problem of the site file, or of the data, found in one pass.
    """
    return load_patients(site_file, study)[0]


def load_patients(site_file: Path, study: Study) -> tuple[Cohort, tuple[str, ...] | None]:
    """Returns the cohort as `load_cohort`, and the patients' own numbers, by number of patient; None where the site
    file names no column of them."""
    site = load_site_file(site_file, study)
    prepared = prepare(site, study)
    if prepared.problems:
        hint = f"see the rows with: riskset site check {site_file.name} --study STUDY"
        raise DataError("the data do not fit the study", hint, prepared.problems)
    sets = {name: _analysis_set(name, prepared, study) for name in study.endpoints}
    return Cohort(site.site, sets), prepared.export.keys


def prepare(site: SiteFile, study: Study) -> Preparation:
    """Returns the export and who of it is analysed. Raises DataError where the export is no table at all."""
    export = read_export(site, study)
    values = export.values
    eligible, steps = flow(study, values, export.excluded)
    rows = Rows(eligible, export.row_numbers)
    return Preparation(
        export,
        eligible,
        steps,
        {
            name: follow_up(endpoint, values, rows, study.header.data_cutoff)
            for name, endpoint in study.endpoints.items()
        },
        {name: _complete(export, study.covariates_of(name)) for name in study.endpoints},
    )


def _complete(export: Export, covariates: tuple[str, ...]) -> NDArray[np.bool_]:
    masks = (known(export.columns[name].values) for name in covariates)
    return reduce(np.logical_and, masks, np.ones(export.n, bool))


def _analysis_set(endpoint: str, prepared: Preparation, study: Study) -> AnalysisSet:
    found, chosen = prepared.follow_ups[endpoint], prepared.analysed(endpoint)
    return AnalysisSet(
        found.days[chosen],
        found.event[chosen],
        None if found.entry_days is None else found.entry_days[chosen],
        {name: _covariate(name, prepared.export, study)[chosen] for name in study.covariates_of(endpoint)},
        np.flatnonzero(chosen),
    )


def _covariate(name: str, export: Export, study: Study) -> NDArray[np.float64]:
    """Returns a covariate as models take it: transformed, 0 or 1, or the index of a level."""
    variable, values = study.variables[name], export.columns[name].values
    return variable.transformed(values) if isinstance(variable, NumberVariable) else values.astype(np.float64)
