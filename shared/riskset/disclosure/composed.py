"""Columns that are computed from others: products of two, and the curved parts of a spline.

They are columns by value: a product of two 0/1 columns is one itself, every other one is a number. A part of a spline
tells what its number tells. The sums of a product are counts of three columns at once: `analyses/admission/blocks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.disclosure.exposure import Column, HasVariables


def product(a: Column, b: Column) -> Product:
    """Returns the product of two columns, within the limits that theirs give it."""
    corners = [x * y for x in _range_of(a) for y in _range_of(b)]
    is_number = a.is_number or b.is_number
    low, high = (min(corners), max(corners)) if is_number else (-1.0, 1.0)  # as a level: not shifted
    levels = [column.level for column in (a, b) if column.level is not None]
    return Product(
        variable=f"{a.variable}:{b.variable}",
        level=":".join(levels) or None,
        middle=(low + high) / 2,
        half_range=(high - low) / 2,
        factors=(a, b),
    )


def _range_of(column: Column) -> tuple[float, float]:
    if not column.is_number:
        return 0.0, 1.0
    return column.middle - column.half_range, column.middle + column.half_range


@dataclass(frozen=True, kw_only=True)
class Product(Column):
    """An interaction of two columns; it has no reference level. `variable` is `arm:ecog`, `level` `new:1`, or `new`
    where one of the two is a number."""

    factors: tuple[Column, Column]

    __hash__ = Column.__hash__

    @property
    def name(self) -> str:
        return ":".join(factor.name for factor in self.factors)

    @property
    def is_number(self) -> bool:
        return any(factor.is_number for factor in self.factors)

    @property
    def made_of(self) -> tuple[str, ...]:
        return tuple(name for factor in self.factors for name in factor.made_of)

    def values(self, rows: HasVariables) -> NDArray[np.float64]:
        first, second = (factor.values(rows) for factor in self.factors)
        return first * second


@dataclass(frozen=True, kw_only=True)
class Rest(Column):
    """The level of a variable that none of its columns has: the reference."""

    of: tuple[Column, ...]

    __hash__ = Column.__hash__

    def values(self, rows: HasVariables) -> NDArray[np.float64]:
        return np.asarray(1.0 - np.sum([column.values(rows) for column in self.of], axis=0), np.float64)


def rest(columns: tuple[Column, ...]) -> Rest:
    """Returns the reference level beside the other levels of a variable."""
    first = columns[0]
    return Rest(variable=first.variable, level=first.reference, reference=first.reference, code=-1, of=columns)


def spline(number: Column, knots: tuple[float, ...]) -> tuple[SplinePart, ...]:
    """Returns the curved parts of a restricted cubic spline, one fewer than the inner knots and the last; with the
    number itself they are its basis. `knots` are on the number's scale, ascending, at least three.

    A part is 0 up to its own knot and increases after it, so its range follows from the number's.
    """
    highest = number.middle + number.half_range
    parts = []
    for i in range(len(knots) - 2):
        end = float(restricted_cubic(np.array([highest]), knots, i)[0])
        name = number.variable + "'" * (i + 1)
        parts.append(SplinePart(name, middle=end / 2, half_range=end / 2, of=number, knots=knots, part=i))
    return tuple(parts)


@dataclass(frozen=True, kw_only=True)
class SplinePart(Column):
    """One curved part of a number's spline; `variable` is `age'`, the next `age''`, as R's rms prints them."""

    of: Column
    knots: tuple[float, ...]
    part: int

    __hash__ = Column.__hash__

    @property
    def made_of(self) -> tuple[str, ...]:
        return self.of.made_of

    def values(self, rows: HasVariables) -> NDArray[np.float64]:
        return restricted_cubic(self.of.values(rows), self.knots, self.part)


def restricted_cubic(x: NDArray[np.float64], knots: tuple[float, ...], part: int) -> NDArray[np.float64]:
    """Returns a curved part of the restricted cubic spline at `x`, in its shape and unit.

    Harrell, Regression Modeling Strategies (2015), equation 2.25, divided by the square of the distance of the outer
    knots: `Hmisc::rcspline.eval(norm = 2)`, as `rms::rcs` has it. Linear beyond the outer knots.
    """
    t, last, before = knots[part], knots[-1], knots[-2]
    gap = last - before
    cubes = (
        np.maximum(x - t, 0.0) ** 3
        - np.maximum(x - before, 0.0) ** 3 * ((last - t) / gap)
        + np.maximum(x - last, 0.0) ** 3 * ((before - t) / gap)
    )
    return np.asarray(cubes / (last - knots[0]) ** 2, np.float64)
