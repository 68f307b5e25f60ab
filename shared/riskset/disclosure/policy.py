"""The limits in force: the study's defaults, tightened by a site, or loosened by a signed exception down to a floor.

A policy holds a value for every limit of its column, so a rule cannot be judged without a threshold: a missing or
unknown limit is an error, never a pass.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, reduce
from types import MappingProxyType

from riskset.catalogue import Message, say
from riskset.disclosure.rules import LIMITS, RULES, SMALLEST_CELL, Limit, RuleColumn
from riskset.errors import DataError

K = "min_cell"
"""The name of k where people set it."""


@dataclass(frozen=True)
class Policy:
    """The limits that figures are judged by: `values` has a number for every limit of the column, by its full name."""

    column: RuleColumn
    k: int
    values: Mapping[str, Fraction]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def to_json(self) -> dict[str, str]:
        """Returns the policy exactly, fractions as `1/5`, for signing; `policy_from_json` reads it back."""
        return {"column": self.column, K: str(self.k)} | {name: str(value) for name, value in self.values.items()}


def default_policy(column: RuleColumn, k: int = SMALLEST_CELL) -> Policy:
    """Returns the limits of a study whose smallest cell is k; ValueError for k below 5."""
    if k < SMALLEST_CELL:
        raise ValueError(f"k is at least {SMALLEST_CELL}; found {k}")
    defaults = {name: limit.default(column, k) for name, limit in LIMITS.items()}
    return Policy(column, k, {name: value for name, value in defaults.items() if value is not None})


def stricter(a: Policy, b: Policy) -> Policy:
    """Returns the policy that passes what both pass, limit by limit; ValueError for policies of different columns."""
    if a.column != b.column:
        raise ValueError("policies of two columns have no common policy")
    values = {name: b.values[name] if LIMITS[name].is_looser(a.values[name], b.values[name]) else a.values[name]
              for name in a.values}  # fmt: skip
    return Policy(a.column, max(a.k, b.k), values)


def strictest(policies: Iterable[Policy]) -> Policy:
    """Returns the policy that passes what all participants' policies pass; ValueError for no policies."""
    held = list(policies)
    if not held:
        raise ValueError("the strictest of no policies is not known")
    return reduce(stricter, held)


def tightened(policy: Policy, own: Mapping[str, str]) -> Policy:
    """Returns the policy with a site's own limits, by name; a higher `min_cell` tightens all that depend on it.

    Raises:
        DataError: a limit is unknown, is not a number, or is looser than the study's.
    """
    values = dict(policy.values)
    for name, limit, value in _read(policy, {name: text for name, text in own.items() if name != K}):
        if limit.is_looser(value, policy.values[limit.name]):
            bound = limit.bound(policy.values[limit.name], policy.column)
            message = say("rules.policy.looser", name=name, value=str(value), bound=bound)
            raise DataError(message, say("rules.policy.looser_hint"))
        values[limit.name] = value
    named = replace(policy, values=values)
    return stricter(named, default_policy(policy.column, _own_k(own[K], policy.k))) if K in own else named


def loosened(policy: Policy, exceptions: Mapping[str, str]) -> Policy:
    """Returns the policy with these exceptions (`R4` or `R4.leverage` to a value).

    `parse_exception`, which reads them, checks that each has a reason.

    Raises:
        DataError: a rule is unknown or has no exception in this column, or a value is beyond the floor or not looser
            than the limit in force.
    """
    values = dict(policy.values)
    for name, limit, value in _read(policy, exceptions):
        floor = limit.floor(policy.column, policy.k)
        if floor is None:
            hint = say("rules.policy.exceptions", limits=exceptions_of(policy))
            raise DataError(say("rules.policy.no_exception", name=name), hint)
        if limit.is_looser(value, floor):
            hint = say("rules.policy.past_floor_hint", floor=str(floor))
            raise DataError(say("rules.policy.past_floor", name=name, value=str(value)), hint)
        if not limit.is_looser(value, policy.values[limit.name]):
            bound = limit.bound(policy.values[limit.name], policy.column)
            message = say("rules.policy.not_looser", name=name, value=str(value), bound=bound)
            raise DataError(message, say("rules.policy.not_looser_hint"))
        values[limit.name] = value
    return replace(policy, values=values)


def _read(policy: Policy, written: Mapping[str, str]) -> Iterator[tuple[str, Limit, Fraction]]:
    """Yields the limits that a person wrote, with the name as written; DataError where one is named twice."""
    read = [(name, limit_named(name, policy.column), amount_of(name, text)) for name, text in written.items()]
    names = [limit.name for _, limit, _ in read]
    for name, limit, value in read:
        if names.count(limit.name) > 1:
            raise DataError(say("rules.policy.twice", limit=limit.name), say("rules.policy.twice_hint"))
        yield name, limit, value


