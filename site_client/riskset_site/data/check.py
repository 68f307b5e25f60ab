"""What a site learns about its data before they are used. Nothing here leaves the site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from riskset.analyses.cohort import SetId
from riskset.analyses.excluded import COSTLY, variables_of
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.errors import DataError, Problem
from riskset.study.spec import BooleanVariable, DateEndpoint, DateVariable, NumberVariable, Study
from riskset_site.data.cohort import Preparation, prepare, sets_of
from riskset_site.data.column_reading import MetText, known
from riskset_site.data.config import load_site_file
from riskset_site.data.date_order import after_death, doubtful_status
from riskset_site.data.eligibility import FlowStep
from riskset_site.data.export_rows import printed
from riskset_site.data.faults import problem_in_rows
from riskset_site.data.follow_up import EligibleRows
from riskset_site.data.plausibility import (
    events_without_column,
    implausible_events,
    implausible_follow_up,
    implausible_time,
    one_level,
    only_true,
)
from riskset_site.data.shared_columns import shared_columns
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_mapping import YearsBetween
from riskset_site.data.spread import Spread, spread, suspects
from riskset_site.data.time_units import is_event


@dataclass(frozen=True)
class VariableCheck:
    """How one variable was read; counts are rows of the export."""

    variable: str
    columns: tuple[str, ...]
    """Its columns in the export; none where the export lacks one, or where the variable is derived."""
    kind: str
    read: int
    missing: int
    excluded: int
    """Rows that [map] excludes by this variable."""
    wrong: int
    """Rows whose value has a problem."""
    unit: str = ""
    """The study's."""
    spread: Spread | None = None
    """Of the values that were read of a number or date."""
    is_between: bool = False
    """True where it is the years between two columns of dates."""
    derived: bool = False
    """True where it is computed from other variables."""
    texts: tuple[MetText, ...] = ()
    """Of a category or boolean every text of the export, else those that the site file recodes or names as missing."""


@dataclass(frozen=True)
class EndpointCheck:
    """How many eligible rows are in an analysis set with an endpoint, and why the others are not."""

    endpoint: str
    """The endpoint or, for the set of a single model, the endpoint and the variables in which its rows are complete."""
    no_follow_up: int
    """Origin, end or event is missing."""
    incomplete: int
    """Follow-up is known, but a covariate of the set's models is missing."""
    rows: int
    """Analysed; the counts below are of these rows."""
    events: int
    at_time_0: int
    at_cutoff: int
    """Censored at the study's data cut-off."""
    event_after_censoring: int
    missing: Mapping[str, int]
    """By variable that the set needs: eligible rows without a value."""
    days: Spread | None = None
    """Follow-up of the analysed rows."""
    arm: str = ""
    """The study's; empty where it compares none."""

    @property
    def costly(self) -> tuple[str, ...]:
        """The variables that are missing for more than 5% of the site's eligible rows."""
        eligible = self.no_follow_up + self.incomplete + self.rows
        return tuple(name for name, n in self.missing.items() if n > COSTLY * eligible)


