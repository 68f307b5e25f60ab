"""What a study may ask: one module for each kind of analysis, with its table of the study file.

A kind that another package brings is registered as an entry point of the group `riskset.methods`
(docs/adding-an-analysis.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points, version
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union

from pydantic import Field

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
"""The kinds of riskset itself, in the order in which people read of them."""


def _third_party() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if point.name in OWN or point.name in found:
            message = f"two installed packages bring a method {point.name!r}"
            raise RisksetError(message, f"uninstall {point.dist.name if point.dist else point.value}")
        found[point.name] = point
    return found


THIRD_PARTY: Final[Mapping[str, EntryPoint]] = MappingProxyType(_third_party())
"""Methods that other installed packages bring, by kind."""


def method(kind: str) -> Any:  # noqa: ANN401 - a module of another package, with the attributes the page names
    """Returns what another package registered for `kind`; RisksetError where it cannot be imported."""
    point = THIRD_PARTY[kind]
    try:
        return point.load()
    except Exception as error:
        message = f"the method {kind!r} of {point.value} cannot be imported: {type(error).__name__}"
        raise RisksetError(message, "update or uninstall the package that brings it") from error


ENTRIES: Final[Mapping[str, type[AnalysisEntry]]] = MappingProxyType(
    {**OWN, **{kind: method(kind).entry for kind in THIRD_PARTY}}
)
"""The table of the study file for each kind that is installed."""


def installed() -> Mapping[str, str]:
    """Returns each installed kind with the distribution that brings it and its version: `riskset 0.1.0`."""
    own = f"riskset {version('riskset')}"
    others = {
        kind: f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        for kind, point in THIRD_PARTY.items()
    }
    return {**dict.fromkeys(OWN, own), **others}


if TYPE_CHECKING:
    Analysis = AnalysisEntry
else:
    Analysis = Annotated[Union[tuple(ENTRIES.values())], Field(discriminator="kind")]  # noqa: UP007 - made of a tuple