def parse_exception(text: str, reason: str) -> tuple[str, str]:
    """Returns (full name of the limit, value) of a typed `RULE=VALUE`; DataError for another form, or no reason."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or not value:
        raise DataError(say("rules.policy.form", text=text), say("rules.policy.form_hint"))
    if not reason.strip():
        raise DataError(say("rules.policy.no_reason", text=text), say("rules.policy.no_reason_hint"))
    return _meant(name).name, str(amount_of(name, value))


def limit_named(name: str, column: RuleColumn) -> Limit:
    """Returns the limit of a full name or of a rule's id; DataError, with a did-you-mean, where there is none."""
    limit = _meant(name)
    if limit.default(column, SMALLEST_CELL) is None:
        hint = say("rules.policy.not_here_hint", column=column, limits=tuple(default_policy(column).values))
        raise DataError(say("rules.policy.not_here", name=name), hint)
    return limit


def _meant(name: str) -> Limit:
    rule = RULES.get(name)
    full = name if rule is None else rule.exception
    if full is None:
        limits = tuple(RULES[name].limits)
        hint = say("rules.policy.no_short_name_hint", limits=limits) if limits else say("rules.policy.no_limits_hint")
        raise DataError(say("rules.policy.no_short_name", name=name), hint)
    if full not in LIMITS:
        close = difflib.get_close_matches(name, [*LIMITS, *RULES], n=1)
        hint = say("rules.policy.meant", name=close[0]) if close else say("rules.policy.limits", limits=tuple(LIMITS))
        raise DataError(say("rules.policy.unknown", name=name), hint)
    return LIMITS[full]


def exceptions_of(policy: Policy) -> tuple[Message, ...]:
    """Returns which limits an exception may loosen in this column, and how far."""
    floors = ((limit, limit.floor(policy.column, policy.k)) for limit in LIMITS.values())
    return tuple(
        say("rules.policy.down_to", limit=short_name(limit), floor=str(floor))
        for limit, floor in floors
        if floor is not None
    )


def short_name(limit: Limit) -> str:
    """Returns the name of the limit in an exception: `R4` where that is enough, else `R3.events_per_parameter`."""
    return limit.rule if RULES[limit.rule].exception == limit.name else limit.name


_AMOUNT = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})(e[+-]?[0-9]{1,2})?|[0-9]{1,18}/[0-9]{1,18}")
"""Without a bound on the exponent, all digits of 1e999999999 would be computed."""


def amount_of(name: str, text: str) -> Fraction:
    """Returns the number that a person wrote, `20`, `0.2` or `1/5`; DataError where it is not one or is negative."""
    written = str(text).strip()
    value = _number(written)
    if value is None:
        message = say("rules.policy.not_a_number", name=name, text=written[:40])
        raise DataError(message, say("rules.policy.number_hint"))
    if value < 0:
        raise DataError(say("rules.policy.negative", name=name, text=text), say("rules.policy.number_hint"))
    return value


@lru_cache(maxsize=1024)
def _number(written: str) -> Fraction | None:
    """Returns a number; None where it is none. Kept: all parties of a run state the same limits."""
    try:
        return Fraction(written) if _AMOUNT.fullmatch(written) else None
    except ZeroDivisionError:
        return None


def _own_k(text: str, k: int) -> int:
    value = amount_of(K, text)
    if value.denominator != 1 or value < k:
        raise DataError(say("rules.policy.min_cell", text=text, k=k), say("rules.policy.min_cell_hint"))
    return int(value)


def policy_from_json(document: Mapping[str, str], protocol: int | None = None) -> Policy:
    """Returns the policy of `Policy.to_json`; DataError where a limit is missing, unknown or beyond its floor.

    A run of an earlier `protocol` states, and is judged by, the limits of its time."""
    column: RuleColumn = "pooled" if document.get("column") == "pooled" else "local"
    if document.get("column") != column:
        raise DataError(say("rules.policy.column", found=document.get("column")), say("rules.policy.column_hint"))
    base = tightened(default_policy(column), {K: document.get(K, "")})
    given = {name: text for name, text in document.items() if name not in ("column", K)}
    stated = {name for name in base.values if protocol is None or LIMITS[name].since <= protocol}
    if set(given) != stated:
        raise DataError(say("rules.policy.names", names=tuple(sorted(set(given) ^ stated))))
    values = {name: amount_of(name, given[name]) for name in base.values if name in stated}
    for name, value in values.items():
        floor = LIMITS[name].floor(column, base.k)
        if LIMITS[name].is_looser(value, base.values[name] if floor is None else floor):
            raise DataError(say("rules.policy.beyond", name=name, value=str(value)))
        if str(value) != given[name]:
            raise DataError(say("rules.policy.spelling", name=name, found=given[name], value=str(value)))
    return Policy(column, base.k, values)
