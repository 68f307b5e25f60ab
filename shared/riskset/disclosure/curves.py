"""R9 on a site's own patients: what curves tell together of a patient who leaves alone in a step.

A curve by arm on a fine grid shows when such a patient left, from which arm, and whether with the event. A second curve
whose days are the same for that patient shows one attribute more; so do the same days split by something else, or cut
into other steps. Curves are compared by their content: names of endpoints and variables, versions and studies do not
matter. Nothing here leaves the site; a finding that does not pass becomes a flag.

No figure of another site is needed: what any site finds among its patients ends the curve for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.stats.grid import Grid

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

NOT_IN_IT: Final = -1
"""The day of a patient who is not in a curve."""
LEFT_OUT: Final = -2
"""The day of a patient whose data were corrected since an earlier curve: nothing is compared."""
NOT_SPLIT: Final = -1
"""The level of every patient of a curve that is not split."""
FEWEST_PAIRS: Final = 10
"""With fewer pairs of neighbours an order says nothing: five patients are in the same order twice by chance."""

FEW: Final = 2
FEW_SHARE: Final = 1 / 20
"""How many patients, or which share of those who leave two curves in one step, a composite endpoint may account for. Or
may have other days than before, in a curve that continues an earlier one."""


@dataclass(frozen=True, eq=False)
class Curve:
    """How a site's patients leave a curve. Arrays (n,) over patients, in one order for all curves that are compared."""

    name: str
    """The id of its analysis."""
    grid: Grid
    day: Ints
    """`NOT_IN_IT` for a patient who is not counted."""
    event: Bools
    level: Ints
    """Index of the level that splits the curve, or `NOT_SPLIT`."""
    entry: Ints | None = None
    """The day of entry, counted by step as well; None where all enter on day 0."""
    run: str = ""
    """The earlier run that opened it; empty for a curve of the present run."""
    gone: int = 0
    """How many patients it counted whom the present run does not have."""
    altered: Bools | None = None
    """Whose data differ since, in any field that both runs use; None for a curve of the present run."""
    weighted: str = ""
    """The weighted population whose weights are added up by who of all patients leaves; empty where patients are
    counted."""

    @property
    def is_in(self) -> Bools:
        """Which patients are counted, (n,)."""
        counted: Bools = self.day >= 0
        return counted

    def until(self, last: int) -> Curve:
        """Returns the curve as if follow-up ended on the day `last`, where everyone in it is censored."""
        return replace(self, day=np.minimum(self.day, last), event=self.event & (self.day <= last))

    def of(self, patients: Ints) -> Curve:
        """Returns the curve over these patients, in this order."""
        entry = None if self.entry is None else self.entry[patients]
        return replace(
            self, day=self.day[patients], event=self.event[patients], level=self.level[patients], entry=entry
        )

    def placed(self, patients: Ints, n: int) -> Curve:
        """Returns the curve over n patients, of whom it has these, in this order."""
        day, event, level = np.full(n, NOT_IN_IT), np.zeros(n, bool), np.full(n, NOT_SPLIT)
        day[patients], event[patients], level[patients] = self.day, self.event, self.level
        entry = None
        if self.entry is not None:
            entry = np.zeros(n, np.int64)
            entry[patients] = self.entry
        return replace(self, day=day, event=event, level=level, entry=entry)

    def opened_by(self, numbers: int, kinds: int = 1) -> Curve:
        """Returns the curve as so many numbers opened it: not split where they are too few for two levels, of which
        each has so many kinds of event, and censored patients, by step. (A site refused the arms alone.)"""
        is_split = numbers >= 2 * (kinds + 1) * self.grid.n_steps
        return self if is_split else replace(self, level=np.full_like(self.level, NOT_SPLIT))

    def left_out(self, patients: Ints) -> Curve:
        """Returns the curve in which these patients are compared with nothing."""
        day = self.day.copy()
        day[patients] = LEFT_OUT
        return replace(self, day=day)

    def to_json(self) -> dict[str, Any]:
        """Returns what `read_curve` reads, for the sealed part of a journal."""
        arrays = {"day": self.day.tolist(), "event": np.flatnonzero(self.event).tolist(), "level": self.level.tolist()}
        if self.entry is not None:
            arrays["entry"] = self.entry.tolist()
        if self.weighted:
            arrays["weighted"] = self.weighted
        return {"name": self.name, "width_days": self.grid.width_days, "max_days": self.grid.max_days, **arrays}


def read_curve(content: dict[str, Any]) -> Curve:
    """Returns the curve of `Curve.to_json`."""
    day = np.array(content["day"], np.int64)
    event = np.zeros(len(day), bool)
    event[content["event"]] = True
    grid = Grid(content["width_days"], content["max_days"])
    entry = np.array(content["entry"], np.int64) if "entry" in content else None
    level, weighted = np.array(content["level"], np.int64), content.get("weighted", "")
    return Curve(content["name"], grid, day, event, level, entry, weighted=weighted)


def split_otherwise(a: Curve, b: Curve) -> int:
    """Returns how many patients of two curves have a level, or a day of entry, in one that they do not have in the
    other: of two that are split, or in which patients enter late."""
    return int((in_both(a, b) & ~is_alike(a, b)).sum())


def is_alike(a: Curve, b: Curve) -> Bools:
    """Returns which patients have no other level, and no other day of entry, in one of two curves than in the other."""
    alike: Bools = (a.level == b.level) | (a.level == NOT_SPLIT) | (b.level == NOT_SPLIT)
    return alike if a.entry is None or b.entry is None else alike & (a.entry == b.entry)