@dataclass(frozen=True)
class SiteCheck:
    """Everything that `riskset site check` reports."""

    study: str
    version: str
    site: str
    export: str
    """Name of the file."""
    rows: int = 0
    """Read from the export; where a patient has several rows, one each."""
    rows_of_file: int = 0
    """All rows that were read."""
    eligible: int = 0
    steps: tuple[FlowStep, ...] = ()
    variables: tuple[VariableCheck, ...] = ()
    endpoints: tuple[EndpointCheck, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """What is probably wrong, and for the site to judge; the data fit all the same."""

    @property
    def fits(self) -> bool:
        return not self.problems


def check_site(site_file: Path, study: Study, today: date) -> SiteCheck:
    """Returns whether and how a site's data fit the study; no date of theirs can be after `today`.

    Raises DataError where the check cannot begin: the site file is invalid, does not match the study, or names an
    export that does not exist. Problems of the export are in the result's `problems`.
    """
    site = load_site_file(site_file, study)
    try:
        prepared = prepare(site, study, today)
    except DataError as error:
        if not error.problems:
            raise
        return SiteCheck(study.id, study.version, site.site, site.source.path.name, problems=error.problems)
    return checked(prepared, site, study)


def checked(prepared: Preparation, site: SiteFile, study: Study) -> SiteCheck:
    """Returns whether and how data that were read fit the study."""
    return SiteCheck(
        study.id,
        study.version,
        site.site,
        site.source.path.name,
        rows=prepared.export.n,
        rows_of_file=prepared.export.rows_of_file,
        eligible=int(prepared.eligible.sum()),
        steps=prepared.steps,
        variables=tuple(_variables(prepared, site, study)),
        endpoints=tuple(_endpoints(prepared, study)),
        problems=prepared.problems or tuple(_none_eligible(prepared)),
        warnings=tuple(_warnings(prepared, site, study)),
    )


def _variables(prepared: Preparation, site: SiteFile, study: Study) -> Iterator[VariableCheck]:
    of_export = study.read_variables
    for name, column in prepared.export.columns.items():
        read, missing, excluded = (int(rows.sum()) for rows in (known(column.values), column.missing, column.excluded))
        yield VariableCheck(
            variable=name,
            columns=site.mapped(name).columns if name in of_export and column.is_present else (),
            is_between=isinstance(site.mapped(name), YearsBetween),
            derived=study.variables[name].is_derived,
            kind=study.variables[name].type,
            read=read,
            missing=missing,
            excluded=excluded,
            wrong=prepared.export.n - read - missing - excluded,
            unit=getattr(study.variables[name], "unit", ""),
            spread=spread(column.values) if study.variables[name].type in ("number", "date") else None,
            texts=column.met,
        )


def _endpoints(prepared: Preparation, study: Study) -> Iterator[EndpointCheck]:
    for set_id in sets_of(study, plan(study)):
        if set_id.endpoint is not None:
            found = _endpoint(name_in_words(set_id), set_id.endpoint, prepared, variables_of(set_id, study))
            yield replace(found, arm=study.comparison.arm if study.comparison else "")


def name_in_words(set_id: SetId) -> str:
    """Returns its name, as a sentence where it has words."""
    name: str = replace(set_id, landmark_days=None, weighted_by=None, within_sets=False, complete_in=None).name
    if set_id.landmark_days is not None:
        name = say("data.set.landmark", set=name, day=set_id.landmark_days)
    if set_id.weighted_by is not None:
        name = say("data.set.weighted", set=name, variable=set_id.weighted_by)
    if set_id.within_sets:
        name = say("data.set.within", set=name)
    if set_id.complete_in is None:
        return name
    return say("data.set.complete", set=name, variables=set_id.complete_in or (say("data.set.nothing"),))


def _endpoint(name: str, endpoint: str, prepared: Preparation, variables: Sequence[str]) -> EndpointCheck:
    complete = prepared.complete(variables)
    found, known_rows = prepared.follow_ups[endpoint], prepared.known(endpoint)
    analysed = known_rows & complete
    return EndpointCheck(
        endpoint=name,
        no_follow_up=int((prepared.eligible & ~found.known).sum()),
        incomplete=int((known_rows & ~complete).sum()),
        rows=int(analysed.sum()),
        events=int((analysed & found.event).sum()),
        at_time_0=int((analysed & (found.days == 0)).sum()),
        at_cutoff=int((analysed & found.at_cutoff).sum()),
        event_after_censoring=int((analysed & found.after_censoring).sum()),
        missing={name: int((prepared.eligible & ~prepared.complete([name])).sum()) for name in variables},
        days=spread(found.days[analysed]),
    )


def _warnings(prepared: Preparation, site: SiteFile, study: Study) -> Iterator[Problem]:
    """Yields what is probably wrong; each mistake that is a problem is told as that."""
    export = prepared.export
    yield from shared_columns(site, study)
    yield from export.warnings
    yield from events_without_column(study, lambda name: export.columns[name].is_present)
    dates = [one for one in study.endpoints.values() if isinstance(one, DateEndpoint)]
    events = {name for endpoint in dates for name in endpoint.ends}
    for name, column in export.columns.items():
        if isinstance(study.read_variables.get(name), NumberVariable | DateVariable):
            for fault, rows in suspects(column.values, is_event=name in events):
                where = say("data.where.a_variable", name=name)
                yield problem_in_rows(where, fault, export.row_numbers, rows, printed(column.values))
        if isinstance(study.variables[name], NumberVariable):
            yield from implausible_time(name, study, column.values[known(column.values)])
        elif not isinstance(study.variables[name], DateVariable) and not is_event(name, study):
            yield from one_level(name, column.met)
            if isinstance(study.read_variables.get(name), BooleanVariable):
                yield from only_true(name, column)
    eligible = EligibleRows(prepared.eligible, export.row_numbers)
    yield from after_death(site, study, export.values, eligible)
    yield from doubtful_status(study, export.columns)
    for name, endpoint in study.endpoints.items():
        found, is_known = prepared.follow_ups[name], prepared.known(name)
        yield from implausible_follow_up(name, endpoint, found.days[is_known], study.time.grid.max_days)
        if not export.problems:  # an event or a last contact may be among what is not read
            unknown = int((prepared.eligible & ~found.known).sum())
            yield from implausible_events(name, endpoint, found.event[is_known], unknown)


def _none_eligible(prepared: Preparation) -> Iterator[Problem]:
    """A site without an eligible row may take part, but more probably its mapping is wrong."""
    if not prepared.eligible.any():
        step = max(prepared.steps, key=lambda step: step.excluded + step.undecided)
        message = say("data.cohort.none_eligible", n=prepared.export.n, step=step.id)
        yield Problem(say("data.where.eligibility"), message, say("data.cohort.compare_rule"))
