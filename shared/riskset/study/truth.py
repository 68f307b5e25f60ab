"""The truth of an eligibility rule for each patient: true, false or not known (Kleene's strong three-valued logic).

`grammar` parses a rule into the nodes below; nothing else can be evaluated. Nodes are frozen, contain no code and read
only the columns given to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Arrays of shape (n,) by name of variable: a number as float64 with NaN missing, the raw value before any transform; a
boolean as float64 0, 1 or NaN; a category as int64 index of its level, -1 missing; a date as datetime64[D], NaT where
missing."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Kind:
    """What a rule needs to know about a variable."""

    name: Literal["number", "boolean", "category", "date"]
    levels: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class Truth:
    """Where a claim is true and where it is false, each (n,) or () to be broadcast; never both. Neither: not known."""

    true: Bools
    false: Bools

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.true & other.true, self.false | other.false)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.true | other.true, self.false & other.false)

    def __invert__(self) -> Truth:
        return Truth(self.false, self.true)


class Value(Protocol):
    """A node with one value per patient."""

    def values(self, columns: Columns) -> NDArray[Any]: ...
    def known(self, columns: Columns) -> Bools: ...


class Claim(Protocol):
    """A node that is true, false or not known for each patient."""

    def truth(self, columns: Columns) -> Truth: ...


@dataclass(frozen=True)
class Observed:
    """The values of a variable."""

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
    """A number with its sign reversed."""

    of: Value

    def values(self, columns: Columns) -> NDArray[Any]:
        return np.asarray(-self.of.values(columns))

    def known(self, columns: Columns) -> Bools:
        return self.of.known(columns)


@dataclass(frozen=True)
class Days:
    """Whole days from `start` to `end`, negative when `end` is earlier."""

    start: Value
    end: Value

    def values(self, columns: Columns) -> NDArray[Any]:
        days = self.end.values(columns) - self.start.values(columns)
        return np.where(self.known(columns), days.astype(np.int64), 0).astype(np.float64)

    def known(self, columns: Columns) -> Bools:
        return self.start.known(columns) & self.end.known(columns)


@dataclass(frozen=True)
class Relation:
    """Compares `left` with `right`, both of one kind; not known where either is missing."""

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
    """True where every claim is true; false where one is false, even if others are not known."""

    claims: tuple[Claim, ...]

    def truth(self, columns: Columns) -> Truth:
        return reduce(Truth.__and__, (claim.truth(columns) for claim in self.claims))


@dataclass(frozen=True)
class Some:
    """True where some claim is true, even if others are not known; false where every claim is false."""

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
