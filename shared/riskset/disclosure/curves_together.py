"""R9 over all curves of a site: those of a run, in their order, beside those that it answered in earlier runs.

Two curves are compared in `riskset.disclosure.curves`. Here is which patients are left out of a comparison because
their data were corrected since, and how many populations were counted. Of curves that do not pass together the later
one is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from riskset.catalogue import say
from riskset.disclosure import cells
from riskset.disclosure.curves import (
    LEFT_OUT,
    Bools,
    Curve,
    are_few,
    cut_otherwise,
    different,
    in_both,
    is_alike,
    is_ordered,
    linked,
    outside_order,
    shares_a_clock,
    split_otherwise,
    until_both_end,
)
from riskset.disclosure.finding import Finding, judge, or_first
from riskset.disclosure.policy import Policy

MOSTLY: Final = 3 / 4
"""The share of patients who are as before in a curve that continues an earlier one, of those who were not followed on
after a censoring."""


def together(policy: Policy, curves: Sequence[Curve], earlier: Sequence[Curve]) -> Iterator[tuple[str, Finding]]:
    """Yields (name, finding) of R9 for each curve of counts beside those opened earlier and those before it that pass.

    Of two curves that do not pass together the later one is refused; those that continue an earlier one come first.
    Which patients were corrected since an earlier run follows from a curve itself and from those that passed: one that
    is refused could be made to leave out whom it likes.
    """
    curves, earlier = ([curve for curve in of if not curve.weighted] for of in (curves, earlier))
    passed: list[Curve] = []
    ordered = sorted(curves, key=lambda curve: all(_continued(before, curve) is None for before in earlier))
    for at, curve in enumerate(ordered):
        figures = _figures(policy, curve, earlier, passed, ordered[at + 1 :])
        alone = _figures(policy, curve, earlier, [], [other for other in ordered if other is not curve])
        found = list(_findings(policy, curve, figures, alone))
        yield from ((curve.name, finding) for finding in found)
        if all(finding.passes for finding in found):
            passed.append(curve)


def weighted_together(
    policy: Policy, curves: Sequence[Curve], earlier: Sequence[Curve]
) -> Iterator[tuple[str, Finding]]:
    """Yields what R9 says of each weighted population whose weights are added up by time. The weights of an earlier run
    need not be the same: those of patients whom it had too count as another population."""
    for at, curve in enumerate(curves):
        if curve.weighted:
            before = {other.run for other in earlier if other.weighted and in_both(curve, other).any()}
            now = {other.weighted for other in curves[: at + 1] if other.weighted}
            yield curve.name, cells.weighted(policy, curve.name, len(before) + len(now))


def _findings(
    policy: Policy, curve: Curve, figures: Mapping[str, float], alone: Mapping[str, float]
) -> Iterator[Finding]:
    """Yields what R9 says of the figures of a curve; `alone` are those of it as the first of its run."""
    passes_first = all(judge(policy, name, curve.name, figure, own=True).passes for name, figure in alone.items())
    for name, figure in figures.items():
        remedy = or_first(say(f"rules.remedy.{name.partition('.')[2]}"), passes_first)
        yield judge(policy, name, curve.name, figure, own=True, remedy=remedy)


def _figures(
    policy: Policy, curve: Curve, answered: Sequence[Curve], passed: Sequence[Curve], later: Sequence[Curve]
) -> Mapping[str, float]:
    """Returns the figure for each limit, by its full name, of a curve beside those `answered` in earlier runs and those
    that `passed` before it in its own."""
    earlier = _without_corrected(answered, [*passed, curve])
    opened = [*earlier, *passed]
    known = [*opened, *later]
    on_a_clock = [other for other in opened if shares_a_clock(curve, other)]
    not_ordered = [other for other in opened if not is_ordered(curve, other, known)]
    return {
        "R9.other_levels": max((split_otherwise(curve, other) for other in opened), default=0),
        "R9.other_steps": sum(cut_otherwise(curve, other) for other in opened),
        "R9.outside_order": max((outside_order(curve, other, known) for other in opened), default=0),
        "R9.linked": max((linked(curve, other) for other in not_ordered), default=0.0),
        "R9.other_patients": _crossing(curve, on_a_clock, earlier),
        "R9.populations": _n_populations(_populations(curve, on_a_clock, earlier)),
        "R9.endpoints": 1 + len(different([*on_a_clock, *_linked_besides(policy, curve, opened, on_a_clock)], curve)),
    }


def _without_corrected(opened: Sequence[Curve], now: Sequence[Curve]) -> list[Curve]:
    """Returns the curves of earlier runs without the patients whose data were corrected, or followed up, since.

    Those are `altered` patients who differ between a curve of that run and one of `now` that is its continuation. Of
    other curves nobody is left out, so that a new endpoint under an old name is compared as any other.
    """
    corrected: dict[str, Bools] = {}
    for before in opened:
        for curve in now:
            if before.altered is not None and (changed := _continued(before, curve)) is not None:
                known = corrected.get(before.run, np.zeros_like(changed))
                corrected[before.run] = known | changed & before.altered
    return [curve.left_out(np.flatnonzero(corrected.get(curve.run, []))) for curve in opened]


def _continued(before: Curve, curve: Curve) -> Bools | None:
    """Returns which patients differ between an earlier curve and one that continues it; None where it does not: of the
    patients who did not go on after a censoring, `MOSTLY` are as before, and few differ whose data are as before."""
    one, other = until_both_end(before, curve)
    both, later = in_both(one, other), ~one.event & (one.day < other.day)
    same = (one.day == other.day) & (one.event == other.event) & is_alike(one, other)
    is_mostly_same = (both & same).sum() >= MOSTLY * (both & ~later).sum()
    unexplained = both & ~same if before.altered is None else both & ~same & ~before.altered
    return both & ~same if is_mostly_same and are_few(int(unexplained.sum()), int(both.sum())) else None


def _linked_besides(policy: Policy, curve: Curve, opened: Sequence[Curve], on_a_clock: Sequence[Curve]) -> list[Curve]:
    """Returns the curves whose days show who leaves this one when, though nobody leaves both in one step."""
    others = (other for other in opened if other not in on_a_clock)
    return [other for other in others if linked(curve, other) > policy.values["R9.linked"]]


def _populations(curve: Curve, on_a_clock: Sequence[Curve], earlier: Sequence[Curve]) -> list[list[Curve]]:
    """Returns the populations that tell something of the patients of a curve: its own, and those of curves on its
    clock. Of an earlier run without such a curve, all that it counted: parts of one population, each in a run of its
    own, have nobody in common, and tell together who belongs to which."""
    besides = dict.fromkeys(o.run for o in earlier if not any(o.run == other.run for other in on_a_clock))
    whole = ([other for other in earlier if other.run == run] for run in besides)
    return [[curve], *([other] for other in on_a_clock), *whole]


def _crossing(curve: Curve, on_a_clock: Sequence[Curve], earlier: Sequence[Curve]) -> int:
    """Returns the most patients who are in a curve and not in another on its clock, or the reverse, whichever are
    fewer. Of an earlier run, that population counts which is nearest: how many there are is judged besides."""
    figures = [other_patients([curve], [other]) for other in on_a_clock if not other.run]
    for run in dict.fromkeys(other.run for other in on_a_clock if other.run):
        whole = [other for other in earlier if other.run == run]
        ones = ([other] for other in on_a_clock if other.run == run)
        figures.append(min(other_patients([curve], those) for those in (whole, *ones)))
    return max(figures, default=0)


def other_patients(now: Sequence[Curve], before: Sequence[Curve]) -> int:
    """Returns how many patients some curves count and others do not, or the reverse, whichever are fewer: 0 where one
    of the two populations has all patients of the other."""
    here, there = _counted(now), _counted(before)
    compared = ~(_left_out(now) | _left_out(before))
    return min(int((compared & here & ~there).sum()), _gone(before) + int((compared & there & ~here).sum()))


def _n_populations(populations: Sequence[Sequence[Curve]]) -> int:
    found: list[Sequence[Curve]] = []
    for population in populations:
        if not any(_has_same_patients(population, other) for other in found):
            found.append(population)
    return len(found)


def _has_same_patients(a: Sequence[Curve], b: Sequence[Curve]) -> bool:
    differ = (_counted(a) ^ _counted(b)) & ~(_left_out(a) | _left_out(b))
    return _gone(a) == _gone(b) and not differ.any()


def _gone(curves: Sequence[Curve]) -> int:
    return max(curve.gone for curve in curves)


def _counted(curves: Sequence[Curve]) -> Bools:
    counted: Bools = np.logical_or.reduce([curve.is_in for curve in curves])
    return counted


def _left_out(curves: Sequence[Curve]) -> Bools:
    left_out: Bools = np.logical_or.reduce([curve.day == LEFT_OUT for curve in curves])
    return left_out
