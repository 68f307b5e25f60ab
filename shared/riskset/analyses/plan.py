"""From a study to its analyses, all of which run in lock-step rounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from riskset.analyses.cox_model import CoxModel
from riskset.analyses.design import columns_of
from riskset.analyses.survival_curves import KaplanMeier
from riskset.stats.grid import Grid
from riskset.study.asked.cox import CoxEntry
from riskset.study.asked.entry import Entry
from riskset.study.asked.km import KaplanMeierEntry
from riskset.study.spec import DaysEndpoint, Study

Reported = KaplanMeier | CoxModel
"""An analysis whose result stands in the report."""


@dataclass(frozen=True)
class Plan:
    """What a study asks, in its order: the order in which analyses are judged and give way."""

    reported: tuple[Reported, ...]
    arm: str | None = None
    """The variable by which curves may be split."""
    kinds: frozenset[str] = frozenset()
    """The kinds of analysis: of each, all parties have the same method."""


def plan(study: Study) -> Plan:
    """Returns the analyses of a study. An id is `kind/endpoint/population[/model]`; where a second analysis of the
    study asks the same with other options, its own name is added."""
    taken: set[str] = set()
    reported: list[Reported] = []
    for name, analysis in study.analyses.items():
        for asked in _asked(study, name, analysis):
            reported.append(asked if asked.id not in taken else replace(asked, id=f"{asked.id}/{name}"))
            taken.add(asked.id)
    kinds = frozenset(analysis.kind for analysis in study.analyses.values())
    return Plan(tuple(reported), study.comparison.arm if study.comparison else None, kinds)


def _asked(study: Study, name: str, analysis: Entry) -> Iterator[Reported]:
    if isinstance(analysis, KaplanMeierEntry):
        return _curves(study, name, analysis)
    if isinstance(analysis, CoxEntry):
        return _models(study, name, analysis)
    raise TypeError(f"{name} is of a kind that cannot be planned")


def _curves(study: Study, name: str, analysis: KaplanMeierEntry) -> Iterator[KaplanMeier]:
    arm = study.comparison.arm if study.comparison else None
    for endpoint, population in product(analysis.endpoints, analysis.populations):
        specified = study.endpoints[endpoint]
        yield KaplanMeier(
            id=f"km/{endpoint}/{population}",
            name=name,
            endpoint=endpoint,
            population=population,
            arm=arm,
            levels=study.levels_of(arm) if arm else ("",),
            grid=Grid(study.time.grid.width_days, study.time.grid.max_days),
            limits_kind=analysis.limits,
            landmarks=tuple((time, time * study.days_per_unit) for time in analysis.landmarks),
            has_entry=isinstance(specified, DaysEndpoint) and specified.entry is not None,
            columns=columns_of(study, [arm]) if arm else (),
        )


def _models(study: Study, name: str, analysis: CoxEntry) -> Iterator[CoxModel]:
    for endpoint, population in product(analysis.endpoints, analysis.populations):
        model = partial(CoxModel, name=name, endpoint=endpoint, population=population, ties=analysis.ties)
        stem = f"cox/{endpoint}/{population}"
        for covariate in analysis.univariable_covariates:
            columns = columns_of(study, [covariate])
            yield model(id=f"{stem}/univariable/{covariate}", columns=columns, model="univariable")
        if analysis.multivariable:
            columns = columns_of(study, analysis.multivariable)
            yield model(id=f"{stem}/multivariable", columns=columns, model="multivariable")
