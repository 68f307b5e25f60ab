"""Eligibility rules: text in the closed `grammar`, evaluated on columns in the three-valued logic of `truth`."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskset.catalogue import say
from riskset.study.grammar import WORDS, Reader, how_to_write, rejected
from riskset.study.truth import Bools, Claim, Columns, Kind

__all__ = ["WORDS", "Columns", "Kind", "ParsedRule", "parse_rule"]

MAX_LENGTH = 500
MAX_DEPTH = 20


@dataclass(frozen=True)
class ParsedRule:
    """A parsed rule. `names` are the variables it reads, in order of appearance."""

    text: str
    names: tuple[str, ...]
    claim: Claim

    def evaluate(self, columns: Columns) -> tuple[Bools, Bools]:
        """Returns (holds, known), each (n,): where the rule is true, and where it could be decided. `holds` is False
        where `known` is False."""
        found = self.claim.truth(columns)
        holds, known, _ = np.broadcast_arrays(found.true, found.true | found.false, columns[self.names[0]])
        return holds.copy(), known.copy()


def parse_rule(text: str, names: Mapping[str, Kind]) -> ParsedRule:
    """Returns the rule that `text` states about variables of these kinds.

    Raises DataError where the text is outside the grammar, with a problem for each claim that is.
    """
    body = _syntax_tree(text)
    reader = Reader(text, names)
    claim = reader.claim(body)
    if not reader.used:
        raise rejected(say("study.rule.no_variable"))
    return ParsedRule(text, tuple(reader.used), claim)


def _syntax_tree(text: str) -> ast.expr:
    """Returns Python's syntax tree of one expression, small enough to be traversed recursively."""
    if len(text) > MAX_LENGTH:
        raise rejected(say("study.rule.too_long", most=MAX_LENGTH, found=len(text)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns about odd escapes and `1in [..]`; here they are errors
            body = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise rejected(say("study.rule.unreadable"), how_to_write(text), error.offset) from None
    except (ValueError, MemoryError, RecursionError, Warning):
        raise rejected(say("study.rule.unreadable"), how_to_write(text)) from None
    if _depth(body) > MAX_DEPTH:
        raise rejected(say("study.rule.too_deep", most=MAX_DEPTH), say("study.rule.split"))
    return body


def _depth(body: ast.expr) -> int:
    """Returns the levels of nesting, counted without recursion."""
    depth = 0
    level: list[ast.AST] = [body]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return depth
