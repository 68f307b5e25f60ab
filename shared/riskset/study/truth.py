"""What a rule says of each patient: true, false or not known (Kleene's three values).

A rule is parsed by `rules` into the small nodes below; nothing else can be evaluated. Nodes are frozen, hold no code
and read nothing but the columns given to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""By name of the variable, each (n,): a number as float64 with NaN missing, the raw value before any transform; a
boolean as float64 0, 1 or NaN; a category as int64 index of its level, -1 missing; a date as datetime64[D], NaT where
missing."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Kind:
    """What a rule needs to know of a variable."""

    name: Literal["number", "boolean", "category", "date"]
    levels: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class Truth:
    """Where a claim is true and where it is false, each (n,) or () to be broadcast; nowhere both.

    Neither: not known.
    """

    true: Bools
    false: Bools

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.true & other.true, self.false | other.false)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.true | other.true, self.false & other.false)

    def __invert__(self) -> Truth:
        return Truth(self.false, self.true)


class Value(Protocol):
    """A node with a value a patient."""

    def values(self, columns: Columns) -> NDArray[Any]: ...
    def known(self, columns: Columns) -> Bools: ...


class Claim(Protocol):
    """A node that is true, false or not known a patient."""

    def truth(self, columns: Columns) -> Truth: ...


@dataclass(frozen=True)
class Observed:
    """A variable's own values."""

    name: str

    def values(self, columns: Columns) -> NDArray[Any]:
        return columns[self.name]

    def known(self, columns: Columns) -> Bools:
        values = columns[self.name]
        if values.dtype.kind == "M":
            return ~np.isnat(values)
        return np.asarray(values >= 0) if values.dtype.kind == "i" else ~np.isnan(values)


@dataclass(frozen=True)
class Constant:
    """A literal: a number, 0.0 or 1.0 for a boolean, a level's index, or a day."""

    value: float | int | np.datetime64

    def values(self, columns: Columns) -> NDArray[Any]:
        return np.asarray(self.value)

    def known(self, columns: Columns) -> Bools:
        return np.asarray(True)


@dataclass(frozen=True)
class Negative:
    """A number with its sign turned."""

    of: Value

    def values(self, columns: Columns) -> NDArray[Any]:
        return np.asarray(-self.of.values(columns))

    def known(self, columns: Columns) -> Bools:
        return self.of.known(columns)


@dataclass(frozen=True)
class Days:
    """Whole days from `start` to `end`, negative when `end` is the earlier."""

    start: Value
    end: Value

    def values(self, columns: Columns) -> NDArray[Any]:
        days = self.end.values(columns) - self.start.values(columns)
        return np.where(self.known(columns), days.astype(np.int64), 0).astype(np.float64)

    def known(self, columns: Columns) -> Bools:
        return self.start.known(columns) & self.end.known(columns)


@dataclass(frozen=True)
class Relation:
    """`left` against `right`, both of one kind; not known where either is missing."""

    left: Value
    sign: Literal["==", "!=", "<", "<=", ">", ">="]
    right: Value

    def truth(self, columns: Columns) -> Truth:
        known = self.left.known(columns) & self.right.known(columns)
        holds = _COMPARE[self.sign](self.left.values(columns), self.right.values(columns))
        return Truth(holds & known, ~holds & known)


@dataclass(frozen=True)
class Missing:
    """True where a variable has no value; always known."""

    name: str

    def truth(self, columns: Columns) -> Truth:
        known = Observed(self.name).known(columns)
        return Truth(~known, known)


@dataclass(frozen=True)
class Not:
    of: Claim

    def truth(self, columns: Columns) -> Truth:
        return ~self.of.truth(columns)


@dataclass(frozen=True)
class Every:
    """Every claim holds; false as soon as one is false, whatever is not known."""

    claims: tuple[Claim, ...]

    def truth(self, columns: Columns) -> Truth:
        return reduce(Truth.__and__, (claim.truth(columns) for claim in self.claims))


@dataclass(frozen=True)
class Some:
    """Some claim holds; true as soon as one is true, whatever is not known."""

    claims: tuple[Claim, ...]

    def truth(self, columns: Columns) -> Truth:
        return reduce(Truth.__or__, (claim.truth(columns) for claim in self.claims))


_COMPARE = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