def cut_otherwise(a: Curve, b: Curve) -> bool:
    """Whether two grids cut the same days into steps of which neither joins whole steps of the other, so that their
    difference has finer steps than both. Grids of curves that no patient leaves on the same day are not compared."""
    one, other = a.grid, b.grid
    if one == other or not (in_both(a, b) & (a.day == b.day)).any():
        return False
    narrow, wide = sorted((one.width_days, other.width_days))
    first, last = sorted((one, other), key=lambda grid: grid.max_days)
    ends_within = first.max_days != last.max_days and first.max_days % last.width_days
    return bool(wide % narrow or ends_within)


def outside_order(a: Curve, b: Curve, known: Sequence[Curve]) -> int:
    """Returns how many patients who leave both curves in one step have the event of one of them alone, in the curve
    where they are fewer: 0 where the events of one include those of the other.

    0 as well where a third curve counts, for all of these patients, either event, as progression-free survival does of
    death and of progression, and few are outside: who progress and are lost in one step. (Many would be another
    attribute: a study of dates can ask for its composite with the event.) Or nobody has both: causes of one event.
    """
    here = in_both(a, b) if b.run and _goes_on(b, a) else _in_one_step(a, b)
    return _outside(a, b, here, known)


def is_ordered(a: Curve, b: Curve, known: Sequence[Curve]) -> bool:
    """Whether the same holds for all patients of both curves, in whatever steps they leave."""
    return _outside(a, b, in_both(a, b), known) == 0


def _goes_on(before: Curve, curve: Curve) -> bool:
    """Whether a curve has the days of an earlier one, as they are after an update of the follow-up, of whatever event:
    nearly all patients leave on the same day, or were censored and leave later."""
    one, other = until_both_end(before, curve)
    both, later = in_both(one, other), ~one.event & (one.day < other.day)
    others = both & (one.day != other.day) & ~later
    return bool(both.any()) and others.sum() <= FEW_SHARE * both.sum()


def are_few(patients: int, of: int) -> bool:
    """Whether these patients are few among so many."""
    return patients <= max(FEW, FEW_SHARE * of)


def _outside(a: Curve, b: Curve, here: Bools, known: Sequence[Curve]) -> int:
    one, other = until_both_end(a, b)
    apart = min(int((here & one.event & ~other.event).sum()), int((here & other.event & ~one.event).sum()))
    is_small, are_causes = are_few(apart, int(here.sum())), not (here & one.event & other.event).any()
    return 0 if apart and (is_small or are_causes) and any(_is_either(third, a, b, here) for third in known) else apart


def _is_either(third: Curve, a: Curve, b: Curve, here: Bools) -> bool:
    one, other = until_both_end(a, b)
    event = third.until(one.grid.max_days).event
    with_both = _in_one_step(third, a) & _in_one_step(third, b)
    return bool((with_both & (event == (one.event | other.event)))[here].all())


def linked(a: Curve, b: Curve) -> float:
    """Returns how nearly the days of one curve follow from those of the other: of the patients whose days differ, the
    share of neighbours in one order who are neighbours in the other, in the direction in which it is larger.

    1 for days that are shifted, doubled, reversed or in months; 0 with fewer than `FEWEST_PAIRS` pairs to compare.
    """
    one, other = until_both_end(a, b)
    differ = in_both(a, b) & (one.day != other.day)
    return max(_neighbours(one.day[differ], other.day[differ]), _neighbours(other.day[differ], one.day[differ]))


def _neighbours(a: Ints, b: Ints) -> float:
    _, rank = np.unique(b, return_inverse=True)
    apart = np.abs(np.diff(rank[np.lexsort((b, a))]))
    compared = int((apart > 0).sum())  # patients who leave b on the same day hide each other there
    return float((apart == 1).sum() / compared) if compared >= FEWEST_PAIRS else 0.0


def shares_a_clock(a: Curve, b: Curve) -> bool:
    """Whether a patient leaves both curves in one step."""
    return bool(_in_one_step(a, b).any())


def n_alone(curve: Curve) -> int:
    """Returns how many patients leave a curve alone among those of their level and step."""
    cells = np.stack([curve.level, curve.grid.exit_steps(curve.day)])[:, curve.is_in]
    return int((np.unique(cells, axis=1, return_counts=True)[1] == 1).sum())


def different(curves: Sequence[Curve], *than: Curve) -> list[Curve]:
    """Returns the curves that differ from each other, and from `than`, in some patient's day or event."""
    found = list(than)
    for curve in curves:
        if not any(is_same(curve, other) for other in found):
            found.append(curve)
    return found[len(than) :]


def is_same(a: Curve, b: Curve) -> bool:
    """Whether two curves have patients in common, all with the same day and event, as far as both go."""
    both, (one, other) = in_both(a, b), until_both_end(a, b)
    return bool(both.any()) and bool(((one.day == other.day) & (one.event == other.event))[both].all())


def in_both(a: Curve, b: Curve) -> Bools:
    return a.is_in & b.is_in


def until_both_end(a: Curve, b: Curve) -> tuple[Curve, Curve]:
    last = min(a.grid.max_days, b.grid.max_days)
    return a.until(last), b.until(last)


def _in_one_step(a: Curve, b: Curve) -> Bools:
    """Returns which patients leave two curves in one step of the coarser grid, as far as both go."""
    one, other = until_both_end(a, b)
    width = max(a.grid.width_days, b.grid.width_days)
    in_one: Bools = in_both(a, b) & (-(-one.day // width) == -(-other.day // width))
    return in_one
