"""What a reader learns of counts from whether a model is published: each that is rests on levels of k patients and
events or more; one that is held back, though it has enough events, has a level of fewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from riskset.results import ResultEntry, Results
from riskset_release.gate.counted import path_of
from riskset_release.gate.enough import Enough
from riskset_report.cells import Found, numbers_of

_OF_LEVELS: Final = {
    "cox": ("levels.n", "levels.events"),
    "subgroup": ("levels.by_arm.events",),
}
"""By kind, the counts of which each has to be k or more; of a subgroup, those of its own level."""
_ESTIMATES: Final = {"cox": "terms.coef", "subgroup": "levels.coef"}


@dataclass(frozen=True)
class KnownByModels:
    """Names of counts."""

    at_least: frozenset[str]
    """Each is k or more."""
    few: tuple[frozenset[str], ...]
    """Of each set, one at least is less than k."""


def known_by_models(results: Results, cells: Mapping[str, str], least: int) -> KnownByModels:
    """Returns what a reader knows who sees which models are published; `cells` are the names of counts by id of a cell,
    `least` is k of the rule."""
    at_least, few = set[str](), list[frozenset[str]]()
    for entry in results.entries:
        if entry.kind not in _ESTIMATES:
            continue
        judge = Enough(entry, least)
        for found in _estimates(entry):
            names = frozenset(_counts(entry, found, cells))
            if judge.holds(found):
                at_least |= names
            elif judge.has_events(found) and names:
                few.append(names)
    return KnownByModels(frozenset(at_least), tuple(dict.fromkeys(few)))


def _estimates(entry: ResultEntry) -> Iterator[Found]:
    """Yields an estimate of each model of a result that has one."""
    seen = set[str]()
    for found in numbers_of(entry):
        of = found.place.level if entry.kind == "subgroup" else ""
        if path_of(found) == _ESTIMATES[entry.kind] and found.value is not None and of not in seen:
            seen.add(of)
            yield found


def _counts(entry: ResultEntry, model: Found, cells: Mapping[str, str]) -> Iterator[str]:
    for found in numbers_of(entry):
        is_of_level = entry.kind == "cox" or found.place.level == model.place.level
        if path_of(found) in _OF_LEVELS[entry.kind] and is_of_level and found.place.id in cells:
            yield cells[found.place.id]
