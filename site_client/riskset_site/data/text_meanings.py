"""What each distinct text of a column means, by itself or as the site file says, and which of them are in doubt."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from riskset.catalogue import say
from riskset_site.data.faults import Fault, Unreadable
from riskset_site.data.value_kinds import ValueKind

_HALF_BOOLEAN = Fault("half_boolean", say("data.hint.half_boolean"))
_ONE_OR_TWO = Fault("half_boolean", say("data.hint.one_or_two"))
_HALF_RECODED = Fault("half_recoded", say("data.hint.half_recoded"))

_LARGE_KANA = str.maketrans("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ", "あいうえおつやゆよわアイウエオツヤユヨワ")
"""Small kana are often typed large, and half-width ones are in many old systems."""


_MINUS = str.maketrans("\u2010\u2011\u2012\u2013\u2212", "-----")
"""Hyphens, the dash of figures, the en dash and the minus sign, as they are typed before a number."""


@dataclass(frozen=True)
class Reading:
    """What the site file says about a column's texts."""

    missing: Collection[str]
    recode: Mapping[str, str]
    excludes_other: bool = False

    def meaning(self, text: str) -> str:
        """Returns the text in the study's terms, empty where it is missing. A recode precedes a missing code."""
        if text in self.recode:
            return self.recode[text]
        return "" if text in self.missing else text

    @property
    def recodes_values(self) -> bool:
        """True where a text is recoded to something else than missing."""
        return any(self.recode.values())


class TextMeanings:
    """What each distinct text of a column means; lists are of positions in `texts`."""

    def __init__(self, texts: Sequence[str], kind: ValueKind, reading: Reading) -> None:
        self.texts, self.kind, self.reading = texts, kind, reading
        self.values = [kind.blank] * len(texts)
        self.missing: list[int] = []
        self.unread: dict[int, Fault] = {}
        for code, raw in enumerate(texts):
            self._read(code, reading.meaning(raw))
        self.proposals = self._proposals() if self.unread else {}
        self.half_understood = self._half_understood()
        if self.half_understood:
            self.values = [kind.blank] * len(texts)

    def _read(self, code: int, meaning: str) -> None:
        if not meaning:
            self.missing.append(code)
            return
        try:
            self.values[code] = self.kind.read(meaning)
        except Unreadable as unreadable:
            self.unread[code] = unreadable.fault
        else:
            if self.values[code] == self.kind.blank:
                self.missing.append(code)

    def faults(self) -> dict[Fault, list[int]]:
        """Returns the texts that are no values and resemble none, by what is wrong with them."""
        faults: dict[Fault, list[int]] = {}
        for code, fault in self.unread.items():
            if code not in self.proposals:
                faults.setdefault(fault, []).append(code)
        return faults

    @property
    def by_itself(self) -> list[int]:
        """The texts that mean a value without a word of the site file."""
        not_read = {*self.missing, *self.unread}
        return [i for i, text in enumerate(self.texts) if text not in self.reading.recode and i not in not_read]

    def _half_understood(self) -> list[int]:
        """Returns the texts whose meaning is in doubt: those of a boolean where others are recoded or unknown, and
        codes that are a level to which another code is recoded, as where they begin at 0 here and at 1 in the study."""
        unknown = [code for code in self.unread if code not in self.proposals]
        if not self.kind.words or not (self.reading.recodes_values or unknown):
            return []
        codes = self.by_itself
        if self.kind.is_boolean:
            return [*codes, *unknown] if codes else []
        taken = {meaning for text, meaning in self.reading.recode.items() if _is_code(text) and text != meaning}
        return [code for code in codes if _is_code(self.texts[code]) and self.texts[code] in taken]

    def half_fault(self) -> Fault:
        if not self.kind.is_boolean:
            return _HALF_RECODED
        return _ONE_OR_TWO if {self.texts[code] for code in self.half_understood} <= {"1", "2"} else _HALF_BOOLEAN

    def _proposals(self) -> dict[int, str]:
        """Returns what unread texts would mean, were it not for the width, case and spaces of their characters; empty
        for missing. A text that resembles nothing known has none."""
        same = {word: word for word in self.kind.words} | dict.fromkeys(self.reading.missing, "")
        same |= self.reading.recode
        near_words = {folded(word): meaning for word, meaning in reversed(same.items()) if word}
        proposals = {}
        for code in self.unread:
            text = self.texts[code]
            plain = _plain(text)
            near = same.get(plain, near_words.get(folded(text), self._as_value(plain) if plain != text else None))
            if text not in self.reading.recode and near is not None:
                proposals[code] = near
        return proposals

    def _as_value(self, text: str) -> str | None:
        try:
            self.kind.read(text)
        except Unreadable:
            return None
        return text


def folded(text: str) -> str:
    """Returns what is left of a text without the width, case, spaces and kana size of its characters."""
    plain = _plain(text).casefold().translate(_LARGE_KANA)
    return "".join(char for char in plain if not char.isspace())


def seen(text: str) -> str:
    """Returns a text as a person sees it: in one width, without what has none."""
    plain = unicodedata.normalize("NFKC", text)
    return plain if plain.isascii() else "".join(char for char in plain if unicodedata.category(char) != "Cf").strip()


def _plain(text: str) -> str:
    return seen(text).translate(_MINUS).strip()


def _is_code(text: str) -> bool:
    """True for a number, whose meaning a level of the same number need not have."""
    return unicodedata.normalize("NFKC", text).isdecimal()
