"""Sentences that are printed as one text."""

from __future__ import annotations

from collections.abc import Iterable

from riskset.catalogue import in_language, say


def beside(sentences: Iterable[str], language: str) -> str:
    """Returns them one after the other in the language, with what stands between two there: Japanese has no blank."""
    between = say("report.figure.between_sentences").in_language(language)
    return between.join(in_language(sentence, language) for sentence in sentences)
