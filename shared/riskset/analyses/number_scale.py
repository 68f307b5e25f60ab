"""The declared range of a number as cells, so that every party halves it at the same places.

With a `step` the cells are the values themselves; without one, the values with the same first 12 binary digits. An
interval is halved where a binary digit of its exponent, then of its significand, turns from 0 to 1: at 64 before 80,
and at 80 before 72. So the places are the same whatever range, step or transform a study declares, and another version
of it counts the same halves again, not others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, frexp, ldexp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.study.spec import NumberVariable, Transform

_LEAST_EXPONENT: Final = -32
"""What is nearer to 0 than 2 to this power counts as 0."""
_COARSE: Final = 12
_FINE: Final = 44
"""Binary digits of a significand: of cells without a step, and to tell two steps apart."""
_ORIGIN: Final = 2**60
"""The code of 0."""

_BACK: Final[Mapping[Transform | None, Callable[[NDArray[np.float64]], NDArray[np.float64]]]] = {
    None: lambda z: z,
    "log": np.exp,
    "log2": np.exp2,
    "log10": lambda z: np.asarray(10.0**z),
    "log1p": np.expm1,
    "log10p1": lambda z: np.asarray(10.0**z - 1.0),
    "sqrt": np.square,
}


@dataclass(frozen=True)
class NumberScale:
    """A `stats.halving.Scale`."""

    low: float
    high: float
    step: float | None
    transform: Transform | None

    @classmethod
    def of(cls, variable: NumberVariable) -> NumberScale:
        return cls(*variable.range, variable.step, variable.transform)

    @property
    def last(self) -> int:
        if self.step is None:
            return code(self.high, _COARSE) - self._first
        return round((self.high - self.low) / self.step)

    @property
    def _first(self) -> int:
        return code(self.low, _COARSE)

    def cells(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Returns the cell of each value, which is on the scale of the transform, (n,)."""
        values = _BACK[self.transform](values)
        if self.step is None:
            found = np.array([code(float(value), _COARSE) - self._first for value in values])
        else:
            found = np.rint((values - self.low) / self.step)
        return np.asarray(np.clip(found, 0, self.last), np.int64)

    def middle(self, low: int, high: int) -> int:
        """As of `Scale`: the last cell before the place at which the interval is halved."""
        if self.step is None:
            return place(self._first + low, self._first + high) - 1 - self._first
        ends = (code(self._at(cell), _FINE) for cell in (low, high))
        cut = _begin(place(*ends), _FINE)
        return min(max(ceil((cut - self.low) / self.step) - 1, low), high - 1)

    def between(self, low: int, high: int, share: float) -> float:
        """As of `Scale`, in the number's unit."""
        first, last = self._edges(low, high)
        return first + share * (last - first)

    def width(self, low: int, high: int) -> float:
        first, last = self._edges(low, high)
        return last - first

    def _edges(self, low: int, high: int) -> tuple[float, float]:
        """Returns the lowest and the highest value that the cells can have."""
        return max(self._at(low), self.low), min(self._at(high + (self.step is None)), self.high)

    def _at(self, cell: int) -> float:
        """Returns the value of a cell or, without a step, where it begins."""
        return _begin(self._first + cell, _COARSE) if self.step is None else self.low + cell * self.step


def code(value: float, digits: int) -> int:
    """Returns a whole number that grows with the value: its exponent, then the first digits of its significand."""
    significand, exponent = frexp(abs(value))
    if value == 0 or exponent <= _LEAST_EXPONENT:
        return _ORIGIN
    size = ((exponent - _LEAST_EXPONENT) << digits) + int(ldexp(significand - 0.5, digits + 1))
    return _ORIGIN + size if value > 0 else _ORIGIN - size


def place(low: int, high: int) -> int:
    """Returns the code in (low, high] that ends in the most zeros; where the two are the same, that one."""
    digits = max((low ^ high).bit_length() - 1, 0)
    return high >> digits << digits


def _begin(of: int, digits: int) -> float:
    """Returns the least value with a code of at least this one."""
    size = abs(of - _ORIGIN) + (of < _ORIGIN)
    exponent, rest = size >> digits, size & ((1 << digits) - 1)
    value = ldexp(0.5 + ldexp(rest, -digits - 1), exponent + _LEAST_EXPONENT) if exponent else 0.0
    return value if of >= _ORIGIN else -value
