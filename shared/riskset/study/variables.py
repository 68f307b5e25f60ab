"""The four types of variable: what values each allows and how each enters a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from riskset.catalogue import say
from riskset.study.toml_table import Label, Text, TomlTable, complain, repeated
from riskset.study.truth import Kind

Transform = Literal["log", "log2", "log10", "log1p", "log10p1", "sqrt"]

WIDEST: Final = 10.0**7
"""The widest range on the scale of a model, in units or, where a step is larger, in steps.

Sums are of z = (value - middle) / half-range, in [-1, 1], with 64 binary places. Over 30 patients (R1) with a standard
deviation of one unit within their sites, the sum of squares of z is then at least 30 x (2 / WIDEST)^2 = 1.2e-12. What
a site cuts off is below 2^-64 = 5.4e-20, so S sites lose at most S x 5e-8 of it. A column that varies less is refused
when its spread is known (`moments.SMALLEST`)."""
FURTHEST: Final = 10.0**12
"""The largest value of a range, in the same units: a double is then exact to 1e-4 of a unit."""


class NumberVariable(TomlTable):
    """A number with its unit. The range is required: a value outside it is an error in the export, and sums are scaled
    by it before they are sent."""

    type: Literal["number"]
    unit: Label = ""
    range: tuple[float, float]
    step: float | None = Field(default=None, gt=0)
    """Resolution at which the value is recorded; 1 means whole numbers."""
    transform: Transform | None = None
    label: Label = ""
    required: bool = True

    @field_validator("range")
    @classmethod
    def _ascending(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] >= value[1]:
            complain(say("study.value.range", lowest=value[0], highest=value[1]))
        return value

    @model_validator(mode="after")
    def _transform_is_defined(self) -> NumberVariable:
        low = self.range[0]
        if (self.transform == "sqrt" and low < 0) or low <= _POLES.get(self.transform, -np.inf):
            complain(say("study.value.transform", transform=self.transform, lowest=low))
        return self

    @model_validator(mode="after")
    def _can_be_summed(self) -> NumberVariable:
        low, high = self.transformed_range
        unit = 1.0 if self.transform else max(self.step or 0.0, 1.0)
        if high - low > WIDEST * unit:
            complain(say("study.value.wide_range", lowest=self.range[0], highest=self.range[1], most=WIDEST * unit))
        if max(abs(low), abs(high)) > FURTHEST * unit:
            complain(say("study.value.far_range", lowest=self.range[0], highest=self.range[1], most=FURTHEST * unit))
        return self

    @property
    def kind(self) -> Kind:
        return Kind("number")

    def transformed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns `values` as they enter a model, in the same shape; NaN (missing) stays NaN."""
        return values if self.transform is None else _FUNCTIONS[self.transform](values)

    @property
    def transformed_range(self) -> tuple[float, float]:
        """The declared range on the scale of the model; every transform here is increasing."""
        low, high = self.transformed(np.asarray(self.range, dtype=np.float64))
        return float(low), float(high)


class BooleanVariable(TomlTable):
    """Yes or no; enters a model as 1 or 0."""

    type: Literal["boolean"]
    label: Label = ""
    required: bool = True

    @property
    def kind(self) -> Kind:
        return Kind("boolean", levels=("false", "true"))


class CategoryVariable(TomlTable):
    """One of a list of levels; the first is the reference of a model (the comparison names its own)."""

    type: Literal["category"]
    levels: tuple[Text, ...] = Field(min_length=2, max_length=100)
    ordered: bool = False
    label: Label = ""
    required: bool = True

    @field_validator("levels")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if again := repeated(value):
            complain(say("study.value.duplicate_level", levels=tuple(again)))
        return value

    @property
    def kind(self) -> Kind:
        return Kind("category", levels=self.levels, ordered=self.ordered)


class DateVariable(TomlTable):
    """A calendar day."""

    type: Literal["date"]
    label: Label = ""
    required: bool = True

    @property
    def kind(self) -> Kind:
        return Kind("date")


Variable = Annotated[
    NumberVariable | BooleanVariable | CategoryVariable | DateVariable,
    Field(discriminator="type"),
]

_FUNCTIONS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "log10p1": lambda values: np.log10(values + 1),
    "sqrt": np.sqrt,
}

# the value at which each logarithm is minus infinity
_POLES: dict[str | None, float] = {"log": 0.0, "log2": 0.0, "log10": 0.0, "log1p": -1.0, "log10p1": -1.0}
