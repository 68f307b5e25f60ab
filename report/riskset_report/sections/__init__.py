"""How each kind of analysis is reported: one module per kind.

A kind that another package provides has its section in the package's module `section`. A kind without a section gets a
table of all its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset.study.asked import PACKAGES
from riskset_report.sections import (
    adverse_events,
    balance,
    cox,
    cumulative_incidence,
    flow,
    follow_up,
    km,
    propensity,
    response,
    rmst,
    site_heterogeneity,
    subgroup,
    table1,
)
from riskset_report.sections.section import Section, plain_section

OWN: Final[Mapping[str, Section]] = MappingProxyType(
    {
        "flow": flow.SECTION,
        "table1": table1.SECTION,
        "propensity": propensity.SECTION,
        "balance": balance.SECTION,
        "km": km.SECTION,
        "cox": cox.SECTION,
        "rmst": rmst.SECTION,
        "follow-up": follow_up.SECTION,
        "cumulative-incidence": cumulative_incidence.SECTION,
        "response": response.SECTION,
        "adverse-events": adverse_events.SECTION,
        "subgroup": subgroup.SECTION,
        "site-heterogeneity": site_heterogeneity.SECTION,
    }
)
"""Sections of riskset's own kinds, in the order of the page; other kinds follow in the study's order."""


def section_of(kind: str) -> Section:
    """Returns the section of a kind. Raises RisksetError where a package's section cannot be imported or is none."""
    if kind in OWN:
        return OWN[kind]
    if kind not in PACKAGES.entries or not PACKAGES.has(kind, "section"):
        return plain_section(kind)
    provided = PACKAGES.provided(kind, "section", "SECTION")
    if not isinstance(provided, Section):
        raise RisksetError(say("report.section.wrong", kind=kind), say("study.method.update"))
    return provided
