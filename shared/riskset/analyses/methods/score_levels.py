"""Categories that follow from the fitted score: what is common to them."""

from __future__ import annotations

from riskset.analyses.design import columns_of
from riskset.analyses.methods.propensity_fit import ID
from riskset.disclosure.exposure import FromFit
from riskset.study.spec import Study


def from_score(study: Study, variable: str, levels: int) -> FromFit:
    """Returns what an exposure declares of a category with so many levels: admission counts the patients with each
    level, those of them in the arm, and those with each level of the covariates of the score."""
    assert study.propensity is not None
    covariates = columns_of(study, study.propensity.covariates)
    with_each = 1 + sum(not column.is_number for column in covariates)
    return FromFit(ID, variable, levels * (1 + with_each))
