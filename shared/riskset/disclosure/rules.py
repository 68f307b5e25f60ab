"""The rules R1 to R14, as `rules.toml` states them. Thresholds are there; how a figure is judged is in `finding`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, Literal

from riskset.catalogue import Message, say

RuleColumn = Literal["pooled", "local"]
"""pooled: a secure sum of at least three participants. local: two sites, or no secure sum; each judges its own rows."""
COLUMNS: Final[tuple[RuleColumn, ...]] = ("pooled", "local")

KINDS: Final = ("population", "subgroup", "model", "curve", "hazard", "subgroup curve", "run")
"""What a rule may be about."""

SMALLEST_CELL: Final = 5
"""No study or site may set k, the smallest cell, below this."""


@dataclass(frozen=True)
class Limit:
    """One threshold of a rule. Amounts are formulas in k: `50`, `1/k`, `max(2k, 10)`; None where the rule has none."""

    name: str
    """In full: `R4.leverage`."""
    means: Message
    direction: Literal["at least", "at most"]
    unit: str
    pooled: str | None
    local: str | None
    floor_pooled: str | None
    floor_local: str | None
    or_zero: tuple[RuleColumn, ...]
    """Columns in which a figure of 0 passes too."""
    since: int = 1
    """The protocol from which runs are judged by it."""

    @property
    def rule(self) -> str:
        return self.name.partition(".")[0]

    def default(self, column: RuleColumn, k: int) -> Fraction | None:
        """Returns the limit without exceptions; None where the column has no such limit."""
        formula = self.pooled if column == "pooled" else self.local
        return None if formula is None else amount(formula, k)

    def floor(self, column: RuleColumn, k: int) -> Fraction | None:
        """Returns the loosest value that a signed exception may set; None where there is no exception."""
        formula = self.floor_pooled if column == "pooled" else self.floor_local
        return None if formula is None else amount(formula, k)

    def bound(self, value: Fraction, column: RuleColumn) -> Message:
        """Returns the limit as people read it: `at least 50`, `none or at least 5`, `at most 1/5`."""
        return _bound(self.direction, column in self.or_zero, value)

    def is_looser(self, one: Fraction, other: Fraction) -> bool:
        """Whether `one` lets more through than `other`."""
        return one < other if self.direction == "at least" else one > other


@dataclass(frozen=True)
class Rule:
    """One rule, with what an ethics committee reads about it."""

    id: str
    name: str
    definition: str
    why: str
    source: str
    kinds: tuple[str, ...]
    limits: Mapping[str, Limit]
    """By their names in full."""
    exception: str | None
    """The limit, in full, that an exception `RULE=VALUE` means."""


def in_words(value: float | Fraction) -> str:
    """Returns a number as people write it: `8`, `1/5`, `2.88`."""
    if isfinite(value) and (Fraction(value).denominator == 1 or Fraction(value).numerator == 1):
        return str(Fraction(value))
    return f"{float(value):.3g}"


@cache
def _bound(direction: str, or_zero: bool, value: Fraction) -> Message:
    if direction == "at most":
        return say("rules.bound.at_most", limit=in_words(value))
    if or_zero:
        return say("rules.bound.at_least_or_none", limit=in_words(value))
    return say("rules.bound.at_least", limit=in_words(value))


@cache
def amount(formula: str, k: int) -> Fraction:
    """Returns the value of a formula of rules.toml; ValueError where it is not one."""
    if formula.startswith("max(") and formula.endswith(")"):
        return max(amount(part.strip(), k) for part in formula[4:-1].split(","))
    over, _, under = formula.partition("/")
    top, bottom = (k if part == "k" else _times(part, k) for part in (over, under or "1"))
    return Fraction(top, bottom)


def _times(part: str, k: int) -> int:
    """Returns a whole number, or a multiple of k: `2k`."""
    return int(part.removesuffix("k")) * (k if part.endswith("k") else 1)


def read_rules(text: str) -> Mapping[str, Rule]:
    """Returns the rules of a text like rules.toml, by id; ValueError, KeyError or TypeError where it is not one."""
    return MappingProxyType({id_: _rule(id_, table) for id_, table in tomllib.loads(text).items()})


def _rule(id_: str, table: dict[str, Any]) -> Rule:
    limits = {f"{id_}.{name}": _limit(f"{id_}.{name}", keys) for name, keys in table.pop("limits", {}).items()}
    exception = table.pop("exception", None)
    full = None if exception is None else f"{id_}.{exception}"
    if full is not None and limits[full].floor_pooled is None and limits[full].floor_local is None:
        raise ValueError(f"{full}: an exception needs a floor")
    kinds = tuple(table.pop("kinds"))
    if not kinds or not set(kinds) <= set(KINDS):
        raise ValueError(f"{id_}: kinds are some of {', '.join(KINDS)}; found {kinds}")
    return Rule(id_, kinds=kinds, limits=MappingProxyType(limits), exception=full, **table)


def _limit(name: str, keys: dict[str, Any]) -> Limit:
    amounts = ("pooled", "local", "floor_pooled", "floor_local")
    table: dict[str, Any] = {key: str(keys.pop(key)) if key in keys else None for key in amounts}
    limit = Limit(name, say(f"rules.means.{name}"), or_zero=tuple(keys.pop("or_zero", ())), **table, **keys)
    if limit.direction not in ("at least", "at most"):
        raise ValueError(f"{name}: direction is 'at least' or 'at most'; found {limit.direction!r}")
    for column in COLUMNS:
        default, floor = limit.default(column, SMALLEST_CELL), limit.floor(column, SMALLEST_CELL)
        if floor is not None and (default is None or not limit.is_looser(floor, default)):
            raise ValueError(f"{name}: a floor is looser than the limit of its column")
    return limit


RULES: Final = read_rules((files("riskset.disclosure") / "rules.toml").read_text(encoding="utf-8"))
LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {name: limit for rule in RULES.values() for name, limit in rule.limits.items()}
)
