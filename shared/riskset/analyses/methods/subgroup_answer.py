"""What results.json says of subgroups, and what follows from the fits without another sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from riskset.analyses.analysis import NotEstimable, Result, reason_of
from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import CoxFit, Term, numbers_json, ratio_of, wald_test
from riskset.catalogue import say
from riskset.stats.log_rank import Test
from riskset.stats.tails import chi2_sf, two_sided_p

Json = dict[str, Any]
Arms = Mapping[str, tuple[int, int]]
"""(patients, events) by level of the arm."""


@dataclass(frozen=True)
class OfLevel(Result):
    """How the model of one level's patients ended, and who they are."""

    end: Result
    arms: Arms


@dataclass(frozen=True)
class NoFit(NotEstimable):
    """The same where it has no estimate."""

    end: NotEstimable
    arms: Arms


@dataclass(frozen=True)
class Answer(Result):
    """How the models of a variable ended, and the arms of all patients."""

    arms: Arms
    overall: Result
    main: Result
    interaction: Result
    levels: tuple[tuple[str, Result], ...]


def answer_json(answer: Answer, arm: Column) -> Json:
    """Returns the keys of the estimates; `arm` is the column of the arm that is compared with the reference."""
    return {
        "overall": _counts(answer.arms) | _own(answer.overall, arm),
        "levels": [
            {"level": level} | _of_level(end, arm) | {"interaction_model": _by_model(answer.interaction, arm, level)}
            for level, end in answer.levels
        ],
        "interaction": _tests(answer.main, answer.interaction),
    }


def events_by_level(answer: Answer) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yields each level of which the patients and events are known, with both."""
    for level, end in answer.levels:
        if isinstance(end, OfLevel | NoFit):
            yield level, (sum(n for n, _ in end.arms.values()), sum(events for _, events in end.arms.values()))


def _of_level(end: Result, arm: Column) -> Json:
    if isinstance(end, OfLevel | NoFit):
        return _counts(end.arms) | _own(end.end, arm)
    return {"n": None, "events": None, "by_arm": []} | _own(end, arm)


def _counts(arms: Arms) -> Json:
    return {
        "n": sum(n for n, _ in arms.values()),
        "events": sum(events for _, events in arms.values()),
        "by_arm": [{"arm": level, "n": n, "events": events} for level, (n, events) in arms.items()],
    }


def _own(end: Result, arm: Column) -> Json:
    """Returns the numbers of the arm in a model; null with the reason where it has none."""
    if isinstance(end, CoxFit):
        return numbers_json(_term(end, arm), end.why_not_used(arm))
    return _nothing(end)


def _nothing(end: Result) -> Json:
    return dict.fromkeys(("coef", "se", "hr", "lower", "upper", "z", "p")) | {"reason": reason_of(end)}


def _term(fit: CoxFit, column: Column) -> Term | None:
    return next((term for term in fit.terms if term.column == column), None)


def _by_model(end: Result, arm: Column, level: str) -> Json:
    """Returns the arm's numbers at a level by the model with the interaction: the coefficient of the arm, with that of
    its product with the level, which the reference level does not have."""
    if not isinstance(end, CoxFit):
        return _nothing(end)
    at = {term.column: i for i, term in enumerate(end.terms)}
    not_used = [*end.not_used, *at]
    of_level = [c for c in not_used if c.factors and any(f.level == level for f in c.factors if f != arm)]
    if missing := next((column for column in (arm, *of_level) if column not in at), None):
        return numbers_json(None, end.why_not_used(missing))
    rows = [at[column] for column in (arm, *of_level)]
    coef = sum(end.terms[i].coef for i in rows)
    se = sqrt(float(np.array(end.covariance)[np.ix_(rows, rows)].sum()))
    z = coef / se
    return numbers_json(Term(arm, coef, se, *ratio_of(coef, se), z, two_sided_p(z)), end.why_not_used(arm))


def _tests(main: Result, crossed: Result) -> Json:
    """Returns the likelihood ratio and Wald's test of the interaction."""
    if not isinstance(main, CoxFit) or not isinstance(crossed, CoxFit):
        return {
            "likelihood_ratio": None,
            "wald": None,
            "reason": reason_of(main if isinstance(crossed, CoxFit) else crossed),
        }
    rows = [i for i, term in enumerate(crossed.terms) if term.column.factors]
    df = len(crossed.terms) - len(main.terms)
    if not rows or df != len(rows):
        message = say("analyses.subgroup.no_interaction")
        reason = {"code": "no information", "message": message}
        return {"likelihood_ratio": None, "wald": None, "reason": reason}
    covariance = np.array(crossed.covariance)[np.ix_(rows, rows)]
    chi2 = max(2 * (crossed.log_likelihood - main.log_likelihood), 0.0)
    wald = wald_test([crossed.terms[i].coef for i in rows], covariance)
    return {"likelihood_ratio": _json(Test(chi2, df, chi2_sf(chi2, df))), "wald": _json(wald)}


def _json(test: Test) -> Json:
    return {"chi2": test.chi2, "df": test.df, "p": test.p}


def compared(arms: Sequence[Column]) -> Column:
    """Returns the column of the arm that is not the reference."""
    return next(column for column in arms if column.level != column.reference)
