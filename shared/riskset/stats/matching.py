"""Matching within one hospital: each treated patient with the nearest controls by the propensity score.

Greedy, without replacement, as `MatchIt` does it with `exact = ~ site`: the treated in descending order of their score,
each with the nearest control that is still free and within the caliper; for k controls, one after the other in k
rounds. (`MatchIt` 4.5.1 to 4.5.3 measured distances in whole numbers on some systems: a caliper below 1 bound nobody
there, and the next lower score was taken for the nearest. `tests/golden/matching.R` goes around it.)

Who is matched with whom stays at the hospital. Scores that differ by less than `RESOLUTION` are equal, so that the
rounding of a score, which depends on the order of the rows, decides nothing. Of equal ones the smaller key is taken:
a keyed hash of the patient, so that the order of the rows decides nothing either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from riskset.stats.arrays import Floats, Ints

RESOLUTION: Final = 2.0**-30
"""Of a score, about 1e-9: scores are compared as whole multiples of it."""
NOBODY: Final = -1


@dataclass(frozen=True)
class Matched:
    """The matched sets of one hospital, by rows as they were given. Stays at the hospital."""

    n: int
    """Rows, matched or not."""
    treated: Ints
    """(sets,) the treated patient of each set, increasing."""
    controls: Ints
    """(sets, ratio) its controls, the nearest first; `NOBODY` where fewer were found."""

    @property
    def set_of(self) -> Ints:
        """(n,) the set of each row; `NOBODY` for a row that is not matched."""
        out = np.full(self.n, NOBODY)
        out[self.treated] = np.arange(len(self.treated))
        of_set, at = np.nonzero(self.controls != NOBODY)
        out[self.controls[of_set, at]] = of_set
        return out

    @property
    def controls_found(self) -> int:
        return int((self.controls != NOBODY).sum())

    def weights(self, controls_per_treated: float = 1.0) -> Floats:
        """Returns (n,): 1 for the treated, `controls_per_treated` / m for the m controls of a set, 0 for the others.

        With the matched controls of all hospitals divided by their matched treated, these are the weights of
        `MatchIt`: those of the controls add to their number. With 1, to the number of the treated.
        """
        out = np.zeros(self.n)
        out[self.treated] = 1.0
        found = self.controls != NOBODY
        each = controls_per_treated / np.maximum(found.sum(axis=1), 1)
        of_set, at = np.nonzero(found)
        out[self.controls[of_set, at]] = each[of_set]
        return out


def nearest(
    score: ArrayLike, arm: ArrayLike, key: ArrayLike, *, ratio: int = 1, caliper: float | None = None
) -> Matched:
    """Returns the matched sets of one hospital.

    `score` (n,) finite, the logit or the probability; `arm` (n,) True for the treated; `key` (n,) whole numbers, of
    which the smaller goes first among equal scores; `ratio` controls at most for each of the treated; `caliper`, the
    largest distance, in the score's unit, to within `RESOLUTION`. A treated patient without a control is in no set.
    n log n steps.

    ValueError for another shape, type or value.
    """
    s, t, k = np.asarray(score, dtype=np.float64), np.asarray(arm), np.asarray(key)
    if s.ndim != 1 or t.dtype != np.bool_ or k.dtype.kind not in "iu" or not len(s) == len(t) == len(k):
        raise ValueError("score, arm (boolean) and key (whole numbers) must have one element per row")
    if not np.isfinite(s).all():
        raise ValueError("scores must be finite")
    if ratio < 1 or (caliper is not None and not caliper >= 0):
        raise ValueError("a treated patient has at least one control, and a caliper is not negative")
    units = comparable(s)
    rank = np.unique(k, return_inverse=True)[1].reshape(-1).astype(np.int64)
    widest = np.inf if caliper is None else caliper / RESOLUTION + 1.0  # both scores are rounded
    treated = np.flatnonzero(t)
    chosen = np.full((len(s), ratio), NOBODY)
    free = _Free(units, rank, np.flatnonzero(~t))
    first = treated[np.lexsort((rank[treated], -units[treated]))]
    for turn in range(ratio):
        for i in first.tolist():
            chosen[i, turn] = free.take(units[i], widest)
    with_one = treated[chosen[treated, 0] != NOBODY]
    return Matched(len(s), with_one, chosen[with_one])


def comparable(score: Floats) -> Floats:
    """Returns the scores as whole multiples of `RESOLUTION`, (n,)."""
    return np.rint(score / RESOLUTION)


class _Free:
    """The controls nobody has taken, found from a score upwards and downwards, each time the smallest key of equals
    first."""

    def __init__(self, units: Floats, rank: Ints, controls: Ints) -> None:
        self._units, self._rank = units, rank
        up = controls[np.lexsort((rank[controls], units[controls]))]
        down = controls[np.lexsort((rank[controls], -units[controls]))]
        self._up, self._down = _Line(up, units[up]), _Line(down, -units[down])

    def take(self, at: float, widest: float) -> int:
        """Returns the control nearest to `at`, which is not free any more; `NOBODY` where none is within `widest`."""
        found = [i for i in (self._up.first(at), self._down.first(-at)) if i != NOBODY]
        near = [(abs(float(self._units[i]) - at), int(self._rank[i]), i) for i in found]
        distance, _, i = min(near, default=(np.inf, 0, NOBODY))
        if i == NOBODY or distance > widest:
            return NOBODY
        self._up.remove(i)
        self._down.remove(i)
        return i


class _Line:
    """Patients in an order, of whom some are gone: disjoint sets, each of those gone with the next one who is there."""

    def __init__(self, patients: Ints, places: Floats) -> None:
        """`places` increase."""
        self._patients, self._places = patients.tolist(), places
        self._position = {patient: at for at, patient in enumerate(self._patients)}
        self._next = list(range(len(self._patients) + 1))

    def first(self, place: float) -> int:
        """Returns the first patient at `place` or behind it; `NOBODY` where all of those are gone."""
        at = int(np.searchsorted(self._places, place))
        while self._next[at] != at:
            self._next[at] = at = self._next[self._next[at]]
        return self._patients[at] if at < len(self._patients) else NOBODY

    def remove(self, patient: int) -> None:
        at = self._position[patient]
        self._next[at] = at + 1
