"""Median and quartiles of a number in each arm, by halving the intervals in which they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.table1_parts import OfVariable
from riskset.analyses.number_scale import NumberScale
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.stats.halving import QUARTILES, RANKS, Interval, Search

Json = dict[str, Any]
Prepared = tuple[NDArray[np.int64], NDArray[np.bool_]]


@dataclass(frozen=True)
class Quartiles(Result):
    """How far the quartiles are known in each arm, then of all patients; None of nobody."""

    searches: tuple[Search | None, ...]
    scale: NumberScale

    def arms_json(self) -> list[Json]:
        return [{"quartiles": self._one_json(search)} for search in self.searches]

    def _one_json(self, search: Search | None) -> Json:
        if search is None:
            return {"p25": None, "p50": None, "p75": None, "width": None}
        found = [search.quartile(self.scale, p) for p in QUARTILES]
        values = {f"p{100 * p:g}": value for p, (value, _) in zip(QUARTILES, found, strict=True)}
        return values | {"width": max(width for _, width in found)}


@dataclass(frozen=True)
class Searching:
    """The searches of the arms, then of all patients; None before the arms were counted."""

    searches: tuple[Search | None, ...] | None = None
    by_arm: Mapping[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    """Of the intervals of all patients, by their first and last cell: the patients of each arm. What is counted in all
    is counted in each arm, so that no count of an arm follows that is not asked for."""


@dataclass(frozen=True)
class _Half:
    """A half that is counted next."""

    at: int
    """Column of the table."""
    interval: Interval
    arm: int
    inside: int
    """Patients of the arm in the whole interval."""


@dataclass(frozen=True, kw_only=True)
class QuartilesOfNumber(OfVariable):
    """First the patients of each arm; then rounds that count, of each arm, the lower half of each interval in which a
    quartile of the arm or of all patients lies, as long as it has `least` of the arm and more than one value."""

    column: Column
    scale: NumberScale
    least: int

    @cached_property
    def exposure(self) -> Exposure:
        return Exposure(
            design=(),
            tables=self.arms.exposed,
            in_time=None,
            weights=False,
            is_iterative=True,
            per_site=False,
            halved=(self.column,),
            patients=True,
            is_one_way=self.is_one_way,
        )

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.halved", least=self.least)

    def start(self, inputs: Inputs) -> Searching:
        return Searching()

    def labels(self, state: Searching) -> tuple[Label, ...]:
        arms = self.arms.labelled
        if state.searches is None:
            return tuple(total(f"{name}: patients", *columns) for name, columns in arms)
        return tuple(
            total(f"{arms[half.arm][0]}: {self._in_words(half.interval)}", self.column, *arms[half.arm][1])
            for half in self._asked(state)
        )

    def most_numbers(self, sites: int) -> int:
        """Returns a number for each rank that is looked for in an arm, and as many of each arm for those in all."""
        arms = len(self.arms.names)
        return RANKS * arms + (RANKS * arms if self.arms.columns else 0)

    def _in_words(self, one: Interval) -> str:
        middle = self.scale.middle(one.low, one.high)
        ends = (self.scale.between(one.low, middle, share) for share in (0.0, 1.0))
        return "patients with {} from {:.6g} to {:.6g}".format(self.column.name, *ends)

    def _asked(self, state: Searching) -> Iterator[_Half]:
        for at, search in enumerate(state.searches or ()):
            if search is not None and at < len(self.arms.names):
                yield from (_Half(at, one, at, one.inside) for one in search.asked(self.least))
            elif search is not None:
                for one in search.asked(self.least):
                    inside = state.by_arm[one.low, one.high]
                    if all(n == 0 or n >= self.least for n in inside):
                        yield from (_Half(at, one, arm, n) for arm, n in enumerate(inside) if n)

    def halved(self, state: Searching) -> Sequence[int]:
        return [half.inside for half in self._asked(state)]

    def halved_here(self, prepared: Prepared, state: Searching) -> Sequence[int]:
        return [_count(prepared, half, half.interval.high) for half in self._asked(state)]

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Prepared:
        """Returns the cell of each patient, and who is in which arm, (n, arms)."""
        rows = cohort.analysis_sets[self.analysis_set]
        return self.scale.cells(self.column.values(rows)), self.arms.indicators(rows) == 1

    def local(self, prepared: Prepared, state: Searching) -> NDArray[np.float64]:
        if state.searches is None:
            return np.asarray(prepared[1].sum(axis=0), np.float64)
        ends = ((half, self.scale.middle(half.interval.low, half.interval.high)) for half in self._asked(state))
        return np.array([_count(prepared, half, middle) for half, middle in ends], np.float64)

    def combine(self, total: Sequence[float], state: Searching) -> Searching | Result:
        if state.searches is None:
            sizes = tuple(round(n) for n in total)
            if not sum(sizes):
                return NotEstimable("no patients", say("analyses.no_patients"))
            every = (*sizes, sum(sizes)) if self.arms.columns else sizes
            begun = tuple(Search.begin(n, self.scale.last) if n else None for n in every)
            after = Searching(begun, {(0, self.scale.last): sizes})
        else:
            after = self._after(total, state, state.searches)
        return after if any(self._asked(after)) else self.out_of_evaluations(after)

    def _after(self, total: Sequence[float], state: Searching, searches: Sequence[Search | None]) -> Searching:
        counts: list[dict[Interval, int]] = [{} for _ in searches]
        by_arm = dict(state.by_arm)
        for half, number in zip(self._asked(state), total, strict=True):
            one, n = half.interval, round(number)
            counts[half.at][one] = counts[half.at].get(one, 0) + n
            if half.at == len(self.arms.names):
                middle = self.scale.middle(one.low, one.high)
                for ends, of in (((one.low, middle), n), ((middle + 1, one.high), half.inside - n)):
                    known = by_arm.get(ends, (0,) * len(self.arms.names))
                    by_arm[ends] = (*known[: half.arm], of, *known[half.arm + 1 :])
        pairs = zip(searches, counts, strict=True)
        return Searching(tuple(search and search.after(self.scale, of) for search, of in pairs), by_arm)

    def refused(self, state: Searching, refusal: RefusedByRule) -> Result:
        """What is known stays, with its width: where a hospital's own patients end the search, too."""
        return refusal if state.searches is None else self.out_of_evaluations(state)

    def out_of_evaluations(self, state: Searching) -> Result:
        assert state.searches is not None
        return Quartiles(state.searches, self.scale)


def _count(prepared: Prepared, half: _Half, high: int) -> int:
    cells, arms = prepared
    return int((arms[:, half.arm] & (cells >= half.interval.low) & (cells <= high)).sum())
