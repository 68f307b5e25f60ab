"""R3, R5, R6, R7 and R8: how much a model may ask of its patients."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from riskset.disclosure.finding import Finding, in_words, judge
from riskset.disclosure.policy import Policy


def events(policy: Policy, subject: str, events: int, p: int) -> Finding:
    """R3: `events` events (logistic: the smaller class) for p parameters. Too few are a review, which does not pass.

    Judged by the limit that asks for more: the events, or the events for each parameter.
    """
    base, each = policy.values["R3.events"], policy.values["R3.events_per_parameter"]
    remedy = f"{ceil(max(base, each * p))} events pass"
    if base >= each * p:
        return judge(policy, "R3.events", subject, events, otherwise="review", remedy=remedy)
    fewer = f"{floor(events / each)} parameters in place of {p}" if policy.column == "pooled" else "fewer parameters"
    if policy.column == "local" or events >= base:
        remedy += f", or {fewer}"
    if policy.column == "pooled" and events < base:
        remedy += f"; they are fewer than {in_words(base)} too, so an exception to R3.events is needed besides"
    per_parameter = Fraction(events) / p
    return judge(policy, "R3.events_per_parameter", subject, per_parameter, otherwise="review", remedy=remedy)


def numbers_sent(p: int) -> int:
    """Returns how many numbers one evaluation of a model of p columns is: log likelihood, score, information."""
    return 1 + p + p * (p + 1) // 2


def evaluations_allowed(policy: Policy, n: int, p: int) -> int:
    """R5: at how many betas a model of p columns on n patients may be evaluated; rejected steps count."""
    held = n * (p + 2)  # each patient is a time, an event and p values
    by_numbers = policy.values["R5.numbers"] * held / numbers_sent(p)
    return floor(min(policy.values["R5.evaluations"], by_numbers))


def evaluations(policy: Policy, subject: str, asked: int, n: int, p: int) -> list[Finding]:
    """R5: the model was, with this question, evaluated at `asked` betas."""
    remedy = f"the model ends after {evaluations_allowed(policy, n, p)}; fewer columns or more patients allow more"
    if policy.column == "local":
        remedy = "the model ends here; fewer columns or more patients allow more"
    share = Fraction(asked * numbers_sent(p), max(n * (p + 2), 1))
    return [
        judge(policy, "R5.evaluations", subject, asked, remedy=remedy),
        judge(policy, "R5.numbers", subject, share, remedy=remedy),
    ]


def parameters(policy: Policy, subject: str, n: int, p: int) -> Finding:
    """R6: p parameters for n patients."""
    share = Fraction(p, max(n, 1))
    remedy = "drop columns or merge levels"
    if policy.column == "pooled":
        remedy += f": {floor(n * policy.values['R6.parameters'])} parameters pass in place of {p}"
    return judge(policy, "R6.parameters", subject, share, remedy=remedy)


def linear_predictor(policy: Policy, subject: str, eta: NDArray[np.float64]) -> list[Finding]:
    """R7: the linear predictor of the site's own patients, (n,), at the beta asked for. Own figures in both columns."""
    largest = float(np.abs(eta).max(initial=0.0))
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number fails
        spread = float(eta.std()) if eta.size else 0.0
    remedy = "a transform of a skewed number, or a rule of eligibility that bounds it, keeps the linear predictor small"
    return [
        judge(policy, "R7.spread", subject, spread, own=True, remedy=remedy),
        judge(policy, "R7.largest", subject, largest, own=True, remedy=remedy),
    ]


def risk_share(policy: Policy, subject: str, share: float) -> Finding:
    """R8: the largest share of one patient in a risk set of the site."""
    remedy = "end the curve earlier, or merge subgroups"
    return judge(policy, "R8.risk_share", subject, share, own=True, remedy=remedy)
