"""What a hostile reader can say of a count of patients."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """A count of patients as far as a reader can tell it."""

    count: str
    least: int
    largest: int
