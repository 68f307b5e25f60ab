"""Small dense linear algebra in plain floats, the same bits on every machine.

Every party derives beta from the totals itself, so all must agree to the last bit. The order of sums in a linear
algebra library differs from build to build; this module uses only + - * / and sqrt, which IEEE 754 rounds correctly,
in the order written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

Matrix = Sequence[Sequence[float]]

SINGULAR = 1e-11
"""A column of which at most this share is left, after projecting out the columns before it, depends on them."""


@dataclass(frozen=True)
class Factor:
    """Cholesky factor of the independent columns of a symmetric matrix, earlier columns kept first (as R's coxph)."""

    kept: tuple[int, ...]
    """Independent columns, increasing."""
    L: tuple[tuple[float, ...], ...]
    """Lower triangle by rows, of the kept columns: L L' is their part of the matrix."""
    dependent: Mapping[int, tuple[float, ...]]
    """The other columns, each as a combination of the kept columns before it; empty if its diagonal is negligible."""


def factor(a: Matrix, negligible: float = 0.0) -> Factor:
    """Returns the factor of the symmetric matrix `a` (p, p), of which only the lower triangle is read. A diagonal
    element up to `negligible` counts as rounding."""
    kept: list[int] = []
    L: list[tuple[float, ...]] = []
    dependent: dict[int, tuple[float, ...]] = {}
    for j in range(len(a)):
        row = forward_substitute(L, [a[j][k] for k in kept])
        pivot = a[j][j]
        for x in row:
            pivot -= x * x
        if a[j][j] > negligible and pivot > SINGULAR * a[j][j]:
            kept.append(j)
            L.append((*row, sqrt(pivot)))
        else:
            dependent[j] = tuple(back_substitute(L, row)) if a[j][j] > negligible else ()
    return Factor(tuple(kept), tuple(L), dependent)


def solve(L: Matrix, b: Sequence[float]) -> list[float]:
    """Returns x with LL'x = b, for `L` (p, p) lower with a positive diagonal."""
    return back_substitute(L, forward_substitute(L, b))


def forward_substitute(L: Matrix, b: Sequence[float]) -> list[float]:
    """Returns y with Ly = b."""
    y: list[float] = []
    for row, s in zip(L, b, strict=True):
        for k in range(len(y)):
            s -= row[k] * y[k]
        y.append(s / row[len(y)])
    return y


def back_substitute(L: Matrix, y: Sequence[float]) -> list[float]:
    """Returns x with L'x = y."""
    p = len(y)
    x = [0.0] * p
    for i in reversed(range(p)):
        s = y[i]
        for k in range(i + 1, p):
            s -= L[k][i] * x[k]
        x[i] = s / L[i][i]
    return x


def inverse(L: Matrix) -> list[list[float]]:
    """Returns (LL')^-1, (p, p), for `L` lower with a positive diagonal."""
    p = len(L)
    return [solve(L, [1.0 if i == j else 0.0 for i in range(p)]) for j in range(p)]


def dot(x: Sequence[float], y: Sequence[float]) -> float:
    """Returns the sum of products, from the first on. (The rounding of Python's `sum` differs between versions.)"""
    s = 0.0
    for a, b in zip(x, y, strict=True):
        s += a * b
    return s


def quadratic_form(a: Matrix, x: Sequence[float]) -> float:
    """Returns x'ax."""
    return dot(x, [dot(row, x) for row in a])


def submatrix(a: Matrix, rows: Sequence[int]) -> list[list[float]]:
    """Returns the rows and columns `rows` of `a`."""
    return [[a[i][j] for j in rows] for i in rows]


def from_upper_triangle(values: Sequence[float], p: int) -> tuple[tuple[float, ...], ...]:
    """Returns the symmetric (p, p) matrix whose upper triangle, by rows, is `values` (p(p+1)/2)."""
    a = [[0.0] * p for _ in range(p)]
    entries = iter(values)
    for i in range(p):
        for j in range(i, p):
            a[i][j] = a[j][i] = float(next(entries))
    return tuple(map(tuple, a))
