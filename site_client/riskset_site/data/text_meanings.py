"""What each distinct text of a column means, by itself or as the site file says, and which of them are in doubt."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from riskset.catalogue import say
from riskset_site.data.faults import Fault, Unreadable
from riskset_site.data.value_kinds import BOX_TEXTS, ValueKind
from riskset_site.data.width import in_one_width

TWO_PATTERNS = Fault("two_patterns", say("data.hint.two_patterns"))
_ALL_OTHERS = "*"
_HALF_BOOLEAN = Fault("half_boolean", say("data.hint.half_boolean"))
_ONE_OR_TWO = Fault("half_boolean", say("data.hint.one_or_two"))
_HALF_RECODED = Fault("half_recoded", say("data.hint.half_recoded"))

_LARGE_KANA = str.maketrans("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ", "あいうえおつやゆよわアイウエオツヤユヨワ")
"""Small kana are often typed large, and half-width ones are in many old systems."""


_MINUS = str.maketrans("\u2010\u2011\u2012\u2013\u2212", "-----")
"""Hyphens, the dash of figures, the en dash and the minus sign, as they are typed before a number."""
_ZEROS_BEHIND = re.compile(r"(\d+)\.0+")
"""A code as pandas and others write it where the column has an empty field: 1.0."""


@dataclass(frozen=True)
class Reading:
    """What the site file says about a column's texts. Texts are compared in one width; where two of the site file
    differ in width alone, each is what it is."""

    missing: Collection[str]
    recode: Mapping[str, str]
    excludes_other: bool = False
    pattern: Mapping[str, str] = field(default_factory=dict)
    """By a pattern with `*` and `?`, as `C22*`, for texts that are neither recoded nor missing."""

    @cached_property
    def _meanings(self) -> dict[str, str]:
        """A recode precedes a missing code, and a text as it is written the same in another width."""
        said = dict.fromkeys(self.missing, "") | dict(self.recode)
        return {in_one_width(text): meaning for text, meaning in said.items()} | said

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], re.Pattern[str], str]]:
        """Each pattern, the same without the case and spaces of letters, and what it means; `*` alone is not one."""
        return [
            (_pattern(in_one_width(one)), _pattern(folded(one)), meaning)
            for one, meaning in self.pattern.items()
            if one != _ALL_OTHERS
        ]

    def meaning(self, text: str) -> str | None:
        """Returns what the site file says of a text, in the study's terms, empty where it is missing; None where it
        says nothing. Raises Unreadable where two patterns say different things."""
        if text in self._meanings:
            return self._meanings[text]
        plain = in_one_width(text)
        if plain in self._meanings:
            return self._meanings[plain]
        return self._by_pattern(plain) if self.pattern and plain else None

    def _by_pattern(self, plain: str) -> str | None:
        """`*` alone is for texts that fit no other pattern, and are not nearly one of them or a text of recode."""
        found = {meaning for pattern, _, meaning in self._patterns if pattern.fullmatch(plain)}
        if len(found) > 1:
            raise Unreadable(TWO_PATTERNS)
        if found:
            return found.pop()
        others = self.pattern.get(_ALL_OTHERS)
        near = {meaning for _, pattern, meaning in self._patterns if pattern.fullmatch(folded(plain))}
        near |= {meaning for text, meaning in self.recode.items() if folded(text) == folded(plain)}
        if others is not None and near - {others}:
            raise Unreadable(TWO_PATTERNS)
        return others

    @cached_property
    def _recoded(self) -> frozenset[str]:
        return frozenset((*self.recode, *map(in_one_width, self.recode)))

    def is_recoded(self, text: str) -> bool:
        """True for a text that is recoded one by one."""
        return text in self._recoded or in_one_width(text) in self._recoded

    def near_pattern(self, text: str) -> str | None:
        """Returns what a text would mean, were it not for the case and spaces of its letters."""
        near = {meaning for one, meaning in self.pattern.items() if _pattern(folded(one)).fullmatch(folded(text))}
        return near.pop() if len(near) == 1 else None

    @property
    def recodes_values(self) -> bool:
        """True where a text is recoded to something else than missing."""
        return any(self.recode.values()) or any(self.pattern.values())


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def values_said(kind: ValueKind, reading: Reading) -> dict[float | int, str]:
    """Returns what the site file says of numbers or dates, by their values: 999.0 is the code 999, too. What it says of
    `<2.0` or `2022-05` is said of no number or day that such a text is taken for."""
    said: dict[float | int, str] = {}
    for text, meaning in {**dict.fromkeys(reading.missing, ""), **reading.recode}.items():
        with suppress(Unreadable):
            value = kind.read(text)
            if text and not kind.is_blank(value) and not kind.says_less(text):
                said[value] = meaning
    return said


class TextMeanings:
    """What each distinct text of a column means; lists are of positions in `texts`."""

    def __init__(self, texts: Sequence[str], kind: ValueKind, reading: Reading, numbers: Collection[int] = ()) -> None:
        """`numbers` are the texts that a typed source wrote with a point, whatever the texts of the export have."""
        self.texts, self.kind, self.reading, self.numbers = texts, kind, reading, numbers
        self.values = [kind.blank] * len(texts)
        self.said = {} if kind.words else values_said(kind, reading)
        self.missing: list[int] = []
        self.unread: dict[int, Fault] = {}
        for code, raw in enumerate(texts):
            self._read(code, raw)
        self.proposals = self._proposals() if self.unread else {}
        self.half_understood = self._half_understood()
        if self.half_understood:
            self.values = [kind.blank] * len(texts)

    def _read(self, code: int, raw: str) -> None:
        try:
            meaning = self.reading.meaning(raw)
            if meaning is None:
                typed = self.kind.read_typed or self.kind.read_recoded or self.kind.read
                read = typed if code in self.numbers else self.kind.read
                value = read(raw) if raw else self.kind.blank
                meaning = self.said.get(value)
                self.values[code] = value if meaning is None else self._recoded(meaning)
            else:
                self.values[code] = self._recoded(meaning)
        except Unreadable as unreadable:
            self.unread[code] = unreadable.fault
        else:
            if self.kind.is_blank(self.values[code]):
                self.missing.append(code)

    def _recoded(self, meaning: str) -> float | int:
        recoded = self.kind.read_recoded or self.kind.read
        return recoded(meaning) if meaning else self.kind.blank

    def faults(self) -> dict[Fault, list[int]]:
        """Returns the texts that are no values and resemble none, by what is wrong with them."""
        faults: dict[Fault, list[int]] = {}
        of_box = self.kind.of_box if self.unread and self._is_box() else None
        for code, fault in self.unread.items():
            if code not in self.proposals:
                told = fault if of_box is None or fault is TWO_PATTERNS else of_box
                faults.setdefault(told, []).append(code)
        return faults

    def _is_box(self) -> bool:
        """True where the column has nothing but what a checkbox has: beside a 2, a 1 is a code."""
        missing = set(self.missing)
        codes = (code for code in range(len(self.texts)) if code not in missing)
        return all(whole_code(self.texts[code]).lower() in BOX_TEXTS for code in codes)

    def word(self, code: int) -> str:
        """Returns a text that was read in the study's terms."""
        meaning = self.reading.meaning(self.texts[code])
        return self.kind.word(self.texts[code]) if meaning is None else self.kind.recoded_word(meaning)

    @property
    def by_itself(self) -> list[int]:
        """The texts that mean a value without a word of the site file."""
        not_read = {*self.missing, *self.unread}
        return [i for i, text in enumerate(self.texts) if i not in not_read and self.reading.meaning(text) is None]

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
        """Returns what unread texts would mean, were it not for the width, case and spaces of their characters, or the
        decimals of a code (1.0); empty for missing. A text that resembles nothing known has none."""
        same = {word: word for word in self.kind.words} | dict.fromkeys(self.reading.missing, "")
        same |= self.reading.recode
        near_words = {folded(word): meaning for word, meaning in reversed(same.items()) if word}
        wholes = {whole_code(self.texts[code]) for code in self.unread}
        has_other_codes = self.kind.is_boolean and any(_is_code(whole) and whole not in same for whole in wholes)
        proposals = {}
        for code in self.unread:
            text = self.texts[code]
            plain = _plain(text)
            near = same.get(plain, near_words.get(folded(text), self._as_value(plain) if plain != text else None))
            near = self.reading.near_pattern(text) if near is None else near
            near = same.get(whole_code(text)) if near is None and not has_other_codes else near
            if self.unread[code] is not TWO_PATTERNS and not self.reading.is_recoded(text) and near is not None:
                proposals[code] = near
        return proposals

    def _as_value(self, text: str) -> str | None:
        try:
            self.kind.read(text)
        except Unreadable:
            return None
        return text


def whole_code(text: str) -> str:
    """Returns a code without its decimals, 1 for 1.0; every other text in one width."""
    return _ZEROS_BEHIND.sub(r"\1", plain) if _ZEROS_BEHIND.fullmatch(plain := in_one_width(text)) else plain


def folded(text: str) -> str:
    """Returns what is left of a text without the width, case, spaces and kana size of its characters."""
    return "".join(char for char in spaced(text) if not char.isspace())


def spaced(text: str) -> str:
    """Returns the same with the spaces inside it."""
    return _plain(text).casefold().translate(_LARGE_KANA)


def _plain(text: str) -> str:
    return in_one_width(text).translate(_MINUS).strip()


def _is_code(text: str) -> bool:
    """True for a number, whose meaning a level of the same number need not have."""
    return unicodedata.normalize("NFKC", text).isdecimal()
