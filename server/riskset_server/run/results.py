"""`results.json`: what a run found, in the shape of `docs/results.md`, for the report, R, and outside checkers.

A number that is missing stands as null and its reason beside it; never as 0, and never left out.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result
from riskset.analyses.design import Column
from riskset.analyses.methods import cox_fit
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit, Limit, NotUsed, Separated
from riskset.analyses.methods.km import LEVEL, ArmCurve, KaplanMeier, SurvivalCurves
from riskset.analyses.plan import plan
from riskset.protocol.coordinator import Outcome
from riskset.stats.kaplan_meier import Quantile
from riskset.stats.log_rank import LogRank, Test
from riskset.study.load import study_hash
from riskset.study.spec import Study

SCHEMA = 1
Json = dict[str, Any]


def results_document(
    study: Study, outcome: Outcome, sites: Sequence[str], notices: Sequence[str] = (), *, is_gated: bool = True
) -> Json:
    """Returns the whole document; `notices` say what a reader must know of how it came about, behind what the study
    itself says. Each result says whether the gate's verdicts held for it."""
    own_notice = [study.header.notice] if study.header.notice else []
    return {
        "schema": SCHEMA,
        "study": {"id": study.id, "version": study.version, "sha256": study_hash(study), "title": study.header.title},
        "run": outcome.run,
        "sites": list(sites),
        "rounds": outcome.rounds,
        "time": {"unit": study.time.unit, "days_per_unit": study.days_per_unit},
        "notices": [*own_notice, *notices],
        "results": [
            _entry(study, analysis, outcome.results[analysis.id])
            | {"gate": _gate(outcome.results[analysis.id], is_gated=is_gated)}
            for analysis in plan(study).reported
        ],
    }


