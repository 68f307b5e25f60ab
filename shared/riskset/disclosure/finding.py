"""What a rule says of one figure. Evidence and judgement travel apart: the message and the remedy hold no figure of one
site, so that they may be told to others; `value` and `margin` of an own figure stay where they were found.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Literal

from riskset.catalogue import Message
from riskset.disclosure.policy import Policy, short_name
from riskset.disclosure.rules import LIMITS, Limit

ROUNDING = Fraction(1, 10**9)
"""A computed figure this near to its limit is at its limit: five patients in the span of the columns have 1/5."""

Verdict = Literal["pass", "review", "fail"]


@dataclass(frozen=True)
class Finding:
    """One rule, one figure, one verdict. `margin` is how far the figure is inside its limit; negative: outside."""

    rule: str
    limit_name: str
    subject: str
    verdict: Verdict
    value: float
    limit: float
    margin: float
    message: Message | str
    remedy: Message | str
    """What would pass; empty where the figure passes."""

    @property
    def passes(self) -> bool:
        """Whether the figure may be used. A review does not pass: a person decides, by signing an exception."""
        return self.verdict == "pass"

    def to_json(self) -> dict[str, str]:
        """Returns the finding for a ledger, floats as strings. `value` and `margin` may be a site's own."""
        return {name: repr(value) if isinstance(value, float) else str(value) for name, value in vars(self).items()}


def judge(
    policy: Policy,
    name: str,
    subject: str,
    value: float | Fraction,
    *,
    own: bool | None = None,
    remedy: str = "",
    otherwise: Verdict = "fail",
) -> Finding:
    """Returns the finding of a figure against the policy's limit `name`.

    own: the figure is of this site alone and stays out of the message; unless said, every figure of the local column.
    A figure that is not a finite number fails.
    """
    limit, bound = LIMITS[name], policy.values[name]
    inside = _margin(limit, bound, value)
    if value == 0 and policy.column in limit.or_zero:
        inside = Fraction(0)
    passes = inside is not None and inside >= 0
    verdict: Verdict = "pass" if passes else otherwise
    is_own = policy.column == "local" if own is None else own
    words = f"{limit.direction} {in_words(bound)}{' or none' if policy.column in limit.or_zero else ''}"
    return Finding(
        rule=limit.rule,
        limit_name=name,
        subject=subject,
        verdict=verdict,
        value=float(value),
        limit=float(bound),
        margin=float("-inf") if inside is None else float(inside),
        message=f"{subject}: {limit.means}: {words}; {_found(value, is_own, passes)}",
        remedy="" if passes else "; ".join(filter(None, (remedy, _exception(policy, limit, value, is_own)))),
    )


def cannot_judge(policy: Policy, rule: str, subject: str, what: str, remedy: str) -> Finding:
    """Returns the finding of what the rule cannot place: it fails, since what is not known is refused."""
    return Finding(
        rule=rule,
        limit_name=rule,
        subject=subject,
        verdict="fail",
        value=float("nan"),
        limit=float("nan"),
        margin=float("-inf"),
        message=f"{subject}: {rule} cannot judge this analysis: {what}",
        remedy=remedy,
    )


def _margin(limit: Limit, bound: Fraction, value: float | Fraction) -> Fraction | None:
    """None: not a number that can be judged."""
    if not isfinite(value):
        return None
    inside = Fraction(value) - bound if limit.direction == "at least" else bound - Fraction(value)
    rounding = ROUNDING if isinstance(value, float) else 0
    return max(inside, Fraction(0)) if inside >= -rounding else inside


def _found(value: float | Fraction, own: bool, passes: bool) -> str:
    if own:
        return "so it is here" if passes else "it is not so here"
    return f"found {in_words(value)}"


def _exception(policy: Policy, limit: Limit, value: float | Fraction, own: bool) -> str:
    floor = limit.floor(policy.column, policy.k)
    if floor is None or not limit.is_looser(floor, policy.values[limit.name]):
        return ""
    name = f"{short_name(limit)}={floor}"
    if own or not isfinite(value):
        return f"or sign an exception with its reason, down to {name}, where that is enough"
    if limit.is_looser(Fraction(value), floor):
        return f"no exception goes so far (the loosest is {name})"
    return f"or sign {short_name(limit)}={Fraction(value)} with a reason"


def in_words(value: float | Fraction) -> str:
    """Returns a number as people write it: `8`, `1/5`, `2.88`."""
    if isfinite(value) and (Fraction(value).denominator == 1 or Fraction(value).numerator == 1):
        return str(Fraction(value))
    return f"{float(value):.3g}"
