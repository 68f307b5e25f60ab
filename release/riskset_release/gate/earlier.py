"""What was released before, and by how many patients a result has changed since.

Who has two versions of a table or curve can subtract one from the other. What differs by 1 to k - 1 patients would tell
of these alone: then a curve or an estimate of the later version is not published. (Counts are judged with all others:
see `links`.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose, isnan
from typing import Final

import numpy as np

from riskset.results import ResultEntry, Results
from riskset.study.spec import Study
from riskset_release.gate.counted import Count, arm_of, counted
from riskset_release.gate.curves import curve_of, groups_of, has_curves
from riskset_report.cells import numbers_of

_CLOSEST: Final = 1e-9
"""Up to this, relative, two numbers are the same one: computed on machines of two kinds."""


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

    def like(self, entry: ResultEntry, study: Study) -> Iterator[ResultEntry]:
        """Yields the published results that a reader would compare with one of a study: the same, and those of its kind
        for its patients and endpoint, whatever these are called."""
        subject = _subject(entry, study)
        for one in self.results.entries:
            if one.id in self.published and (one.id == entry.id or _subject(one, self.results.study) == subject):
                yield one


def is_same(now: float, before: float) -> bool:
    """Whether two numbers are the same one, or both are none."""
    return isclose(now, before, rel_tol=_CLOSEST, abs_tol=_CLOSEST) or (isnan(now) and isnan(before))


def changed_by_few(results: Results, earlier: Sequence[Earlier], least: int) -> frozenset[str]:
    """Returns the ids of results that differ by 1 to `least` - 1 patients from one that was published."""
    arm = arm_of(results)
    return frozenset(
        entry.id
        for entry in results.entries
        for before in (before for one in earlier for before in one.like(entry, results.study))
        if any(0 < n < least for n in changes(before, entry, arm))
    )


def changes(before: ResultEntry, now: ResultEntry, arm: str) -> Iterator[int]:
    """Yields by how many patients a result has changed: how many it is of and had the event, together and by arm, and
    for each curve the patients whose day or kind of event one version has and the other has not. `arm` is the study's
    variable of the arm. (What changed within, as in a level, is judged with all counts.) Where nothing of this has
    changed and a number of the same question has, somebody's value was corrected: it may be one patient's."""
    counts, found = _counts(before, arm), set[int]()
    for count, n in _counts(now, arm).items():
        if count in counts:
            found.add(abs(n - counts[count]))
    if type(before.result) is type(now.result) and has_curves(before) and has_curves(now):
        curves = dict(_exits(before))
        for level, exits in _exits(now):
            if level in curves:
                joined, left = exits - curves[level], curves[level] - exits
                found.add(max(joined.total(), left.total()))
    yield from found
    if not any(found) and _is_corrected(before, now):
        yield 1


def _is_corrected(before: ResultEntry, now: ResultEntry) -> bool:
    """Whether the same question has another answer."""
    if before.id != now.id or before.analysis.question_json() != now.analysis.question_json():
        return False
    numbers = {found.place.id: found.value for found in numbers_of(before) if isinstance(found.value, float)}
    return any(
        not is_same(found.value, numbers[found.place.id])
        for found in numbers_of(now)
        if isinstance(found.value, float) and found.place.id in numbers
    )


def _subject(entry: ResultEntry, study: Study) -> tuple[str, object, object]:
    """Returns of what a result is: its kind, its patients, and how their endpoint is defined."""
    of = entry.analysis.set_id
    endpoint = study.endpoints[of.endpoint].model_dump(exclude={"label"}) if of.endpoint in study.endpoints else None
    return entry.kind, replace(of, endpoint=None), endpoint


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
