"""The closed grammar of eligibility rules. Text becomes checked nodes; nothing is ever evaluated as code.

    rule   = claim | rule and rule | rule or rule | not rule | ( rule )
    claim  = value == value | != | < | <= | > | >=  (chained as in  18 <= age < 75)
           | value in [literal, ...] | value not in [literal, ...]
           | missing(variable) | boolean variable | true | false
    value  = variable | literal | days(date, date) | - number
    literal= number | 'level' | 'YYYY-MM-DD' | true | false

Python's parser reads the text without executing it. Every node must then be one of the above, name variables of the
study and compare values of the same kind; anything else is rejected with a message.
"""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

import numpy as np

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, Problem, did_you_mean
from riskset.study import truth
from riskset.study.syntax import as_finite, column_of, rejected
from riskset.study.toml_syntax import CURLY
from riskset.study.truth import Claim, Kind

WORDS = frozenset({"true", "false", *keyword.kwlist})
"""Words of Python's parser and of the grammar, which cannot name a variable."""

_SIGNS: dict[type[ast.cmpop], Literal["==", "!=", "<", "<=", ">", ">="]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_BOOLEAN = Kind("boolean", levels=("false", "true"))


@dataclass(frozen=True)
class _Literal:
    """A constant whose kind is not known before the other side of its comparison is read."""

    value: bool | float | str


@dataclass(frozen=True)
class _Typed:
    """A value whose kind is known."""

    value: truth.Value
    kind: Kind


_HABITS = (
    (r"&|\||!(?!=)|\b(AND|OR|NOT|And|Or|Not)\b", "and_or"),
    (r"(?<![<>!=])=(?![=<>])|<>|≠|===", "equals"),
    (r"=>|=<|≥|≤|≧|≦", "at_least"),
    (r"\b(?i:between)\b", "between"),
    (r"\b(?i:null|none|na|nan|is)\b", "missing_value"),
)
"""What other languages write, outside quotation marks, and the sentence that says how a rule is written."""


def how_to_write(text: str) -> Message:
    """Returns what to change in a text that is not a rule."""
    rest = re.sub(r"\"[^\"]*\"|'[^']*'", "''", text)
    if found := next((sign for sign in rest if sign in CURLY), ""):
        return say("study.rule.curly", found=found)
    for habit, code in _HABITS:
        if re.search(habit, rest):
            return say(f"study.rule.{code}")
    if found := next((sign for sign in rest if unicodedata.normalize("NFKC", sign) != sign), ""):
        return say("study.rule.wide", found=found)
    return say("study.rule.grammar")


class Reader:
    """Turns syntax nodes into nodes of `truth` and checks names and kinds; `used` collects the variables.

    Raises DataError with a problem, and its column, for each claim outside the grammar.
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
        """Returns the claims joined by one `and` or `or`; raises the problems of all of them together."""
        read: list[Claim] = []
        problems: list[Problem] = []
        for node in nodes:
            try:
                read.append(self.claim(node))
            except DataError as error:
                problems.extend(error.problems)
        if problems:
            problems = list({(problem.message, problem.hint): problem for problem in reversed(problems)}.values())[::-1]
            raise DataError(problems[0].message, problems[0].hint, problems)
        return tuple(read)

    def boolean(self, node: ast.expr) -> Claim:
        value = self.value(node)
        if isinstance(value, _Literal) and not isinstance(value.value, bool):
            raise self.rejected(node, say("study.rule.value_as_claim"), say("study.rule.compare_it"))
        if isinstance(value, _Typed) and value.kind.name != "boolean":
            found = say("study.rule.kind_as_claim", kind=value.kind.name)
            raise self.rejected(node, found, say("study.rule.compare_it"))
        return truth.Relation(self.as_kind(node, value, _BOOLEAN), "==", truth.Constant(1.0))

    def comparison(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Claim:
        if isinstance(sign, ast.In | ast.NotIn):
            found = self.membership(left, right)
            return found if isinstance(sign, ast.In) else truth.Not(found)
        if type(sign) not in _SIGNS:
            raise self.rejected(right, say("study.rule.is"), say("study.rule.use_equals"))
        a, b = self.value(left), self.value(right)
        kind = self.shared_kind(right, a, b)
        word = _SIGNS[type(sign)]
        if word not in ("==", "!=") and not (kind.name in ("number", "date") or kind.ordered):
            unordered = say("study.rule.no_order", kind=kind.name, sign=word)
            raise self.rejected(left, unordered, say("study.rule.use_equals_or_in"))
        return truth.Relation(self.as_kind(left, a, kind), word, self.as_kind(right, b, kind))

    def membership(self, left: ast.expr, right: ast.expr) -> Claim:
        value = self.value(left)
        if isinstance(value, _Literal):
            raise self.rejected(left, say("study.rule.before_in"))
        if not isinstance(right, ast.List) or not right.elts:
            raise self.rejected(right, say("study.rule.after_in"), say("study.rule.example_in"))
        return truth.Some(tuple(self.equals(value, item) for item in right.elts))

    def equals(self, value: _Typed, item: ast.expr) -> Claim:
        literal = self.value(item)
        if isinstance(literal, _Typed):
            raise self.rejected(item, say("study.rule.variable_in_list"))
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
        raise self.rejected(node, *_outside(node))

    def variable(self, node: ast.expr, name: str) -> _Typed:
        if name not in self.names:
            hint = did_you_mean(name, self.names)
            is_level = not name.isascii() or any(name in kind.levels for kind in self.names.values())
            if name.lower() in ("null", "none", "na", "nan"):
                hint = say("study.rule.missing_value")
            elif is_level:
                hint = say("study.rule.quote_level", found=name)
            raise self.rejected(node, say("study.variable.unknown", name=name), hint)
        self.used[name] = None
        return _Typed(truth.Observed(name), self.names[name])

    def missing_name(self, node: ast.Call) -> str:
        match node:
            case ast.Call(args=[ast.Name(id=name) as argument], keywords=[]):
                self.variable(argument, name)
                return name
        raise self.rejected(node, say("study.rule.missing_takes"), say("study.rule.example_missing"))

    def negative(self, operand: ast.expr) -> _Literal | _Typed:
        value = self.value(operand)
        if isinstance(value, _Literal) and not isinstance(value.value, bool | str):
            return _Literal(-value.value)
        if isinstance(value, _Typed) and value.kind.name == "number":
            return _Typed(truth.Negative(value.value), value.kind)
        raise self.rejected(operand, say("study.rule.minus"))

    def day(self, node: ast.expr) -> truth.Value:
        value = self.value(node)
        if isinstance(value, _Typed) and value.kind.name != "date":
            raise self.rejected(node, say("study.rule.days_of", kind=value.kind.name))
        return self.as_kind(node, value, Kind("date"))

    def finite(self, node: ast.expr, number: float) -> float:
        value = as_finite(number)
        if value is None:
            raise self.rejected(node, say("study.rule.too_large"))
        return value

    def shared_kind(self, node: ast.expr, a: _Literal | _Typed, b: _Literal | _Typed) -> Kind:
        kinds = [side.kind for side in (a, b) if isinstance(side, _Typed)]
        if not kinds:
            raise self.rejected(node, say("study.rule.two_literals"), say("study.rule.name_a_variable"))
        if kinds[0].name != kinds[-1].name:
            raise self.rejected(node, say("study.rule.kinds_differ", left=kinds[0].name, right=kinds[-1].name))
        if kinds[0] != kinds[-1]:
            raise self.rejected(node, say("study.rule.levels_differ"))
        return kinds[0]

    def as_kind(self, node: ast.expr, side: _Literal | _Typed, kind: Kind) -> truth.Value:
        """Returns the side as a value of `kind`; a literal is interpreted here."""
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
        raise self.rejected(node, say(f"study.rule.expected_{kind.name}", found=ast.unparse(node)))

    def level(self, node: ast.expr, level: str, kind: Kind) -> truth.Value:
        if level not in kind.levels:
            unknown = say("study.rule.unknown_level", found=level, levels=kind.levels)
            raise self.rejected(node, unknown, did_you_mean(level, kind.levels))
        return truth.Constant(kind.levels.index(level))

    def calendar_day(self, node: ast.expr, text: str) -> truth.Value:
        day = _iso_day(text)
        if day is None:
            raise self.rejected(node, say("study.rule.not_a_date", found=text), say("study.rule.write_dates"))
        return truth.Constant(np.datetime64(day, "D"))

    def rejected(self, node: ast.expr, message: Message, hint: Message = NOTHING) -> DataError:
        return rejected(message, hint, column_of(self.text, node))


def _iso_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # Python also reads 20240531 and 2024-W22-5


def _outside(node: ast.expr) -> tuple[Message, Message]:
    """Returns message and hint for a node outside the grammar."""
    match node:
        case ast.Constant(value=bool(flag)):
            return say("study.rule.python_boolean", found=str(flag)), say("study.rule.lower_case")
        case ast.Call(func=ast.Name(id="days")):
            return say("study.rule.days_takes"), say("study.rule.example_days")
        case ast.Call(func=ast.Name(id="missing")):
            return say("study.rule.missing_is_claim"), say("study.rule.missing_alone")
        case ast.Call(func=ast.Name(id=name)):
            return say("study.rule.unknown_function", name=name), say("study.rule.functions")
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()) | ast.UnaryOp(op=ast.Invert()):
            return say("study.rule.outside"), say("study.rule.and_or")
        case ast.Constant(value=None):
            return say("study.rule.outside"), say("study.rule.missing_value")
        case ast.BinOp():
            return say("study.rule.arithmetic"), say("study.rule.instead_of_arithmetic")
        case ast.BoolOp() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return say("study.rule.claim_as_value"), say("study.rule.combine")
    return say("study.rule.outside"), say("study.rule.grammar")
