"""The counts of a run as one system: which of them add up, which are parts of others, which are the same. What earlier
releases printed belongs to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from riskset.results import Results
from riskset_release.gate.balance import told_by_balance
from riskset_release.gate.counted import EVENTS, EXCLUDED, ROWS, Count, arm_of, counted, of_all_days
from riskset_release.gate.earlier import Earlier, changed_by_few
from riskset_release.gate.linked import Links
from riskset_release.gate.links_between import add_changes, add_endpoints, add_incomplete, add_subsets
from riskset_release.gate.models import known_by_models
from riskset_release.gate.system import CountSystem
from riskset_report.cells import numbers_of

_PATIENTS, _EVENTS, _INNER = 50.0, 10.0, 1.0
"""What it costs to hold back how many patients a set or an arm has, how many events, and a number within."""

_Found = tuple[str, Count, int]
"""Id of a cell, what it counts, and how many."""


@dataclass(frozen=True)
class Counted:
    """The counts of a run."""

    system: CountSystem
    """With those of earlier runs of which something was released."""
    cells: Mapping[str, str]
    """By id of a cell of this run: the name of its count."""
    counts: Mapping[str, Count] = field(default_factory=dict)
    """By name: those that have cells."""
    tells: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By id of a cell that is no count: the names of counts that can be computed from it."""
    changed: frozenset[str] = frozenset()
    """By id: the results of which too few have changed since they were released; no model or curve of them is
    published."""


@dataclass(frozen=True)
class _Run:
    """The counts of one run."""

    results: Results
    found: tuple[_Found, ...]
    told: tuple[_Found, ...]
    """The counts that can be computed from numbers that are none."""
    names: Mapping[str, str]
    """By set of the run: its name in the system. A set of an earlier run whose counts are others now has its own."""

    def resolved(self, same: Mapping[str, str]) -> dict[str, str]:
        """Returns by set of the run the one that it is taken for."""
        return {of: same.get(name, name) for of, name in self.names.items()}


def counted_of(results: Results, earlier: Sequence[Earlier] = ()) -> Counted:
    """Returns all counts of a run that are printed, with the links between them, what follows by subtraction, and what
    earlier releases have printed."""
    least = results.study.disclosure.min_cell
    changed = changed_by_few(results, earlier, least)
    now, earlier = _run(results), [one for one in earlier if one.counts]
    runs = [now, *(_run_before(one, now) for one in earlier)]
    same = _same_sets((count, value) for run in runs for _, count, value in (*run.found, *run.told))
    values: dict[Count, int] = {}
    named = [_named(run, same, values) for run in runs]
    cells, tells = named[0]
    links = _links(values, runs, same)
    fixed = frozenset(name for one, of in zip(earlier, named[1:], strict=True) for name in _published(one, *of))
    printed = frozenset(cells.values()).union(*tells.values()) - fixed
    weights = {count.name: _cost(count, arm_of(results)) for count in values}
    of_models = [known_by_models(results.without(changed), cells, least)]
    of_models += [known_by_models(one.shown, of, least) for one, (of, _) in zip(earlier, named[1:], strict=True)]
    named_by_models = frozenset[str]().union(*(known.at_least for known in of_models))
    at_least = {name: max(known.at_least.get(name, 0) for known in of_models) for name in named_by_models}
    at_least |= {count.name: 1 for count, n in values.items() if count.what == EXCLUDED and n}  # the reason is listed
    few = tuple(dict.fromkeys(names for known in of_models for names in known.few))
    system = CountSystem(dict(links.named), tuple(links.relations), printed, weights, at_least, few, fixed)
    return Counted(system, cells, {count.name: count for count in values}, tells, changed)


def counts_in(results: Results) -> frozenset[str]:
    """Returns the ids of the cells of a run that count patients, or tell how many are counted."""
    run = _run(results)
    return frozenset(id_ for id_, _, _ in (*run.found, *run.told))


def _run(results: Results) -> _Run:
    arm = arm_of(results)
    every = [
        (number.place.id, count, number.value)
        for entry in results.entries
        for number in numbers_of(entry)
        if isinstance(number.value, int) and (count := counted(entry, number, arm)) is not None
    ]
    found, told = tuple(_without_grids(every)), tuple(told_by_balance(results))
    return _Run(results, found, told, {count.of: count.of for _, count, _ in (*found, *told)})


def _run_before(earlier: Earlier, now: _Run) -> _Run:
    """Returns an earlier run. A set that has the same counts now is the same patients; another one has a name of its
    own, and what differs is a count, too."""
    known = {count: value for _, count, value in (*now.told, *now.found)}
    run = _run(earlier.results)
    other = {count.of for _, count, value in (*run.found, *run.told) if known.get(count, value) != value}
    names = {of: f"{of}, in run {earlier.run}" if of in other else of for of in run.names}
    found, told = (
        tuple((id_, replace(count, of=names[count.of]), value) for id_, count, value in of)
        for of in (run.found, run.told)
    )
    return _Run(run.results, found, told, names)


def _without_grids(found: Sequence[_Found]) -> Iterator[_Found]:
    """Yields the counts. Who has the event before a grid ends is taken for all who have it, unless they are printed to
    be more somewhere: then the rest had it later, and may be few."""
    of_all = {count: value for _, count, value in found if of_all_days(count) == count}
    ends_early = {count.what for _, count, value in found if of_all.get(of_all_days(count), value) != value}
    for id_, count, value in found:
        endpoint = count.what.rpartition(" (")[2]
        is_early = any(what.endswith(f" ({endpoint}") for what in ends_early)
        yield id_, count if is_early else of_all_days(count), value


def _named(
    run: _Run, same: Mapping[str, str], values: dict[Count, int]
) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """Returns the names of the counts of each cell, of one that is a count and of one that tells counts; their values
    are added to `values`."""
    cells: dict[str, str] = {}
    tells: dict[str, set[str]] = defaultdict(set)
    for id_, count, value in run.found:
        of = replace(count, of=same.get(count.of, count.of))
        if values.setdefault(of, value) == value:  # else it counts other patients: no rule knows them
            cells[id_] = of.name
    for id_, count, value in run.told:
        of = replace(count, of=same.get(count.of, count.of))
        values.setdefault(of, value)
        tells[id_].add(of.name)
    return cells, {id_: frozenset(names) for id_, names in tells.items()}


def _published(earlier: Earlier, cells: Mapping[str, str], tells: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yields the names of the counts that a release printed or told."""
    for id_ in earlier.counts:
        yield from (cells[id_],) if id_ in cells else tells.get(id_, ())


def _links(values: dict[Count, int], runs: Sequence[_Run], same: Mapping[str, str]) -> Links:
    links = Links(values)
    links.add_parts()
    links.add_grids()
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
        add_subsets(links, run.results.entries, run.resolved(same), run.results.study)
        add_incomplete(links, run.results, run.resolved(same))
    for run in runs[1:]:
        add_changes(links, runs[0].resolved(same), run.resolved(same))
    return links


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
