"""Eligibility rules: text in the closed `grammar`, evaluated on columns in the three-valued logic of `truth`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskset.catalogue import say
from riskset.study.grammar import WORDS, Reader, how_to_write
from riskset.study.syntax import rejected, syntax_tree
from riskset.study.truth import Bools, Claim, Columns, Kind

__all__ = ["WORDS", "Columns", "Kind", "ParsedRule", "parse_rule"]


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
    body = syntax_tree(text, say("study.rule.unreadable"), how_to_write(text), say("study.rule.split"))
    reader = Reader(text, names)
    claim = reader.claim(body)
    if not reader.used:
        raise rejected(say("study.rule.no_variable"))
    return ParsedRule(text, tuple(reader.used), claim)
