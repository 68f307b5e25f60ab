"""Sentences that are printed as one text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from riskset.catalogue import in_language, say

Piece = TypeVar("Piece")


def beside(sentences: Iterable[str], language: str) -> str:
    """Returns them one after the other in the language, with what stands between two there: Japanese has no blank."""
    return _between(language).join(in_language(sentence, language) for sentence in sentences)


def lines_beside(lines: Iterable[tuple[Piece, ...]], language: str) -> tuple[Piece | str, ...]:
    """Returns the same of sentences in pieces, whose numbers are not printed yet."""
    return joined(lines, _between(language))


def joined(lines: Iterable[tuple[Piece, ...]], between: str) -> tuple[Piece | str, ...]:
    """Returns lines in pieces as one line, with a text between two."""
    pieces: list[Piece | str] = []
    for line in lines:
        if pieces:
            pieces.append(between)
        pieces.extend(line)
    return tuple(pieces)


def _between(language: str) -> str:
    return say("report.between_sentences").in_language(language)
