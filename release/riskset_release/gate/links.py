"""The counts of a run as one system: which of them add up, which are parts of others, which are the same. What earlier
releases printed belongs to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from riskset.results import Results
from riskset_release.gate.counted import EVENTS, ROWS, Count, arm_of, counted
from riskset_release.gate.earlier import Earlier
from riskset_release.gate.linked import Links
from riskset_release.gate.links_between import add_changes, add_endpoints, add_incomplete, add_subsets
from riskset_release.gate.system import CountSystem
from riskset_report.cells import numbers_of

_PATIENTS, _EVENTS, _INNER = 50.0, 10.0, 1.0
"""What it costs to hold back how many patients a set or an arm has, how many events, and a number within."""


@dataclass(frozen=True)
class Counted:
    """The counts of a run."""

    system: CountSystem
    """With those of earlier runs of which something was released."""
    cells: Mapping[str, str]
    """By id of a cell of this run: the name of its count."""


@dataclass(frozen=True)
class _Run:
    """The counts of one run, by id of their cells."""

    results: Results
    found: tuple[tuple[str, Count, int], ...]
    names: Mapping[str, str]
    """By set of the run: its name in the system. A set of an earlier run whose counts are others now has its own."""

    def resolved(self, same: Mapping[str, str]) -> dict[str, str]:
        """Returns by set of the run the one that it is taken for."""
        return {of: same.get(name, name) for of, name in self.names.items()}


def counted_of(results: Results, earlier: Sequence[Earlier] = ()) -> Counted:
    """Returns all counts of a run that are printed, with the links between them, what follows by subtraction, and what
    earlier releases have printed."""
    now, earlier = _run(results), [one for one in earlier if one.counts]
    runs = [now, *(_run_before(one, now) for one in earlier)]
    same = _same_sets((count, value) for run in runs for _, count, value in run.found)
    values: dict[Count, int] = {}
    cells: list[dict[str, str]] = []
    for run in runs:
        of = [(id_, replace(count, of=same.get(count.of, count.of)), value) for id_, count, value in run.found]
        values |= {count: value for _, count, value in of if count not in values}
        cells.append({id_: count.name for id_, count, _ in of})
    links = _links(values, runs, same)
    fixed = {of[id_] for one, of in zip(earlier, cells[1:], strict=True) for id_ in one.counts if id_ in of}
    printed = frozenset(cells[0].values()) - fixed
    weights = {count.name: _cost(count, arm_of(results)) for count in values}
    system = CountSystem(dict(links.named), tuple(links.relations), printed, weights, frozenset(fixed))
    return Counted(system, cells[0])


def _links(values: dict[Count, int], runs: Sequence[_Run], same: Mapping[str, str]) -> Links:
    links = Links(values)
    links.add_parts()
    for run in runs:
        of_run = run.resolved(same)
        links.add_excluded(of_run)
        links.add_boxes(run.results.entries, of_run)
    links.add_known()
    links.add_nested_terms()
    links.add_equipoise()
    for i, run in enumerate(runs):
        if run.results.study not in [other.results.study for other in runs[:i]]:
            add_endpoints(links, run.results.study)
    for run in runs:
        add_subsets(links, run.results.entries, run.resolved(same))
        add_incomplete(links, run.results, run.resolved(same))
    for run in runs[1:]:
        add_changes(links, runs[0].resolved(same), run.resolved(same))
    return links


def counts_in(results: Results) -> frozenset[str]:
    """Returns the ids of the cells of a run that count patients."""
    return frozenset(id_ for id_, _, _ in _run(results).found)


def _run(results: Results) -> _Run:
    arm = arm_of(results)
    found = tuple(
        (number.place.id, count, number.value)
        for entry in results.entries
        for number in numbers_of(entry)
        if isinstance(number.value, int) and (count := counted(entry, number, arm)) is not None
    )
    return _Run(results, found, {count.of: count.of for _, count, _ in found})


def _run_before(earlier: Earlier, now: _Run) -> _Run:
    """Returns an earlier run. A set that has the same counts now is the same patients; another one has a name of its
    own, and what differs is a count, too."""
    known = {count: value for _, count, value in now.found}
    run = _run(earlier.results)
    other = {count.of for _, count, value in run.found if known.get(count, value) != value}
    names = {of: f"{of}, in run {earlier.run}" if of in other else of for of in run.names}
    found = tuple((id_, replace(count, of=names[count.of]), value) for id_, count, value in run.found)
    return _Run(run.results, found, names)


def _same_sets(found: Iterable[tuple[Count, int]]) -> dict[str, str]:
    """Returns by name of a set the one that it is taken for: of two sets as large, whose counts nowhere differ, a
    reader thinks that they are the same patients."""
    by_set: dict[str, dict[tuple[str, object], int]] = defaultdict(dict)
    for count, value in found:
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
    cost = {ROWS: _PATIENTS, EVENTS: _EVENTS}.get(count.what.partition(" (")[0], _INNER)
    return cost if count.is_margin(arm) else _INNER
