"""What the texts of a status say of an event such as death: that it occurred, perhaps occurred, or did not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from riskset_site.data.width import in_one_width
from riskset_site.mapping.columns import name_certainty
from riskset_site.mapping.levels import FALSE, TRUE, boolean_meanings, meanings_of
from riskset_site.mapping.resembling import says_no, words_inside
from riskset_site.mapping.words import column_words, meanings, missing_words

_LIKELY = 0.5
_OF_BOTH = re.compile(r"[生생]|alive|surviv|vital", re.IGNORECASE)
"""In the name of a column whose 1 may be either: 生死, 생존여부."""
_UNKNOWN = re.compile(r"不明|未確認|불명|미상|모름|미확인|unknown", re.IGNORECASE)
_DEATH_OF = "死"
"""Ends words for causes: 肝不全死."""
_WITHOUT = frozenset({"alive", "lost"})


@dataclass(frozen=True)
class StatusTexts:
    """The texts of a status, but for those that mean that it is unknown."""

    with_event: tuple[str, ...]
    perhaps: tuple[str, ...]
    """Those with a word for the event inside: 사망(타병원)."""
    without_event: tuple[str, ...]
    unknown: tuple[str, ...]
    """Those of which nobody knows."""


def status_texts(header: str, counts: Mapping[str, int]) -> StatusTexts:
    """Returns what the texts of a column say of death. Yes and no, or 1 and 0, say it under a name for death alone."""
    texts = [text for text in counts if text and in_one_width(text) not in missing_words()]
    flags = _flags(header, dict.fromkeys(texts, 1))
    of = {text: flags.get(text) or _said(text) for text in texts}
    dead, perhaps, alive, unknown = (
        tuple(text for text in texts if of[text] == said) for said in ("dead", "perhaps", "alive", "unknown")
    )
    return StatusTexts(dead, perhaps, alive, unknown)


def _flags(header: str, counts: Mapping[str, int]) -> dict[str, str]:
    if _OF_BOTH.search(header) or name_certainty(header, dict.fromkeys(column_words()["death"], 1.0)) < _LIKELY:
        return {}
    said = {TRUE: "dead", FALSE: "alive"}
    found = boolean_meanings(counts, is_event=True)
    return {one.text: said[one.meaning] for one in found if one.is_sure and one.meaning in said}


def _said(text: str) -> str:
    meant = meanings_of(text)
    if "dead" in meant or meant & _WITHOUT:
        return "dead" if "dead" in meant else "alive"
    is_dead, is_alive = (
        any(words_inside(text, [word for word, of in meanings().items() if of & wanted]))
        for wanted in (frozenset({"dead"}), _WITHOUT)
    )
    is_dead = is_dead or in_one_width(text).endswith(_DEATH_OF)
    if is_dead is is_alive or says_no(text) or _UNKNOWN.search(text):
        return "unknown"
    return "perhaps" if is_dead else "alive"
