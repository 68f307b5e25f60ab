"""Links between counts of different tables: kinds of event of one follow-up, patients of a population among all, and
those without a value among those left out for want of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

from riskset.analyses.excluded import INCOMPLETE, MISSING, variables_of
from riskset.results import ResultEntry, Results
from riskset.study.spec import DateEndpoint, Study
from riskset_release.gate.counted import ELIGIBLE, EVENTS, EXCLUDED, ROWS, Count, of_all_days
from riskset_release.gate.linked import Links, boxes_of, left_between


def add_endpoints(links: Links, study: Study) -> None:
    """A patient has one first event: its kinds add up to those with any. Who has an event of an endpoint has
    one of each that begins alike and counts that event, too, as death is one of progression-free survival."""
    ended = dict(_with_any(links, study))
    for endpoint in study.endpoints:
        if not study.endpoints[endpoint].competing:
            for count in [one for one in links.values if one.what == f"{EVENTS} ({endpoint})"]:
                ended.setdefault((count.at(what=ROWS), endpoint), count.name)
    for (rows, wider), whole in ended.items():
        for other in study.endpoints:
            part = ended.get((rows, other))
            if part and other != wider and _counts_also(study, wider, other):
                are_all = _ends(study, wider) == _ends(study, other)
                links.adds_up(whole, [part], f"{whole}, not {part}", are_all=are_all)


def _with_any(links: Links, study: Study) -> Iterator[tuple[tuple[Count, str], str]]:
    """Yields for patients and an endpoint the name of the count of those with an event of any kind."""
    kinds: dict[tuple[Count, str, str], dict[str, str]] = defaultdict(dict)
    for count in links.values:
        kind, _, endpoint = of_all_days(count).what.removeprefix(f"{EVENTS}: ").rpartition(" (")
        if count.what.startswith(f"{EVENTS}: "):
            until = count.what.removeprefix(of_all_days(count).what)
            kinds[count.at(what=ROWS), endpoint.rstrip(")"), until][kind] = count.name
    for (rows, endpoint, until), parts in kinds.items():
        of_any = f"events of any kind ({endpoint}){until} of {rows.name}"
        links.add_sum(of_any, list(parts.values()))
        if rows in links.values:
            links.adds_up(rows.name, [of_any], f"not {of_any}")
        own = rows.at(what=f"{EVENTS} ({endpoint}){until}")
        main = [name for kind, name in parts.items() if kind not in study.endpoints[endpoint].competing]
        if own in links.values:
            links.adds_up(own.name, main, f"{own.name}, of another kind", are_all=True)
        if not until:
            yield (rows, endpoint), of_any


def _ends(study: Study, name: str) -> tuple[str, frozenset[str]]:
    """Returns from when an endpoint is followed, and what ends it."""
    endpoint = study.endpoints[name]
    if isinstance(endpoint, DateEndpoint):
        return endpoint.origin, frozenset(endpoint.ends)
    return endpoint.days, frozenset((endpoint.event, *endpoint.competing))


def _counts_also(study: Study, wider: str, other: str) -> bool:
    """Whether each event of one endpoint is one of the wider; of two that count the same, the first is the wider."""
    order = [*study.endpoints]
    (origin, ends), (of_other, fewer) = _ends(study, wider), _ends(study, other)
    return origin == of_other and (fewer < ends or (fewer == ends and order.index(wider) < order.index(other)))


def add_subsets(links: Links, entries: Sequence[ResultEntry], same: Mapping[str, str], study: Study) -> None:
    """Who is in a population, or still at risk at a landmark, is one of all; who has values of more variables is one of
    those who have fewer. The others are a count of each kind."""
    of_all = {}
    for entry in entries:
        own = entry.analysis.set_id
        whole = replace(own.of_all, landmark_days=None).name
        of_all[same.get(own.name, own.name)] = same.get(whole, whole)
    for part, whole in [*of_all.items(), *_nested(entries, same, study)]:
        for count in [one for one in links.values if one.of == part != whole and one.what.startswith((ROWS, EVENTS))]:
            of_whole = replace(count, of=whole)
            for every, some in _with_the_others(links, of_whole, count):
                links.adds_up(every, [some], f"{every}, not in {part}")


def _nested(entries: Sequence[ResultEntry], same: Mapping[str, str], study: Study) -> Iterator[tuple[str, str]]:
    """Yields the sets of which one needs a value of more variables than another, which is of the same patients else."""
    sets = {entry.analysis.set_id for entry in entries}
    for part, whole in permutations(sorted(sets, key=lambda one: one.name), 2):
        names = same.get(part.name, part.name), same.get(whole.name, whole.name)
        is_alike = replace(part, complete_in=None) == replace(whole, complete_in=None)
        if is_alike and names[0] != names[1] and {*variables_of(part, study)} > {*variables_of(whole, study)}:
            yield names


def add_changes(links: Links, now: Mapping[str, str], before: Mapping[str, str]) -> None:
    """Who joined a set since an earlier run, or left it, is a count that every reader of both knows. `now` and `before`
    have the sets of each run."""
    changed = {before[of]: now[of] for of in before.keys() & now.keys() if before[of] != now[of]}
    for count in [one for one in links.values if one.of in changed]:
        for pair in _with_the_others(links, replace(count, of=changed[count.of]), count):
            more, fewer = sorted(pair, key=lambda name: -links.named[name])
            links.adds_up(more, [fewer], f"{more}, not among {fewer}")


def _with_the_others(links: Links, one: Count, other: Count) -> Iterator[tuple[str, str]]:
    """Yields the names of two counts, and of those that are not in each; where all of them are counts of the run."""
    if one in links.values and other in links.values:
        yield one.name, other.name
        without = links.without(one), links.without(other)
        if without[0] in links.named and without[1] in links.named:
            yield without


def add_incomplete(links: Links, results: Results, same: Mapping[str, str]) -> None:
    """Who is left out for want of a value lacks one of the variables; where all are followed, who lacks one is left
    out."""
    named, left = links.named, dict[str, tuple[Count, frozenset[str]]]()
    eligible = Count(same.get(ELIGIBLE, ELIGIBLE))
    for entry in results.entries:
        own = entry.analysis.analysis_set
        incomplete = Count(same.get(own, own), EXCLUDED, (("reason", INCOMPLETE),))
        if incomplete in links.values and entry.excluded:
            left[incomplete.name] = eligible, frozenset(entry.excluded.missing)
    for box, before in boxes_of(results.entries, same):
        for count in [one for one in links.values if one.of == box and one.what == ROWS]:
            of = replace(eligible, where=count.where)
            needed = [v for v in results.study.variables if _missing(of, v) in links.values]
            left[left_between(count, before)] = of, frozenset(needed)
    for name, (of, variables) in left.items():
        if name in named:
            _add_union(links, name, of, sorted(variables))


def _missing(of: Count, variable: str) -> Count:
    return of.at(("variable", variable), what=MISSING)


def _add_union(links: Links, name: str, of: Count, variables: Sequence[str]) -> None:
    """Links those left out with those without a value of each variable. Of variables that the same number lack
    everywhere, as of one made from another, a reader thinks that the same patients lack them; unless these are too
    few."""
    groups = [*_alike(links, of, variables)]
    if sum(links.named[alike[0]] for alike in groups) < links.named[name]:
        groups = [[one] for alike in groups for one in alike]
    for alike in groups:
        for other in alike[1:]:
            links.adds_up(alike[0], [other], f"{alike[0]}, not {other}", are_all=True)
        links.adds_up(name, [alike[0]], f"{name}, but with {alike[0]}")
    of_any = f"lacking values, once for each, of {name}"
    links.add_sum(of_any, [alike[0] for alike in groups])
    links.adds_up(of_any, [name], f"lacking several values of {name}")


def _alike(links: Links, of: Count, variables: Sequence[str]) -> Iterator[list[str]]:
    """Yields the counts of those without a value, of variables that the same number lack everywhere together."""
    by_number: dict[tuple[tuple[object, int], ...], list[str]] = defaultdict(list)
    for variable in variables:
        where = ("variable", variable)
        told = [(one, n) for one, n in links.values.items() if one.what == MISSING and where in one.where]
        pattern = tuple(sorted((tuple(pair for pair in one.where if pair != where), n) for one, n in told))
        if _missing(of, variable) in links.values:
            by_number[pattern].append(_missing(of, variable).name)
    yield from by_number.values()
