"""Which numbers of a study are sums of terms, each of which the study could ask for as a column of its own.

A term is a number of the export with a transform that a variable may declare (none, log, log1p, sqrt). Sums of products
of a sum of terms follow from those of its terms, and so does a model of it, so the rules judge the terms in its place.
What is not read as such a sum is not one: `max(age, 64.9)`, a logarithm of a sum, a product of two numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from math import isfinite, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from riskset.study.formula import Computed, Constant, Observed, Value
from riskset.study.truth import Columns
from riskset.study.variables import NumberVariable, Transform

LARGEST: Final = 100.0
"""How many half-ranges of a sum its parts may be, together: what rounding leaves is then below 1e-13 of it, as of a sum
over patients."""
_FAMILIES: Final[dict[Transform, tuple[Transform, ...]]] = {
    "log": ("log", "log2", "log10"),
    "log1p": ("log1p", "log10p1"),
    "sqrt": ("sqrt",),
}
"""Transforms that are multiples of one another."""


@dataclass(frozen=True)
class Term:
    """A number of the export on the scale of a transform."""

    of: str
    """The variable."""
    name: str
    """Of its column: that of the variable where it declares this transform, or a multiple of it."""
    scale: NumberVariable = field(compare=False)
    """The variable with this transform."""

    @property
    def unit(self) -> float:
        """The natural function, log or log1p, as a multiple of this one: log(10) where the scale is log10."""
        return {"log2": log(2.0), "log10": log(10.0), "log10p1": log(10.0)}.get(self.scale.transform or "", 1.0)

    @property
    def largest(self) -> float:
        """Its largest absolute value in the variable's range."""
        return max(map(abs, self.scale.transformed_range))


@dataclass(frozen=True)
class Sum:
    """constant + the sum of coefficient x term."""

    constant: float = 0.0
    terms: Mapping[Term, float] = field(default_factory=dict)
    is_whole: bool = True
    """False where something that is no term is added to these."""

    def plus(self, other: Sum) -> Sum:
        terms = dict(self.terms)
        for term, coefficient in other.terms.items():
            terms[term] = terms.get(term, 0.0) + coefficient
        return _finite(Sum(self.constant + other.constant, terms, self.is_whole and other.is_whole))

    def times(self, factor: float) -> Sum:
        terms = {term: coefficient * factor for term, coefficient in self.terms.items()}
        return _finite(Sum(self.constant * factor, terms, self.is_whole))

    def values(self, columns: Columns) -> NDArray[np.float64]:
        """Returns the sum, (n,), from the numbers of the export before any transform, (n,); NaN where one is missing.

        A formula is computed so for a model, as its terms are. As it is written, its rounding could be another function
        of its numbers: x + 1e16 - 1e16 is x rounded to an even number.
        """
        total = np.full(len(next(iter(columns.values()))), self.constant)
        for term, coefficient in self.terms.items():
            total = total + coefficient * term.scale.transformed(columns[term.of])
        return total

    def is_rounded(self, half_range: float) -> bool:
        """Whether parts are so large beside the range of the sum that rounding could be seen in it."""
        parts = (abs(coefficient) * term.largest for term, coefficient in self.terms.items())
        return abs(self.constant) + sum(parts) > LARGEST * half_range

    @property
    def is_constant(self) -> bool:
        return self.is_whole and not self.terms


OTHER: Final = Sum(is_whole=False)


@dataclass(frozen=True)
class Form:
    """A number as a sum of terms, and its logarithm as one; None where that is not known to be one."""

    value: Sum
    logarithm: Sum | None = None


@dataclass(frozen=True)
class _Scales:
    """The terms of one number of the export, by transform, as far as its range allows them."""

    terms: Mapping[Transform | None, Term]

    @classmethod
    def of(cls, name: str, variable: NumberVariable) -> _Scales:
        terms: dict[Transform | None, Term] = {}
        for transform in (None, *_FAMILIES):
            own = variable.transform in _FAMILIES[transform] if transform else variable.transform is None
            chosen = variable.transform if own else transform
            try:
                scale = NumberVariable(type="number", range=variable.range, step=variable.step, transform=chosen)
            except ValidationError:  # the range reaches to where the function is not defined, or is too wide
                continue
            column = name if own else f"{transform}({name})" if transform else f"raw {name}"
            terms[transform] = Term(name, column, scale)
        return cls(terms)


