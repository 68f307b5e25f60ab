"""What texts of an export probably mean among the levels of a category, or as true and false."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from riskset.catalogue import say
from riskset_site.data.text_meanings import whole_code
from riskset_site.data.value_kinds import BOOLEANS
from riskset_site.data.width import in_one_width
from riskset_site.mapping.resembling import is_doubtful, words_inside
from riskset_site.mapping.spelling import spelled
from riskset_site.mapping.words import meanings, missing_words

TRUE, FALSE = "true", "false"
_DOSE = re.compile(r"\s*[(（]?\d+(\.\d+)?\s*(mg|g|錠|カプセル|정|캡슐)?(/(day|日|일))?[)）]?$", re.IGNORECASE)
_CODE = re.compile(r"^\d{1,2}\s*(?:[:=.．：)）]\s*(?=\D)|[,-]\s*(?!(?:[ivx]+|[a-z])$)(?=\D))", re.IGNORECASE)
"""A code before its label; 0-I are two stages, and no code."""
_OR_MORE = re.compile(r"(?:>=|≥)?(?P<least>\d+)(?P<plus>\+)?")
_AND_MORE = re.compile(
    r"(?P<scale>[^\d<>=≥≧]*)(?:(?:>=|≥|≧)\s*(?P<from>\d+)|(?P<least>\d+)\s*(?:\+|以上|이상|or more|and above))",
    re.IGNORECASE,
)
_CAUSES = frozenset({"hbv", "hcv", "alcohol", "steatotic"})
"""Meanings of which a study that does not ask for them says `other`."""
_WIDEST_GAP = 2
"""Between the numbers that an open level (`2+`) has: a wider one is before a code, as 9 for unknown."""
_CIRCLE, _CROSS = "o", "x"
_DASHES = frozenset("-‐‑‒–—―−ー─")
"""Minus signs, hyphens, dashes and the long mark of kana, which keyboards have in one another's place."""
_ICD = re.compile(r"^[A-Z]\d{2}")


@dataclass(frozen=True)
class TextMeaning:
    """A text of a column, and what it is proposed to mean."""

    text: str
    rows: int
    meaning: str | None
    """A text of the study; empty for missing; None where nobody knows."""
    is_sure: bool = True
    """False for what resembles a word and is not it."""

    @property
    def shown(self) -> str:
        """As a person reads it: an empty field in words."""
        return self.text or say("site.map.ask.empty")


def category_meanings(counts: Mapping[str, int], levels: Sequence[str]) -> tuple[TextMeaning, ...]:
    """Returns the texts with the levels that they mean."""
    reader = _Levels(levels, counts)
    found = tuple(_of(text, rows, *reader.read(text)) for text, rows in counts.items() if text)
    return found if reader.yes_and_no is None else _with_dash_for_no(found, *reader.yes_and_no)


def boolean_meanings(counts: Mapping[str, int], *, is_event: bool) -> tuple[TextMeaning, ...]:
    """Returns the texts with `true` or `false`; of an event, the dead have it and the living do not. Numbers other than
    0 and 1 mean nothing by themselves, and neither do 0 and 1 beside others."""
    found = tuple(_of(text, rows, *_boolean(text, is_event)) for text, rows in counts.items() if text)
    found = _with_dash_for_no(found, TRUE, FALSE)
    if {spelled(one.text) for one in found if one.meaning is None} == {_CIRCLE, _CROSS}:
        marks = {_CIRCLE: TRUE, _CROSS: FALSE}
        found = tuple(
            TextMeaning(one.text, one.rows, marks.get(spelled(one.text), one.meaning), False) for one in found
        )
    codes = {one.text for one in found if whole_code(one.text).isdecimal()}
    if set(map(whole_code, codes)) <= {"0", "1"}:
        return found
    return tuple(
        one if one.text not in codes else TextMeaning(one.text, one.rows, None, is_sure=False) for one in found
    )


def empty_for_no(
    found: Sequence[TextMeaning], counts: Mapping[str, int], levels: Sequence[str]
) -> tuple[TextMeaning, ...]:
    """Returns an empty field as the no that it may be in a column that says yes alone: a circle, or nothing. `levels`
    are those of a category, or none of a boolean."""
    pair = _Levels(levels).yes_and_no if levels else (TRUE, FALSE)
    rows, meant = counts.get("", 0), {one.meaning for one in found}
    if pair is None or not rows or pair[0] not in meant or {pair[1], None} & meant:
        return ()
    return (TextMeaning("", rows, pair[1], False),)


def _with_dash_for_no(found: tuple[TextMeaning, ...], yes: str, no: str) -> tuple[TextMeaning, ...]:
    """Returns the texts with a dash (-, －, ー) as the no that it may be: beside a +, or where some text is yes,
    or a mark that nobody knows, and none is no. Beside codes it is hardly one."""
    others = [one for one in found if not _is_dash(one)]
    meant = {one.meaning for one in others}
    has_codes = any(whole_code(one.text).isdecimal() and one.meaning != yes for one in others)
    is_no = bool({yes, None} & meant) and no not in meant and not has_codes
    if not (is_no or any(in_one_width(one.text) == "+" for one in others)):
        return found
    return tuple(TextMeaning(one.text, one.rows, no, False) if _is_dash(one) else one for one in found)


def _is_dash(one: TextMeaning) -> bool:
    return in_one_width(one.text) in _DASHES


def _of(text: str, rows: int, meaning: str | None, is_sure: bool) -> TextMeaning:
    if meaning is None and _CODE.sub("", in_one_width(text)) in missing_words():
        return TextMeaning(text, rows, "")
    return TextMeaning(text, rows, meaning, is_sure)


