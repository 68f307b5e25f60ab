"""Which fields of two states of a site's data have the same content, whatever the study calls them.

A later version of a study may give an endpoint or a variable another name, declare it again over the same column, or
exchange two names. So a field is recognised by the columns of the export from which it comes and, where those differ or
are not known, by its values: the field that is the same for nearly all patients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log
from typing import Final

from riskset.catalogue import say
from riskset.errors import Refused
from riskset.protocol.journal import ABSENT, DERIVED, OUTCOME, TEXT, VALUE, MarkedField, RowMarks

ALIKE: Final = 0.8
"""Agreement beyond chance (Cohen's kappa) from which two fields are taken for one. Made-up PFS and OS have at most 0.7,
the same days with 2% of them changed 0.98."""
STATES: Final = 64
"""Of how many pairs of states a process keeps what they have in common."""
_ACCIDENT: Final = 1e-6
"""Probability below which two columns of an export do not agree so much by chance: twelve patients have the same two
answers to two unrelated questions too often."""
_STILL_ITSELF: Final = 0.5
"""Share of equal patients from which an array of the same name is taken for the same content."""


@dataclass(frozen=True)
class Pair:
    """One field in two states of the data, by its position in each."""

    before: int
    now: int
    is_alike: bool = False
    """True where the export has different columns for it, or it is read differently, and only the values show that it
    is one field."""


@lru_cache(maxsize=STATES)
def pairs(before: RowMarks, now: RowMarks) -> tuple[Pair, ...]:
    """Returns the fields that two states have in common, each field in at most one pair. They are kept, since several
    rules compare the same two states.

    Raises Refused("rewritten") where most cells of a column would have to be compared and are written in another way.
    """
    found = _FieldPairs(before, now)
    found.match_certain()
    found.match_by_values()
    return tuple(found.to_compare())


def are_aligned(before: RowMarks, now: RowMarks) -> bool:
    """Returns whether patients can be compared one by one: both states have keys, and mostly the same ones.

    A hospital that numbers its patients in another way has the same rows under other keys, and every patient would
    count as changed.
    """
    fewest = min(len(before.marks), len(now.marks))
    common = len(before.marks.keys() & now.marks.keys())
    return before.has_keys and now.has_keys and 2 * common >= fewest


class _FieldPairs:
    """The pairs found so far, and what is left on either side."""

    def __init__(self, before: RowMarks, now: RowMarks) -> None:
        self._before, self._now = before.fields, now.fields
        self._columns = Columns(before, now)
        self._found: list[Pair] = []

    def match_certain(self) -> None:
        """Pairs what comes from the same columns, read alike, and arrays of one name that did not change. Several
        analysis sets may have one outcome; then those that differ least are paired."""
        same = [(i, j) for i, j in self._left() if self._before[i] == self._now[j]]
        self._take((i, j) for i, j in same if self._columns.are_equal(i, j))
        certain = [(i, j) for i, j in same if self._before[i].is_certain]
        self._take(sorted(certain, key=self._least_different))

    def match_by_values(self) -> None:
        """Pairs what is left by its values."""
        ranked: list[tuple[float, bool, int, int]] = []
        for i, j in self._left():
            old, new = self._before[i], self._now[j]
            if not _may_be_one(old, new):
                continue
            agreement = self._columns.agreement(i, j, old)
            if agreement.shows_one(old) or (old == new and agreement.equal >= _STILL_ITSELF):
                ranked.append((-agreement.equal, old != new, i, j))
        self._take((i, j) for _, _, i, j in sorted(ranked))

    def to_compare(self) -> list[Pair]:
        """Returns the pairs without the texts of what has a value in common: one value may be written in two ways.

        Raises Refused("rewritten") where neither can be compared.
        """
        alike = self._columns_of_values(are_alike=True)
        needed = [pair for pair in self._found if not self._is_text_in(pair, self._columns_of_values(are_alike=False))]
        rewritten = [pair for pair in needed if self._is_rewritten(pair)]
        if not all(self._is_text_in(pair, alike) for pair in rewritten):
            raise Refused("rewritten", say("protocol.earlier.rewritten"), say("protocol.earlier.rewritten_hint"))
        return [pair for pair in needed if pair not in rewritten]

    def _columns_of_values(self, *, are_alike: bool) -> frozenset[str]:
        values = (pair for pair in self._found if self._before[pair.before].what == VALUE)
        columns = (self._before[pair.before].columns for pair in values if pair.is_alike == are_alike)
        return frozenset().union(*columns)

    def _is_text_in(self, pair: Pair, columns: frozenset[str]) -> bool:
        field = self._before[pair.before]
        return field.what == TEXT and field.columns <= columns

    def _is_rewritten(self, pair: Pair) -> bool:
        """Whether a column is read in another way than before, and the export writes most of its cells in another."""
        field = self._before[pair.before]
        equal = self._columns.agreement(pair.before, pair.now, field).equal
        return field.what == TEXT and not pair.is_alike and equal < _STILL_ITSELF

    def _left(self) -> Iterator[tuple[int, int]]:
        before, now = {pair.before for pair in self._found}, {pair.now for pair in self._found}
        rest = [j for j in range(len(self._now)) if j not in now]
        yield from ((i, j) for i in range(len(self._before)) if i not in before for j in rest)

    def _least_different(self, pair: tuple[int, int]) -> float:
        return -self._columns.agreement(*pair, self._before[pair[0]]).equal

    def _take(self, candidates: Iterable[tuple[int, int]]) -> None:
        before, now = {pair.before for pair in self._found}, {pair.now for pair in self._found}
        for i, j in candidates:
            if i not in before and j not in now:
                before.add(i)
                now.add(j)
                is_alike = self._before[i].is_certain and self._before[i] != self._now[j]
                self._found.append(Pair(i, j, is_alike))


def _may_be_one(old: MarkedField, new: MarkedField) -> bool:
    """Returns whether values can show that two fields are one. Outcomes with some of their columns in common are two
    endpoints, whose columns are compared; values of different columns are compared by their texts. But what one version
    computes may be nearly what another reads, or computes from other columns."""
    if DERIVED in (old.what, new.what):
        return old.is_certain == new.is_certain and {old.what, new.what} <= {VALUE, DERIVED}
    if old.what != new.what or old.is_certain != new.is_certain:
        return False
    if not old.is_certain:
        return True
    if old.what == OUTCOME:
        return old.source == new.source or old.columns.isdisjoint(new.columns)
    return old.what == TEXT or old.source == new.source


@dataclass(frozen=True)
class _Agreement:
    """How far two fields agree."""

    equal: float
    """Share of the patients with equal marks."""
    kappa: float
    """How far that is beyond chance, at most 1."""
    by_accident: float = 0.0
    """Bound of the probability that unrelated fields agree as much."""

    def shows_one(self, field: MarkedField) -> bool:
        """Whether the two fields, of which `field` is one, are taken for one."""
        return self.kappa >= ALIKE and (self.by_accident < _ACCIDENT or not field.is_certain)


class Columns:
    """The marks of two states, field by field; of the same patients in the same order where patients have keys."""

    def __init__(self, before: RowMarks, now: RowMarks) -> None:
        self._is_aligned = are_aligned(before, now)
        patients = sorted(before.marks.keys() & now.marks.keys()) if self._is_aligned else None
        self._before, self._now = _by_field(before, patients), _by_field(now, patients)

    def are_equal(self, i: int, j: int) -> bool:
        return self._before[i] == self._now[j]

    def turned(self, i: int, j: int) -> Columns:
        """Returns the same fields, with the two values of the later one exchanged where it fits the earlier one better
        so: yes and no may be written in another way, or turned round."""
        before, now = self._before[i], self._now[j]
        values = [sorted({*marks} - {ABSENT}) for marks in (before, now)]
        if not self._is_aligned or [len(of) for of in values] != [2, 2]:
            return self
        counts = Counter(zip(before, now, strict=True))
        (a, b), (c, d) = values
        names = {c: a, d: b} if counts[a, c] + counts[b, d] >= counts[a, d] + counts[b, c] else {c: b, d: a}
        found = copy(self)
        found._now = [*self._now[:j], tuple(names.get(mark, mark) for mark in now), *self._now[j + 1 :]]
        return found

    def differing(self, i: int, j: int) -> int:
        """Returns how many patients of both states differ in two fields; 0 where patients are not recognised."""
        return sum(a != b for a, b in zip(self._before[i], self._now[j], strict=True)) if self._is_aligned else 0

    def agreement(self, i: int, j: int, field: MarkedField) -> _Agreement:
        """Returns how far two fields agree. Without keys the marks are compared as a whole, which says something about
        outcomes only."""
        before, now = self._before[i], self._now[j]
        if self.are_equal(i, j):
            return _Agreement(1.0, 1.0)
        if not self._is_aligned:
            shared = (Counter(before) & Counter(now)).total() / max(len(before), len(now), 1)
            return _Agreement(shared, shared if field.what == OUTCOME else 0.0)
        return _agreement(before, now)


def _by_field(rows: RowMarks, patients: Sequence[str] | None) -> list[tuple[str, ...]]:
    marks = rows.at(range(len(rows.fields)))
    chosen = sorted(marks.values()) if patients is None else [marks[patient] for patient in patients]
    return list(zip(*chosen, strict=True)) if chosen else [() for _ in rows.fields]


def _agreement(before: Sequence[str], now: Sequence[str]) -> _Agreement:
    both = [pair for pair in zip(before, now, strict=True) if pair != (ABSENT, ABSENT)]
    n = len(both)
    if n == 0:
        return _Agreement(1.0, 0.0)
    equal = sum(a == b for a, b in both) / n
    one, other = Counter(a for a, _ in both), Counter(b for _, b in both)
    chance = sum(count * other[mark] for mark, count in one.items()) / n**2
    if equal <= chance:
        return _Agreement(equal, 0.0)
    return _Agreement(equal, (equal - chance) / (1.0 - chance), exp(-n * _divergence(equal, chance)))


def _divergence(equal: float, chance: float) -> float:
    """Chernoff's exponent of the tail of a binomial distribution, for `equal` above `chance`."""
    same = equal * log(equal / chance) if chance else inf
    return same + (1.0 - equal) * log((1.0 - equal) / (1.0 - chance)) if equal < 1.0 else same