def sums_of(variables: Mapping[str, object], formulas: Mapping[str, Value]) -> dict[str, Sum]:
    """Returns what each of `formulas` is as it enters a model, after its transform; they are the trees of the derived
    numbers, each of numbers before it."""
    numbers = {name: variable for name, variable in variables.items() if isinstance(variable, NumberVariable)}
    reader = _Reader({name: _Scales.of(name, one) for name, one in numbers.items() if name not in formulas}, {})
    reader.known.update((name, reader.observed(name)) for name in reader.scales)
    found: dict[str, Sum] = {}
    for name in (name for name in numbers if name in formulas):
        reader.known[name] = reader.form(formulas[name])
        value = reader.form(_transformed(Observed(name), numbers[name].transform)).value
        low, high = numbers[name].transformed_range
        found[name] = replace(value, is_whole=value.is_whole and not value.is_rounded((high - low) / 2))
    return found


def _transformed(value: Value, transform: Transform | None) -> Value:
    """Returns the value after the transform."""
    match transform:
        case "log" | "log10" | "sqrt":
            return Computed(transform, (value,))
        case "log2":
            return Computed("/", (Computed("log", (value,)), Constant(log(2.0))))
        case "log1p":
            return Computed("log", (Computed("+", (value, Constant(1.0))),))
        case "log10p1":
            return Computed("log10", (Computed("+", (value, Constant(1.0))),))
    return value


@dataclass(frozen=True)
class _Reader:
    """Reads nodes; `known` are the forms of variables."""

    scales: Mapping[str, _Scales]
    known: dict[str, Form]

    def observed(self, name: str) -> Form:
        terms = self.scales[name].terms
        value = Sum(0.0, {terms[None]: 1.0}) if None in terms else OTHER
        return Form(value, _of_unit(terms["log"]) if "log" in terms else None)

    def form(self, node: Value) -> Form:
        match node:
            case Constant(value=number):
                return _constant(number)
            case Observed(name=name):
                return self.known[name]
            case Computed(operation=operation, of=of):
                return self.computed(operation, [self.form(part) for part in of])
        return Form(OTHER)

    def computed(self, operation: str, of: list[Form]) -> Form:
        """Returns what an operation makes of these; `OTHER` where it makes no sum of terms."""
        a, b = of[0], of[-1]
        match operation:
            case "+":
                return self.with_logarithm(reduce(Sum.plus, (one.value for one in of)))
            case "-":
                return self.with_logarithm(a.value.plus(b.value.times(-1.0)))
            case "negative":
                return Form(a.value.times(-1.0))
            case "*":
                return Form(_product(a.value, b.value), _both(a.logarithm, b.logarithm, 1.0))
            case "/":
                inverse = b.value.is_constant and b.value.constant
                value = a.value.times(1.0 / inverse) if inverse else OTHER
                return Form(value, _both(a.logarithm, b.logarithm, -1.0))
            case "log":
                return Form(OTHER if a.logarithm is None else a.logarithm)
            case "log10":
                return Form(OTHER if a.logarithm is None else a.logarithm.times(1.0 / log(10.0)))
            case "sqrt":
                return Form(self.root(a.value), None if a.logarithm is None else a.logarithm.times(0.5))
        return Form(OTHER)

    def with_logarithm(self, value: Sum) -> Form:
        """Returns a sum with its logarithm, which is a term where the sum is c + c x."""
        if value.is_constant:
            return _constant(value.constant)
        if value.is_whole and len(value.terms) == 1:
            ((term, factor),) = value.terms.items()
            terms = self.scales[term.of].terms
            if term == terms.get(None) and value.constant == factor > 0 and "log1p" in terms:
                return Form(value, _of_unit(terms["log1p"], log(factor)))
        return Form(value)

    def root(self, value: Sum) -> Sum:
        """Returns the square root of c x, or of a constant."""
        if value.is_constant and value.constant >= 0:
            return Sum(sqrt(value.constant))
        if value.is_whole and value.constant == 0 and len(value.terms) == 1:
            ((term, factor),) = value.terms.items()
            terms = self.scales[term.of].terms
            if term == terms.get(None) and factor > 0 and "sqrt" in terms:
                return Sum(0.0, {terms["sqrt"]: sqrt(factor)})
        return OTHER


def _of_unit(term: Term, constant: float = 0.0) -> Sum:
    return Sum(constant, {term: term.unit})


def _constant(number: float) -> Form:
    return Form(Sum(number), Sum(log(number)) if number > 0 else None)


def _product(a: Sum, b: Sum) -> Sum:
    if a.is_constant:
        return b.times(a.constant)
    return a.times(b.constant) if b.is_constant else OTHER


def _both(a: Sum | None, b: Sum | None, sign: float) -> Sum | None:
    """Returns the logarithm of a product (sign 1) or quotient (-1)."""
    return None if a is None or b is None else a.plus(b.times(sign))


def _finite(value: Sum) -> Sum:
    """Returns the sum without terms that cancel; what overflows is none."""
    if not all(map(isfinite, (value.constant, *value.terms.values()))):
        return OTHER
    return Sum(value.constant, {term: c for term, c in value.terms.items() if c}, value.is_whole)
