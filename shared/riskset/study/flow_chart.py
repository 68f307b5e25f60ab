"""The boxes of the flow chart before a patient is eligible: rows read, those of the study period, then rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from riskset.catalogue import Message, say
from riskset.study.endpoints import DateEndpoint

if TYPE_CHECKING:
    from riskset.study.spec import Study

READ: Final = "read"
ENROLLED: Final = "enrolled"


@dataclass(frozen=True)
class Box:
    id: str
    label: Message | str
    """The study's own text, but for the boxes that are no rule of the study."""


def boxes_of(study: Study) -> tuple[Box, ...]:
    """Returns the boxes in order; whoever is in the last one is eligible."""
    period = (Box(ENROLLED, say("study.flow.enrolled")),) if origins_in_period(study) else ()
    rules = (Box(rule.id, rule.label or rule.rule) for rule in study.eligibility)
    return (Box(READ, say("study.flow.read")), *period, *rules)


def origins_in_period(study: Study) -> tuple[str, ...]:
    """Returns the dates that must be in the study period; none where the study has no period."""
    if study.header.enrolled is None and study.header.data_cutoff is None:
        return ()
    origins = (endpoint.origin for endpoint in study.endpoints.values() if isinstance(endpoint, DateEndpoint))
    return tuple(dict.fromkeys(origins))
