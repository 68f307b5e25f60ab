"""A state on a page."""

from __future__ import annotations

from dataclasses import dataclass

from riskset.catalogue import Message


@dataclass(frozen=True)
class Sign:
    """A state in words, with a symbol: nothing is said by colour alone."""

    look: str
    """Class of the style sheet: good, open, bad."""
    symbol: str
    text: Message
