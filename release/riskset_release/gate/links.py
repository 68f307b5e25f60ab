"""The counts of a run as one system: which of them add up, which are parts of others, which are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from riskset.results import Results
from riskset_release.gate.balance import told_by_balance
from riskset_release.gate.counted import EVENTS, ROWS, Count, counted, of_all_days
from riskset_release.gate.linked import Links
from riskset_release.gate.links_between import add_endpoints, add_incomplete, add_subsets
from riskset_release.gate.models import known_by_models
from riskset_release.gate.system import CountSystem
from riskset_report.cells import numbers_of

_PATIENTS, _EVENTS, _INNER = 50.0, 10.0, 1.0
"""What it costs to hold back how many patients a set or an arm has, how many events, and a number within."""


@dataclass(frozen=True)
class Counted:
    """The counts of a run."""

    system: CountSystem
    cells: Mapping[str, str]
    """By id of a cell: the name of its count."""
    tells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By id of a cell that is no count: the names of counts that can be computed from it."""


def counted_of(results: Results) -> Counted:
    """Returns all counts of a run that are printed, with the links between them and what follows by subtraction."""
    arm = results.study.comparison.arm if results.study.comparison else ""
    found = [*_without_grids([*_found(results, arm)])]
    told = [*told_by_balance(results)]
    same = _same_sets([*found, *told])
    values: dict[Count, int] = {}
    cells: dict[str, str] = {}
    tells: dict[str, set[str]] = defaultdict(set)
    for id_, count, value in found:
        of = Count(same.get(count.of, count.of), count.what, count.where)
        if values.setdefault(of, value) == value:  # else it counts other patients: no rule knows them
            cells[id_] = of.name
    for id_, count, value in told:
        of = Count(same.get(count.of, count.of), count.what, count.where)
        values.setdefault(of, value)
        tells[id_].add(of.name)
    links = Links(values)
    links.add_parts()
    links.add_grids()
    links.add_excluded()
    links.add_boxes(results.entries, same)
    links.add_nested_terms()
    links.add_equipoise()
    add_endpoints(links, results.study)
    add_subsets(links, results.entries, same)
    add_incomplete(links, results, same)
    printed = frozenset(cells.values()).union(*tells.values())
    weights = {count.name: _cost(count, arm) for count in values}
    known = known_by_models(results, cells, results.study.disclosure.min_cell)
    system = CountSystem(dict(links.named), tuple(links.relations), printed, weights, known.at_least, known.few)
    return Counted(system, cells, {id_: frozenset(names) for id_, names in tells.items()})


def _found(results: Results, arm: str) -> Iterator[tuple[str, Count, int]]:
    for entry in results.entries:
        for number in numbers_of(entry):
            if isinstance(number.value, int) and (count := counted(entry, number, arm)) is not None:
                yield number.place.id, count, number.value


def _without_grids(found: Sequence[tuple[str, Count, int]]) -> Iterator[tuple[str, Count, int]]:
    """Yields the counts. Who has the event before a grid ends is taken for all who have it, unless they are printed to
    be more somewhere: then the rest had it later, and may be few."""
    of_all = {count: value for _, count, value in found if of_all_days(count) == count}
    ends_early = {count.what for _, count, value in found if of_all.get(of_all_days(count), value) != value}
    for id_, count, value in found:
        endpoint = count.what.rpartition(" (")[2]
        is_early = any(what.endswith(f" ({endpoint}") for what in ends_early)
        yield id_, count if is_early else of_all_days(count), value


def _same_sets(found: Iterable[tuple[str, Count, int]]) -> dict[str, str]:
    """Returns by name of a set the one that it is taken for: of two sets as large, whose counts nowhere differ, a
    reader thinks that they are the same patients."""
    by_set: dict[str, dict[tuple[str, object], int]] = defaultdict(dict)
    for _, count, value in found:
        by_set[count.of][count.what, count.where] = value
    first: dict[str, str] = {}
    for name, counts in by_set.items():
        own = (other for other in first if first[other] == other)
        first[name] = next((other for other in own if _are_alike(counts, by_set[other])), name)
        by_set[first[name]] |= counts
    return first


def _are_alike(one: Mapping[tuple[str, object], int], other: Mapping[tuple[str, object], int]) -> bool:
    """Whether two sets are as large, share a further count of patients, and none differs: those of events are of an
    endpoint, which keeps the sets apart."""
    shared = one.keys() & other.keys()
    of_patients = sum(what == ROWS for what, _ in shared)
    return (ROWS, ()) in shared and of_patients > 1 and all(one[key] == other[key] for key in shared)


def _cost(count: Count, arm: str) -> float:
    is_margin = not count.where or {name for name, _ in count.where} <= {arm}
    return {ROWS: _PATIENTS, EVENTS: _EVENTS}.get(count.what.partition(" (")[0], _INNER) if is_margin else _INNER
