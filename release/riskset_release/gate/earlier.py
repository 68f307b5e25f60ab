"""What was released before, and by how many patients a result has changed since.

Who has two versions of a table or curve can subtract one from the other. What differs by 1 to k - 1 patients would tell
of these alone: then a curve or an estimate of the later version is not published. (Counts are judged with all others:
see `links`.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from riskset.results import ResultEntry, Results
from riskset_release.gate.counted import Count, arm_of, counted
from riskset_release.gate.curves import curve_of, groups_of, has_curves
from riskset_report.cells import numbers_of


@dataclass(frozen=True)
class Earlier:
    """An earlier release of the study: a run, and which of its numbers were published."""

    run: str
    at: str
    """When it was released: UTC, ISO 8601."""
    bundle_sha256: str
    results: Results
    """As the consortium has them."""
    counts: frozenset[str]
    """By the ids of their cells: the counts of patients that were published."""
    published: frozenset[str]
    """By their ids: the results of which something was published."""

    @property
    def shown(self) -> Results:
        """The results without those of which nothing was published."""
        return self.results.without({one.id for one in self.results.entries} - self.published)

    def like(self, entry: ResultEntry) -> Iterator[ResultEntry]:
        """Yields the published results that a reader would compare with one: the same, and those of its kind for its
        patients and endpoint."""
        for one in self.results.entries:
            if one.id in self.published and (one.id == entry.id or _subject(one) == _subject(entry)):
                yield one


def changed_by_few(results: Results, earlier: Sequence[Earlier], least: int) -> frozenset[str]:
    """Returns the ids of results that differ by 1 to `least` - 1 patients from one that was published."""
    arm = arm_of(results)
    return frozenset(
        entry.id
        for entry in results.entries
        if any(0 < n < least for one in earlier for before in one.like(entry) for n in changes(before, entry, arm))
    )


def changes(before: ResultEntry, now: ResultEntry, arm: str) -> Iterator[int]:
    """Yields by how many patients a result has changed: how many it is of and had the event, together and by arm, and
    for each curve the patients whose day or kind of event one version has and the other has not. `arm` is the study's
    variable of the arm. (What changed within, as in a level, is judged with all counts.)"""
    counts = _counts(before, arm)
    for count, n in _counts(now, arm).items():
        if count in counts:
            yield abs(n - counts[count])
    if before.id == now.id and has_curves(before) and has_curves(now):
        curves = dict(_exits(before))
        for level, exits in _exits(now):
            if level in curves:
                joined, left = exits - curves[level], curves[level] - exits
                yield max(joined.total(), left.total())


def _subject(entry: ResultEntry) -> tuple[str, str]:
    return entry.kind, entry.analysis.analysis_set


def _counts(entry: ResultEntry, arm: str) -> Mapping[Count, int]:
    found = ((counted(entry, number, arm), number.value) for number in numbers_of(entry))
    return {count: n for count, n in found if count is not None and count.is_margin(arm) and isinstance(n, int)}


def _exits(entry: ResultEntry) -> Iterator[tuple[str | None, Counter[tuple[int, int]]]]:
    """Yields for each curve how many left it, by kind of event and day; of weights, to the next whole number."""
    for group in groups_of(entry):
        curve = curve_of(group)
        kinds = [*np.atleast_2d(curve.events), *([curve.censored] if hasattr(curve, "censored") else [])]
        left = {
            (kind, int(day)): round(float(n))
            for kind, of in enumerate(kinds)
            for day, n in zip(curve.day, of, strict=True)
        }
        yield group.level, Counter(left)
