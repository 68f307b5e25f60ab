"""`kind = "follow-up"`: how long patients were followed, by the reverse Kaplan-Meier method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from riskset.catalogue import Message, say
from riskset.study.entry import EndpointEntry, Limits, arms_of, grid_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class FollowUpEntry(EndpointEntry):
    """Median and quartiles of follow-up, for all patients and by arm."""

    kind: Literal["follow-up"]
    limits: Limits = "log-log"

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)

    def sentences(self, study: Study) -> Iterator[Message | str]:
        arms = arms_of(study)
        code = "times_by_arm" if arms else "times"
        yield say(f"study.follow_up.{code}", endpoints=self.labels(study), **arms, **grid_of(study))

    def facts(self, study: Study) -> dict[str, Any]:
        return {"limits": self.limits}
