"""The limits in force: the study's defaults, made stricter by a site, or looser by a signed exception down to a floor.

A policy holds a value for every limit of its column, so that a rule without a threshold cannot be asked for: what is
missing or unknown is an error, never a pass.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from types import MappingProxyType

from riskset.disclosure.rules import LIMITS, RULES, SMALLEST_CELL, Limit, RuleColumn
from riskset.errors import DataError

K = "min_cell"
"""How k is called where people set it."""


@dataclass(frozen=True)
class Policy:
    """What is judged by: `values` holds a number for each limit that the column has, by its name in full."""

    column: RuleColumn
    k: int
    values: Mapping[str, Fraction]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def to_json(self) -> dict[str, str]:
        """Returns the policy exactly, fractions as `1/5`: to be signed, and read by `policy_from_json`."""
        return {"column": self.column, K: str(self.k)} | {name: str(value) for name, value in self.values.items()}


def default_policy(column: RuleColumn, k: int = SMALLEST_CELL) -> Policy:
    """Returns the limits of a study whose smallest cell is k; ValueError for a k under 5."""
    if k < SMALLEST_CELL:
        raise ValueError(f"k is at least {SMALLEST_CELL}; found {k}")
    defaults = {name: limit.default(column, k) for name, limit in LIMITS.items()}
    return Policy(column, k, {name: value for name, value in defaults.items() if value is not None})


def stricter(a: Policy, b: Policy) -> Policy:
    """Returns the policy that passes what both pass, limit by limit; ValueError for policies of two columns."""
    if a.column != b.column:
        raise ValueError("policies of two columns have no common one")
    values = {name: b.values[name] if LIMITS[name].is_looser(a.values[name], b.values[name]) else a.values[name]
              for name in a.values}  # fmt: skip
    return Policy(a.column, max(a.k, b.k), values)


def strictest(policies: Iterable[Policy]) -> Policy:
    """Returns the policy that passes what all pass: of the participants of a run. ValueError for none at all."""
    held = list(policies)
    if not held:
        raise ValueError("the strictest of no policies is not known")
    return reduce(stricter, held)


def tightened(policy: Policy, own: Mapping[str, str]) -> Policy:
    """Returns the policy with a site's own limits, by name; a higher `min_cell` makes all that depends on it stricter.

    Raises DataError where a limit is unknown, has no number, or is looser than the study's.
    """
    values = dict(policy.values)
    for name, limit, value in _read(policy, {name: text for name, text in own.items() if name != K}):
        if limit.is_looser(value, policy.values[limit.name]):
            raise DataError(
                f"{name}: {value} is looser than the study's {limit.direction} {policy.values[limit.name]}",
                "a site's own limits can only be stricter; what is looser needs an exception with a reason",
            )
        values[limit.name] = value
    named = replace(policy, values=values)
    return stricter(named, default_policy(policy.column, _own_k(own[K], policy.k))) if K in own else named


def loosened(policy: Policy, exceptions: Mapping[str, str]) -> Policy:
    """Returns the policy with these exceptions (`R4` or `R4.leverage` to a value).

    Raises DataError where a rule is unknown or has no exception in this column, or a value is under the floor or not
    looser than what holds anyway. That each has a reason is checked where it is read: `parse_exception`.
    """
    values = dict(policy.values)
    for name, limit, value in _read(policy, exceptions):
        floor = limit.floor(policy.column, policy.k)
        if floor is None:
            raise DataError(
                f"{name}: there is no exception to this rule", f"exceptions exist for {exceptions_of(policy)}"
            )
        if limit.is_looser(value, floor):
            raise DataError(f"{name}: {value} is past the floor", f"the loosest that can be signed is {floor}")
        if not limit.is_looser(value, policy.values[limit.name]):
            raise DataError(
                f"{name}: {value} is no exception; {limit.direction} {policy.values[limit.name]} holds anyway",
                "leave it out; stricter limits stand in the site file",
            )
        values[limit.name] = value
    return replace(policy, values=values)


def _read(policy: Policy, written: Mapping[str, str]) -> Iterator[tuple[str, Limit, Fraction]]:
    """The limits that a person wrote, each as it was named; DataError where one is named twice."""
    read = [(name, limit_named(name, policy.column), amount_of(name, text)) for name, text in written.items()]
    names = [limit.name for _, limit, _ in read]
    for name, limit, value in read:
        if names.count(limit.name) > 1:
            raise DataError(f"{limit.name} is named twice", "name each limit once, in full or by its rule")
        yield name, limit, value


def parse_exception(text: str, reason: str) -> tuple[str, str]:
    """Returns (limit in full, value) of `RULE=VALUE`, as typed; DataError where it is none or has no reason."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or not value:
        raise DataError(f"an exception is written RULE=VALUE; found {text!r}", "for example R4=1/3")
    if not reason.strip():
        raise DataError(
            f"the exception {text} has no reason", "say why in one sentence; it is signed with the approval"
        )
    return _meant(name).name, str(amount_of(name, value))


