"""References between the tables of a study file: a name used in one must be declared, with the right type, in another.

The checks run on all parts of the file that could be read, even while other parts are wrong, so that all problems are
reported in one pass. A reference to a part that is itself wrong is not reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskset.catalogue import NOTHING, say
from riskset.errors import DataError, did_you_mean
from riskset.study.adverse_events import AdverseEvents
from riskset.study.derived_references import wrong_derivations
from riskset.study.eligibility import WORDS, parse_rule
from riskset.study.endpoints import DateEndpoint, DaysEndpoint, Endpoint, Time
from riskset.study.propensity import Propensity, unknown_populations
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, repeated
from riskset.study.variables import NumberVariable, Variable

if TYPE_CHECKING:
    from riskset.study.entry import AnalysisEntry
    from riskset.study.spec import Comparison, Disclosure, EligibilityRule, SiteEntry

_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
"""On Windows no file can have such a name, whatever comes after a point: the invite of a site begins with its name."""
_FEWEST_SITES: Final = 2
"""That a study can ask for; one with a single site can be written all the same."""


@dataclass(frozen=True)
class Draft:
    """The parts of a study file that could be read; None for a part that is present but wrong."""

    sites: Mapping[str, SiteEntry | None]
    variables: Mapping[str, Variable | None]
    eligibility: tuple[EligibilityRule | None, ...]
    comparison: Comparison | None
    time: Time | None
    endpoints: Mapping[str, Endpoint | None]
    analyses: Mapping[str, AnalysisEntry | None]
    adverse_events: AdverseEvents | None = None
    has_adverse_events: bool = False
    """Whether the table is present, right or wrong."""
    propensity: Propensity | None = None
    has_propensity: bool = False
    """Whether the table is present, right or wrong."""
    score: Propensity | None = None
    """The table without its wrong keys; `propensity` is None where an adjustment is wrong, since it is not known then
    which populations there are."""
    disclosure: Disclosure | None = None

    def weighted(self, populations: Iterable[str]) -> tuple[str, ...]:
        """Returns those of the populations whose patients have weights of their own."""
        return tuple(name for name in populations if self.propensity and name in self.propensity.with_weights)

    def stratified(self, populations: Iterable[str]) -> tuple[str, ...]:
        """Returns those of the populations that are stratified by the score."""
        return tuple(name for name in populations if self.propensity and name in self.propensity.stratifications)

    def use(self, path: KeyPath, name: str, *types: str) -> Iterator[Complaint]:
        """Yields a complaint unless the variable `name`, used at `path`, is declared with one of these types."""
        if name not in self.variables:
            hint = say("study.variable.site_is_stratum") if name == "site" else did_you_mean(name, self.variables)
            yield Complaint(path, say("study.variable.unknown", name=name), hint)
        elif (variable := self.variables[name]) and variable.type not in types:
            yield Complaint(path, say("study.variable.wrong_type", name=name, found=variable.type, expected=types))

    def read(self, path: KeyPath, name: str, *types: str) -> Iterator[Complaint]:
        """Yields what `use` does, and a complaint where the variable is derived: what decides days, events and arms
        must be in the export, since a derived variable can carry anything."""
        yield from self.use(path, name, *types)
        if (variable := self.variables.get(name)) and variable.is_derived:
            yield Complaint(path, say("study.derived.not_here", name=name), say("study.derived.read_it"))

    def known_endpoints(self, path: KeyPath, endpoints: Iterable[str]) -> Iterator[Complaint]:
        """Yields a complaint for each undeclared endpoint in the list `endpoints` of the table at `path`."""
        declared = say("study.endpoint.declared", names=tuple(self.endpoints)) if self.endpoints else NOTHING
        for position, name in enumerate(endpoints):
            if name not in self.endpoints:
                hint = did_you_mean(name, self.endpoints) or declared
                yield Complaint((*path, "endpoints", position), say("study.endpoint.unknown", name=name), hint)

    def outcomes(self) -> dict[str, str]:
        """Returns the endpoint of each variable that says when or how follow-up ends, or when it is entered."""
        found: dict[str, str] = {}
        for name, endpoint in self.endpoints.items():
            if endpoint is not None:
                origin = {endpoint.origin} if isinstance(endpoint, DateEndpoint) else set()
                found |= dict.fromkeys((one for one in endpoint.variables if one not in origin), name)
        return found

    def complete_in(self, path: KeyPath, names: Iterable[str]) -> Iterator[Complaint]:
        """Yields a complaint for each variable in the list at `path` that is undeclared, or by which those who have an
        event would be chosen."""
        outcomes = self.outcomes()
        for position, name in enumerate(names):
            yield from self.use((*path, position), name, "number", "boolean", "category", "date")
            if name in outcomes:
                of = say("study.analysis.complete_in_outcome", name=name, endpoint=outcomes[name])
                yield Complaint((*path, position), of)

    def within_grid(self, path: KeyPath, times: Sequence[float]) -> Iterator[Complaint]:
        """Yields a complaint for each time, in `time.unit`, in the list at `path` that is beyond the grid."""
        if self.time is None:
            return
        unit, last = self.time.unit_in_words, self.time.grid.max_days
        limit = last / self.time.days_per_unit
        for position, time in enumerate(times):
            if time * self.time.days_per_unit > last:
                beyond = say("study.analysis.beyond_grid", time=time, unit=unit, last=last, limit=limit)
                yield Complaint((*path, position), beyond)

    def covariates(
        self,
        path: KeyPath,
        names: Sequence[str],
        endpoints: Iterable[str],
        types: Sequence[str] = ("number", "boolean", "category"),
        first: int = 0,
    ) -> Iterator[Complaint]:
        """Yields a complaint for each name in the list at `path`, from its position `first` on, that cannot be a
        covariate for these endpoints."""
        outcomes = {name: key for key in endpoints if (e := self.endpoints.get(key)) for name in e.variables}
        for position, name in enumerate(names, first):
            at = (*path, position)
            if wrong := list(self.use(at, name, *types)):
                yield from wrong
            elif name in outcomes:
                yield Complaint(at, say("study.analysis.outcome", name=name, endpoint=outcomes[name]))


def complaints_about(draft: Draft) -> Iterator[Complaint]:
    """Yields everything wrong between the parts of the file."""
    yield from _sites(draft)
    yield from _variable_names(draft)
    yield from wrong_derivations(draft)
    yield from _eligibility(draft)
    yield from _comparison(draft)
    for name, endpoint in draft.endpoints.items():
        path = ("endpoints", name)
        if isinstance(endpoint, DateEndpoint):
            yield from _date_endpoint(draft, path, endpoint)
        elif isinstance(endpoint, DaysEndpoint):
            yield from _days_endpoint(draft, path, endpoint)
    if draft.adverse_events is not None:
        yield from draft.adverse_events.complaints(draft)
    if draft.score is not None:
        yield from draft.score.complaints(draft)
    for name, analysis in draft.analyses.items():
        if analysis is not None:
            yield from analysis.complaints(draft, ("analyses", name))
            yield from unknown_populations(draft, ("analyses", name), analysis.of_populations)
            if not analysis.takes_weights and (of := draft.weighted(analysis.of_populations)):
                where = ("analyses", name, "populations")
                yield Complaint(where, say("study.propensity.not_weighted", kind=analysis.kind, name=of[0]))
            if not analysis.takes_score_strata and (of := draft.stratified(analysis.of_populations)):
                where = ("analyses", name, "populations")
                yield Complaint(where, say("study.propensity.not_stratified", kind=analysis.kind, name=of[0]))


def _sites(draft: Draft) -> Iterator[Complaint]:
    printed = [entry.name for entry in draft.sites.values() if entry]
    for name in repeated(printed):
        yield Complaint(("sites",), say("study.site.same_name", name=name))
    for folded in repeated(name.casefold() for name in draft.sites):
        alike = tuple(name for name in draft.sites if name.casefold() == folded)
        yield Complaint(("sites", alike[-1]), say("study.site.same_letters", names=alike))
    for name in draft.sites:
        if name.lower() in _DEVICES:
            yield Complaint(("sites", name), say("study.site.device", name=name))
    least, n = draft.disclosure.min_sites if draft.disclosure else 0, len(draft.sites)
    if least > max(n, _FEWEST_SITES):
        yield Complaint(("disclosure", "min_sites"), say("study.site.fewer_than_least", least=least, n=n))


def _variable_names(draft: Draft) -> Iterator[Complaint]:
    for name in draft.variables:
        if name in WORDS:
            yield Complaint(("variables", name), say("study.variable.grammar_word", name=name))


def _eligibility(draft: Draft) -> Iterator[Complaint]:
    for again in repeated(rule.id for rule in draft.eligibility if rule):
        yield Complaint(("eligibility",), say("study.rule.same_id", id=again))
    kinds = {name: variable.kind for name, variable in draft.variables.items() if variable}
    wrong = {name for name, variable in draft.variables.items() if variable is None}
    for position, rule in enumerate(draft.eligibility):
        if rule is None or wrong.intersection(re.findall(r"\w+", rule.rule)):
            continue
        try:
            parse_rule(rule.rule, kinds)
        except DataError as error:
            for problem in error.problems:
                path = ("eligibility", position, "rule")
                yield Complaint(path, problem.message, problem.hint, problem.column)


def _comparison(draft: Draft) -> Iterator[Complaint]:
    if draft.comparison is None:
        return
    arm, reference = draft.comparison.arm, draft.comparison.reference
    yield from draft.read(("comparison", "arm"), arm, "category", "boolean")
    variable = draft.variables.get(arm)
    levels = variable.kind.levels if variable else ()
    if levels and reference not in levels:
        unknown = say("study.variable.unknown_level", found=reference, name=arm, levels=levels)
        yield Complaint(("comparison", "reference"), unknown, did_you_mean(reference, levels))


def _date_endpoint(draft: Draft, path: KeyPath, endpoint: DateEndpoint) -> Iterator[Complaint]:
    yield from draft.read((*path, "origin"), endpoint.origin, "date")
    yield from draft.read((*path, "censor"), endpoint.censor, "date")
    for key, names in (("event", endpoint.event), ("competing", endpoint.competing)):
        for position, name in enumerate(names):
            yield from draft.read((*path, key, position), name, "date")
    for again in repeated(endpoint.variables):
        yield Complaint(path, say("study.endpoint.same_date", name=again))


def _days_endpoint(draft: Draft, path: KeyPath, endpoint: DaysEndpoint) -> Iterator[Complaint]:
    yield from draft.read((*path, "event"), endpoint.event, "boolean")
    for position, other in enumerate(endpoint.competing):
        yield from draft.read((*path, "competing", position), other, "boolean")
        if other == endpoint.event:
            yield Complaint((*path, "competing", position), say("study.endpoint.competing_is_event", name=other))
    for key, name in (("days", endpoint.days), ("entry", endpoint.entry)):
        if name is not None:
            yield from _whole_days(draft, (*path, key), name)
    if endpoint.days == endpoint.entry:
        yield Complaint((*path, "entry"), say("study.endpoint.entry_is_days"))


def _whole_days(draft: Draft, path: KeyPath, name: str) -> Iterator[Complaint]:
    yield from draft.read(path, name, "number")
    variable = draft.variables.get(name)
    if not isinstance(variable, NumberVariable):
        return
    if variable.unit not in ("", "day", "days"):
        other = say("study.endpoint.not_in_days", name=name, unit=variable.unit)
        yield Complaint(path, other, say("study.endpoint.unit_day"))
    if variable.range[0] < 0:
        yield Complaint(path, say("study.endpoint.negative_days", name=name, lowest=variable.range[0]))
    if variable.step is not None and not variable.step.is_integer():
        parts = say("study.endpoint.parts_of_days", name=name, step=variable.step)
        yield Complaint(path, parts, say("study.endpoint.step_1"))
    if variable.transform is not None:
        yield Complaint(path, say("study.endpoint.transformed_days", name=name, transform=variable.transform))
