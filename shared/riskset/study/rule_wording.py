"""What is said to a person whose eligibility rule is outside the grammar."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable

from riskset.errors import DataError, Problem

GRAMMAR = "a rule has names, values, in, and, or, not, comparisons, days(a, b), missing(x)"
COMPARE_IT = "compare it: ==, !=, <, <=, >, >=, in [...]"
LITERAL_OF = {
    "boolean": "true or false",
    "number": "a number",
    "category": "a level in quotes",
    "date": "a date such as '2024-05-31'",
}


def refusal(sentence: str, hint: str = "") -> DataError:
    """What is wrong with a rule, as an error that can be told together with others of the same rule."""
    return DataError(sentence, hint, [Problem("rule", sentence, hint)])


def meant(name: str, known: Iterable[str]) -> str:
    """A did-you-mean, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def outside(node: ast.expr) -> tuple[str, str]:
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
