"""One text of an export to one value of a study's variable, or the reason why not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from riskset_site.data.problem_rows import Fault

NOT_A_NUMBER = Fault(
    "is not a number", "are not numbers", "decimals take a point, thousands no mark; recode or add to missing"
)
NOT_FINITE = Fault("is not a finite number", "are not finite numbers", "if it stands for missing, add it to missing")
NOT_A_TRUTH = Fault("is not true or false", "are not true or false", "recode it to 'true' or 'false' in [map]")

TRUTHS = {"true": 1.0, "1": 1.0, "yes": 1.0, "y": 1.0, "t": 1.0, "false": 0.0, "0": 0.0, "no": 0.0, "n": 0.0, "f": 0.0}


class Unreadable(ValueError):
    """A text that is no value of the variable; holds the fault, never the text."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.one)
        self.fault = fault


def read_number(text: str) -> float:
    """Returns a finite number; digits grouped with `_`, which Python reads, are refused."""
    try:
        value = float(text)
    except ValueError:
        raise Unreadable(NOT_A_NUMBER) from None
    if "_" in text:
        raise Unreadable(NOT_A_NUMBER)
    if not math.isfinite(value):
        raise Unreadable(NOT_FINITE)
    return value


def read_truth(text: str) -> float:
    """Returns 1.0 or 0.0."""
    try:
        return TRUTHS[text.lower()]
    except KeyError:
        raise Unreadable(NOT_A_TRUTH) from None


def level_reader(levels: Sequence[str]) -> Callable[[str], int]:
    """Returns what gives the index of a level; levels are met exactly, letter by letter."""
    index = {level: position for position, level in enumerate(levels)}
    listed = ", ".join(repr(level) for level in levels)
    fault = Fault("is not a level of the study", "are not levels of the study", f"levels are {listed}; recode in [map]")

    def read(text: str) -> int:
        try:
            return index[text]
        except KeyError:
            raise Unreadable(fault) from None

    return read
