"""The unit in which times are printed and the grid on which curves are counted."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, model_validator

from riskset.study.part import Part, complain

DAYS_PER_UNIT: Final = {"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


class Grid(Part):
    """The resolution at which curves leave a site, in days."""

    width_days: int = Field(ge=1, le=366)
    max_days: int = Field(ge=1, le=36525)
    """Later follow-up is censored here."""

    @model_validator(mode="after")
    def _at_least_one_step(self) -> Grid:
        if self.width_days > self.max_days:
            complain(f"width_days ({self.width_days}) is greater than max_days ({self.max_days})")
        return self


class Time(Part):
    """The unit in which times are printed, and the grid in which curves are computed. Computing is in whole days."""

    unit: Literal["day", "week", "month", "year"] = "month"
    grid: Grid

    @property
    def days_per_unit(self) -> float:
        return DAYS_PER_UNIT[self.unit]
