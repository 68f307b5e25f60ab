"""The kinds of analysis: one module each, with its table of the study file.

A kind provided by another package is registered as an entry point of the group `riskset.methods`
(docs/adding-an-analysis.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points, version
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union

from pydantic import Field

from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset.study.asked.cox import CoxEntry
from riskset.study.asked.follow_up import FollowUpEntry
from riskset.study.asked.km import KaplanMeierEntry
from riskset.study.asked.rmst import RestrictedMeanEntry
from riskset.study.entry import AnalysisEntry

GROUP: Final = "riskset.methods"

OWN: Final[Mapping[str, type[AnalysisEntry]]] = MappingProxyType(
    {
        "km": KaplanMeierEntry,
        "cox": CoxEntry,
        "rmst": RestrictedMeanEntry,
        "follow-up": FollowUpEntry,
    }
)
"""The kinds that riskset itself provides, in the order of documents and reports."""


def _third_party() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in OWN or point.name in found:
            package = point.dist.name if point.dist else point.value
            raise RisksetError(
                say("study.method.duplicate", kind=point.name), say("study.method.uninstall", package=package)
            )
        found[point.name] = point
    return found


THIRD_PARTY: Final[Mapping[str, EntryPoint]] = MappingProxyType(_third_party())
"""Methods that other installed packages provide, by kind."""


def method(kind: str) -> Any:  # noqa: ANN401 - a module of another package, with the attributes named on that page
    """Returns what another package registered for `kind`. Raises RisksetError where it cannot be imported."""
    point = THIRD_PARTY[kind]
    try:
        return point.load()
    except Exception as error:
        broken = say("study.method.broken", kind=kind, package=point.value, error=type(error).__name__)
        raise RisksetError(broken, say("study.method.update")) from error


ENTRIES: Final[Mapping[str, type[AnalysisEntry]]] = MappingProxyType(
    {**OWN, **{kind: method(kind).entry for kind in THIRD_PARTY}}
)
"""The table of the study file for each installed kind."""


def installed() -> Mapping[str, str]:
    """Returns, for each installed kind, the distribution that provides it and its version: `riskset 0.1.0`."""
    own = f"riskset {version('riskset')}"
    others = {
        kind: f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        for kind, point in THIRD_PARTY.items()
    }
    return {**dict.fromkeys(OWN, own), **others}


if TYPE_CHECKING:
    Analysis = AnalysisEntry
else:
    Analysis = Annotated[Union[tuple(ENTRIES.values())], Field(discriminator="kind")]  # noqa: UP007 - built from a tuple
