"""A study file as far as it could be read, and what any of its tables may ask of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskset.study.clock import Time
from riskset.study.complaint import Complaint
from riskset.study.endpoints import Endpoint
from riskset.study.lines import Path
from riskset.study.rule_wording import meant
from riskset.study.variables import Variable

if TYPE_CHECKING:
    from riskset.study.entry import Entry
    from riskset.study.spec import Comparison, EligibilityRule, SiteEntry


@dataclass(frozen=True)
class Draft:
    """The parts of a study file that could be read; None where a part is there but wrong."""

    sites: Mapping[str, SiteEntry | None]
    variables: Mapping[str, Variable | None]
    eligibility: tuple[EligibilityRule | None, ...]
    comparison: Comparison | None
    time: Time | None
    endpoints: Mapping[str, Endpoint | None]
    analyses: Mapping[str, Entry | None]

    def use(self, path: Path, name: str, *kinds: str) -> Iterator[Complaint]:
        """Complains unless the variable `name`, used at `path`, is declared and of one of these kinds."""
        if name not in self.variables:
            yield Complaint(path, f"unknown variable {name!r}", meant(name, self.variables))
        elif (variable := self.variables[name]) and variable.type not in kinds:
            wanted = " or ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
            yield Complaint(path, f"expected a {wanted} variable; {name!r} is a {variable.type}")

    def known_endpoints(self, path: Path, endpoints: Iterable[str]) -> Iterator[Complaint]:
        """Complains of each endpoint named in the list `endpoints` of the table at `path` that is not declared."""
        for position, name in enumerate(endpoints):
            if name not in self.endpoints:
                hint = meant(name, self.endpoints) or f"declared: {', '.join(self.endpoints) or 'none'}"
                yield Complaint((*path, "endpoints", position), f"unknown endpoint {name!r}", hint)

    def within_grid(self, path: Path, times: Sequence[float]) -> Iterator[Complaint]:
        """Complains of each time, in `time.unit`, in the list at `path` that lies beyond the grid."""
        if self.time is None:
            return
        unit, last = self.time.unit, self.time.grid.max_days
        for position, time in enumerate(times):
            if time * self.time.days_per_unit > last:
                beyond = f"max_days = {last} ({last / self.time.days_per_unit:.1f} {unit}s)"
                yield Complaint((*path, position), f"{time:g} {unit}s lie beyond {beyond}")

    def covariates(self, path: Path, names: Sequence[str], endpoints: Iterable[str]) -> Iterator[Complaint]:
        """Complains of each name in the list at `path` that cannot be a covariate of a model of these endpoints."""
        outcomes = {name: key for key in endpoints if (e := self.endpoints.get(key)) for name in e.variables}
        for position, name in enumerate(names):
            at = (*path, position)
            yield from self.use(at, name, "number", "boolean", "category")
            if name in outcomes:
                yield Complaint(at, f"{name!r} makes the endpoint {outcomes[name]!r} and cannot explain it")
