"""The counts of a run as one system: which of them add up, which are parts of others, which are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from riskset.analyses.excluded import INCOMPLETE, MISSING
from riskset.analyses.methods.preference import MIDDLE, interval_name
from riskset.results import ResultEntry, Results
from riskset_release.gate.counted import (
    CENSORED,
    ELIGIBLE,
    EQUIPOISE,
    EVENTS,
    EXCLUDED,
    INTERVAL,
    ROWS,
    Count,
    counted,
)
from riskset_release.gate.system import CountSystem, Relation
from riskset_report.cells import Found, numbers_of

_PATIENTS, _EVENTS, _INNER = 50.0, 10.0, 1.0
"""What it costs to hold back how many patients a set or an arm has, how many events, and a number within."""


@dataclass(frozen=True)
class Counted:
    """The counts of a run."""

    system: CountSystem
    cells: Mapping[str, str]
    """By id of a cell: the name of its count."""


def counted_of(results: Results) -> Counted:
    """Returns all counts of a run that are printed, with the links between them and what follows by subtraction."""
    arm = results.study.comparison.arm if results.study.comparison else ""
    found = [*_found(results, arm)]
    same = _same_sets(found)
    values: dict[Count, int] = {}
    cells: dict[str, str] = {}
    for id_, count, value in found:
        of = Count(same.get(count.of, count.of), count.what, count.where)
        values[of] = value
        cells[id_] = of.name
    links = _Links(values)
    links.add_parts()
    links.add_excluded()
    links.add_missing(results, same)
    links.add_boxes(results.entries)
    links.add_nested_terms()
    links.add_equipoise()
    printed = frozenset(cells.values())
    weights = {count.name: _cost(count, arm) for count in values}
    names = {count.name: value for count, value in values.items()} | links.unprinted
    return Counted(CountSystem(names, tuple(links.relations), printed, weights), cells)


def _found(results: Results, arm: str) -> Iterator[tuple[str, Count, int]]:
    for entry in results.entries:
        for number in numbers_of(entry):
            if isinstance(number.value, int) and (count := counted(entry, number, arm)) is not None:
                yield number.place.id, count, number.value


def _same_sets(found: Iterable[tuple[str, Count, int]]) -> dict[str, str]:
    """Returns by name of a set the one that it is taken for: of two sets as large, whose counts nowhere differ, a
    reader thinks that they are the same patients."""
    by_set: dict[str, dict[tuple[str, object], int]] = defaultdict(dict)
    for _, count, value in found:
        by_set[count.of][count.what, count.where] = value
    first: dict[str, str] = {}
    for name, counts in by_set.items():
        size = counts.get((ROWS, ()))
        for other in [*first]:
            there = by_set[other]
            if size is not None and there.get((ROWS, ())) == size and first[other] == other:
                shared = counts.keys() & there.keys()
                of_rows = {key for key in shared if key[0] == ROWS}
                if len(of_rows) > 1 and all(counts[key] == there[key] for key in of_rows) and _may_join(counts, there):
                    first[name] = other
                    there |= counts
                    break
        first.setdefault(name, name)
    return first


def _may_join(one: Mapping[tuple[str, object], int], other: Mapping[tuple[str, object], int]) -> bool:
    """Whether no count of the two differs: those of events are of an endpoint, which keeps the sets apart."""
    return all(one[key] == other[key] for key in one.keys() & other.keys())


def _cost(count: Count, arm: str) -> float:
    is_margin = not count.where or {name for name, _ in count.where} <= {arm}
    return {ROWS: _PATIENTS, EVENTS: _EVENTS}.get(count.what.partition(" (")[0], _INNER) if is_margin else _INNER


class _Links:
    """Collects relations; what is left over in one is a count that nobody prints."""

    def __init__(self, values: dict[Count, int]) -> None:
        self.values = values
        self.relations: list[Relation] = []
        self.unprinted: dict[str, int] = {}

    def _adds_up(self, whole: str, parts: Sequence[str], values: Mapping[str, int], rest: str) -> None:
        """The parts are some of the whole, each patient at most once; the rest is nobody, or not printed."""
        if rest in self.unprinted:
            return  # said already
        left = values[whole] - sum(values[part] for part in parts)
        if left < 0:
            return  # a patient may be in several parts: nothing follows
        relation = {whole: 1, **dict.fromkeys(parts, -1)}
        if left:
            self.unprinted[rest] = left
            relation[rest] = -1
        self.relations.append(relation)

    def add_parts(self) -> None:
        """Levels of a variable add up to their whole; events and the others to the patients."""
        named = {count.name: value for count, value in self.values.items()}
        parts: dict[tuple[Count, str], list[Count]] = defaultdict(list)
        for count in self.values:
            for at, (variable, _) in enumerate(count.where):
                whole = Count(count.of, count.what, (*count.where[:at], *count.where[at + 1 :]))
                if whole in self.values and variable not in ("reason", "variable"):
                    parts[whole, variable].append(count)
        for (whole, variable), levels in parts.items():
            missing = Count(whole.of, MISSING, tuple(sorted({*whole.where, ("variable", variable)})))
            of = [*levels, *([missing] if missing in self.values else [])]
            self._adds_up(whole.name, [one.name for one in of], named, f"other {variable} among {whole.name}")
        for count in self.values:
            if count.what == ROWS:
                self._add_events(count, named)

    def _add_events(self, rows: Count, named: Mapping[str, int]) -> None:
        for other in [one for one in self.values if (one.of, one.where) == (rows.of, rows.where) and one != rows]:
            if other.what in (EXCLUDED, MISSING) or other.what.startswith(CENSORED):
                continue
            censored = rows.at(what=other.what.replace(EVENTS, CENSORED, 1))
            if other.what.startswith(f"{EVENTS} (") and censored in self.values:
                self.relations.append({rows.name: 1, other.name: -1, censored.name: -1})
            else:
                self._adds_up(rows.name, [other.name], named, f"not {other.what} among {rows.name}")

    def add_excluded(self) -> None:
        """Those of a set and those excluded from it are all eligible patients."""
        named = {count.name: value for count, value in self.values.items()}
        eligible = Count(ELIGIBLE).name
        of_set: dict[str, list[str]] = defaultdict(list)
        for count in self.values:
            if count.what == EXCLUDED:
                of_set[count.of].append(count.name)
        for name, reasons in of_set.items():
            if Count(name) in self.values:
                total = named[Count(name).name] + sum(named[reason] for reason in reasons)
                known = self.unprinted.setdefault(eligible, total)
                if known == total:
                    self.relations.append({eligible: 1, Count(name).name: -1, **dict.fromkeys(reasons, -1)})

    def add_missing(self, results: Results, same: Mapping[str, str]) -> None:
        """Who has no value of a variable is one of those who are incomplete."""
        named = {count.name: value for count, value in self.values.items()}
        for entry in results.entries:
            own = entry.analysis.analysis_set
            incomplete = Count(same.get(own, own), EXCLUDED, (("reason", INCOMPLETE),))
            for variable in entry.excluded.missing if entry.excluded else ():
                missing = Count(ELIGIBLE, MISSING, (("variable", variable),))
                if incomplete in self.values and missing in self.values:
                    rest = f"{incomplete.name}, but with {variable}"
                    self._adds_up(incomplete.name, [missing.name], named, rest)

    def add_boxes(self, entries: Sequence[ResultEntry]) -> None:
        """Who is in a box of the flow chart is in the one before."""
        named = {count.name: value for count, value in self.values.items()}
        for entry in entries:
            if entry.kind != "flow":
                continue
            after = {str(n.inside[1][0]["id"]): n.inside[1][0].get("after") for n in numbers_of(entry) if _is_step(n)}
            for count in self.values:
                box = count.of.removeprefix("box ")
                before = Count(f"box {after.get(box)}", count.what, count.where)
                if box != count.of and before in self.values:
                    self._adds_up(before.name, [count.name], named, f"in {before.name}, not in box {box}")

    def add_nested_terms(self) -> None:
        """A grade of 3 or more is any grade; a term is any event; an objective response is disease control."""
        named = {count.name: value for count, value in self.values.items()}
        for count in self.values:
            term, separator, grade = count.what.partition(", grade ")
            if not separator:
                continue
            wider = {
                Count(count.of, f"{term}, grade any", count.where),
                Count(count.of, f"any, grade {grade}", count.where),
            }
            for other in sorted(wider - {count}):
                if other in self.values:
                    self._adds_up(other.name, [count.name], named, f"{other.name}, not {count.what}")

    def add_equipoise(self) -> None:
        """Those in equipoise are in one of the intervals within it."""
        for count in self.values:
            within = [level for variable, level in count.where if variable == EQUIPOISE]
            if within:
                arm = tuple(one for one in count.where if one[0] != EQUIPOISE)
                named = (Count(count.of, count.what, arm).at((INTERVAL, interval_name((tenth,)))) for tenth in MIDDLE)
                self.relations.append({count.name: 1, **{one.name: -1 for one in named}})


def _is_step(found: Found) -> bool:
    return found.place.quantity.startswith("steps") and len(found.inside) > 1 and "id" in found.inside[1][0]
