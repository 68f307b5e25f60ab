"""Collects which counts of a run add up: levels of a whole, events of patients, boxes of a flow chart."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from riskset.analyses.excluded import MISSING
from riskset.analyses.methods.preference import MIDDLE, interval_name
from riskset.results import ResultEntry
from riskset_release.gate.counted import (
    CENSORED,
    ELIGIBLE,
    EQUIPOISE,
    EVENTS,
    EXCLUDED,
    INTERVAL,
    KNOWN,
    ROWS,
    Count,
    of_all_days,
)
from riskset_release.gate.system import Relation
from riskset_report.cells import numbers_of


class Links:
    """Collects relations; what is left over in one is a count that nobody prints."""

    def __init__(self, values: dict[Count, int]) -> None:
        self.values = values
        self.relations: list[Relation] = []
        self.unprinted: dict[str, int] = {}
        self._printed = {count.name: value for count, value in values.items()}
        self.named: Mapping[str, int] = ChainMap(self.unprinted, self._printed)
        """Every count, printed or left over, by its name; the printed ones first."""

    def adds_up(self, whole: str, parts: Sequence[str], rest: str, *, are_all: bool = False) -> None:
        """The parts are some of the whole, each patient once. Whether anybody is left, a reader does not know, unless
        `are_all`: then nobody should be."""
        left = self.named[whole] - sum(self.named[part] for part in parts)
        if rest in self.unprinted or left < 0:
            return  # said already; or a patient may be in several parts, and nothing follows
        relation = {whole: 1, **dict.fromkeys(parts, -1)}
        if left or not are_all:
            self.unprinted[rest] = left
            relation[rest] = -1
        self.relations.append(relation)

    def add_sum(self, whole: str, parts: Sequence[str]) -> None:
        """Adds a count that nobody prints: of its parts together."""
        if whole not in self.unprinted:
            self.unprinted[whole] = sum(self.named[part] for part in parts)
            self.relations.append({whole: 1, **dict.fromkeys(parts, -1)})

    def add_parts(self) -> None:
        """Levels of a variable add up to their whole; events and the others to the patients."""
        parts: dict[tuple[Count, str], list[Count]] = defaultdict(list)
        for count in self.values:
            for at, (variable, _) in enumerate(count.where):
                whole = Count(count.of, count.what, (*count.where[:at], *count.where[at + 1 :]))
                if whole in self.values and variable not in ("reason", "variable"):
                    parts[whole, variable].append(count)
        for (whole, variable), levels in parts.items():
            missing = Count(whole.of, MISSING, tuple(sorted({*whole.where, ("variable", variable)})))
            of = [*levels, *([missing] if missing in self.values else [])]
            self.adds_up(whole.name, [one.name for one in of], f"other {variable} among {whole.name}", are_all=True)
        for count in self.values:
            if count.what == ROWS:
                self._add_events(count)

    def _add_events(self, rows: Count) -> None:
        for other in [one for one in self.values if (one.of, one.where) == (rows.of, rows.where) and one != rows]:
            if other.what in (EXCLUDED, MISSING) or other.what.startswith(CENSORED):
                continue
            without = self.without(other)
            if without in self._printed:
                self.relations.append({rows.name: 1, other.name: -1, without: -1})
            else:
                self.adds_up(rows.name, [other.name], without, are_all=True)

    def without(self, count: Count) -> str:
        """Returns the name of the count of those who have no event, or are not in another count of a set: printed as
        censored, or left over."""
        censored = count.at(what=count.what.replace(EVENTS, CENSORED, 1))
        if count.what.startswith(f"{EVENTS} (") and censored in self.values:
            return censored.name
        return f"not {count.what} among {count.at(what=ROWS).name}"

    def add_excluded(self, same: Mapping[str, str]) -> None:
        """Those of a set and those excluded from it are all eligible patients. `same` has the sets of one run."""
        eligible, of_run = Count(same.get(ELIGIBLE, ELIGIBLE)).name, {*same.values()}
        of_set: dict[str, list[str]] = defaultdict(list)
        for count in self.values:
            if count.what == EXCLUDED and count.of in of_run:
                of_set[count.of].append(count.name)
        for name, reasons in of_set.items():
            if Count(name) in self.values:
                total = self._printed[Count(name).name] + sum(self._printed[reason] for reason in reasons)
                if eligible not in self.named:
                    self.unprinted[eligible] = total
                if self.named[eligible] == total:
                    self.relations.append({eligible: 1, Count(name).name: -1, **dict.fromkeys(reasons, -1)})

    def add_grids(self) -> None:
        """Who has the event before a grid ends is one of all who have it."""
        for count in self.values:
            whole = of_all_days(count)
            if whole != count and whole in self.values:
                self.adds_up(whole.name, [count.name], f"{whole.name}, later than {count.what}", are_all=True)

    def add_boxes(self, entries: Sequence[ResultEntry], same: Mapping[str, str]) -> None:
        """Who is in a box of the flow chart is in the one before."""
        for box, before in boxes_of(entries, same):
            for count in [one for one in self.values if one.of == box]:
                of_before = replace(count, of=before)
                if of_before in self.values:
                    self.adds_up(of_before.name, [count.name], left_between(count, before))

    def add_nested_terms(self) -> None:
        """A grade of 3 or more is any grade; a term is any event; an objective response is disease control."""
        for count in self.values:
            term, separator, grade = count.what.partition(", grade ")
            wider = {f"{term}, grade any", f"any, grade {grade}"} if separator else set[str]()
            if count.what.startswith("orr by "):
                wider = {count.what.replace("orr", "dcr", 1)}
            for other in sorted(count.at(what=what) for what in wider - {count.what}):
                if other in self.values:
                    self.adds_up(other.name, [count.name], f"{other.name}, not {count.what}")

    def add_known(self) -> None:
        """Those with a value of a variable, and those without one, are all."""
        for count in [one for one in self.values if one.what == KNOWN]:
            of_all = Count(count.of, ROWS, tuple(pair for pair in count.where if pair[0] != "variable"))
            missing = count.at(what=MISSING)
            if of_all in self.values and missing in self.values:
                self.relations.append({of_all.name: 1, count.name: -1, missing.name: -1})
            elif of_all in self.values:
                self.adds_up(of_all.name, [count.name], missing.name)

    def add_equipoise(self) -> None:
        """Those in equipoise are in one of the intervals within it."""
        for count in self.values:
            within = [level for variable, level in count.where if variable == EQUIPOISE]
            if within:
                arm = tuple(one for one in count.where if one[0] != EQUIPOISE)
                named = (Count(count.of, count.what, arm).at((INTERVAL, interval_name((tenth,)))) for tenth in MIDDLE)
                self.relations.append({count.name: 1, **{one.name: -1 for one in named}})


def left_between(count: Count, before: str) -> str:
    """Returns the name of those of a box who are not in the next one, which has the others of `count`."""
    return f"in {replace(count, of=before).name}, not in {count.of}"


def boxes_of(entries: Sequence[ResultEntry], same: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yields the sets of each box of a flow chart and of the box before it, where they differ."""
    for entry in entries:
        if entry.kind != "flow":
            continue
        for number in numbers_of(entry):
            step = number.inside[1][0] if len(number.inside) > 1 else {}
            if number.place.quantity.startswith("steps") and step.get("after"):
                box, before = (f"box {step[key]}" for key in ("id", "after"))
                if same.get(box, box) != same.get(before, before):
                    yield same.get(box, box), same.get(before, before)
