"""How each kind of analysis is reported: one module a kind.

A kind that another package brings has its section in what the package registers: the attribute `section` of the object
behind its entry point of the group `riskset.methods`. A kind without a section gets a table of all its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from riskset.study.asked import THIRD_PARTY, method
from riskset_server.report.sections import cox, follow_up, km, rmst
from riskset_server.report.sections.section import Section, plain_section

OWN: Final[Mapping[str, Section]] = MappingProxyType(
    {
        "km": km.SECTION,
        "cox": cox.SECTION,
        "rmst": rmst.SECTION,
        "follow-up": follow_up.SECTION,
    }
)
"""Of riskset's own kinds, in the order of the page; other kinds follow as the study has them."""


def section_of(kind: str) -> Section:
    """Returns the section of a kind."""
    if kind in OWN:
        return OWN[kind]
    brought = getattr(method(kind), "section", None) if kind in THIRD_PARTY else None
    return brought if isinstance(brought, Section) else plain_section(kind)
