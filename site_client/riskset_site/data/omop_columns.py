"""`[source.columns]` of a site file with `omop`: what each column of a patient is in the tables of the CDM."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from riskset.catalogue import say
from riskset.study.toml_table import TomlTable, complain

Attribute = Literal["birth", "sex", "death", "observation_start", "observation_end"]
EventTable = Literal[
    "condition_occurrence", "drug_exposure", "procedure_occurrence", "measurement", "observation", "device_exposure"
]


def _by_number(value: Any) -> Any:  # noqa: ANN401
    """Returns concepts with their texts; a list of them is a list without. TOML's keys are texts."""
    if isinstance(value, list):
        value = {str(concept): "" for concept in value}
    if isinstance(value, dict):
        if not all(str(concept).isdecimal() for concept in value):
            complain(say("data.omop.concept_ids"))
        return {int(concept): text for concept, text in value.items()}
    return value


Concepts = Annotated[dict[int, str], BeforeValidator(_by_number), Field(min_length=1)]
"""Ids of concepts with the text that each one becomes."""


class OmopColumn(TomlTable):
    """One column, from the person or from the patient's records in a table of events."""

    of: Attribute | EventTable
    concepts: Concepts | None = None
    """Of events: which ones count; of `sex`: the texts of its concepts."""
    descendants: bool = True
    """Whether the descendants of a concept count as it."""
    gives: Literal["text", "any", "date", "value"] = "text"
    """What becomes of the event: the text of its concept, whether there is one, its day, or its number."""
    take: Literal["first", "last", "nearest"] = "first"
    """Which of several events counts; `nearest` to the patient's start, the earlier of two."""
    days: tuple[int, int] | None = None
    """From and to which day, counted from the patient's start, an event counts."""
    unit: int | None = None
    """The concept of the unit of a number; those in another one are a problem."""

    @property
    def is_event(self) -> bool:
        return self.of not in ("birth", "sex", "death", "observation_start", "observation_end")

    @model_validator(mode="after")
    def _agree(self) -> OmopColumn:
        if self.is_event != (self.concepts is not None) and self.of != "sex":
            complain(say("data.omop.needs_concepts") if self.is_event else say("data.omop.no_concepts", of=self.of))
        if not self.is_event and {"days", "take", "gives", "unit"} & self.model_fields_set:
            complain(say("data.omop.no_event", of=self.of))
        if self.gives == "text" and not all((self.concepts or {}).values()):
            complain(say("data.omop.needs_texts"))
        if self.gives == "value" and self.of not in ("measurement", "observation"):
            complain(say("data.omop.no_number", of=self.of))
        if (self.unit is not None) != (self.gives == "value"):
            complain(say("data.omop.unit_of_values"))
        if self.days and self.days[0] > self.days[1]:
            complain(say("data.omop.days"))
        return self