def _boolean(text: str, is_event: bool) -> tuple[str | None, bool]:
    for word in _forms(text):
        if word in BOOLEANS:
            return (TRUE if BOOLEANS[word] else FALSE), True
        found = meanings().get(spelled(word), frozenset())
        yes, no = ({"dead"}, {"alive", "none"}) if is_event else (set(), {"none"})
        for meant, positive in ((yes | {"yes"}, TRUE), (no | {"no"}, FALSE)):
            if found & meant:
                return positive, True
    return None, False


def _forms(text: str) -> tuple[str, ...]:
    """Returns the text in one width, a code without its decimals, and what is behind a code: `1:DECEASED`."""
    folded = whole_code(text).casefold()
    return folded, _CODE.sub("", folded)


def meanings_of(text: str) -> frozenset[str]:
    """Returns what a text may mean, as it is and behind a code: `dead` of `1: 사망`."""
    return frozenset[str]().union(*(meanings().get(spelled(form), frozenset()) for form in _forms(text)))


def _number(text: str) -> int | None:
    """Returns the number that a text is, or names as PS 2 and Grade 2 do."""
    if (code := whole_code(text)).isdecimal():
        return int(code)
    meant = meanings().get(spelled(text), frozenset())
    return next((int(digit) for digit in "01234" if meant & meanings()[digit]), None) if meant else None


def _least(level: str) -> int | None:
    """Returns the 2 of an open level, `2+` or `>=2`; None of another."""
    match = _OR_MORE.fullmatch(in_one_width(level))
    return int(match["least"]) if match is not None and match[0] != match["least"] else None


class _Levels:
    """The levels of one category, and the words for them."""

    def __init__(self, levels: Sequence[str], texts: Iterable[str] = ()) -> None:
        """`texts` are those of the column."""
        self.levels = tuple(levels)
        self.numbers = {number for number in map(_number, texts) if number is not None}
        self.by_name = {spelled(whole_code(level)): level for level in reversed(levels)}
        self.by_meaning: dict[str, set[str]] = {}
        known = {level: meanings().get(spelled(level), frozenset()) for level in levels}
        is_known = all(meant or _least(level) is not None for level, meant in known.items())
        for level, meant in known.items():
            if is_known or len(spelled(level)) > 1:  # x and y are arms, and only beside N is Y a yes
                for meaning in meant:
                    self.by_meaning.setdefault(meaning, set()).add(level)

    @property
    def yes_and_no(self) -> tuple[str, str] | None:
        """The levels that mean yes and no, where each is one."""
        yes, no = (self.by_meaning.get(meaning, set()) for meaning in ("yes", "no"))
        return (next(iter(yes)), next(iter(no))) if len(yes) == len(no) == 1 else None

    def read(self, text: str) -> tuple[str | None, bool]:
        """Returns the level that a text means, None where there is none, and whether that is sure."""
        for word in _forms(text):
            if (level := self._named(spelled(word))) is not None:
                return level, True
        if (level := self._open(text)) is not None:
            return level, True
        undosed = _DOSE.sub("", in_one_width(text))
        if undosed and undosed != text and not undosed.isdecimal() and (level := self._named(spelled(undosed))):
            return level, False
        inside = self._at_least(text) or self._inside(_forms(text)[-1]) or self._other(spelled(text))
        return inside, False

    def _open(self, text: str) -> str | None:
        """Returns the level `2+` for `2以上` and `PS ≥2`."""
        match = _AND_MORE.fullmatch(in_one_width(text))
        number = None if match is None else _number(f"{match['scale']}{match['from'] or match['least']}")
        return None if number is None else next((level for level in self.levels if _least(level) == number), None)

    def _at_least(self, text: str) -> str | None:
        """Returns the level `2+` or `>=2` for 2 and 3; not for a number that is far from it, as a 9 for unknown is."""
        number = _number(text)
        if number is None:
            return None
        for level in self.levels:
            least = _least(level)
            if least is not None and least <= number and self._is_near(number, least):
                return level
        return None

    def _is_near(self, number: int, least: int) -> bool:
        """True where numbers of the column lead from the level to this one, without a wide gap."""
        way = [least, *sorted(one for one in self.numbers if least < one < number), number]
        return all(after - before <= _WIDEST_GAP for before, after in pairwise(way))

    def _other(self, word: str) -> str | None:
        found = self.by_meaning.get("other", set())
        return next(iter(found)) if len(found) == 1 and meanings().get(word, frozenset()) & _CAUSES else None

    def _named(self, word: str) -> str | None:
        if word in self.by_name:
            return self.by_name[word]
        found = {level for meaning in meanings().get(word, ()) for level in self.by_meaning.get(meaning, ())}
        return found.pop() if len(found) == 1 else None

    def _inside(self, text: str) -> str | None:
        """Returns the one level whose name, or a word for it, is part of a text that does not deny or doubt it."""
        if is_doubtful(text):
            return None
        found = {self.by_name[name] for name in words_inside(text, self.by_name)}
        for word in words_inside(text, meanings()):
            found |= {level for meaning in meanings()[word] for level in self.by_meaning.get(meaning, ())}
        return found.pop() if len(found) == 1 else None


def prefix_patterns(counts: Mapping[str, int], levels: Sequence[str]) -> dict[str, str]:
    """Returns patterns of codes, `{"C22*": "C22"}`, where levels are codes (C22) with which texts begin."""
    codes = [level for level in levels if _ICD.match(level)]
    found = {}
    for level in codes:
        if any(text != level and text.startswith(level) for text in counts):
            found[f"{level}*"] = level
    return found
