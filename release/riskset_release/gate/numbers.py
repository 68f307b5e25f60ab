"""Which of the other numbers may be published, and with how many digits.

A number that follows from counts is held back with them. A model is published from ten events on, and five for each
parameter; below, a standard error tells how many events a level has. What no rule here knows is held back by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Class = Literal["question", "of counts", "estimate", "curve", "described", "held back"]


@dataclass(frozen=True)
class NumberRule:
    """What is known of the numbers at some paths of results.json."""

    form: re.Pattern[str]
    of: Class
    digits: int = 3
    """Significant digits that are published."""


def _rule(pattern: str, of: Class, digits: int = 3) -> NumberRule:
    return NumberRule(re.compile(pattern), of, digits)


EVENTS: Final = 10
EVENTS_PER_PARAMETER: Final = 5
_LIMITS: Final = r"(estimate|lower|upper|coef|se|robust_se|z|hr|hr_lower|hr_upper|odds_ratio|p)"

RULES: Final = (
    _rule(
        r"(.*\.)?(df|iterations|level|rho|width_days|max_days|tau_days|time|day|probability|knots|reference|at"
        r"|landmark_days|averaged_over|rounded_to|sites_combined|edges)",
        "question",
        13,
    ),
    # of a table's rates, and what is compared in it
    _rule(r"rates\.(overall|arms)\.(percent|(clopper_pearson|wilson)\.(lower|upper))", "of counts"),
    _rule(
        rf"(rates|any|terms\.grades)\.(comparisons\.)?(difference|odds_ratio|risk_ratio|fisher)\.{_LIMITS}",
        "of counts",
        2,
    ),
    _rule(r"(any|terms\.grades)\.(overall|arms)\.percent", "of counts"),
    _rule(r"rates\.(comparisons\.)?(cmh|breslow_day)\..*", "of counts", 2),
    _rule(r"(variables\.arms\.levels|preference\.arms(\.intervals)?)\.percent", "of counts"),
    _rule(r"variables\.arms\.(mean|sd)", "described"),
    _rule(r"variables\.arms\.quartiles\.(p25|p50|p75|width)", "described"),
    _rule(r"variables\.smd\.value", "of counts", 2),
    _rule(r"variables\.tests\..*", "of counts", 2),
    # curves: what `curves` rounded, and what it does not publish
    _rule(r"(overall|arms)\.(causes\.)?curve\.(survival|estimate|lower|upper)", "curve", 2),
    _rule(r"(overall|arms)\.(causes\.)?landmarks\.(survival|estimate|lower|upper)", "curve", 2),
    _rule(r"(overall|arms)\.(causes\.)?(curve|landmarks)\.at_risk", "curve", 13),
    _rule(
        r"(overall|arms)\.(causes\.)?(curve|landmarks)\.(events|censored|std_error|cumulative_hazard(_std_error)?)",
        "held back",
    ),
    _rule(r"(overall|arms)\.(median_days|quartiles)\.(estimate|lower|upper)", "described", 13),
    _rule(r"(log_rank|log_rank_by_site|log_rank_by_strata|gray|weighted_log_rank)\.(chi2|p)", "estimate", 3),
    _rule(r"(log_rank|log_rank_by_site|log_rank_by_strata)\.(observed|expected|variance)", "held back"),
    _rule(r"(overall|arms)\.last_day", "held back"),  # of one patient
    # of models
    _rule(
        r"(terms|common|sites|levels|overall|levels\.interaction_model|leave_one_out|fixed|splines\.curve)\." + _LIMITS,
        "estimate",
    ),
    _rule(rf"(dersimonian_laird|reml|paule_mandel)\.((hartung_knapp|prediction)\.)*{_LIMITS}", "estimate"),
    _rule(rf"(hartung_knapp|prediction)\.{_LIMITS}", "estimate"),
    _rule(r"((dersimonian_laird|reml|paule_mandel)\.)?(tau2|i2)", "estimate"),
    _rule(
        r"(q|treatment_by_site\.likelihood_ratio|interaction\.(likelihood_ratio|wald)|tests\.(likelihood_ratio|wald|score)"
        r"|ph_test\.\w+\.(terms|variables|global)|categories|splines\.(linearity|likelihood_ratio))\.(chi2|p)",
        "estimate",
    ),
    _rule(r"log_likelihood\.(null|fitted)", "estimate", 3),
    _rule(r"covariance", "held back"),
    _rule(r"concordance\.(estimate|se)", "estimate"),
    _rule(r"concordance\.pairs|pairs", "held back"),
    _rule(r"e_value\.(estimate|limit)", "estimate"),
    _rule(r"sum_of_weights|effective_n|effective_events|effective\.(treated|control)", "estimate", 2),
    _rule(r"(auc|sd_logit|weights\.(mean|limit))", "estimate"),
    _rule(r"(overall|arms)\.(rmst_days|se|lower|upper)", "estimate"),
    _rule(rf"(difference|ratio|rmtl_ratio|differences|ratios|rmtl_ratios)\.{_LIMITS}", "estimate"),
    _rule(r"(variables\.(before|after)\.(smd|variance_ratio|by_denominator\.value)|largest_smd)", "estimate", 2),
)


def rule_of(path: str) -> NumberRule | None:
    """Returns what is known of a path without indices; None where nothing is."""
    return next((rule for rule in RULES if rule.form.fullmatch(path)), None)


def published(value: float, digits: int) -> float:
    """Returns a number with so many significant digits."""
    return float(f"{value:.{digits - 1}e}")


def enough_events(events: int | None, parameters: int) -> bool:
    """Whether a model of so many events may be published."""
    return events is not None and events >= max(EVENTS, EVENTS_PER_PARAMETER * parameters)


Counts = Mapping[str, int]
