"""Categories that follow from the fitted score: what is common to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnySet
from riskset.analyses.design import columns_of
from riskset.analyses.methods.propensity_fit import ID, PropensityFit
from riskset.analyses.populations import NO_LEVEL, Members
from riskset.disclosure.exposure import FromFit
from riskset.stats.logistic import Scores
from riskset.study.spec import Study


def members_with(
    variable: str, rows: AnySet, fit: PropensityFit, level_of: Callable[[Scores], NDArray[np.int64]]
) -> Members:
    """Returns all rows of a hospital, each with the code of its level; those without a score have none."""
    order, scores = np.argsort(rows.patients), fit.scores(rows)
    codes = np.full(rows.n, NO_LEVEL, np.int64) if scores is None else level_of(scores)
    return Members(rows.patients[order], codes={variable: codes[order]})


def from_score(study: Study, variable: str, levels: int) -> FromFit:
    """Returns what an exposure declares of a category with so many levels: admission counts the patients with each
    level, those of them in the arm, and those with each level of the covariates of the score."""
    assert study.propensity is not None
    covariates = columns_of(study, study.propensity.covariates)
    with_each = 1 + sum(not column.is_number for column in covariates)
    return FromFit(ID, variable, levels * (1 + with_each))
