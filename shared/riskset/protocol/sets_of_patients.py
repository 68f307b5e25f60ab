"""The analysis sets of earlier runs (rule R14).

What a set of patients opened, less what another did, is the sums over the patients in which the two differ, whatever
endpoint they were followed to: columns of a model are the same in both. So each set of a run is compared, by who is in
it, with each that an earlier run told of. The number is pooled for each two sets: a patient in whom two of them differ
must not be hidden by those in whom two others do. (`earlier_runs.apart_since` compares them; those of derived
populations, `derived_since`.)
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from riskset.protocol.journal import ABSENT, OUTCOME, Journal, RowMarks, crossed_in, told_in
from riskset.protocol.opening import ToldSets

Patients = frozenset[str]


def told_in_runs(journal: Journal, runs: Collection[str]) -> dict[str, ToldSets]:
    """Returns, by run of these, the sets of which this site told more than how many patients they have, those of which
    it may still tell, which are all others of a run that is not over, and those of which it told tables only. Nothing
    of runs that an earlier version recorded without their sets."""
    found = {}
    for run, begun in journal.contributed().items():
        if run in runs and begun.sets:
            sets = (*begun.sets, *begun.derived)
            sent, is_over = tuple(journal.sent_in(run)), journal.is_over(run)
            names, crossed = told_in(sent), crossed_in(sent)
            told = tuple(place for place, name in enumerate(sets) if name in names)
            rest = () if is_over else tuple(p for p in range(len(sets)) if p not in told)
            tables = tuple(place for place in told if is_over and sets[place] not in crossed)
            found[run] = ToldSets(told, rest, tables)
    return found


def grown(before: RowMarks, now: RowMarks) -> int:
    """Returns how many patients a set has more, or fewer, than the nearest of the other state, for the set where that
    is most: all that is known of who entered or left where patients have no keys."""
    was, is_ = ([len(state.marks), *map(len, sets_of(state))] for state in (before, now))
    every = [(one, others) for sizes, others in ((was, is_), (is_, was)) for one in sizes]
    return max((min(abs(one - other) for other in others) for one, others in every), default=0)


def sets_of(state: RowMarks) -> Sequence[Patients]:
    """Returns who is in each analysis set."""
    outcomes = [position for position, field in enumerate(state.fields) if field.what == OUTCOME]
    marks = state.at(outcomes)
    return [frozenset(p for p, mark in marks.items() if mark[at] != ABSENT) for at in range(len(outcomes))]


def in_no_set(state: RowMarks) -> Patients:
    """Returns the patients of whom it is only counted why nothing is analysed."""
    return frozenset(state.marks) - frozenset().union(*sets_of(state))
