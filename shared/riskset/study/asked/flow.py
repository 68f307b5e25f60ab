"""`kind = "flow"`: how many patients are in each box from the rows read to each analysis set, in all and by arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from riskset.catalogue import Message, say
from riskset.study.entry import AnalysisEntry, arms_of
from riskset.study.flow_chart import ENROLLED, READ, boxes_of
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint

if TYPE_CHECKING:
    from riskset.study.spec import Study


class FlowEntry(AnalysisEntry):
    """The flow chart. It has no keys of its own: boxes are the study's eligibility rules, in order, and endpoints."""

    kind: Literal["flow"]

    def complaints(self, draft: Draft, path: KeyPath) -> Iterator[Complaint]:
        for rule in draft.eligibility:
            if rule is not None and rule.id in (READ, ENROLLED):
                yield Complaint(path, say("study.flow.taken", id=rule.id), say("study.flow.other_id"))

    def sentences(self, study: Study) -> Iterator[Message | str]:
        labels = tuple(box.label for box in boxes_of(study))
        arms = arms_of(study)
        code = "boxes_by_arm" if arms else "boxes"
        yield say(f"study.flow.{code}", boxes=labels, **arms)

    def facts(self, study: Study) -> dict[str, Any]:
        return {"boxes": [box.id for box in boxes_of(study)]}

    def lines(self, study: Study) -> list[Message | str]:
        return [say("study.flow.line", kind=self.kind, boxes=tuple(box.id for box in boxes_of(study)))]
