"""Which patients are in other sets than in an earlier run (rule R14).

What a set of patients opened, less what another did, is the sums over the patients in which the two differ, whatever
endpoint they were followed to: columns of a model are the same in both. So sets are compared by who is in them, and
each with the nearest of the other run: a version of a study may have more of them (`missing = "by_model"`), or others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from riskset.protocol.journal import ABSENT, OUTCOME, Begun, RowMarks
from riskset.protocol.same_content import are_aligned

Patients = frozenset[str]


def moved(before: RowMarks, now: RowMarks) -> Patients:
    """Returns the patients, by their marks, who are in some set of one state and not in the nearest of the other. Both
    states know them by the same keys."""
    was, is_ = _sets(before), _sets(now)
    return frozenset().union(*_apart(was, is_), *_apart(is_, was))


def counted_before(
    contributed: Mapping[str, Begun],
    told: Callable[[str], Collection[str]],
    now: RowMarks,
    names: Sequence[str],
) -> Mapping[str, bool]:
    """Returns, of each set of `now`, whether its patients were counted in one of these runs: whether, of that run's
    sets, one that was counted is nearest to it. `names` are the sets in the order of the outcomes.

    Nothing is returned where no earlier run can be compared: one without its sets, or without the same patient keys.
    """
    sets = dict(zip(names, _sets(now)[1:], strict=False))
    found: dict[str, bool] = {}
    for run, begun in contributed.items():
        if not begun.sets or not are_aligned(begun.rows, now):
            continue
        names_told, was = told(run), dict(zip(begun.sets, _sets(begun.rows)[1:], strict=True))
        for name, members in sets.items():
            apart = {other: len(members ^ others) for other, others in was.items()}
            nearest = {other for other, differ in apart.items() if differ == min(apart.values())}
            found[name] = found.get(name, False) or not nearest.isdisjoint(names_told)
    return found


def grown(before: RowMarks, now: RowMarks) -> int:
    """Returns how many patients a set has more, or fewer, than the nearest of the other state, for the set where that
    is most: all that is known of who entered or left where patients have no keys."""
    was, is_ = ([len(members) for members in _sets(state)] for state in (before, now))
    every = [(one, others) for sizes, others in ((was, is_), (is_, was)) for one in sizes]
    return max((min(abs(one - other) for other in others) for one, others in every), default=0)


def _sets(state: RowMarks) -> Sequence[Patients]:
    """Returns who is in each set that has an outcome; first, all whom an analysis uses."""
    outcomes = [position for position, field in enumerate(state.fields) if field.what == OUTCOME]
    marks = state.at(outcomes)
    members = (frozenset(p for p, mark in marks.items() if mark[at] != ABSENT) for at in range(len(outcomes)))
    return (frozenset(state.marks), *members)


def _apart(sets: Iterable[Patients], others: Sequence[Patients]) -> Iterable[Patients]:
    return (min((members ^ other for other in others), key=len) for members in sets)
