"""The closed grammar of formulas. Text becomes checked nodes; nothing is ever evaluated as code.

    value = variable | number | value + value | value - value | value * value | value / value | - value | ( value )
          | log(value) | log10(value) | sqrt(value) | abs(value) | min(value, value, ...) | max(value, value, ...)

Names are of number variables. Missing in, missing out; a value that is not defined, as the logarithm of 0, is missing
too. Every node computes element by element in float64, as numpy does.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, did_you_mean
from riskset.study.syntax import as_finite, column_of, rejected, syntax_tree
from riskset.study.toml_syntax import CURLY
from riskset.study.truth import Columns, Kind

Numbers = NDArray[np.float64]
Operation = Callable[..., Numbers]

_BETWEEN: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_OF_ONE: Final = ("log", "log10", "sqrt", "abs")
_OF_SEVERAL: Final = ("min", "max")
_OPERATIONS: Final[dict[str, Operation]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "negative": np.negative,
    "log": np.log,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
}


class Value(Protocol):
    """A node with one number per patient."""

    def values(self, columns: Columns) -> Numbers: ...


@dataclass(frozen=True)
class Observed:
    """The values of a number variable, before any transform."""

    name: str

    def values(self, columns: Columns) -> Numbers:
        return columns[self.name]


@dataclass(frozen=True)
class Constant:
    value: float

    def values(self, columns: Columns) -> Numbers:
        return np.asarray(self.value)


@dataclass(frozen=True)
class Computed:
    """An operation on the values of other nodes; more than two are taken in turn."""

    operation: str
    """A sign, or the name of a function; `negative` for a sign before one value."""
    of: tuple[Value, ...]

    def values(self, columns: Columns) -> Numbers:
        parts = [part.values(columns) for part in self.of]
        compute = _OPERATIONS[self.operation]
        with np.errstate(all="ignore"):
            found = compute(parts[0]) if len(parts) == 1 else reduce(compute, parts)
        return np.where(np.isfinite(found), found, np.nan)  # 1 / (1 / 0) is not 0


@dataclass(frozen=True)
class ParsedFormula:
    """A parsed formula. `names` are the variables it reads, in order of appearance."""

    text: str
    names: tuple[str, ...]
    value: Value

    def evaluate(self, columns: Columns) -> Numbers:
        """Returns its values, (n,): NaN where a value is missing or not defined."""
        return np.array(np.broadcast_arrays(self.value.values(columns), columns[self.names[0]])[0], dtype=np.float64)

    def undefined(self, columns: Columns) -> NDArray[np.bool_]:
        """True where no value is missing, and yet there is no number, (n,)."""
        known = np.logical_and.reduce([~np.isnan(columns[name]) for name in self.names])
        return np.asarray(known & np.isnan(self.evaluate(columns)))


def parse_formula(text: str, names: Mapping[str, Kind]) -> ParsedFormula:
    """Returns the formula that `text` states about variables of these kinds.

    Raises DataError, with the column, where the text is outside the grammar.
    """
    body = syntax_tree(text, say("study.formula.unreadable"), _how_to_write(text), say("study.formula.split"))
    reader = _Reader(text, names)
    value = reader.value(body)
    if not reader.used:
        raise rejected(say("study.formula.no_variable"))
    return ParsedFormula(text, tuple(reader.used), value)


class _Reader:
    """Turns syntax nodes into the nodes above; `used` collects the variables."""

    def __init__(self, text: str, names: Mapping[str, Kind]) -> None:
        self.text = text.strip()
        self.names = names
        self.used: dict[str, None] = {}

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Name(id=name):
                return self.variable(node, name)
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return self.constant(node, number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return Computed("negative", (self.value(operand),))
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BETWEEN:
                return Computed(_BETWEEN[type(sign)], (self.value(left), self.value(right)))
            case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]):
                return self.function(node, name, parts)
        raise self.rejected(node, say("study.formula.outside"), _instead(node))

    def variable(self, node: ast.expr, name: str) -> Value:
        if name not in self.names:
            raise self.rejected(node, say("study.variable.unknown", name=name), did_you_mean(name, self.names))
        if (kind := self.names[name].name) != "number":
            wrong = say("study.variable.wrong_type", name=name, found=kind, expected=("number",))
            raise self.rejected(node, wrong, say("study.formula.numbers_only"))
        self.used[name] = None
        return Observed(name)

    def constant(self, node: ast.expr, number: float) -> Value:
        value = as_finite(number)
        if value is None:
            raise self.rejected(node, say("study.rule.too_large"))
        return Constant(value)

    def function(self, node: ast.expr, name: str, parts: list[ast.expr]) -> Value:
        if name in _OF_ONE:
            if len(parts) != 1:
                raise self.rejected(node, say("study.formula.takes_one", name=name, n=len(parts)))
            return Computed(name, (self.value(parts[0]),))
        if name in _OF_SEVERAL:
            if len(parts) < 2:
                raise self.rejected(node, say("study.formula.takes_several", name=name, n=len(parts)))
            return Computed(name, tuple(map(self.value, parts)))
        hint = say("study.formula.natural_log") if name == "ln" else say("study.formula.functions")
        raise self.rejected(node, say("study.formula.unknown_function", name=name), hint)

    def rejected(self, node: ast.expr, message: Message, hint: Message = NOTHING) -> DataError:
        return rejected(message, hint, column_of(self.text, node))


def _instead(node: ast.expr) -> Message:
    """Returns what to write in place of a node outside the grammar."""
    match node:
        case ast.BinOp(op=ast.Pow() | ast.BitXor()):
            return say("study.formula.power")
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()) | ast.IfExp():
            return say("study.formula.no_conditions")
    return say("study.formula.grammar")


def _how_to_write(text: str) -> Message:
    """Returns what to change in a text that is not a formula."""
    if found := next((sign for sign in text if sign in CURLY), ""):
        return say("study.rule.curly", found=found)
    if found := next((sign for sign in text if unicodedata.normalize("NFKC", sign) != sign), ""):
        return say("study.rule.wide", found=found)
    if found := next(iter(re.findall(r"[×·÷−–]", text)), ""):
        return say("study.formula.signs", found=found)
    if re.search(r"\d,\d", text):
        return say("study.formula.decimal_point")
    return say("study.formula.grammar")
