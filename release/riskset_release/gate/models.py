"""What a reader learns of counts from whether a model is published: each that is rests on levels of k patients and
events or more; one that is held back, though it has enough events, has a level of fewer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from riskset.results import ResultEntry, Results
from riskset_release.gate.counted import path_of
from riskset_release.gate.enough import Enough
from riskset_release.gate.numbers import EVENTS
from riskset_report.cells import Found, numbers_of

_ESTIMATES: Final = {"cox": "terms.coef", "subgroup": "levels.coef", "site-heterogeneity": "sites.coef"}
"""By kind, an estimate of each of its models."""
_OF_LEVELS: Final = {"cox": ("levels.n", "levels.events"), "subgroup": ("levels.by_arm.events",)}
"""The counts of which each has to be k or more; of a subgroup, those of its own level."""
_OF_MODELS: Final = {
    "cox": ("events",),
    "subgroup": ("levels.events",),
    "site-heterogeneity": ("sites.n", "sites.events"),
}
"""Those of which each has to be `EVENTS` or more; of a site, its own."""


@dataclass(frozen=True)
class KnownByModels:
    """Names of counts."""

    at_least: Mapping[str, int]
    """How large each is at least."""
    few: tuple[frozenset[str], ...]
    """Of each set, one at least is less than k."""


def known_by_models(results: Results, cells: Mapping[str, str], least: int) -> KnownByModels:
    """Returns what a reader knows who sees which models are published; `cells` are the names of counts by id of a cell,
    `least` is k of the rule."""
    at_least, few = dict[str, int](), list[frozenset[str]]()
    for entry in results.entries:
        if entry.kind not in _ESTIMATES:
            continue
        judge = Enough(entry, least)
        for found in _estimates(entry):
            levels = frozenset(_counts(entry, found, _OF_LEVELS, cells))
            if judge.holds(found):
                at_least |= dict.fromkeys(levels, least)
                at_least |= dict.fromkeys(_counts(entry, found, _OF_MODELS, cells), EVENTS)
            elif levels and judge.has_events(found):
                few.append(levels)
    return KnownByModels(at_least, tuple(dict.fromkeys(few)))


def _part(entry: ResultEntry, found: Found) -> str:
    """Returns which model of a result a number belongs to: a Cox result has one."""
    if entry.kind == "cox":
        return ""
    return found.place.level if entry.kind == "subgroup" else found.place.quantity.partition("]")[0]


def _estimates(entry: ResultEntry) -> Iterator[Found]:
    """Yields an estimate of each model of a result that has one."""
    of_model = dict[str, Found]()
    for found in numbers_of(entry):
        if path_of(found) == _ESTIMATES[entry.kind] and found.value is not None:
            of_model.setdefault(_part(entry, found), found)
    yield from of_model.values()


def _counts(
    entry: ResultEntry, model: Found, paths: Mapping[str, Collection[str]], cells: Mapping[str, str]
) -> Iterator[str]:
    for found in numbers_of(entry):
        is_own = _part(entry, found) == _part(entry, model)
        if path_of(found) in paths.get(entry.kind, ()) and is_own and found.place.id in cells:
            yield cells[found.place.id]
