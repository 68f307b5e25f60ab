"""Endpoints in whole days, from dates or from durations in the export; and the unit and grid of time."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from riskset.catalogue import Message, say
from riskset.study.toml_table import Label, Name, Names, Since, TomlTable, complain, each_once

Competing = Annotated[tuple[Name, ...], Since("0.2.0"), Field(max_length=2)]
"""Events that end follow-up, each a cause of its own: with the event at most the three kinds that R9 permits."""


class DateEndpoint(TomlTable):
    """From `origin` to the earliest of the `event` and `competing` dates; without any, censored at `censor`."""

    origin: Name
    event: Names
    competing: Competing = ()
    censor: Name
    label: Label = ""

    @field_validator("event", "competing")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that define the endpoint."""
        return (self.origin, *self.ends, self.censor)

    @property
    def ends(self) -> tuple[str, ...]:
        """Names of the dates that end follow-up: the events, then the competing ones."""
        return (*self.event, *self.competing)

    @property
    def causes(self) -> tuple[str, ...]:
        """The kinds of event: all `event` dates together, then each competing one."""
        return (" or ".join(self.event), *self.competing)


class DaysEndpoint(TomlTable):
    """A duration in whole days, an event indicator, indicators of competing events and, for left truncation, the day on
    which the patient entered the risk set."""

    days: Name
    event: Name
    competing: Competing = ()
    entry: Name | None = None
    label: Label = ""

    @field_validator("competing")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(value)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables that define the endpoint."""
        return (self.days, self.event, *self.competing, *([] if self.entry is None else [self.entry]))

    @property
    def causes(self) -> tuple[str, ...]:
        """The kinds of event: the event, then each competing one."""
        return (self.event, *self.competing)


def _endpoint_form(value: Any) -> str:  # noqa: ANN401 - pydantic passes whatever the file contains
    days = "days" in value if isinstance(value, dict) else isinstance(value, DaysEndpoint)
    return "<days>" if days else "<dates>"


Endpoint = Annotated[
    Annotated[DateEndpoint, Tag("<dates>")] | Annotated[DaysEndpoint, Tag("<days>")], Discriminator(_endpoint_form)
]


DAYS_PER_UNIT: Final = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


class GridTable(TomlTable):
    """The resolution, in days, of the curves that a site sends."""

    width_days: int = Field(ge=1, le=366)
    max_days: int = Field(ge=1, le=36525)
    """Later follow-up is censored here."""

    @model_validator(mode="after")
    def _at_least_one_step(self) -> GridTable:
        if self.width_days > self.max_days:
            complain(say("study.value.grid", width=self.width_days, last=self.max_days))
        return self


class Time(TomlTable):
    """The unit in which times are printed, and the grid on which curves are computed. All computation is in whole
    days."""

    unit: Literal["day", "week", "month", "year"] = "month"
    grid: GridTable

    @property
    def days_per_unit(self) -> float:
        return DAYS_PER_UNIT[self.unit]

    @property
    def unit_in_words(self) -> Message:
        """Returns the unit as sentences print it, in their language: `month`."""
        return say(f"study.unit.{self.unit}")