def limit_named(name: str, column: RuleColumn) -> Limit:
    """Returns the limit of a name in full, or of a rule's id; DataError with a did-you-mean where there is none."""
    limit = _meant(name)
    if limit.default(column, SMALLEST_CELL) is None:
        raise DataError(
            f"{name} is no limit here", f"the {column} column has {', '.join(default_policy(column).values)}"
        )
    return limit


def _meant(name: str) -> Limit:
    rule = RULES.get(name)
    full = name if rule is None else rule.exception
    if full is None:
        raise DataError(
            f"{name}: there is no exception to this rule", f"name one of its limits: {', '.join(RULES[name].limits)}"
        )
    if full not in LIMITS:
        close = difflib.get_close_matches(name, [*LIMITS, *RULES], n=1)
        raise DataError(
            f"{name} is no rule and no limit",
            f"did you mean {close[0]}?" if close else f"limits are {', '.join(LIMITS)}",
        )
    return LIMITS[full]


def exceptions_of(policy: Policy) -> str:
    """Returns, for people, which limits an exception may loosen in this column, and how far."""
    floors = ((limit, limit.floor(policy.column, policy.k)) for limit in LIMITS.values())
    return ", ".join(f"{short_name(limit)} (to {floor})" for limit, floor in floors if floor is not None)


def short_name(limit: Limit) -> str:
    """Returns what an exception calls the limit: `R4` where that is enough, else `R3.events_per_parameter`."""
    return limit.rule if RULES[limit.rule].exception == limit.name else limit.name


def amount_of(name: str, text: str) -> Fraction:
    """Returns the number that a person wrote, `20`, `0.2` or `1/5`; DataError where it is none or is negative."""
    try:
        value = Fraction(str(text).strip())
    except (ValueError, ZeroDivisionError) as no:
        raise DataError(f"{name}: {text!r} is no number", "write 20, 0.2 or 1/5") from no
    if value < 0:
        raise DataError(f"{name}: {text!r} is negative", "write 20, 0.2 or 1/5")
    return value


def _own_k(text: str, k: int) -> int:
    value = amount_of(K, text)
    if value.denominator != 1 or value < k:
        raise DataError(f"{K} is {text}; the study's is {k}", "a site's own min_cell is a whole number, not smaller")
    return int(value)


def policy_from_json(document: Mapping[str, str]) -> Policy:
    """Returns the policy of `Policy.to_json`; DataError where a limit is missing, unknown, or past every floor."""
    column: RuleColumn = "pooled" if document.get("column") == "pooled" else "local"
    if document.get("column") != column:
        raise DataError(f"column is {document.get('column')!r}", "a policy is of the column pooled or local")
    base = tightened(default_policy(column), {K: document.get(K, "")})
    given = {name: text for name, text in document.items() if name not in ("column", K)}
    if set(given) != set(base.values):
        odd = ", ".join(sorted(set(given) ^ set(base.values)))
        raise DataError(f"a policy names every limit of its column once; missing or unknown: {odd}")
    values = {name: amount_of(name, given[name]) for name in base.values}
    for name, value in values.items():
        floor = LIMITS[name].floor(column, base.k)
        if LIMITS[name].is_looser(value, base.values[name] if floor is None else floor):
            raise DataError(f"{name} is {value}, which no exception allows")
        if str(value) != given[name]:
            raise DataError(f"{name} is written {given[name]!r}; its one form is {value}")
    return Policy(column, base.k, values)
