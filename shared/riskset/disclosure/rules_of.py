"""Which rules judge an analysis, by what it discloses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from riskset.disclosure.exposure import Exposure
from riskset.disclosure.rules import RULES

OF_EVERY_RUN: Final = frozenset({"R1", "R12", "R13", "R14"})
"""How many patients and hospitals are behind a number, and what earlier runs told of them."""


def rules_of(exposure: Exposure) -> tuple[str, ...]:
    """Returns the rules that judge an analysis with this exposure, in their order."""
    found = OF_EVERY_RUN.union(*_of_fields(exposure))
    return tuple(rule for rule in RULES if rule in found)


def _of_fields(exposure: Exposure) -> Iterator[frozenset[str]]:
    if exposure.design:
        yield frozenset({"R2", "R3", "R4", "R5", "R6"})
    if exposure.is_iterative:
        yield frozenset({"R5", "R7", "R10"}) if exposure.design else frozenset({"R5", "R10"})
    if exposure.columns or exposure.patients or exposure.halved:
        yield frozenset({"R2", "R4", "R5"})
    if exposure.in_time is not None:
        yield frozenset({"R2", "R9", "R11"})
    if exposure.weights or exposure.squares is not None:
        yield frozenset({"R8"})
