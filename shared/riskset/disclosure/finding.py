"""What a rule says about one figure.

The message and the remedy hold no figure of a single site, so others may read them; `value` and `margin` of a site's
own figure stay at the site.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import ceil, floor, isfinite
from typing import Final, Literal

from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure.policy import Policy, short_name
from riskset.disclosure.rules import LIMITS, Limit, in_words

ROUNDING = Fraction(1, 10**9)
"""A computed figure this close to its limit counts as equal to it: five patients in the span of the columns have a
leverage of 1/5, up to rounding."""

_OWN_PASSES: Final = say("rules.found.own_passes")
_OWN_FAILS: Final = say("rules.found.own_fails")

Verdict = Literal["pass", "review", "fail"]
_IN_LEDGER: Final = ("rule", "limit_name", "subject", "verdict", "value", "limit", "margin", "message", "remedy")


@dataclass(frozen=True)
class Finding:
    """One rule, one figure, one verdict."""

    rule: str
    limit_name: str
    subject: Message | str
    """What the figure is about: the id of an analysis, a set of patients, a column, or a sentence."""
    verdict: Verdict
    value: float
    limit: float
    margin: float
    """How far inside its limit the figure is; negative outside."""
    told: Callable[[], Message] = field(repr=False, compare=False)
    """Makes the message: most findings pass, and nobody reads them."""
    remedy: Message
    """What would pass; nothing where the figure passes."""

    @cached_property
    def message(self) -> Message:
        return self.told()

    @property
    def passes(self) -> bool:
        """Whether the figure may be used. A review does not pass: a person must sign an exception."""
        return self.verdict == "pass"

    def to_json(self) -> dict[str, str]:
        """Returns the finding for a ledger, everything as text. `value` and `margin` may be a site's own."""
        values = {name: getattr(self, name) for name in _IN_LEDGER}
        return {name: repr(value) if isinstance(value, float) else str(value) for name, value in values.items()}


def judge(
    policy: Policy,
    name: str,
    subject: Message | str,
    value: float | Fraction,
    *,
    own: bool | None = None,
    remedy: Message = NOTHING,
    otherwise: Verdict = "fail",
) -> Finding:
    """Returns the finding for a figure under the policy's limit `name`; KeyError where its column has no such limit.

    own: the figure comes from this site alone and stays out of the message; by default, every figure of the local
    column. A figure that is not a finite number fails.
    """
    limit, bound = LIMITS[name], policy.values[name]
    inside = _margin(limit, bound, value)
    if value == 0 and policy.column in limit.or_zero:
        inside = Fraction(0)
    passes = inside is not None and inside >= 0
    verdict: Verdict = "pass" if passes else otherwise
    is_own = policy.column == "local" if own is None else own

    def told() -> Message:
        own_found = _OWN_PASSES if passes else _OWN_FAILS
        found = own_found if is_own else say("rules.found.total", figure=in_words(value))
        return say(
            "rules.finding", subject=subject, means=limit.means, bound=limit.bound(bound, policy.column), found=found
        )

    return Finding(
        rule=limit.rule,
        limit_name=name,
        subject=subject,
        verdict=verdict,
        value=float(value),
        limit=float(bound),
        margin=float("-inf") if inside is None else float(inside),
        told=told,
        remedy=NOTHING if passes else _with_exception(remedy, _exception(policy, limit, value, is_own)),
    )


def or_first(remedy: Message, passes_first: bool) -> Message:
    """Returns a remedy of what is judged with what comes before it: it may pass where nothing does."""
    return say("rules.remedy.or_first", remedy=remedy) if passes_first else remedy


def cannot_judge(rule: str, subject: str, why: Message, remedy: Message) -> Finding:
    """Returns the finding for something the rule does not cover. It fails: what is unknown is refused."""
    return Finding(
        rule=rule,
        limit_name=rule,
        subject=subject,
        verdict="fail",
        value=float("nan"),
        limit=float("nan"),
        margin=float("-inf"),
        told=lambda: say("rules.cannot_judge", subject=subject, rule=rule, why=why),
        remedy=remedy,
    )


def _margin(limit: Limit, bound: Fraction, value: float | Fraction) -> Fraction | None:
    """Returns how far inside the limit the value is; None where it is not a finite number."""
    if not isfinite(value):
        return None
    inside = Fraction(value) - bound if limit.direction == "at least" else bound - Fraction(value)
    rounding = ROUNDING if isinstance(value, float) else 0
    return max(inside, Fraction(0)) if inside >= -rounding else inside


def _with_exception(remedy: Message, exception: Message) -> Message:
    if remedy and exception:
        return say("rules.remedy.or_exception", remedy=remedy, exception=exception)
    return remedy or exception


def _exception(policy: Policy, limit: Limit, value: float | Fraction, own: bool) -> Message:
    """Returns which exception would let the value pass; nothing where the limit has none that is looser."""
    floor, name = limit.floor(policy.column, policy.k), short_name(limit)
    if floor is None or not limit.is_looser(floor, policy.values[limit.name]):
        return NOTHING
    if own or not isfinite(value):
        return say("rules.exception.own", name=name, floor=str(floor))
    if limit.is_looser(Fraction(value), floor):
        return say("rules.exception.too_far", name=name, floor=str(floor))
    return say("rules.exception.sign", name=name, figure=_to_sign(limit, Fraction(value)))


def _to_sign(limit: Limit, value: Fraction) -> str:
    """Returns a value as a person would sign it, never stricter: `1/3`, but 3.1 for 5742/1855."""
    if value.denominator < 100:
        return str(value)
    return f"{(ceil(100 * value) if limit.direction == 'at most' else floor(100 * value)) / 100:g}"
