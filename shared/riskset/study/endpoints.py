"""The two ways a study gets follow-up in whole days: from dates, or from a number that the export holds already."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Tag, field_validator

from riskset.study.part import Name, Names, Part, each_once


class DateEndpoint(Part):
    """From `origin` to the earliest of the `event` dates, or to `censor` where none is there."""

    origin: Name
    event: Names
    censor: Name
    label: str = ""

    @field_validator("event")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that make the endpoint."""
        return (self.origin, *self.event, self.censor)


class DaysEndpoint(Part):
    """Whole days that the export holds already, with a yes or no for the event and, for left truncation, the day
    from which the patient was at risk."""

    days: Name
    event: Name
    entry: Name | None = None
    label: str = ""

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that make the endpoint."""
        return (self.days, self.event) if self.entry is None else (self.days, self.event, self.entry)


def _endpoint_form(value: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever the file holds
    days = "days" in value if isinstance(value, dict) else isinstance(value, DaysEndpoint)
    return "<days>" if days else "<dates>"


Endpoint = Annotated[
    Annotated[DateEndpoint, Tag("<dates>")] | Annotated[DaysEndpoint, Tag("<days>")], Discriminator(_endpoint_form)
]
