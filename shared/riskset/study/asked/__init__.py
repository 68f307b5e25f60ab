"""The kinds of analysis: one module each, with its table of the study file.

A kind provided by another package is registered as an entry point of the group `riskset.methods`
(docs/adding-an-analysis.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Union

from pydantic import Field

from riskset.study.asked.adverse_events import AdverseEventsEntry
from riskset.study.asked.balance import BalanceEntry
from riskset.study.asked.cox import CoxEntry
from riskset.study.asked.cumulative_incidence import CumulativeIncidenceEntry
from riskset.study.asked.flow import FlowEntry
from riskset.study.asked.follow_up import FollowUpEntry
from riskset.study.asked.km import KaplanMeierEntry
from riskset.study.asked.packages import Packages
from riskset.study.asked.propensity import PropensityEntry
from riskset.study.asked.response import ResponseEntry
from riskset.study.asked.rmst import RestrictedMeanEntry
from riskset.study.asked.site_heterogeneity import SiteHeterogeneityEntry
from riskset.study.asked.subgroup import SubgroupEntry
from riskset.study.asked.table1 import Table1Entry
from riskset.study.entry import AnalysisEntry

OWN: Final[Mapping[str, type[AnalysisEntry]]] = MappingProxyType(
    {
        "flow": FlowEntry,
        "table1": Table1Entry,
        "propensity": PropensityEntry,
        "balance": BalanceEntry,
        "km": KaplanMeierEntry,
        "cox": CoxEntry,
        "rmst": RestrictedMeanEntry,
        "follow-up": FollowUpEntry,
        "cumulative-incidence": CumulativeIncidenceEntry,
        "response": ResponseEntry,
        "adverse-events": AdverseEventsEntry,
        "subgroup": SubgroupEntry,
        "site-heterogeneity": SiteHeterogeneityEntry,
    }
)
"""The kinds that riskset itself provides, in the order of documents and reports."""


PACKAGES: Final = Packages(OWN)
"""Methods that other installed packages provide."""

ENTRIES: Final[Mapping[str, type[AnalysisEntry]]] = MappingProxyType({**OWN, **PACKAGES.entries})
"""The table of the study file for each installed kind."""


def installed() -> Mapping[str, str]:
    """Returns, for each installed kind, the distribution that provides it and its version: `riskset 0.1.0`."""
    return {**dict.fromkeys(OWN, _own_version()), **PACKAGES.versions}


@cache
def _own_version() -> str:
    """Kept: it is read from a file, for every answer of a site."""
    return f"riskset {version('riskset')}"


if TYPE_CHECKING:
    Analysis = AnalysisEntry
else:
    Analysis = Annotated[Union[tuple(ENTRIES.values())], Field(discriminator="kind")]  # noqa: UP007 - built from a tuple
