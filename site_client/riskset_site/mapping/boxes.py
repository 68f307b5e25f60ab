"""A boolean or category that an export spreads over columns of yes and no: checkboxes of one field of REDCap, columns
that are named by words for the levels (B형간염, HCV抗体), or those that a person has named."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message, say
from riskset.study.spec import BooleanVariable, CategoryVariable
from riskset_site.data.width import in_one_width
from riskset_site.mapping.columns import name_certainty
from riskset_site.mapping.contents import names_of
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.levels import FALSE, TRUE, TextMeaning, boolean_meanings, category_meanings
from riskset_site.mapping.proposal import Choice
from riskset_site.mapping.resembling import names_absence
from riskset_site.mapping.several_columns import Shape
from riskset_site.mapping.spelling import spelled
from riskset_site.mapping.words import in_brackets, meanings, without_brackets

_BOX = re.compile(r"^(?P<field>.+?)(___(?P<code>.+)|\s*\(choice=(?P<label>.+)\))$")
_BETWEEN_WORDS = re.compile(r"[\s_/・･.-]+")
_CERTAIN = 0.5
_MOST_TEXTS, _MOST_SHOWN = 4, 4
_OF_ANY = frozenset({"none", "other", "yes", "no"})
_CHECKED = {"checked": TRUE, "unchecked": FALSE}
_DEFAULTS = {"checked": {"1", "true", "yes", "Checked"}, "unchecked": {"0", "false", "no", "Unchecked"}}
"""What the reader takes for a box that is or is not checked, where [map] does not say it."""


@dataclass(frozen=True)
class _Marks:
    """What the texts of boxes mean, each in one width."""

    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    only_checked: bool
    """True where a box that is not checked is always empty."""
    is_sure: bool
    """False where a mark, as a dash beside a circle, only probably means that a box is not checked."""

    def is_checked(self, text: str) -> bool:
        return in_one_width(text) in self.checked

    def keys(self) -> dict[str, Any]:
        """Returns `checked` and `unchecked` where the reader has to be told."""
        unchecked = ("",) if self.only_checked else self.unchecked
        found = {"checked": self.checked, "unchecked": unchecked}
        return {key: list(texts) for key, texts in found.items() if not set(texts) <= _DEFAULTS[key]}

    def notes(self) -> Iterator[Message]:
        """Yields the texts of which nobody knows whether they are of a checked box: the check refuses them."""
        if self.unknown:
            yield say("site.map.note.unknown_texts", n=len(self.unknown), texts=self.unknown[:_MOST_SHOWN])


def checkboxes(draft: Draft, name: str) -> Shape | None:
    """Returns how a boolean or category is read from several columns; None where it is not."""
    boxes = _boxes(draft, name)
    if len(boxes) < 2:
        return None
    variable, marks = draft.study.variables[name], _marks(draft, boxes)
    notes = (say("site.map.note.boxes"), *marks.notes())
    if isinstance(variable, BooleanVariable):
        entry = {"any_of": list(boxes), **marks.keys()}
        return Shape(entry, tuple(boxes), notes=notes, missing=marks.missing)
    return _category_of_boxes(draft, name, boxes, marks, notes)


def suggested_boxes(draft: Draft, name: str) -> dict[str, Any] | None:
    """Returns an example of the entry of a category, of the export's columns of yes and no that nothing is read from;
    None where there are none."""
    variable = draft.study.variables[name]
    if not isinstance(variable, CategoryVariable):
        return None
    free = [header for header in _free(draft, name) if _is_box(draft, header)][:_MOST_SHOWN]
    if len(free) < 2:
        return None
    return {"any_of": dict.fromkeys(free, "..."), **_none(variable.levels, ())}


def _boxes(draft: Draft, name: str) -> Mapping[str, str]:
    """Returns the columns of the boxes, each with the text that tells its level."""
    if name in draft.answers.boxes:
        return {header: header for header in draft.answers.boxes[name]}
    if name in draft.answers.columns:
        return {}
    of_field = _of_one_field(draft, name)
    if len(of_field) > 1:
        return of_field
    named = _named_by_levels(draft, name)
    column = draft.assigned.get(name)  # by a word inside its name, as 肝炎 in B型肝炎, it may be one of the boxes
    return named if column is None or column in named else {}


def _of_one_field(draft: Draft, name: str) -> dict[str, str]:
    """Returns the columns of the boxes of one field, each with the code or label that its name ends with."""
    names = names_of(draft.study, name, draft.contents[name])
    found: dict[str, dict[str, str]] = {}
    for header in draft.table.headers:
        match = _BOX.match(header)
        if match is None:
            continue
        called = (match["field"], draft.table.field_labels.get(match["field"], ""))
        if max(name_certainty(one, names) for one in called if one) >= _CERTAIN:
            label = match["label"] or draft.table.labels.get(header) or match["code"]
            found.setdefault(match["field"], {})[header] = label
    return max(found.values(), key=len, default={})


def _named_by_levels(draft: Draft, name: str) -> dict[str, str]:
    """Returns the columns of yes and no that nothing else is read from and that are named by words for levels, where
    these are several levels."""
    variable = draft.study.variables[name]
    if not isinstance(variable, CategoryVariable):
        return {}
    named = {header: _level_in(header, variable.levels) for header in _free(draft, name)}
    found = {header: one for header, one in named.items() if one.meaning and _is_nearly_box(draft, header)}
    telling = {one.meaning for one in found.values() if one.meaning and not _is_of_any(one.meaning)}
    return {header: header for header in found} if len(telling) > 1 else {}


def _is_of_any(level: str) -> bool:
    """True for a level such as `other`: a column of that name may be about anything."""
    return bool(meanings().get(spelled(level), frozenset()) & _OF_ANY)


def _level_in(text: str, levels: tuple[str, ...]) -> TextMeaning:
    """Returns the level that a name is a word for: as a whole, without or in its brackets, or by one of its words. A
    name whose yes says that something is not there is a word for a level only as a whole."""
    bare = without_brackets(text)
    parts = [text, *([] if names_absence(text) else [bare, in_brackets(text), *_BETWEEN_WORDS.split(bare)])]
    found = [one for one in category_meanings(dict.fromkeys(filter(None, parts), 0), levels) if one.meaning]
    best = next((one for one in found if one.is_sure), found[0] if found else None)
    is_word = best is not None and not best.text.isdecimal() and len(spelled(best.text)) > 1
    return TextMeaning(text, 0, best.meaning, best.is_sure) if best and is_word else TextMeaning(text, 0, None)


def _free(draft: Draft, name: str) -> Iterator[str]:
    """Yields the columns that no other variable is in, so far."""
    others = (column for other, column in draft.assigned.items() if other != name)
    used = {*others, *(header for of in draft.answers.boxes.values() for header in of)}
    yield from (header for header in draft.table.headers if header and header not in used)


def _is_box(draft: Draft, header: str) -> bool:
    return _is_nearly_box(draft, header) and not _marks(draft, [header]).unknown


def _is_nearly_box(draft: Draft, header: str) -> bool:
    """True where a column has few texts and some are of a checked box; others that nobody knows (`+/-`) only beside
    those of an unchecked one."""
    texts = [text for text in draft.counts(header) if text]
    marks = _marks(draft, [header])
    return len(texts) <= _MOST_TEXTS and bool(marks.checked) and (not marks.unknown or bool(marks.unchecked))


def _marks(draft: Draft, headers: Collection[str]) -> _Marks:
    counts = {in_one_width(text): 1 for header in headers for text in draft.counts(header)}
    met = boolean_meanings(counts, is_event=False)
    found = {one.text: _CHECKED.get(one.text.casefold(), one.meaning) for one in met}
    is_sure = "+" in counts or all(one.is_sure or one.meaning is None for one in met)
    of = {
        meant: tuple(text for text, meaning in found.items() if meaning == meant) for meant in (TRUE, FALSE, "", None)
    }
    return _Marks(of[TRUE], of[FALSE], of[""], of[None], "" in counts and not of[FALSE], is_sure)


def _category_of_boxes(
    draft: Draft, name: str, boxes: Mapping[str, str], marks: _Marks, notes: tuple[Message, ...]
) -> Shape:
    answered, texts, levels = draft.answers.recode.get(name, {}), [], draft.study.levels_of(name)
    for header, label in boxes.items():
        by_label = _level_in(label, levels) if not label.isdecimal() else TextMeaning(label, 0, None)
        rows = sum(n for text, n in draft.counts(header).items() if marks.is_checked(text))
        is_sure = header in answered or by_label.is_sure
        texts.append(TextMeaning(header, rows, answered.get(header, by_label.meaning) or None, is_sure))
    read = {one.text: one.meaning for one in texts if one.meaning}
    rest = _none(levels, read.values()) | marks.keys()
    choices = _several(draft, name, boxes, marks)
    chosen = {one.id.rpartition(".")[2]: one.chosen for one in choices if one.chosen}
    found = tuple(texts)
    if len(read) < len(boxes):
        suggestion = {"any_of": {one.text: one.meaning or "..." for one in texts}, **rest}
        return Shape(None, tuple(boxes), found, notes, choices, suggestion, missing=marks.missing)
    is_clear = marks.is_sure and not marks.only_checked and not marks.unknown
    is_sure = is_clear and all(one.is_sure for one in texts)
    entry = {"any_of": read, **rest, **chosen}
    return Shape(entry, tuple(boxes), found, notes, choices, is_sure=is_sure, missing=marks.missing)


def _none(levels: tuple[str, ...], read: Collection[str]) -> dict[str, str]:
    """Returns the level of those who have no box checked, where a level is named so and no box has it."""
    none = next((level for level in levels if "none" in meanings().get(spelled(level), ())), None)
    return {"none": none} if none is not None and none not in read else {}


def _several(draft: Draft, name: str, boxes: Mapping[str, str], marks: _Marks) -> tuple[Choice, ...]:
    checked = zip(*(map(marks.is_checked, draft.table.texts(header)) for header in boxes), strict=True)
    rows = sum(sum(row) > 1 for row in checked)
    if not rows:
        return ()
    id_ = f"{name}.several"
    question = say("site.map.choice.several", n=rows, variable=name)
    return (Choice(id_, question, ("first", "missing"), chosen=draft.answers.choose.get(id_)),)
