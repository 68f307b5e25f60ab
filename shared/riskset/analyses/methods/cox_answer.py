"""What results.json says of a fitted Cox model, and what follows from the fit without another sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from riskset.analyses.analysis import LEVEL, Result, reason_of
from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import (
    Concordance,
    CoxFit,
    PhTest,
    Term,
    WeightedLogRank,
    named,
    numbers_json,
)
from riskset.catalogue import say
from riskset.stats.e_value import EValue, e_value
from riskset.stats.log_rank import Test
from riskset.study.asked.cox import Robust

Json = dict[str, Any]
VARIANCE: Final = {"patient": "robust", "matched-set": "matched-set", "site": "site"}
"""How results.json names the error that limits, z and p of a term are from."""


def fit_json(design: Sequence[Column], fit: CoxFit, *, with_e_value: bool, robust: Robust) -> Json:
    """Returns the keys of a fitted model with these columns."""
    estimated = {term.column: term for term in fit.terms}
    answer: Json = {
        "n": fit.n,
        "events": fit.events,
        **_weights(fit),
        "iterations": fit.iterations,
        "level": LEVEL,
        "log_likelihood": {"null": fit.null_log_likelihood, "fitted": fit.log_likelihood},
        "terms": [_term(column, estimated.get(column), fit, robust) for column in design],
        "covariance": _covariance(design, fit),
        "tests": {
            "likelihood_ratio": _test(fit.likelihood_ratio),
            "wald": _test(fit.wald),
            "score": _test(fit.score),
        },
        "categories": [{"variable": variable, **_test(test)} for variable, test in fit.categories.items()],
    }
    if fit.weighted_log_rank is not None:
        answer["weighted_log_rank"] = _weighted_log_rank(fit.weighted_log_rank)
    if fit.ph_tests:
        answer["ph_test"] = {transform: _ph_test(end) for transform, end in fit.ph_tests.items()}
    if fit.concordance is not None:
        answer["concordance"] = _concordance(fit.concordance)
    return answer | ({"e_value": [_e_value(*found) for found in e_values(fit)]} if with_e_value else {})


def _weights(fit: CoxFit) -> Json:
    """Returns as how many patients and events those of a weighted model count; nothing of another."""
    if fit.weights is None or fit.weights_of_events is None:
        return {}
    return {
        "events_reason": {"code": "weighted", "message": say("analyses.cox.weighted_events")},
        "sum_of_weights": fit.weights.total,
        "effective_n": fit.weights.effective,
        "effective_events": fit.weights_of_events.effective,
    }


def e_values(fit: CoxFit) -> Iterator[tuple[Column, EValue]]:
    """Yields an E-value for each level. A ratio for one unit of a number is no contrast of two groups, and that of an
    interaction is one of two ratios."""
    for term in fit.terms:
        if not term.column.is_number and not term.column.factors:
            yield term.column, e_value(term.hr, term.lower, term.upper, fit.share_of_events)


def _e_value(column: Column, found: EValue) -> Json:
    head = {"variable": column.variable, "level": column.level}
    return head | {"outcome": found.outcome, "estimate": found.estimate, "limit": found.limit}


def _covariance(design: Sequence[Column], fit: CoxFit) -> list[list[float | None]]:
    """Returns a row and a column for each term, null where the term has no coefficient."""
    at = {term.column: i for i, term in enumerate(fit.terms)}
    return [[fit.covariance[at[a]][at[b]] if a in at and b in at else None for b in design] for a in design]


def _term(column: Column, term: Term | None, fit: CoxFit, robust: Robust) -> Json:
    head = named(column) | dict.fromkeys(("coef", "se", "robust_se"))
    answer = head | numbers_json(term, fit.why_not_used(column)) | _limits(column, term, fit)
    return answer if term is None or robust == "none" else answer | _robust(term, fit.not_robust.get(column), robust)


def _limits(column: Column, term: Term | None, fit: CoxFit) -> Json:
    """Returns of which kind the limits are, where the study asks for those of the profile likelihood."""
    if term is not None and term.has_profile_limits:
        return {"limits": "profile"}
    why = fit.not_profiled.get(column)
    return {} if why is None else {"limits": "wald", "limits_reason": {"code": "no limits", "message": why}}


def _robust(term: Term, why_not: Result | None, robust: Robust) -> Json:
    """Returns the robust error, and from which error limits, z and p are; where there is none, why."""
    if why_not is not None:
        return {"robust_se": None, "variance": "model", "robust_reason": reason_of(why_not)}
    return {"robust_se": term.robust_se, "variance": VARIANCE[robust]}


def _weighted_log_rank(end: Result) -> Json:
    name = {"name": str(say("analyses.cox.weighted_log_rank"))}
    if isinstance(end, WeightedLogRank):
        return name | _test(end.test)
    return name | dict.fromkeys(("chi2", "df", "p")) | {"reason": reason_of(end)}


def _ph_test(end: Result) -> Json:
    """Returns the tests for one function of time; null, with the reason, where there are none."""
    if isinstance(end, PhTest):
        terms = [{"variable": c.variable, "level": c.level, **_test(test)} for c, test in end.terms]
        variables = [{"variable": name, **_test(test)} for name, test in end.variables]
        return {"terms": terms, "variables": variables, "global": _test(end.all_terms)}
    return dict.fromkeys(("terms", "variables", "global")) | {"reason": reason_of(end)}


def _concordance(end: Result) -> Json:
    if isinstance(end, Concordance):
        return {"estimate": end.estimate, "se": end.se, "pairs": end.pairs}
    return dict.fromkeys(("estimate", "se", "pairs")) | {"reason": reason_of(end)}


def _test(test: Test) -> Json:
    return {"chi2": test.chi2, "df": test.df, "p": test.p}
