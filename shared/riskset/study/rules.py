"""Eligibility rules: a sentence of the closed `grammar`, asked of columns in the three-valued logic of `truth`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskset.study.grammar import WORDS, Reader, syntax_tree
from riskset.study.rule_wording import refusal
from riskset.study.truth import Bools, Claim, Columns, Kind

__all__ = ["WORDS", "Columns", "Kind", "Rule", "parse_rule"]


@dataclass(frozen=True)
class Rule:
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


def parse_rule(text: str, names: Mapping[str, Kind]) -> Rule:
    """The rule that `text` says about variables of these kinds.

    Raises DataError when the text is outside the grammar, with a problem for each claim that does not belong.
    """
    body = syntax_tree(text)
    reader = Reader(text, names)
    claim = reader.claim(body)
    if not reader.used:
        raise refusal("the rule names no variable of the study")
    return Rule(text, tuple(reader.used), claim)
