"""Eligibility rules: a sentence of the closed `grammar`, asked of columns in the three-valued logic of `truth`."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskset.study.grammar import GRAMMAR, WORDS, Reader, refusal
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
        """(holds, known), each (n,): where the rule is true, and where it could be decided. `holds` is False where
        `known` is."""
        found = self.claim.truth(columns)
        holds, known, _ = np.broadcast_arrays(found.true, found.true | found.false, columns[self.names[0]])
        return holds.copy(), known.copy()


def parse_rule(text: str, names: Mapping[str, Kind]) -> ParsedRule:
    """The rule that `text` says about variables of these kinds.

    Raises DataError when the text is outside the grammar, with a problem for each claim that does not belong.
    """
    body = _syntax_tree(text)
    reader = Reader(text, names)
    claim = reader.claim(body)
    if not reader.used:
        raise refusal("the rule names no variable of the study")
    return ParsedRule(text, tuple(reader.used), claim)


def _syntax_tree(text: str) -> ast.expr:
    """Python's syntax tree of one expression, small enough to walk."""
    if len(text) > MAX_LENGTH:
        raise refusal(f"a rule has at most {MAX_LENGTH} characters; this one has {len(text)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns of odd escapes and of "1in [..]"; here they are errors
            body = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        at = f"column {error.offset}: " if error.offset else ""
        raise refusal(f"{at}this cannot be read as a rule", GRAMMAR) from None
    except (ValueError, MemoryError, RecursionError, Warning):
        raise refusal("this cannot be read as a rule", GRAMMAR) from None
    if _depth(body) > MAX_DEPTH:
        raise refusal(f"a rule is at most {MAX_DEPTH} levels deep", "split it into several rules; all must hold")
    return body


def _depth(body: ast.expr) -> int:
    """Levels of nesting, counted without recursion."""
    depth = 0
    level: list[ast.AST] = [body]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return depth
