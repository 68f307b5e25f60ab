"""The registry of analyses: one module per kind.

Packages that serve every kind (admission, the protocol) import none of these modules; they ask the analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from riskset.analyses.analysis import Analysis
from riskset.analyses.methods import (
    adjusted,
    adverse_events,
    balance,
    cox_asked,
    cumulative_incidence,
    flow,
    follow_up,
    km_asked,
    preference,
    propensity_asked,
    response,
    rmst_asked,
    site_heterogeneity,
    subgroup,
    table1,
)
from riskset.analyses.populations import Population
from riskset.study.asked import PACKAGES
from riskset.study.spec import Study

Planner = Callable[[Study, str, Any], Iterator[Analysis]]
"""From the study, the name of an entry and the entry to its analyses, in the order in which they are reported."""


def _provided(kind: str) -> Planner:
    """Returns the planner of another package, which is imported when a study asks for it."""

    def planned(study: Study, name: str, entry: Any) -> Iterator[Analysis]:  # noqa: ANN401 - of the package's type
        yield from PACKAGES.provided(kind, "analysis", "planned")(study, name, entry)

    return planned


PLANNERS: Final[Mapping[str, Planner]] = {
    "flow": flow.planned,
    "table1": table1.planned,
    "propensity": propensity_asked.planned,
    "balance": balance.planned,
    "km": km_asked.planned,
    "cox": cox_asked.planned,
    "rmst": rmst_asked.planned,
    "follow-up": follow_up.planned,
    "cumulative-incidence": cumulative_incidence.planned,
    "response": response.planned,
    "adverse-events": adverse_events.planned,
    "subgroup": subgroup.planned,
    "site-heterogeneity": site_heterogeneity.planned,
    **{kind: _provided(kind) for kind in PACKAGES.entries},
}


DEMANDS: Final[list[Callable[[Study], Mapping[str, str]]]] = [balance.demands, preference.demands]
"""What a study can demand of populations: of each demand, by population, the id of the analysis that says if it is met
(`Result.passes`)."""


def demands(study: Study) -> Mapping[str, tuple[str, ...]]:
    """Returns, by population of which the study demands something, the ids of the analyses that say if it is so."""
    found: dict[str, tuple[str, ...]] = {}
    for of in DEMANDS:
        for population, id_ in of(study).items():
            found[population] = (*found.get(population, ()), id_)
    return found


def gates(study: Study) -> Mapping[str, tuple[str, ...]]:
    """Returns, by population whose outcomes wait for what is demanded of it, the ids of the analyses that decide."""
    asked = None if study.propensity is None else study.propensity.gates
    return demands(study) if asked is not None and asked.withholds else {}


def asks(study: Study) -> frozenset[str]:
    """Returns the populations of `gates` about which somebody may decide."""
    asked = None if study.propensity is None else study.propensity.gates
    return frozenset(gates(study)) if asked is not None and asked.on_fail == "ask" else frozenset()


def describing(study: Study) -> frozenset[str]:
    """Returns the names of the entries that only describe a population by the covariates of the score. A table of
    patients is none: its variables may be outcomes."""
    return frozenset(name for name, entry in study.analyses.items() if entry.kind == balance.KIND)


POPULATIONS: Final[list[Callable[[Study], Mapping[str, Population]]]] = [adjusted.populations]
"""What derives populations from a study, by name."""
