"""The largest share of one patient in a sum of squares, or of positive semidefinite matrices, in whichever direction it
is largest: what a dominance rule of disclosure control looks at, where every direction of the sum is told."""

from __future__ import annotations

import numpy as np

from riskset.stats.arrays import Floats

_NOTHING = 1e-10
"""A direction in which the sum has less than this of its largest is one in which it has nothing but rounding."""


def whitener(total: Floats) -> Floats:
    """Returns W with W `total` W' the identity on all directions (p, p) in which the total has something, (k, p)."""
    sizes, directions = np.linalg.eigh(total)
    kept = sizes > _NOTHING * max(float(sizes[-1]), 0.0) if len(sizes) else sizes > 0
    return np.asarray((directions[:, kept] / np.sqrt(sizes[kept])).T)


def of_matrices(parts: Floats, white: Floats) -> float:
    """Returns the largest share of one of the matrices, (n, p, p), in any direction; 0 for none."""
    if not parts.size or not white.size:
        return 0.0
    return float(np.linalg.eigvalsh(white @ parts @ white.T)[:, -1].max())


def of_sums(here: Floats, every: Floats) -> float:
    """Returns the largest share of a hospital's sums of products (p, p) in those of all, in any direction, whatever the
    units of the columns are."""
    length = np.sqrt(np.maximum(np.diag(every), 1e-300))
    own, total = (of / np.outer(length, length) for of in (here, every))
    return of_matrices(own[None], whitener(total))


def of_vectors(parts: Floats, white: Floats) -> float:
    """Returns the largest share of one of the vectors, (p, n), squared along any direction; 0 for none."""
    return float(((white @ parts) ** 2).sum(axis=0).max(initial=0.0))
