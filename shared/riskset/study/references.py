"""What joins the tables of a study file: a name used in one must be declared, and of the right kind, in another.

These checks run on whatever parts of the file could be read, also while other parts are wrong, so that a person sees
everything in one pass. Nothing is said of a reference to a part that is itself wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from riskset.errors import DataError, did_you_mean
from riskset.study.eligibility import WORDS, parse_rule
from riskset.study.endpoints import DateEndpoint, DaysEndpoint, Endpoint, Time
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, repeated
from riskset.study.variables import NumberVariable, Variable

if TYPE_CHECKING:
    from riskset.study.entry import AnalysisEntry
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
    analyses: Mapping[str, AnalysisEntry | None]

    def use(self, path: KeyPath, name: str, *kinds: str) -> Iterator[Complaint]:
        """Complains unless the variable `name`, used at `path`, is declared and of one of these kinds."""
        if name not in self.variables:
            yield Complaint(path, f"unknown variable {name!r}", did_you_mean(name, self.variables))
        elif (variable := self.variables[name]) and variable.type not in kinds:
            wanted = " or ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))
            yield Complaint(path, f"expected a {wanted} variable; {name!r} is a {variable.type}")

    def known_endpoints(self, path: KeyPath, endpoints: Iterable[str]) -> Iterator[Complaint]:
        """Complains of each endpoint named in the list `endpoints` of the table at `path` that is not declared."""
        for position, name in enumerate(endpoints):
            if name not in self.endpoints:
                hint = did_you_mean(name, self.endpoints) or f"declared: {', '.join(self.endpoints) or 'none'}"
                yield Complaint((*path, "endpoints", position), f"unknown endpoint {name!r}", hint)

    def within_grid(self, path: KeyPath, times: Sequence[float]) -> Iterator[Complaint]:
        """Complains of each time, in `time.unit`, in the list at `path` that lies beyond the grid."""
        if self.time is None:
            return
        unit, last = self.time.unit, self.time.grid.max_days
        for position, time in enumerate(times):
            if time * self.time.days_per_unit > last:
                beyond = f"max_days = {last} ({last / self.time.days_per_unit:.1f} {unit}s)"
                yield Complaint((*path, position), f"{time:g} {unit}s lie beyond {beyond}")

    def covariates(self, path: KeyPath, names: Sequence[str], endpoints: Iterable[str]) -> Iterator[Complaint]:
        """Complains of each name in the list at `path` that cannot be a covariate of a model of these endpoints."""
        outcomes = {name: key for key in endpoints if (e := self.endpoints.get(key)) for name in e.variables}
        for position, name in enumerate(names):
            at = (*path, position)
            yield from self.use(at, name, "number", "boolean", "category")
            if name in outcomes:
                yield Complaint(at, f"{name!r} makes the endpoint {outcomes[name]!r} and cannot explain it")


def complaints_about(draft: Draft) -> Iterator[Complaint]:
    """Everything wrong between the parts of the file."""
    yield from _sites(draft)
    yield from _variable_names(draft)
    yield from _eligibility(draft)
    yield from _comparison(draft)
    for name, endpoint in draft.endpoints.items():
        path = ("endpoints", name)
        if isinstance(endpoint, DateEndpoint):
            yield from _date_endpoint(draft, path, endpoint)
        elif isinstance(endpoint, DaysEndpoint):
            yield from _days_endpoint(draft, path, endpoint)
    for name, analysis in draft.analyses.items():
        if analysis is not None:
            yield from analysis.complaints(draft, ("analyses", name))


def _sites(draft: Draft) -> Iterator[Complaint]:
    printed = [entry.name for entry in draft.sites.values() if entry]
    for name in repeated(printed):
        yield Complaint(("sites",), f"two sites are printed as {name!r}")
    for folded in repeated(name.casefold() for name in draft.sites):
        alike = [name for name in draft.sites if name.casefold() == folded]
        yield Complaint(("sites", alike[-1]), f"{' and '.join(alike)} differ in capital letters only")


def _variable_names(draft: Draft) -> Iterator[Complaint]:
    for name in draft.variables:
        if name in WORDS:
            yield Complaint(("variables", name), f"{name!r} is a word of the rule grammar and cannot name a variable")


def _eligibility(draft: Draft) -> Iterator[Complaint]:
    for again in repeated(rule.id for rule in draft.eligibility if rule):
        yield Complaint(("eligibility",), f"two rules have the id {again!r}")
    kinds = {name: variable.kind for name, variable in draft.variables.items() if variable}
    wrong = {name for name, variable in draft.variables.items() if variable is None}
    for position, rule in enumerate(draft.eligibility):
        if rule is None or wrong.intersection(re.findall(r"\w+", rule.rule)):
            continue
        try:
            parse_rule(rule.rule, kinds)
        except DataError as error:
            for problem in error.problems:
                yield Complaint(("eligibility", position, "rule"), problem.message, problem.hint)


def _comparison(draft: Draft) -> Iterator[Complaint]:
    if draft.comparison is None:
        return
    arm, reference = draft.comparison.arm, draft.comparison.reference
    yield from draft.use(("comparison", "arm"), arm, "category", "boolean")
    variable = draft.variables.get(arm)
    levels = variable.kind.levels if variable else ()
    if levels and reference not in levels:
        said = f"{reference!r} is no level of {arm!r}, whose levels are {', '.join(levels)}"
        yield Complaint(("comparison", "reference"), said, did_you_mean(reference, levels))


def _date_endpoint(draft: Draft, path: KeyPath, endpoint: DateEndpoint) -> Iterator[Complaint]:
    yield from draft.use((*path, "origin"), endpoint.origin, "date")
    yield from draft.use((*path, "censor"), endpoint.censor, "date")
    for position, event in enumerate(endpoint.event):
        yield from draft.use((*path, "event", position), event, "date")
    for again in repeated(endpoint.variables):
        yield Complaint(path, f"{again!r} stands in two places: origin, event and censor are different dates")


def _days_endpoint(draft: Draft, path: KeyPath, endpoint: DaysEndpoint) -> Iterator[Complaint]:
    yield from draft.use((*path, "event"), endpoint.event, "boolean")
    for key, name in (("days", endpoint.days), ("entry", endpoint.entry)):
        if name is not None:
            yield from _whole_days(draft, (*path, key), name)
    if endpoint.days == endpoint.entry:
        yield Complaint((*path, "entry"), "entry and days are the same variable")


def _whole_days(draft: Draft, path: KeyPath, name: str) -> Iterator[Complaint]:
    yield from draft.use(path, name, "number")
    variable = draft.variables.get(name)
    if not isinstance(variable, NumberVariable):
        return
    if variable.unit not in ("", "day", "days"):
        yield Complaint(path, f"times are in whole days; {name!r} is in {variable.unit!r}", 'unit = "day"')
    if variable.range[0] < 0:
        yield Complaint(path, f"days begin at 0 or later; the range of {name!r} begins at {variable.range[0]:g}")
    if variable.step is not None and not variable.step.is_integer():
        yield Complaint(path, f"days are whole numbers; the step of {name!r} is {variable.step:g}", "step = 1")
    if variable.transform is not None:
        yield Complaint(path, f"days are used as they are; {name!r} has transform = {variable.transform!r}")
