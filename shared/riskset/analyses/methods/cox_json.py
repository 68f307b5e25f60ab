"""What `results.json` says of a Cox model, in the shape of docs/results.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import LEVEL, CoxFit, NotUsed, Term, named
from riskset.stats.arrays import finite
from riskset.stats.log_rank import Test

if TYPE_CHECKING:
    from riskset.analyses.methods.cox import CoxModel

Json = dict[str, Any]


def question(model: CoxModel) -> Json:
    """Returns what is known before there is a result."""
    covariates = list(dict.fromkeys(column.variable for column in model.design))
    return {"model": model.model, "baseline": "site", "ties": model.ties, "covariates": covariates}


def answer(model: CoxModel, fit: CoxFit) -> Json:
    """Returns the keys of a model that was fitted."""
    estimated = {term.column: term for term in fit.terms}
    return {
        "n": fit.n,
        "events": fit.events,
        "iterations": fit.iterations,
        "level": LEVEL,
        "log_likelihood": {"null": fit.null_log_likelihood, "fitted": fit.log_likelihood},
        "terms": [_term(column, estimated.get(column), fit) for column in model.design],
        "covariance": _covariance(model, fit),
        "tests": {
            "likelihood_ratio": _test(fit.likelihood_ratio),
            "wald": _test(fit.wald),
            "score": _test(fit.score),
        },
    }


def why_not_used(column: Column, fit: CoxFit) -> NotUsed:
    """Returns why a column of a fitted model has no coefficient."""
    return fit.not_used.get(column) or NotUsed("no information", column.name)


def _covariance(model: CoxModel, fit: CoxFit) -> list[list[float | None]]:
    """Returns a row and a column for each term, null where it has no coefficient."""
    at = {term.column: i for i, term in enumerate(fit.terms)}
    return [[fit.covariance[at[a]][at[b]] if a in at and b in at else None for b in model.design] for a in model.design]


def _term(column: Column, term: Term | None, fit: CoxFit) -> Json:
    head = named(column)
    if term is None:
        why = why_not_used(column, fit)
        empty = dict.fromkeys(("coef", "se", "robust_se", "hr", "lower", "upper", "z", "p"))
        return head | empty | {"reason": {"code": why.code, "message": why.message}}
    return head | {
        "coef": term.coef,
        "se": term.se,
        "robust_se": None,
        "hr": finite(term.hr),
        "lower": finite(term.lower),
        "upper": finite(term.upper),
        "z": term.z,
        "p": term.p,
    }


def _test(test: Test) -> Json:
    return {"chi2": test.chi2, "df": test.df, "p": test.p}
