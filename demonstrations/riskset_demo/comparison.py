"""The pooled models beside another program's fits of the pooled rows, which only a demonstration has."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from typing import Any

from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset.study.load import parse_study
from riskset.study.propensity import ALL
from riskset_demo.adjusted_rows import rows_of
from riskset_demo.demonstration import Demonstration, PooledRow


@dataclass(frozen=True)
class Coefficient:
    """One coefficient, from riskset and from lifelines."""

    name: str
    coef: float
    se: float
    other_coef: float
    other_se: float
    p: float
    hr: tuple[float, float, float]
    """Hazard ratio, lower, upper."""

    @property
    def difference(self) -> float:
        """In standard errors."""
        return abs(self.coef - self.other_coef) / self.se


@dataclass(frozen=True)
class ModelComparison:
    """A model, from riskset and from lifelines."""

    endpoint: str
    population: str
    coefficients: Sequence[Coefficient]

    @property
    def largest_difference(self) -> float:
        """In standard errors."""
        return max(one.difference for one in self.coefficients)


def check_installed() -> None:
    """Raises RisksetError if lifelines is not installed; called before a run starts."""
    if find_spec("lifelines") is None:
        raise RisksetError(say("demo.no_lifelines"), say("demo.no_lifelines_hint"))


def compare(results: Mapping[str, Any], demonstration: Demonstration) -> list[ModelComparison]:
    """Returns each multivariable model of `results` that has an estimate, and each of an adjusted population, with
    lifelines' fit of the pooled rows, stratified by site; but for those with a spline."""
    study = parse_study(demonstration.study.decode())
    models = (r for r in results["results"] if r["kind"] == "cox" and r["status"] == "ok" and not r.get("splines"))
    compared = (model for model in models if model["model"] == "multivariable" or model["population"] != ALL)
    return [
        _compare(
            model, rows_of(model["population"], demonstration.pooled(model["endpoint"]), study, results["results"])
        )
        for model in compared
    ]


def _compare(model: Mapping[str, Any], rows: Sequence[PooledRow]) -> ModelComparison:
    other = _fit(rows, [_name(term) for term in model["terms"]])
    lines = [
        Coefficient(
            name=name,
            coef=term["coef"],
            se=term["se"],
            other_coef=other[name][0],
            other_se=other[name][1],
            p=term["p"],
            hr=(term["hr"], term["lower"], term["upper"]),
        )
        for term in model["terms"]
        for name in [_name(term)]
    ]
    return ModelComparison(model["endpoint"], model["population"], lines)


def _name(term: Mapping[str, Any]) -> str:
    """Returns the column of a term as pooled rows have it; of an interaction the two columns with `:` between."""
    if not term["level"]:
        return str(term["variable"])
    pairs = zip(term["variable"].split(":"), term["level"].split(":"), strict=True)
    return ":".join(f"{variable} = {level}" for variable, level in pairs)


def _fit(rows: Sequence[PooledRow], names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Returns lifelines' coefficient and standard error for each of the columns. Where patients have weights, that is
    not the robust error, in which lifelines leaves ties out of account."""
    import pandas as pd
    from lifelines import CoxPHFitter

    columns = [{name: prod(row.columns[part] for part in name.split(":")) for name in names} for row in rows]
    outcome = [{"site": row.site, "days": row.days, "event": row.event, "weight": row.weight} for row in rows]
    frame = pd.concat([pd.DataFrame(columns), pd.DataFrame(outcome)], axis=1)
    # lifelines' defaults stop some 1e-6 standard errors before convergence
    exact = {"precision": 1e-20, "r_precision": 0.0, "max_steps": 100}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for robust errors
        fitted = CoxPHFitter().fit(frame, "days", "event", strata=["site"], weights_col="weight", fit_options=exact)
    return {name: (float(fitted.params_[name]), float(fitted.standard_errors_[name])) for name in fitted.params_.index}
