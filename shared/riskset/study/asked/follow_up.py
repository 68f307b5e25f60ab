"""`kind = "follow-up"`: how long patients were followed, by the reverse Kaplan-Meier method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from riskset.study.entry import EndpointEntry, Limits
from riskset.study.references import Draft
from riskset.study.sentences import by_arm, counted_on_grid, endpoints_in_words
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class FollowUpEntry(EndpointEntry):
    """Median and quartiles of follow-up, of all patients and by arm."""

    kind: Literal["follow-up"]
    limits: Limits = "log-log"

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        yield from draft.known_endpoints(path, self.endpoints)

    def sentences(self, study: Study) -> Iterator[str]:
        of = endpoints_in_words(self.endpoints, study)
        yield f"Length of follow-up for {of}, of all patients{by_arm(study)}, from patients {counted_on_grid(study)}."

    def facts(self, study: Study) -> dict[str, Any]:
        return {"limits": self.limits}
