"""Sentences that are printed as one text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from riskset.catalogue import in_language, say

Piece = TypeVar("Piece")


def beside(sentences: Iterable[str], language: str) -> str:
    """Returns them one after the other in the language, with what stands between two there: Japanese has no blank."""
    text, between = "", _between(language)
    for sentence in sentences:
        is_foreign = text[-1:].isascii()  # after the study's own sentence in another language, a blank
        text += (between or " " * is_foreign) * bool(text) + in_language(sentence, language)
    return text


def lines_beside(lines: Iterable[tuple[Piece, ...]], language: str) -> tuple[Piece | str, ...]:
    """Returns the same of sentences in pieces, whose numbers are not printed yet."""
    return joined(lines, _between(language))


def items_beside(lines: Iterable[tuple[Piece, ...]], language: str, *, of: str = "items") -> tuple[Piece | str, ...]:
    """Returns items of a list in pieces; `of`: `items`, or `lists`, which have items themselves."""
    return joined(lines, say(f"report.between_{of}").in_language(language))


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
