"""R9 on a site's own patients: what curves tell together of a patient who leaves alone in a step.

A curve by arm on a fine grid shows when such a patient left, from which arm, and whether with the event. A second curve
whose days are the same for that patient shows one attribute more; so do the same days split by something else, or cut
into other steps. Curves are compared by their content: names of endpoints and variables, versions and studies do not
matter. Nothing here leaves the site; a finding that does not pass becomes a flag.

No figure of another site is needed: what any site finds among its patients ends the curve for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.disclosure.finding import Finding, judge, or_first
from riskset.disclosure.policy import Policy
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
"""How many patients, or which share of those who leave two curves in one step, a composite endpoint may account for."""
MOSTLY: Final = 3 / 4
"""The share of patients who are as before, or were followed longer, in a curve that continues an earlier one."""


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
    run: str = ""
    """The earlier run that opened it; empty for a curve of the present run."""
    gone: int = 0
    """How many patients that run counted whom the present one does not have."""

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
        return replace(self, day=self.day[patients], event=self.event[patients], level=self.level[patients])

    def placed(self, patients: Ints, n: int) -> Curve:
        """Returns the curve over n patients, of whom it has these, in this order."""
        day, event, level = np.full(n, NOT_IN_IT), np.zeros(n, bool), np.full(n, NOT_SPLIT)
        day[patients], event[patients], level[patients] = self.day, self.event, self.level
        return replace(self, day=day, event=event, level=level)

    def opened_by(self, numbers: int) -> Curve:
        """Returns the curve as so many numbers opened it: not split where they are too few for two levels, of which
        each has events and censored patients by step. (A site refused the arms alone.)"""
        is_split = numbers >= 2 * 2 * self.grid.n_steps
        return self if is_split else replace(self, level=np.full_like(self.level, NOT_SPLIT))

    def left_out(self, patients: Ints) -> Curve:
        """Returns the curve in which these patients are compared with nothing."""
        day = self.day.copy()
        day[patients] = LEFT_OUT
        return replace(self, day=day)

    def to_json(self) -> dict[str, Any]:
        """Returns what `read_curve` reads, for the sealed part of a journal."""
        arrays = {"day": self.day.tolist(), "event": np.flatnonzero(self.event).tolist(), "level": self.level.tolist()}
        return {"name": self.name, "width_days": self.grid.width_days, "max_days": self.grid.max_days, **arrays}


def read_curve(content: dict[str, Any]) -> Curve:
    """Returns the curve of `Curve.to_json`."""
    day = np.array(content["day"], np.int64)
    event = np.zeros(len(day), bool)
    event[content["event"]] = True
    grid = Grid(content["width_days"], content["max_days"])
    return Curve(content["name"], grid, day, event, np.array(content["level"], np.int64))


def without_corrected(opened: Sequence[Curve], now: Sequence[Curve], altered: Bools) -> tuple[Curve, ...]:
    """Returns the curves of an earlier run without the patients whose data were corrected, or followed up, since.

    Those are `altered` patients who differ between an earlier curve and a present one that is its continuation: at
    least `MOSTLY` of its patients have the same day and event, or were censored and left later. Of other curves nobody
    is left out, so that a new endpoint under an old name is compared as any other.
    """
    corrected = np.zeros(len(altered), bool)
    for before in opened:
        for curve in now:
            one, other = _until_both_end(before, curve)
            both, later = _in_both(one, other), ~one.event & (one.day < other.day)
            one_level = (one.level == other.level) | (one.level == NOT_SPLIT) | (other.level == NOT_SPLIT)
            same = (one.day == other.day) & (one.event == other.event) & one_level
            if (both & (same | later)).sum() >= MOSTLY * both.sum():
                corrected |= both & ~same & altered
    return tuple(replace(curve, day=np.where(corrected, LEFT_OUT, curve.day)) for curve in opened)


def together(policy: Policy, curves: Sequence[Curve], earlier: Sequence[Curve]) -> Iterator[tuple[str, Finding]]:
    """Yields (name, finding) of R9 for each curve beside those opened earlier and those before it that pass.

    Of two curves that do not pass together the later one is refused.
    """
    opened = list(earlier)
    for at, curve in enumerate(curves):
        figures = _figures(curve, opened, curves[at + 1 :], curves)
        alone = _figures(curve, earlier, [other for other in curves if other is not curve], curves)
        found = list(_findings(policy, curve, figures, alone))
        yield from ((curve.name, finding) for finding in found)
        if all(finding.passes for finding in found):
            opened.append(curve)


def _findings(
    policy: Policy, curve: Curve, figures: Mapping[str, float], alone: Mapping[str, float]
) -> Iterator[Finding]:
    passes_first = all(judge(policy, name, curve.name, figure, own=True).passes for name, figure in alone.items())
    for name, figure in figures.items():
        remedy = or_first(say(f"rules.remedy.{name.partition('.')[2]}"), passes_first)
        yield judge(policy, name, curve.name, figure, own=True, remedy=remedy)


def _figures(
    curve: Curve, opened: Sequence[Curve], later: Sequence[Curve], present: Sequence[Curve]
) -> Mapping[str, float]:
    """Returns the figure for each limit, by its full name, of a curve after those `opened`."""
    known, runs = [*opened, *later], _runs_with_a_clock(curve, opened)
    return {
        "R9.other_levels": max((split_otherwise(curve, other) for other in opened), default=0),
        "R9.other_steps": sum(cut_otherwise(curve, other) for other in opened),
        "R9.outside_order": max((outside_order(curve, other, known) for other in opened), default=0),
        "R9.linked": max((linked(curve, o) for o in opened if not is_ordered(curve, o, known)), default=0.0),
        "R9.other_patients": max((other_patients(present, run) for run in runs), default=0),
        "R9.populations": _n_populations([present, *runs]),
        "R9.endpoints": 1 + len(different([other for other in opened if shares_a_clock(curve, other)], curve)),
    }


def split_otherwise(a: Curve, b: Curve) -> int:
    """Returns how many patients of two split curves have a level in one that they do not have in the other."""
    both = _in_both(a, b) & (a.level != NOT_SPLIT) & (b.level != NOT_SPLIT)
    return int((both & (a.level != b.level)).sum())


def cut_otherwise(a: Curve, b: Curve) -> bool:
    """Whether two grids cut the same days into steps of which neither joins whole steps of the other, so that their
    difference has finer steps than both. Grids of curves that no patient leaves on the same day are not compared."""
    one, other = a.grid, b.grid
    if one == other or not (_in_both(a, b) & (a.day == b.day)).any():
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
    return _outside(a, b, _in_one_step(a, b), known)


def is_ordered(a: Curve, b: Curve, known: Sequence[Curve]) -> bool:
    """Whether the same holds for all patients of both curves, in whatever steps they leave."""
    return _outside(a, b, _in_both(a, b), known) == 0


def _outside(a: Curve, b: Curve, here: Bools, known: Sequence[Curve]) -> int:
    one, other = _until_both_end(a, b)
    apart = min(int((here & one.event & ~other.event).sum()), int((here & other.event & ~one.event).sum()))
    are_few, are_causes = apart <= max(FEW, FEW_SHARE * int(here.sum())), not (here & one.event & other.event).any()
    return 0 if apart and (are_few or are_causes) and any(_is_either(third, a, b, here) for third in known) else apart


def _is_either(third: Curve, a: Curve, b: Curve, here: Bools) -> bool:
    one, other = _until_both_end(a, b)
    event = third.until(one.grid.max_days).event
    with_both = _in_one_step(third, a) & _in_one_step(third, b)
    return bool((with_both & (event == (one.event | other.event)))[here].all())


def linked(a: Curve, b: Curve) -> float:
    """Returns how nearly the days of one curve follow from those of the other: of the patients whose days differ, the
    share of neighbours in one order who are neighbours in the other, in the direction in which it is larger.

    1 for days that are shifted, doubled, reversed or in months; 0 with fewer than `FEWEST_PAIRS` pairs to compare.
    """
    one, other = _until_both_end(a, b)
    differ = _in_both(a, b) & (one.day != other.day)
    return max(_neighbours(one.day[differ], other.day[differ]), _neighbours(other.day[differ], one.day[differ]))


def _neighbours(a: Ints, b: Ints) -> float:
    _, rank = np.unique(b, return_inverse=True)
    apart = np.abs(np.diff(rank[np.lexsort((b, a))]))
    compared = int((apart > 0).sum())  # patients who leave b on the same day hide each other there
    return float((apart == 1).sum() / compared) if compared >= FEWEST_PAIRS else 0.0


def shares_a_clock(a: Curve, b: Curve) -> bool:
    """Whether a patient leaves both curves in one step."""
    return bool(_in_one_step(a, b).any())


def _runs_with_a_clock(curve: Curve, opened: Sequence[Curve]) -> list[list[Curve]]:
    """Returns the curves of each earlier run that has one in which patients leave in the same step as in this curve."""
    shared = dict.fromkeys(other.run for other in opened if other.run and shares_a_clock(curve, other))
    return [[other for other in opened if other.run == run] for run in shared]


def other_patients(present: Sequence[Curve], earlier: Sequence[Curve]) -> int:
    """Returns how many patients the curves of one of two runs count and those of the other do not, for the run in which
    they are fewer: 0 where one run has all patients of the other."""
    now, before = _counted(present), _counted(earlier)
    compared = ~(_left_out(present) | _left_out(earlier))
    return min(int((compared & now & ~before).sum()), earlier[0].gone + int((compared & before & ~now).sum()))


def _n_populations(runs: Sequence[Sequence[Curve]]) -> int:
    found: list[Sequence[Curve]] = []
    for run in runs:
        if not any(_has_same_patients(run, other) for other in found):
            found.append(run)
    return len(found)


def _has_same_patients(a: Sequence[Curve], b: Sequence[Curve]) -> bool:
    differ = (_counted(a) ^ _counted(b)) & ~(_left_out(a) | _left_out(b))
    return a[0].gone == b[0].gone and not differ.any()


def _counted(curves: Sequence[Curve]) -> Bools:
    counted: Bools = np.logical_or.reduce([curve.is_in for curve in curves])
    return counted


def _left_out(curves: Sequence[Curve]) -> Bools:
    left_out: Bools = np.logical_or.reduce([curve.day == LEFT_OUT for curve in curves])
    return left_out


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
    both, (one, other) = _in_both(a, b), _until_both_end(a, b)
    return bool(both.any()) and bool(((one.day == other.day) & (one.event == other.event))[both].all())


def _in_both(a: Curve, b: Curve) -> Bools:
    return a.is_in & b.is_in


def _until_both_end(a: Curve, b: Curve) -> tuple[Curve, Curve]:
    last = min(a.grid.max_days, b.grid.max_days)
    return a.until(last), b.until(last)


def _in_one_step(a: Curve, b: Curve) -> Bools:
    """Returns which patients leave two curves in one step of the coarser grid, as far as both go."""
    one, other = _until_both_end(a, b)
    width = max(a.grid.width_days, b.grid.width_days)
    in_one: Bools = _in_both(a, b) & (-(-one.day // width) == -(-other.day // width))
    return in_one
