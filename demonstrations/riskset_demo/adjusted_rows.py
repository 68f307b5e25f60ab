"""The adjusted populations of the pooled rows, derived independently of the hospitals' program: by weighted least
squares with a column for each hospital, and by looking at every pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.study.propensity import ALL, Matching, Stratification
from riskset.study.spec import Study
from riskset_demo.demonstration import PooledRow

_WEIGHTS: Mapping[str, Callable[..., NDArray[np.float64]]] = {
    "ate_stab": lambda share, arm, p: np.where(arm == 1.0, share / p, (1.0 - share) / (1.0 - p)),
    "overlap": lambda share, arm, p: np.where(arm == 1.0, 1.0 - p, p),
}
"""By estimand: from the share of the arm, whether a patient is in it, and the probability of that."""


def rows_of(
    population: str, rows: Sequence[PooledRow], study: Study, results: Sequence[Mapping[str, Any]]
) -> list[PooledRow]:
    """Returns the rows of a population without a missing value, each with its weight, and with its stratum of the score
    as a part of its site. The limit of the weights, which follows from rounded ones, is that of the results. Raises
    NotImplementedError or KeyError for a kind of adjustment that no demonstration has."""
    complete = [row for row in rows if not any(map(isnan, row.columns.values()))]
    if population == ALL or study.propensity is None or study.comparison is None:
        return complete
    asked, (treated,) = study.propensity.adjustments[population], _columns(complete, [study.comparison.arm])
    logit = _logits(complete, study.propensity.covariates, treated)
    if isinstance(asked, Matching):
        return [complete[i] for i in sorted(_matched(complete, logit, treated == 1.0, asked))]
    if isinstance(asked, Stratification):
        strata = np.searchsorted(np.array(asked.cuts), 1.0 / (1.0 + np.exp(-logit)), side="left")
        return [replace(row, site=f"{row.site}/{of}") for row, of in zip(complete, strata.tolist(), strict=True)]
    if asked.trim is not None:
        raise NotImplementedError(f"population {population} is trimmed")
    weights = _WEIGHTS[asked.estimand](treated.mean(), treated, 1.0 / (1.0 + np.exp(-logit)))
    limited = (of for one in results if one["kind"] == "propensity" for of in one["weights"])
    most = {of["population"]: of["limit"] for of in limited}.get(population, np.inf)
    return [replace(row, weight=min(float(w), most)) for row, w in zip(complete, weights, strict=True)]


def _columns(rows: Sequence[PooledRow], variables: Sequence[str]) -> list[NDArray[np.float64]]:
    names = [name for variable in variables for name in rows[0].columns if name.partition(" = ")[0] == variable]
    return [np.array([row.columns[name] for row in rows]) for name in names]


def _logits(rows: Sequence[PooledRow], covariates: Sequence[str], treated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the logit of each row's score, (n,): of a logistic regression with an intercept for each hospital."""
    sites = np.array([row.site for row in rows])
    x = np.column_stack([*_columns(rows, covariates), *(sites == site for site in np.unique(sites))])
    logit = np.zeros(len(rows))
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-logit))
        root = np.sqrt(p * (1.0 - p))
        beta, *_ = np.linalg.lstsq(x * root[:, None], root * logit + (treated - p) / root)
        logit = x @ beta
    return np.asarray(logit)


def _matched(
    rows: Sequence[PooledRow], logit: NDArray[np.float64], treated: NDArray[np.bool_], asked: Matching
) -> Iterator[int]:
    """Yields the rows that have a partner: the highest score first, each with the nearest who is free."""
    at = logit if asked.caliper_on == "logit" else 1.0 / (1.0 + np.exp(-logit))
    caliper = np.inf if asked.caliper_sd is None else asked.caliper_sd * at.std(ddof=1)
    free = set(np.flatnonzero(~treated).tolist())
    for i in sorted(np.flatnonzero(treated).tolist(), key=lambda i: -at[i]):
        near = [(abs(at[i] - at[j]), j) for j in free if rows[j].site == rows[i].site]
        distance, j = min(near, default=(np.inf, i))
        if distance <= caliper and j != i:
            free.remove(j)
            yield from (i, j)