def write_results(document: Mapping[str, Any], path: Path) -> None:
    """Writes the document whole or not at all."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    part = path.with_suffix(".part")
    part.write_text(text + "\n", encoding="utf-8")
    os.replace(part, path)


def _gate(result: Result, *, is_gated: bool) -> str:
    if not is_gated:
        return "ignored"
    return "refused" if isinstance(result, RefusedByRule) else "passed"


def _status(result: Result) -> str:
    if isinstance(result, RefusedByRule):
        return "refused"
    return "not estimable" if isinstance(result, NotEstimable) else "ok"


def _entry(study: Study, analysis: Analysis, result: Result) -> Json:
    entry: Json = {
        "id": analysis.id,
        "analysis": analysis.name,
        "kind": "km" if isinstance(analysis, KaplanMeier) else "cox",
        "endpoint": analysis.endpoint,
        "population": analysis.population,
        "status": _status(result),
    }
    if isinstance(analysis, CoxModel):
        covariates = list(dict.fromkeys(column.variable for column in analysis.columns))
        entry |= {"model": analysis.model, "baseline": "site", "ties": analysis.ties, "covariates": covariates}
    if isinstance(analysis, KaplanMeier):
        entry |= {
            "variable": analysis.counts.arm,
            "reference": study.comparison.reference if study.comparison else None,
        }
    if isinstance(result, RefusedByRule):
        refusal = {"rule": result.rule, "message": result.message, "remedy": result.remedy, "by": result.by}
        return entry | {"reason": refusal}
    if isinstance(result, NotEstimable):
        return entry | {"reason": _reason(result)}
    if isinstance(analysis, CoxModel) and isinstance(result, CoxFit):
        return entry | _cox(analysis, result)
    if isinstance(analysis, KaplanMeier) and isinstance(result, SurvivalCurves):
        return entry | _curves(analysis, result)
    raise TypeError(f"{analysis.id} ended with a result of another kind")


def _reason(result: NotEstimable) -> Json:
    told: Json = {"code": result.code, "message": result.message}
    if not isinstance(result, Separated):
        return told
    return told | {"columns": [_named(column) for column in result.columns], "limit": _limit(result.limit)}


def _limit(limit: Limit | None) -> Json | None:
    if limit is None:
        return None
    at = {"variable": limit.column.variable, "level": limit.column.level}
    return at | {"coef": limit.coef, "hr": _finite(limit.hr), "side": limit.side}


def _named(column: Column) -> Json:
    return {"variable": column.variable, "level": column.level, "reference": column.reference}


def _cox(model: CoxModel, fit: CoxFit) -> Json:
    estimated = {term.column: term for term in fit.terms}
    return {
        "n": fit.n,
        "events": fit.events,
        "iterations": fit.iterations,
        "level": cox_fit.LEVEL,
        "log_likelihood": {"null": fit.null_log_likelihood, "fitted": fit.log_likelihood},
        "terms": [_term(column, estimated.get(column), fit.not_used.get(column)) for column in model.columns],
        "covariance": _covariance(model, fit),
        "tests": {
            "likelihood_ratio": _test(fit.likelihood_ratio),
            "wald": _test(fit.wald),
            "score": _test(fit.score),
        },
    }


def _covariance(model: CoxModel, fit: CoxFit) -> list[list[float | None]]:
    """Returns a row and a column for each term, null where it has no coefficient."""
    at = {term.column: i for i, term in enumerate(fit.terms)}
    return [
        [fit.covariance[at[a]][at[b]] if a in at and b in at else None for b in model.columns] for a in model.columns
    ]


def _term(column: Column, term: cox_fit.Term | None, reason: NotUsed | None) -> Json:
    head = _named(column)
    if term is None:
        why = reason or NotUsed("no information", column.name)
        empty = dict.fromkeys(("coef", "se", "robust_se", "hr", "lower", "upper", "z", "p"))
        return head | empty | {"reason": {"code": why.code, "message": why.message}}
    return head | {
        "coef": term.coef,
        "se": term.se,
        "robust_se": None,
        "hr": _finite(term.hr),
        "lower": _finite(term.lower),
        "upper": _finite(term.upper),
        "z": term.z,
        "p": term.p,
    }


def _test(test: Test) -> Json:
    return {"chi2": test.chi2, "df": test.df, "p": test.p}


def _curves(analysis: KaplanMeier, curves: SurvivalCurves) -> Json:
    grid = analysis.counts.grid
    return {
        "grid": {
            "width_days": grid.width_days,
            "max_days": grid.max_days,
            "approximate": analysis.counts.has_entry and grid.width_days > 1,
        },
        "limits": analysis.limits_kind,
        "level": LEVEL,
        "overall": _arm(analysis, curves.overall),
        "arms": [_arm(analysis, arm) for arm in curves.arms],
        "log_rank": _log_rank(curves.log_rank),
        "log_rank_by_site": _log_rank(curves.log_rank_by_site),
    }


def _arm(analysis: KaplanMeier, arm: ArmCurve) -> Json:
    curve = arm.curve
    return {
        "level": arm.level,
        "n": arm.n,
        "events": arm.events,
        "median_days": _quantile(arm.quartiles[1]),
        "quartiles": [
            {"probability": probability, **_quantile(quantile)}
            for probability, quantile in zip((0.25, 0.5, 0.75), arm.quartiles, strict=True)
        ],
        "landmarks": [
            {
                "time": time,
                "day": day,
                "at_risk": round(float(mark.at_risk)),
                "survival": _finite(mark.survival),
                "std_error": _finite(mark.std_error),
                "lower": _finite(mark.lower),
                "upper": _finite(mark.upper),
            }
            for (time, day), mark in zip(analysis.landmarks, arm.landmarks, strict=True)
        ],
        "curve": {
            "day": _whole(curve.day),
            "at_risk": _whole(curve.at_risk),
            "events": _whole(curve.events),
            "censored": _whole(curve.censored),
            "survival": _numbers(curve.survival),
            "std_error": _numbers(curve.std_error),
            "lower": _numbers(arm.lower),
            "upper": _numbers(arm.upper),
        },
    }


def _quantile(quantile: Quantile) -> Json:
    """null is "not reached"."""
    return {"estimate": quantile.estimate, "lower": quantile.lower, "upper": quantile.upper}


def _log_rank(statistic: LogRank | None) -> Json | None:
    if statistic is None:
        return None
    test = statistic.test()
    return {
        "chi2": _finite(test.chi2),
        "df": test.df,
        "p": _finite(test.p),
        "observed": _numbers(statistic.observed),
        "expected": _numbers(statistic.expected),
        "variance": [_numbers(row) for row in statistic.variance],
    }


def _finite(value: float | None) -> float | None:
    """A limit that is not defined, or beyond the floats, is null."""
    return float(value) if value is not None and math.isfinite(value) else None


def _numbers(values: NDArray[Any]) -> list[float | None]:
    return [_finite(float(value)) for value in values]


def _whole(values: NDArray[Any]) -> list[int]:
    return [int(value) for value in np.rint(values)]
