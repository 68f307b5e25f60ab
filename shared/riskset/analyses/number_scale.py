"""The declared range of a number as cells, so that every party halves it at the same places.

With a `step` the cells are the values themselves; without one, a millionth of the range on the scale of the transform.
Where the next half begins follows from whole numbers and functions with the same bits on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import floor, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.stats import elementary
from riskset.study.spec import NumberVariable, Transform

_CELLS: Final = 2**20
_LN_2: Final = elementary.scalar_log(2.0)
_LN_10: Final = elementary.scalar_log(10.0)

Function = Callable[[float], float]


def _exp(x: float) -> float:
    return float(elementary.exp(np.array([x]))[0])


_THERE: Final[Mapping[Transform | None, Function]] = {
    None: lambda x: x,
    "log": elementary.scalar_log,
    "log2": lambda x: elementary.scalar_log(x) / _LN_2,
    "log10": lambda x: elementary.scalar_log(x) / _LN_10,
    "log1p": lambda x: elementary.scalar_log(x + 1.0),
    "log10p1": lambda x: elementary.scalar_log(x + 1.0) / _LN_10,
    "sqrt": sqrt,
}
_BACK: Final[Mapping[Transform | None, Function]] = {
    None: lambda z: z,
    "log": _exp,
    "log2": lambda z: _exp(z * _LN_2),
    "log10": lambda z: _exp(z * _LN_10),
    "log1p": lambda z: _exp(z) - 1.0,
    "log10p1": lambda z: _exp(z * _LN_10) - 1.0,
    "sqrt": lambda z: z * z,
}
_ALL_BACK: Final[Mapping[Transform | None, Callable[[NDArray[np.float64]], NDArray[np.float64]]]] = {
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
        return _CELLS - 1 if self.step is None else round((self.high - self.low) / self.step)

    def cells(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Returns the cell of each value, which is on the scale of the transform, (n,)."""
        if self.step is None:
            low, high = self._there(self.low), self._there(self.high)
            found = np.floor((values - low) / (high - low) * _CELLS)
        else:
            found = np.rint((_ALL_BACK[self.transform](values) - self.low) / self.step)
        return np.clip(found, 0, self.last).astype(np.int64)

    def middle(self, low: int, high: int) -> int:
        """As of `Scale`: the middle on the scale of the transform."""
        if self.step is None or self.transform is None:
            return (low + high) // 2
        value = _BACK[self.transform]((self._there(self._at(low)) + self._there(self._at(high))) / 2)
        return min(max(floor((value - self.low) / self.step), low), high - 1)

    def between(self, low: int, high: int, share: float) -> float:
        """As of `Scale`, on the scale of the transform, in the number's unit."""
        first, last = self._edges(low, high)
        if first == last:
            return first
        start, end = self._there(first), self._there(last)
        return _BACK[self.transform](start + share * (end - start))

    def width(self, low: int, high: int) -> float:
        first, last = self._edges(low, high)
        return last - first

    def _edges(self, low: int, high: int) -> tuple[float, float]:
        """Returns the lowest and the highest value that the cells can have."""
        return self._at(low), self._at(high + (self.step is None))

    def _at(self, cell: int) -> float:
        """Returns the value of a cell or, without a step, where it begins."""
        if self.step is not None:
            return self.low + cell * self.step
        low, high = self._there(self.low), self._there(self.high)
        return _BACK[self.transform](low + cell / _CELLS * (high - low))

    def _there(self, value: float) -> float:
        return _THERE[self.transform](value)
