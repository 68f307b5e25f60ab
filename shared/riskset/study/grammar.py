"""The closed grammar of eligibility rules: text in, checked nodes out, and nothing is ever evaluated as code.

    rule   = claim | rule and rule | rule or rule | not rule | ( rule )
    claim  = value == value | != | < | <= | > | >=  (chained as in  18 <= age < 75)
           | value in [literal, ...] | value not in [literal, ...]
           | missing(variable) | boolean variable | true | false
    value  = variable | literal | days(date, date) | - number
    literal= number | 'level' | 'YYYY-MM-DD' | true | false

Python's own parser reads the text (it executes nothing), then every node must be one of the above, must name a
variable of the study and must compare like with like; the rest is refused with a sentence.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import numpy as np

from riskset.errors import DataError, Problem, did_you_mean
from riskset.study import truth
from riskset.study.truth import Claim, Kind

WORDS = frozenset({"true", "false", *keyword.kwlist})
"""Words that Python's parser or the grammar keeps, which no variable may be called."""

_SIGNS: dict[type[ast.cmpop], Literal["==", "!=", "<", "<=", ">", ">="]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
GRAMMAR = "a rule has names, values, in, and, or, not, comparisons, days(a, b), missing(x)"
_COMPARE_IT = "compare it: ==, !=, <, <=, >, >=, in [...]"
_LITERAL_OF = {
    "boolean": "true or false",
    "number": "a number",
    "category": "a level in quotes",
    "date": "a date such as '2024-05-31'",
}
_BOOLEAN = Kind("boolean", levels=("false", "true"))


@dataclass(frozen=True)
class _Literal:
    """A constant before the other side of its comparison has given it a kind."""

    value: bool | float | str


@dataclass(frozen=True)
class _Typed:
    """A value whose kind is known."""

    value: truth.Value
    kind: Kind


def refusal(sentence: str, hint: str = "") -> DataError:
    """What is wrong with a rule, as an error that can be told together with others of the same rule."""
    return DataError(sentence, hint, [Problem("rule", sentence, hint)])


class Reader:
    """Turns syntax nodes into nodes of `truth`, checking names and kinds on the way; `used` collects the variables.

    Raises DataError with a sentence, and the column it is about, for each claim that does not belong.
    """

    def __init__(self, text: str, names: Mapping[str, Kind]) -> None:
        self.text = text.strip()
        self.names = names
        self.used: dict[str, None] = {}

    def claim(self, node: ast.expr) -> Claim:
        match node:
            case ast.BoolOp(op=ast.And(), values=parts):
                return truth.Every(self.claims(parts))
            case ast.BoolOp(values=parts):
                return truth.Some(self.claims(parts))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return truth.Not(self.claim(operand))
            case ast.Compare(left=left, ops=signs, comparators=rights):
                links = zip(pairwise((left, *rights)), signs, strict=True)
                return truth.Every(tuple(self.comparison(a, sign, b) for (a, b), sign in links))
            case ast.Call(func=ast.Name(id="missing")):
                return truth.Missing(self.missing_name(node))
        return self.boolean(node)

    def claims(self, nodes: list[ast.expr]) -> tuple[Claim, ...]:
        """Claims side by side; where several do not belong, all are told."""
        read: list[Claim] = []
        refused: list[Problem] = []
        for node in nodes:
            try:
                read.append(self.claim(node))
            except DataError as error:
                refused.extend(error.problems)
        if refused:
            raise DataError("; ".join(str(problem.message) for problem in refused), refused[0].hint, refused)
        return tuple(read)

    def boolean(self, node: ast.expr) -> Claim:
        """A boolean variable, or true or false, standing as a claim."""
        value = self.value(node)
        if isinstance(value, _Literal) and not isinstance(value.value, bool):
            raise self.refusal(
                node, "expected a claim that is true or false, found a value", "compare it with something"
            )
        if isinstance(value, _Typed) and value.kind.name != "boolean":
            raise self.refusal(node, f"expected a claim that is true or false, found a {value.kind.name}", _COMPARE_IT)
        return truth.Relation(self.as_kind(node, value, _BOOLEAN), "==", truth.Constant(1.0))

    def comparison(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Claim:
        if isinstance(sign, ast.In | ast.NotIn):
            found = self.membership(left, right)
            return found if isinstance(sign, ast.In) else truth.Not(found)
        if type(sign) not in _SIGNS:
            raise self.refusal(right, "'is' is not offered", "use == or !=, and missing(x) for a missing value")
        a, b = self.value(left), self.value(right)
        kind = self.shared_kind(right, a, b)
        word = _SIGNS[type(sign)]
        if word not in ("==", "!=") and not (kind.name in ("number", "date") or kind.ordered):
            raise self.refusal(left, f"a {kind.name} has no order, so {word} says nothing", "use ==, != or in [...]")
        return truth.Relation(self.as_kind(left, a, kind), word, self.as_kind(right, b, kind))

    def membership(self, left: ast.expr, right: ast.expr) -> Claim:
        value = self.value(left)
        if isinstance(value, _Literal):
            raise self.refusal(left, "expected a variable before 'in'")
        if not isinstance(right, ast.List) or not right.elts:
            raise self.refusal(
                right, "expected a list of values in square brackets after 'in'", "for example in ['A', 'B']"
            )
        return truth.Some(tuple(self.equals(value, item) for item in right.elts))

    def equals(self, value: _Typed, item: ast.expr) -> Claim:
        literal = self.value(item)
        if isinstance(literal, _Typed):
            raise self.refusal(item, "expected plain values in the list, found a variable")
        return truth.Relation(value.value, "==", self.as_kind(item, literal, value.kind))

    def value(self, node: ast.expr) -> _Literal | _Typed:
        match node:
            case ast.Name(id="true" | "false" as word):
                return _Literal(word == "true")
            case ast.Name(id=name):
                return self.variable(node, name)
            case ast.Constant(value=str(text)):
                return _Literal(text)
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return _Literal(self.finite(node, number))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.negative(operand)
            case ast.Call(func=ast.Name(id="days"), args=[start, end], keywords=[]):
                return _Typed(truth.Days(self.day(start), self.day(end)), Kind("number"))
        raise self.refusal(node, *_outside(node))

    def variable(self, node: ast.expr, name: str) -> _Typed:
        if name not in self.names:
            raise self.refusal(node, f"unknown variable {name!r}", did_you_mean(name, self.names))
        self.used[name] = None
        return _Typed(truth.Observed(name), self.names[name])

    def missing_name(self, node: ast.Call) -> str:
        match node:
            case ast.Call(args=[ast.Name(id=name) as argument], keywords=[]):
                self.variable(argument, name)
                return name
        raise self.refusal(node, "missing() takes the name of one variable", "for example missing(progression)")

    def negative(self, operand: ast.expr) -> _Literal | _Typed:
        value = self.value(operand)
        if isinstance(value, _Literal) and not isinstance(value.value, bool | str):
            return _Literal(-value.value)
        if isinstance(value, _Typed) and value.kind.name == "number":
            return _Typed(truth.Negative(value.value), value.kind)
        raise self.refusal(operand, "a minus sign stands before numbers only")

    def day(self, node: ast.expr) -> truth.Value:
        value = self.value(node)
        if isinstance(value, _Typed) and value.kind.name != "date":
            raise self.refusal(node, f"days() counts between two dates; this is a {value.kind.name}")
        return self.as_kind(node, value, Kind("date"))

    def finite(self, node: ast.expr, number: float) -> float:
        try:
            as_float = float(number)
        except OverflowError:
            as_float = np.inf
        if not np.isfinite(as_float):
            raise self.refusal(node, "this number is too large")
        return as_float

    def shared_kind(self, node: ast.expr, a: _Literal | _Typed, b: _Literal | _Typed) -> Kind:
        kinds = [side.kind for side in (a, b) if isinstance(side, _Typed)]
        if not kinds:
            raise self.refusal(node, "two plain values are compared", "one side must be a variable or days(a, b)")
        if kinds[0].name != kinds[-1].name:
            raise self.refusal(node, f"a {kinds[0].name} cannot be compared with a {kinds[-1].name}")
        if kinds[0] != kinds[-1]:
            raise self.refusal(node, "these two categories have different levels and cannot be compared")
        return kinds[0]

    def as_kind(self, node: ast.expr, side: _Literal | _Typed, kind: Kind) -> truth.Value:
        """The side as a value of `kind`; a literal gets its meaning here."""
        if isinstance(side, _Typed):
            return side.value
        match kind.name, side.value:
            case "boolean", bool(flag):
                return truth.Constant(float(flag))
            case "number", float(number):
                return truth.Constant(number)
            case "category", str(level):
                return self.level(node, level, kind)
            case "date", str(text):
                return self.calendar_day(node, text)
        raise self.refusal(node, f"expected {_LITERAL_OF[kind.name]}, found {ast.unparse(node)}")

    def level(self, node: ast.expr, level: str, kind: Kind) -> truth.Value:
        if level not in kind.levels:
            raise self.refusal(
                node, f"{level!r} is none of the levels {', '.join(kind.levels)}", did_you_mean(level, kind.levels)
            )
        return truth.Constant(kind.levels.index(level))

    def calendar_day(self, node: ast.expr, text: str) -> truth.Value:
        day = _iso_day(text)
        if day is None:
            raise self.refusal(node, f"{text!r} is no date", "write dates as 'YYYY-MM-DD'")
        return truth.Constant(np.datetime64(day, "D"))

    def refusal(self, node: ast.expr, sentence: str, hint: str = "") -> DataError:
        before = self.text.encode().splitlines()[node.lineno - 1][: node.col_offset]
        return refusal(f"column {len(before.decode()) + 1}: {sentence}", hint)


def _iso_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # Python also reads 20240531 and 2024-W22-5


def _outside(node: ast.expr) -> tuple[str, str]:
    """What to say of a node that is no part of the grammar, and what to do."""
    match node:
        case ast.Constant(value=bool(flag)):
            return f"{flag} is not offered", "write true or false in small letters"
        case ast.Call(func=ast.Name(id="days")):
            return "days() takes two dates", "for example days(start, death)"
        case ast.Call(func=ast.Name(id="missing")):
            return "missing() is true or false already", "write missing(x) or not missing(x) alone"
        case ast.Call(func=ast.Name(id=name)):
            return f"there is no {name}() in a rule", "only days(a, b) and missing(x) exist"
        case ast.BinOp():
            return (
                "arithmetic is not offered in a rule",
                "compute it in the export, or use days(a, b); names with - cannot be used",
            )
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return "a claim stands where a value is expected", "put claims together with and, or, not"
    return "this is no part of a rule", GRAMMAR
