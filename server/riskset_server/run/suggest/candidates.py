"""Which changes may let an analysis pass that a rule refuses, by the limits that it does not meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from riskset.analyses.cohort import Cohort
from riskset.analyses.excluded import MISSING
from riskset.disclosure.rules import LIMITS, RuleColumn
from riskset.rules_alone import NotPassed
from riskset.study.eligibility import parse_rule
from riskset.study.spec import CategoryVariable, NumberVariable, Study
from riskset_server.run.suggest.changes import (
    Change,
    FewerEndpoints,
    FewerTogether,
    Loosen,
    Merge,
    Rows,
    Transform,
    Width,
    Without,
    WithoutArms,
)

WIDTHS: Final = (1, 7, 14, 30, 60, 90, 180)
"""Widths of a step, in days, that are tried."""
MOST_PARTNERS: Final = 3
"""With how many other levels the rarest one is merged, each in turn."""
MOST_MISSING: Final = 3
"""How many covariates are left out, each in turn, because they are missing for many patients."""

_TOGETHER: Final = ("R2.leverage", "R4.leverage", "R5.opened")
"""Limits that an analysis fails together with others, so that a change of theirs may help."""
_OF_SIZE: Final = ("R3.events_per_parameter", "R5.numbers", "R5.evaluations", "R6.parameters")
"""Limits that a model fails because it has many parameters."""
_OF_ROWS: Final = ("R1.population_rows", "R2.apart_rows", "R2.apart_sites", "R3.events", "R3.events_per_parameter")
"""Limits that other rows may meet."""
_OF_NUMBERS: Final = ("R4", "R4.leverage", "R7.spread", "R7.largest")
"""Limits that a skewed number may fail."""
_NOT_OF_COLUMNS: Final = ("R1.population_rows", "R2.apart_rows", "R2.apart_sites", "R3.events", "R12.contributors")
"""Limits that no column of the analysis fails, unless the finding names one."""


def candidates(study: Study, of: NotPassed, cohorts: Mapping[str, Cohort], column: RuleColumn) -> Iterator[Change]:
    """Yields the changes; exceptions last. `study` is the one that is refused."""
    limits = set(of.limits)
    if limits.intersection(_OF_ROWS):
        yield from _rows(study, cohorts)
    if any(limit.startswith("R9.") for limit in limits):
        yield from (Width(days) for days in WIDTHS if days != study.time.grid.width_days)
        if of.analysis.endpoint is not None:
            yield FewerEndpoints(of.analysis.name, of.analysis.endpoint)
    for name in _concerned(study, of):
        yield from _covariate(study, of, name, cohorts)
    for limit in of.limits:
        floor = LIMITS[limit].floor(column, study.disclosure.min_cell) if limit in LIMITS else None
        if floor is not None:
            yield Loosen(limit, str(floor))


def _rows(study: Study, cohorts: Mapping[str, Cohort]) -> Iterator[Change]:
    """Yields what changes which rows are analysed: nothing where no covariate is missing."""
    every = {name: sum(c.excluded.get((MISSING, name), 0) for c in cohorts.values()) for name in study.variables}
    missing = {name: n for name, n in every.items() if n}
    if missing:
        yield from (Rows("by_model"), Rows("complete"))
    yield from (Without(name) for name in sorted(missing, key=lambda name: -missing[name])[:MOST_MISSING])


def _concerned(study: Study, of: NotPassed) -> Sequence[str]:
    """Returns the variables whose columns may have failed the limits."""
    columns = [column for column in of.analysis.columns if column.variable in study.variables]
    named = [c.variable for c in columns if of.subject in (c.name, f"{c.variable} = {c.reference}")]
    arm = study.comparison.arm if study.comparison else None
    named += [
        c.variable for c in columns if ":" in of.subject and c.name in of.subject.split(":") and c.variable != arm
    ]
    if named or not set(of.limits).difference(_NOT_OF_COLUMNS) or of.limits[0].startswith("R9."):
        return tuple(dict.fromkeys(named))
    own = [column.variable for column in columns if column.variable in study.variables]
    others = [name for entry in study.analyses.values() for name in entry.covariates]
    return tuple(dict.fromkeys([*own, *(others if set(of.limits).intersection(_TOGETHER) else [])]))


def _covariate(study: Study, of: NotPassed, name: str, cohorts: Mapping[str, Cohort]) -> Iterator[Change]:
    variable, limits = study.variables[name], set(of.limits)
    if isinstance(variable, NumberVariable) and variable.transform is None and limits.intersection(_OF_NUMBERS):
        yield Transform(name, "log" if variable.range[0] > 0 else "log1p")
        yield Transform(name, "sqrt")
    if isinstance(variable, CategoryVariable):
        yield from _merges(study, name, variable, cohorts)
    is_arm = study.comparison is not None and study.comparison.arm == name
    if limits.intersection(_OF_SIZE) and not is_arm:
        yield FewerTogether(of.analysis.name, name)
    if limits.difference(_OF_SIZE):
        yield WithoutArms() if is_arm else Without(name)


def _merges(study: Study, name: str, variable: CategoryVariable, cohorts: Mapping[str, Cohort]) -> Iterator[Change]:
    """Yields merges of the rarest level: with its neighbours where levels have an order, else with the next rarest. An
    arm is merged with none, but one that no patient is in can go."""
    levels, is_arm = list(variable.levels), study.comparison is not None and study.comparison.arm == name
    if any(name in parse_rule(rule.rule, study.kinds).names for rule in study.eligibility):
        return  # the rule names levels
    n = _patients(name, levels, cohorts)
    kept = study.comparison.reference if is_arm and study.comparison else ""
    if empty := [level for level in levels if not n[level] and level != kept]:
        yield Merge(name, (next(level for level in levels if level != empty[0]), empty[0]), is_empty=True)
    if is_arm or len(levels) < 3:
        return
    rarest, *others = sorted((level for level in levels if n[level]), key=lambda level: n[level])
    at = levels.index(rarest)
    near = [level for level in others if not variable.ordered or abs(levels.index(level) - at) == 1]
    for other in near[:MOST_PARTNERS]:
        first, second = sorted((rarest, other), key=levels.index)
        yield Merge(name, (first, second))


def _patients(name: str, levels: Sequence[str], cohorts: Mapping[str, Cohort]) -> dict[str, int]:
    """Returns how many patients have each level, in the set where they are most."""
    n = dict.fromkeys(levels, 0)
    for set_name in next(iter(cohorts.values())).analysis_sets:
        values = [cohort.analysis_sets[set_name].variables.get(name) for cohort in cohorts.values()]
        for code, level in enumerate(levels):
            n[level] = max(n[level], sum(int((v == code).sum()) for v in values if v is not None))
    return n
