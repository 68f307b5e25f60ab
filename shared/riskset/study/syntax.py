"""What rules and formulas share: a text as Python's syntax tree, which reads it without executing it, within bounds."""

from __future__ import annotations

import ast
import warnings
from typing import Final

import numpy as np

from riskset.catalogue import NOTHING, Message, say
from riskset.errors import DataError, Problem

MAX_LENGTH: Final = 500
MAX_DEPTH: Final = 20


def rejected(message: Message, hint: Message = NOTHING, column: int | None = None) -> DataError:
    """Returns an error with one problem of a text, so that it can be reported together with others of the text."""
    return DataError(message, hint, [Problem("rule", message, hint, column=column)])


def syntax_tree(text: str, unreadable: Message, how_to_write: Message, split: Message) -> ast.expr:
    """Returns the syntax tree of one expression, small enough to be traversed recursively.

    Raises DataError: `unreadable`, with what to write instead, or too large, with how to split it.
    """
    if len(text) > MAX_LENGTH:
        raise rejected(say("study.rule.too_long", most=MAX_LENGTH, found=len(text)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns about odd escapes and `1in [..]`; here they are errors
            body = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise rejected(unreadable, how_to_write, error.offset) from None
    except (ValueError, MemoryError, RecursionError, Warning):
        raise rejected(unreadable, how_to_write) from None
    if _depth(body) > MAX_DEPTH:
        raise rejected(say("study.rule.too_deep", most=MAX_DEPTH), split)
    return body


def column_of(text: str, node: ast.expr) -> int:
    """Returns where a node begins in the stripped text, from 1."""
    before = text.encode().splitlines()[node.lineno - 1][: node.col_offset]  # Python counts bytes
    return len(before.decode()) + 1


def as_finite(number: float) -> float | None:
    """Returns a literal as a float; None where it is too large."""
    try:
        value = float(number)
    except OverflowError:
        return None
    return value if np.isfinite(value) else None


def _depth(body: ast.expr) -> int:
    """Returns the levels of nesting, counted without recursion."""
    depth = 0
    level: list[ast.AST] = [body]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return depth
