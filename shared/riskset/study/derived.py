"""Variables that a study defines from others: what defines them, and how a site computes them.

Rules are in the closed `grammar` and are never run as a program. Nothing here reads an export.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import Message, say
from riskset.study.eligibility import parse_rule
from riskset.study.formula import ParsedFormula, parse_formula
from riskset.study.truth import Columns, Kind
from riskset.study.variables import BooleanVariable, CategoryVariable, NumberVariable, Variable


@dataclass(frozen=True)
class Derivation:
    """What defines a derived variable."""

    key: str
    """The key of the study file that defines it."""
    names: tuple[str, ...]
    """The variables that it names, in order of appearance."""
    in_words: Message
    """As it is printed."""
    compute: Callable[[Columns], NDArray[Any]]
    """Returns its values, (n,), from columns (n,), as `Columns` says: missing where they do not follow."""
    formula: ParsedFormula | None = None
    """Of a number."""


def derivation(variable: Variable, kinds: Mapping[str, Kind]) -> Derivation | None:
    """Returns what defines a variable from those in `kinds`; None for one that is read from an export.

    Raises DataError where a text is outside its grammar, with a problem for each claim that is.
    """
    match variable:
        case NumberVariable(formula=str(text)):
            formula = parse_formula(text, kinds)
            in_words = say("study.derived.formula", formula=text)
            return Derivation("formula", formula.names, in_words, formula.evaluate, formula)
        case BooleanVariable(rule=str(text)):
            rule = parse_rule(text, kinds)
            return Derivation(
                "rule", rule.names, say("study.derived.rule", rule=text), lambda of: _flags(*rule.evaluate(of))
            )
        case CategoryVariable(cut=str(name), at=at):
            cut = say("study.derived.cut", name=name, at=tuple(f"{value:.15g}" for value in at))
            return Derivation("cut", (name,), cut, lambda of: _intervals(of[name], at))
    return None


def _flags(holds: NDArray[np.bool_], is_known: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(is_known, holds.astype(np.float64), np.nan)


def _intervals(values: NDArray[np.float64], at: tuple[float, ...]) -> NDArray[np.int64]:
    """Returns the number of the interval of each value; each begins with its lower limit."""
    return np.where(np.isnan(values), -1, np.searchsorted(at, values, side="right")).astype(np.int64)
