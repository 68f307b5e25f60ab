"""What was done in a run, as its methods tell it: the study, and the results that have numbers, with what results.json
says of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from riskset.catalogue import Message, say
from riskset.results import ResultEntry, Results, entry_json
from riskset.study.spec import Study
from riskset_report.blocks import Shown
from riskset_report.cells import Cells
from riskset_report.labels import Labels, inside
from riskset_report.methods.references import Citations
from riskset_report.provenance import Recorded


@dataclass(frozen=True)
class Group:
    """Endpoints that were analysed alike, in the same populations."""

    endpoints: Message
    """Their labels, as a list inside a sentence."""
    populations: Message
    n: int
    """Pairs of an endpoint and a population."""

    @property
    def values(self) -> dict[str, Message]:
        """Returns the values of a sentence."""
        return {"endpoints": self.endpoints, "populations": self.populations}


@dataclass(frozen=True)
class Given:
    """A result with numbers."""

    entry: ResultEntry
    said: Mapping[str, Any]
    """Its object in results.json, of which the text takes names and options; numbers of patients are from cells."""

    @property
    def about(self) -> tuple[str, str]:
        """Its endpoint, empty where it has none, and its population."""
        return self.entry.analysis.endpoint or "", self.entry.analysis.population


@dataclass(frozen=True)
class Done:
    """A run, for its methods."""

    results: Results
    labels: Labels
    cells: Cells
    recorded: Recorded | None
    """None of a rehearsal."""
    citations: Citations = field(default_factory=Citations)

    @property
    def study(self) -> Study:
        return self.results.study

    @cached_property
    def given(self) -> tuple[Given, ...]:
        """The results with numbers, in the order of the study."""
        return tuple(Given(entry, entry_json(entry)) for entry in self.results.entries if entry.status == "ok")

    def of(self, *kinds: str) -> list[Given]:
        """Returns the results of these kinds with numbers."""
        return [one for one in self.given if one.entry.kind in kinds]

    def cite(self, *keys: str) -> str:
        """Returns what stands behind a word that cites references."""
        return self.citations.cite(*keys)

    def grouped(self, of: Iterable[Given]) -> Iterator[Group]:
        """Yields the labels of endpoints and populations, endpoints with the same populations together."""
        populations: dict[str, dict[str, None]] = {}
        for one in of:
            endpoint, population = one.about
            populations.setdefault(endpoint, {})[population] = None
        alike: dict[tuple[str, ...], list[str]] = {}
        for endpoint, names in populations.items():
            alike.setdefault(tuple(names), []).append(endpoint)
        for together, endpoints in alike.items():
            labels = tuple(map(self.endpoint, endpoints))
            yield Group(listed(labels), self.populations(together), len(endpoints) * len(together))

    def populations(self, names: Iterable[str]) -> Message:
        """Returns the labels of populations, each once, as a list inside a sentence."""
        return listed(each_once(map(self.labels.population, names)))

    def sites(self, names: Iterable[str]) -> Message:
        """Returns sites by their names as a list inside a sentence."""
        return listed(tuple(map(self.site, names)))

    def site(self, name: str) -> str:
        """Returns a site by its name alone, which is unique in a study."""
        return self.labels.sites.get(name, name)

    def endpoint(self, name: str) -> str:
        """Returns an endpoint as it reads inside a sentence."""
        label = self.labels.endpoint(name)
        return self.inside(label) if label else ""

    def named(self, variable: str) -> str:
        """Returns a variable as it reads inside a sentence."""
        return self.inside(self.study.label_of(variable))

    def inside(self, label: str) -> str:
        return inside(label, self.labels.language)

    def names(self, variables: Iterable[str]) -> Message:
        """Returns the labels of variables, without units, as a list; an interaction has both."""
        return listed(tuple(map(self.labels.covariate, variables)))

    def count(self, result: str, quantity: str) -> Shown | None:
        """Returns a count from the cells; None where the run has no such number."""
        ids = tuple(cell.id for cell in self.cells.of(result, quantity))
        return Shown("count", ids) if ids else None


def listed(items: tuple[str, ...]) -> Message:
    """Returns a list inside a sentence; what has commas itself is parted by semicolons."""
    if any("," in item for item in items):
        return say("methods.list_with_commas", items=items)
    return say("methods.list", items=items)


def each_once(values: Iterable[Any]) -> tuple[Any, ...]:
    """Returns the values, each once, in the order of their first occurrence."""
    return tuple(dict.fromkeys(values))


def by_analysis(of: Sequence[Given]) -> Iterator[list[Given]]:
    """Yields the results of each entry of the study's analyses."""
    entries: dict[str, list[Given]] = {}
    for one in of:
        entries.setdefault(one.entry.analysis.name, []).append(one)
    yield from entries.values()


def numbers(values: Iterable[float]) -> tuple[str, ...]:
    """Returns numbers as a study file has them."""
    return tuple(f"{value:g}" for value in values)
