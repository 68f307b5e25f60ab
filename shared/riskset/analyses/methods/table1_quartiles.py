"""Median and quartiles of a number in each arm, by halving the intervals in which they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.table1_parts import OfVariable
from riskset.analyses.number_scale import NumberScale
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, Label, total
from riskset.stats.halving import QUARTILES, Interval, Search

Json = dict[str, Any]


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


@dataclass(frozen=True, kw_only=True)
class QuartilesOfNumber(OfVariable):
    """First the patients of each arm; then rounds that count, of each arm and of all patients, the lower half of each
    interval in which a quartile lies, as long as it has `least` of them and more than one value."""

    column: Column
    scale: NumberScale
    least: int

    @property
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
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.halved", least=self.least)

    def start(self, inputs: Inputs) -> Searching:
        return Searching()

    def labels(self, state: Searching) -> tuple[Label, ...]:
        if state.searches is None:
            return tuple(total(f"{name}: patients", *columns) for name, columns in self.arms.labelled)
        columns_of = [columns for _, columns in self.arms.labelled]
        return tuple(
            total(f"{self._name(at)}: {self._in_words(one)}", self.column, *(columns_of[at : at + 1] or [()])[0])
            for at, one in self._asked(state)
        )

    def _name(self, at: int) -> str:
        return self.arms.with_all[at]

    def _in_words(self, one: Interval) -> str:
        middle = self.scale.middle(one.low, one.high)
        ends = (self.scale.between(one.low, middle, share) for share in (0.0, 1.0))
        return "patients with {} from {:.6g} to {:.6g}".format(self.column.name, *ends)

    def _asked(self, state: Searching) -> Iterator[tuple[int, Interval]]:
        """Yields the column of the table and the interval of each count."""
        for at, search in enumerate(state.searches or ()):
            if search is not None:
                yield from ((at, one) for one in search.asked(self.least))

    def halved(self, state: Searching) -> Sequence[int]:
        return [one.inside for _, one in self._asked(state)]

    def halved_here(self, prepared: tuple[NDArray[np.int64], NDArray[np.bool_]], state: Searching) -> Sequence[int]:
        return [self._count(prepared, at, one.low, one.high) for at, one in self._asked(state)]

    def prepare(self, cohort: Cohort, inputs: Inputs) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Returns the cell of each patient, and who is in which arm, in all last, (n, columns of the table)."""
        rows = cohort.analysis_sets[self.analysis_set]
        arms = self.arms.indicators(rows)
        if self.arms.columns:
            arms = np.column_stack([arms, np.ones(rows.n)])
        return self.scale.cells(self.column.values(rows)), arms == 1

    def local(self, prepared: tuple[NDArray[np.int64], NDArray[np.bool_]], state: Searching) -> NDArray[np.float64]:
        if state.searches is None:
            return np.asarray(prepared[1][:, : len(self.arms.names)].sum(axis=0), np.float64)
        halves = ((at, one.low, self.scale.middle(one.low, one.high)) for at, one in self._asked(state))
        return np.array([self._count(prepared, *half) for half in halves], np.float64)

    def _count(self, prepared: tuple[NDArray[np.int64], NDArray[np.bool_]], at: int, low: int, high: int) -> int:
        cells, arms = prepared
        return int((arms[:, at] & (cells >= low) & (cells <= high)).sum())

    def combine(self, total: Sequence[float], state: Searching) -> Searching | Result:
        if state.searches is None:
            sizes = [round(n) for n in total]
            sizes = [*sizes, sum(sizes)] if self.arms.columns else sizes
            if not sum(sizes):
                return NotEstimable("no patients", say("analyses.no_patients"))
            found = tuple(Search.begin(n, self.scale.last) if n else None for n in sizes)
        else:
            counts: list[dict[Interval, int]] = [{} for _ in state.searches]
            for (at, one), n in zip(self._asked(state), total, strict=True):
                counts[at][one] = round(n)
            pairs = zip(state.searches, counts, strict=True)
            found = tuple(search and search.after(self.scale, of) for search, of in pairs)
        after = replace(state, searches=found)
        return after if any(self._asked(after)) else self.out_of_evaluations(after)

    def refused(self, state: Searching, refusal: RefusedByRule) -> Result:
        """What is known stays, with its width: where a hospital's own patients end the search, too."""
        return refusal if state.searches is None else self.out_of_evaluations(state)

    def out_of_evaluations(self, state: Searching) -> Result:
        assert state.searches is not None
        return Quartiles(state.searches, self.scale)
