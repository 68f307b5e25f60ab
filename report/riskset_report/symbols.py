"""Symbols for the footnotes of tables and figures, in the order that journals ask for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_SYMBOLS: Final = ("*", "†", "‡", "§", "¶")  # then each of them twice


def is_footnote(note: str) -> bool:
    """Whether a note begins with a symbol, which cells of its table have."""
    return note.startswith(_SYMBOLS)


def symbols_of(reasons: Iterable[str]) -> dict[str, str]:
    """Returns the symbol of each reason, in their order; equal reasons have one symbol."""
    return {
        reason: _SYMBOLS[i % len(_SYMBOLS)] * (i // len(_SYMBOLS) + 1)
        for i, reason in enumerate(dict.fromkeys(reasons))
    }
