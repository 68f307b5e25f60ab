"""The four types of variable: what values each allows and how each enters a model."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from riskset.catalogue import say
from riskset.study.toml_table import Label, Name, Since, Text, TomlTable, ascending, complain, repeated
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
    formula: Annotated[Text | None, Since("0.2.0")] = None
    """Of a derived variable: what its values are, before the transform."""
    print_per: Annotated[float | None, Since("0.2.0"), Field(gt=0)] = None
    """Units for which a report prints its hazard ratio or odds ratio, if not one."""
    below_limit: Annotated[Literal["half", "value", "missing"] | None, Since("0.2.0")] = None
    """What a text such as `<2.0` in an export means; what each site says where it is None."""
    above_limit: Annotated[Literal["value", "missing"] | None, Since("0.2.0")] = None
    """What a text such as `>10000` means, in the same way."""

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
    def _has_units(self) -> NumberVariable:
        if self.print_per is not None and self.transform is not None:
            complain(say("study.value.print_per_transformed", transform=self.transform))
        if self.print_per is not None and self.print_per > self.range[1] - self.range[0]:
            complain(
                say("study.value.print_per_wide", found=self.print_per, lowest=self.range[0], highest=self.range[1])
            )
        return self

    @model_validator(mode="after")
    def _is_read_or_computed(self) -> NumberVariable:
        _not_required(self, "formula")
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
    def is_derived(self) -> bool:
        return self.formula is not None

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
    rule: Annotated[Text | None, Since("0.2.0")] = None
    """Of a derived variable: true where the rule is, missing where it cannot be decided."""

    @model_validator(mode="after")
    def _is_read_or_derived(self) -> BooleanVariable:
        _not_required(self, "rule")
        return self

    @property
    def is_derived(self) -> bool:
        return self.rule is not None

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
    cut: Annotated[Name | None, Since("0.2.0")] = None
    """Of a derived variable: the number whose intervals are the levels."""
    at: Annotated[tuple[float, ...], Since("0.2.0")] = ()
    """Where an interval ends and the next begins, which includes it."""

    @field_validator("levels")
    @classmethod
    def _distinct(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if again := repeated(value):
            complain(say("study.value.duplicate_level", levels=tuple(again)))
        return value

    @model_validator(mode="after")
    def _is_read_or_cut(self) -> CategoryVariable:
        if (self.cut is None) != (not self.at):
            complain(say("study.value.cut_at"))
        if self.cut is None:
            return self
        _not_required(self, "cut")
        ascending("at", self.at)
        if len(self.levels) != len(self.at) + 1:
            complain(say("study.value.cut_levels", n=len(self.at) + 1, found=len(self.levels)))
        if not self.ordered:
            complain(say("study.value.cut_ordered"))
        return self

    @property
    def is_derived(self) -> bool:
        return self.cut is not None

    @property
    def kind(self) -> Kind:
        return Kind("category", levels=self.levels, ordered=self.ordered)


class DateVariable(TomlTable):
    """A calendar day."""

    type: Literal["date"]
    label: Label = ""
    required: bool = True

    @property
    def is_derived(self) -> bool:
        return False

    @property
    def kind(self) -> Kind:
        return Kind("date")


Variable = Annotated[
    NumberVariable | BooleanVariable | CategoryVariable | DateVariable,
    Field(discriminator="type"),
]


def values_of(variable: Variable) -> int:
    """Returns how many values a variable can have, as the study declares it; of a number, in steps of one where it
    declares none."""
    if not isinstance(variable, NumberVariable):
        return max(len(variable.kind.levels), 1)
    low, high = variable.range
    return int((high - low) / (variable.step or 1.0)) + 1


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


def _not_required(variable: NumberVariable | BooleanVariable | CategoryVariable, key: str) -> None:
    """Rejects `required = false` of a derived variable, which is missing where what it is computed from is."""
    if variable.is_derived and not variable.required:
        complain(say("study.value.derived_required", key=key))


def with_levels(variable: object) -> object:
    """Returns the table of a variable with what a cut need not say: it is ordered, and its levels are its intervals."""
    if not isinstance(variable, dict) or not variable.keys() & {"cut", "at"}:
        return variable
    return {"levels": _names_of_intervals(variable.get("at")), "ordered": True} | variable


def _names_of_intervals(at: object) -> list[str]:
    """Returns `<65`, `65-<75` and `>=75` for the limits 65 and 75; two levels for what is no list of numbers."""
    if not isinstance(at, list) or not at or not all(isinstance(one, int | float) for one in at):
        return ["below", "above"]
    limits = [f"{one + 0.0:.15g}" for one in at]
    between = [f"{low} to <{high}" if low.startswith("-") else f"{low}-<{high}" for low, high in pairwise(limits)]
    return [f"<{limits[0]}", *between, f">={limits[-1]}"]
