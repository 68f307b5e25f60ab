"""Counts of patients that are linked: margins, coarser levels, arms and all, patients less events.

A count is a whole number of 0 or more. A reader of what is published knows the relations, the counts that are printed,
and the rule by which others are held back, and may compute whatever follows. A count of 1 to k - 1 is a *small cell*;
it is protected where a reader cannot tell it from k other values: the largest less the least value that is possible is
at least k. (Fischetti and Salazar, Management Science 2001; Hundepool et al., Statistical Disclosure Control, 2012,
chapter 4.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Relation = Mapping[str, int]
"""Coefficients by count: their sum of products is 0."""


@dataclass(frozen=True)
class CountSystem:
    """All counts of a release, printed or not, and how they are linked."""

    values: Mapping[str, int]
    """By name; the gate knows them, a reader does not."""
    relations: tuple[Relation, ...]
    printed: frozenset[str] = frozenset()
    """Those that a table, figure or text has unless they are held back."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """What it costs to hold a count back, 1 where none is given."""
    at_least: Mapping[str, int] = field(default_factory=dict)
    """How large a reader knows a count to be at least, since a model is published that rests on it."""
    few: tuple[frozenset[str], ...] = ()
    """Sets of which one at least is less than k, since a model is held back for it."""
    fixed: frozenset[str] = frozenset()
    """Those that an earlier release has printed: every reader knows them, whatever is held back now."""

    def __post_init__(self) -> None:
        for relation in self.relations:
            if sum(of * self.values[name] for name, of in relation.items()) != 0:
                raise ValueError(f"the counts do not obey a relation of {', '.join(relation)}")
        if any(value < 0 for value in self.values.values()):
            raise ValueError("a count is 0 or more")
        if self.printed & self.fixed:
            raise ValueError("what was printed before cannot be held back")

    def small(self, least: int) -> list[str]:
        """Returns the counts of 1 to `least` - 1, printed or not."""
        return [name for name, value in self.values.items() if 0 < value < least]

    def blocks(self, known: Collection[str] = ()) -> Iterator[CountSystem]:
        """Yields the parts that no relation links but through counts that are `known`, or were printed before, each
        with all of its relations. A count that no relation names is a part of its own."""
        known = {*known, *self.fixed}
        of = {name: name for name in self.values if name not in known}

        def first(name: str) -> str:
            while of[name] != name:
                of[name] = of[of[name]]
                name = of[name]
            return name

        for linked in (*self.relations, *self.few):
            unknown = [name for name in linked if name not in known]
            for name in unknown[1:]:
                of[first(name)] = first(unknown[0])
        parts: dict[str, list[str]] = {}
        for name in of:
            parts.setdefault(first(name), []).append(name)
        by_part: dict[str, list[Relation]] = {}
        for relation in self.relations:
            for name in relation:
                if name not in known:
                    by_part.setdefault(first(name), []).append(relation)
                    break
        for part, names in parts.items():
            yield self._part(names, by_part.get(part, ()))

    def _part(self, names: Iterable[str], relations: Iterable[Relation]) -> CountSystem:
        relations = tuple(relations)
        every = dict.fromkeys([*names, *(name for relation in relations for name in relation)])
        return CountSystem(
            {name: self.values[name] for name in every},
            relations,
            self.printed & every.keys(),
            {name: of for name, of in self.weights.items() if name in every},
            {name: of for name, of in self.at_least.items() if name in every},
            tuple(names for names in self.few if names <= every.keys()),
            self.fixed & every.keys(),
        )
