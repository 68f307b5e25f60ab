"""What results.json says of a fitted Cox model, and what follows from the fit without another sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from riskset.analyses.analysis import LEVEL
from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import CoxFit, Term, named, numbers_json
from riskset.stats.e_value import EValue, e_value
from riskset.stats.log_rank import Test

Json = dict[str, Any]


def fit_json(design: Sequence[Column], fit: CoxFit, *, with_e_value: bool) -> Json:
    """Returns the keys of a fitted model with these columns."""
    estimated = {term.column: term for term in fit.terms}
    answer = {
        "n": fit.n,
        "events": fit.events,
        "iterations": fit.iterations,
        "level": LEVEL,
        "log_likelihood": {"null": fit.null_log_likelihood, "fitted": fit.log_likelihood},
        "terms": [_term(column, estimated.get(column), fit) for column in design],
        "covariance": _covariance(design, fit),
        "tests": {
            "likelihood_ratio": _test(fit.likelihood_ratio),
            "wald": _test(fit.wald),
            "score": _test(fit.score),
        },
        "categories": [{"variable": variable, **_test(test)} for variable, test in fit.categories.items()],
    }
    return answer | ({"e_value": [_e_value(*found) for found in e_values(fit)]} if with_e_value else {})


def e_values(fit: CoxFit) -> Iterator[tuple[Column, EValue]]:
    """Yields an E-value for each level; a ratio for one unit of a number is no contrast of two groups."""
    for term in fit.terms:
        if not term.column.is_number:
            yield term.column, e_value(term.hr, term.lower, term.upper, fit.events / fit.n)


def _e_value(column: Column, found: EValue) -> Json:
    head = {"variable": column.variable, "level": column.level}
    return head | {"outcome": found.outcome, "estimate": found.estimate, "limit": found.limit}


def _covariance(design: Sequence[Column], fit: CoxFit) -> list[list[float | None]]:
    """Returns a row and a column for each term, null where the term has no coefficient."""
    at = {term.column: i for i, term in enumerate(fit.terms)}
    return [[fit.covariance[at[a]][at[b]] if a in at and b in at else None for b in design] for a in design]


def _term(column: Column, term: Term | None, fit: CoxFit) -> Json:
    head = named(column) | dict.fromkeys(("coef", "se", "robust_se"))
    return head | numbers_json(term, fit.why_not_used(column))


def _test(test: Test) -> Json:
    return {"chi2": test.chi2, "df": test.df, "p": test.p}
