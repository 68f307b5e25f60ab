"""The entry of [map] of a variable that is in one column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message, say
from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import BooleanVariable, CategoryVariable, NumberVariable
from riskset_site.data.time_units import is_event, unit_days
from riskset_site.data.value_kinds import BOOLEANS
from riskset_site.data.width import in_one_width
from riskset_site.mapping.ages import ages_compared
from riskset_site.mapping.columns import unit_in_name
from riskset_site.mapping.date_forms import date_forms
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.levels import (
    TRUE,
    TextMeaning,
    boolean_meanings,
    category_meanings,
    empty_for_no,
    prefix_patterns,
)
from riskset_site.mapping.proposal import Choice
from riskset_site.mapping.spelling import spelled
from riskset_site.mapping.units import UnitReading, has_several_units, unit_reading, units_beside
from riskset_site.mapping.words import missing_words
from riskset_site.mapping.written_numbers import WrittenNumbers, written_numbers

_SHOWN, _ASKED = 8, 20
"""Texts in a note; and texts of a number or date that are asked about, since a wrong column has many."""
_LIMITS = {"below": ("half", "value", "missing"), "above": ("value", "missing")}


@dataclass(frozen=True)
class Entry:
    """What is said of a variable besides its column."""

    keys: Mapping[str, Any]
    """What is sure, or was answered."""
    fuller: Mapping[str, Any] | None = None
    """The same with what only resembles a level; None where nothing does."""
    texts: tuple[TextMeaning, ...] = ()
    missing: tuple[str, ...] = ()
    """Texts of the column that mean that a value is unknown."""
    notes: tuple[Message, ...] = ()
    choices: tuple[Choice, ...] = ()
    is_blocked: bool = False
    """True where values would be read in a wrong unit until a factor is chosen."""


def entry_of(draft: Draft, name: str, column: str) -> Entry:
    """Returns the entry of a variable in one column."""
    variable, counts = draft.study.variables[name], draft.counts(column)
    if isinstance(variable, NumberVariable):
        return _number(draft, name, variable, column, counts)
    if isinstance(variable, CategoryVariable):
        return _category(draft, name, variable.levels, counts)
    if isinstance(variable, BooleanVariable):
        return _boolean(draft, name, counts)
    forms = date_forms(dict(counts))
    texts, recode, left = _unread(draft, name, forms.unread)
    notes = (say("site.map.note.no_date", n=sum(left.values()), texts=tuple(left)[:_SHOWN]),) if left else ()
    return Entry(recode, None, texts, notes=notes)


def _unread(
    draft: Draft, name: str, unread: Sequence[tuple[str, int]]
) -> tuple[tuple[TextMeaning, ...], dict[str, Any], dict[str, int]]:
    """Returns the texts that are no numbers or dates and are asked about, the recode of those of which a person has
    said what they mean, and the rows of all others, also of those that are not asked about."""
    told = draft.answers.recode.get(name, {})
    asked = [(text, rows) for at, (text, rows) in enumerate(unread) if at < _ASKED or text in told]
    texts = _answered(draft, name, tuple(TextMeaning(text, rows, None) for text, rows in asked))
    recode = {one.text: one.meaning for one in texts if one.meaning is not None}
    left = {text: rows for text, rows in unread if text not in recode}
    return texts, {"recode": _once(recode)} if recode else {}, left


def _category(draft: Draft, name: str, levels: tuple[str, ...], counts: Mapping[str, int]) -> Entry:
    patterns = prefix_patterns(counts, levels)
    texts = _answered(draft, name, category_meanings(counts, levels))
    texts = (*texts, *_answered(draft, name, empty_for_no(texts, counts, levels)))
    patterns |= {text: meaning for text, meaning in draft.answers.recode.get(name, {}).items() if "*" in text}
    covered = tuple(pattern.removesuffix("*") for pattern in patterns)
    told = [one for one in texts if _is_told(one) and not (covered and one.text.startswith(covered))]
    recode = {one.text: one.meaning for one in told if one.is_sure}
    fuller = {one.text: one.meaning for one in told}
    keys: dict[str, Any] = {"pattern": patterns} if patterns else {}
    return Entry(
        keys | ({"recode": _once(recode)} if recode else {}),
        keys | {"recode": _once(fuller)} if len(fuller) > len(recode) else None,
        texts,
        _missing(texts),
        tuple(_notes(texts)),
    )


def _boolean(draft: Draft, name: str, counts: Mapping[str, int]) -> Entry:
    met = boolean_meanings(counts, is_event=is_event(name, draft.study))
    texts = _answered(draft, name, met)
    texts = (*texts, *_answered(draft, name, empty_for_no(texts, counts, ())))
    by_itself = all(
        one.text.casefold() in BOOLEANS and (one.meaning == TRUE) == bool(BOOLEANS[one.text.casefold()])
        for one in texts
        if one.meaning
    )
    recode: dict[str, Any] = {one.text: one.meaning == TRUE for one in texts if one.meaning}  # in full, or not at all
    recode |= {one.text: "" for one in texts if one.meaning == "" and _is_told(one)}
    needs_none = by_itself and not any(one.meaning is None for one in texts)
    keys = {} if needs_none or not recode else {"recode": _once(recode)}
    is_sure = all(one.is_sure for one in texts if one.meaning)
    sure, fuller = (keys, None) if is_sure or not keys else ({}, keys)
    return Entry(sure, fuller, texts, _missing(texts), tuple(_notes(texts)))


def _answered(draft: Draft, name: str, texts: tuple[TextMeaning, ...]) -> tuple[TextMeaning, ...]:
    """Returns the texts with what a person has answered; what only case or the size of kana distinguishes from an
    answered text is proposed to mean the same."""
    answers = {in_one_width(text): meaning for text, meaning in draft.answers.recode.get(name, {}).items()}
    near = {spelled(text): meaning for text, meaning in answers.items()}
    found = []
    for one in texts:
        meaning, same = answers.get(in_one_width(one.text)), near.get(spelled(one.text))
        if meaning is not None:
            one = TextMeaning(one.text, one.rows, meaning)
        elif one.meaning is None and same is not None:
            one = TextMeaning(one.text, one.rows, same, is_sure=False)
        found.append(one)
    return tuple(found)


def _missing(texts: tuple[TextMeaning, ...]) -> tuple[str, ...]:
    return tuple(one.text for one in texts if one.meaning == "" and not _is_told(one))


def _is_told(one: TextMeaning) -> bool:
    """True for a text whose meaning the entry must say: not that of a level itself, nor of a text that means a missing
    value everywhere."""
    if one.meaning is None:
        return False
    return not (_is_same(one.text, one.meaning) or (one.meaning == "" and in_one_width(one.text) in missing_words()))


def _notes(texts: tuple[TextMeaning, ...]) -> Iterator[Message]:
    unknown = [one for one in texts if one.meaning is None]
    if unknown:
        yield say("site.map.note.unknown_texts", n=len(unknown), texts=tuple(one.shown for one in unknown[:_SHOWN]))
    doubtful = [one for one in texts if one.meaning and not one.is_sure]
    if doubtful:
        yield say("site.map.note.resembling", n=len(doubtful), texts=tuple(one.shown for one in doubtful[:_SHOWN]))


def _is_same(text: str, meaning: str) -> bool:
    return in_one_width(text) == in_one_width(meaning)


def _once(recode: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the texts in one width: those that only width distinguishes are one text to the reader."""
    return {in_one_width(text): meaning for text, meaning in recode.items()}


def _number(draft: Draft, name: str, variable: NumberVariable, column: str, counts: Mapping[str, int]) -> Entry:
    low, high = variable.range
    keys = {**_time_unit(draft, name, column)}
    if "unit" in keys and (days := unit_days(name, draft.study)):
        ratio = DAYS_PER_UNIT[keys["unit"]] / days
        low, high = low / ratio, high / ratio
    forms = written_numbers(counts, low, high, None if "unit" in keys else variable.step, variable.unit)
    of_unit = UnitReading() if "unit" in keys else unit_reading(draft, name, variable, forms, column)
    limits = tuple(_limits(draft, name, variable, forms))
    marks, comma = _marks(draft, name, forms)
    texts, recode, left = _unread(draft, name, forms.unread)
    keys |= of_unit.keys | {choice.id.rpartition(".")[2]: choice.chosen for choice in limits if choice.chosen}
    keys |= marks | recode
    notes = tuple(_no_numbers(left, dict(forms.flagged)))
    if not forms.ambiguous:
        notes = (*notes, *_outside(variable, low / of_unit.ratio, high / of_unit.ratio, forms))
    if (compared := ages_compared(draft, name, column)) is not None:
        notes = (*notes, compared.note)
    is_mixed, blocked = has_several_units(draft, column), of_unit.suggestion
    if is_mixed:
        notes = (*notes, say("site.map.note.units_beside", column=column, units=units_beside(draft, column)[:_SHOWN]))
    fuller = None if blocked is None else {**keys, **blocked}
    choices = (*((of_unit.choice,) if of_unit.choice else ()), *limits, *comma)
    return Entry(keys, fuller, texts, forms.missing, notes, choices, is_blocked=is_mixed or blocked is not None)


def _no_numbers(left: Mapping[str, int], flagged: Collection[str]) -> Iterator[Message]:
    """Yields how many rows are no numbers, those with a mark of the laboratory (`12.5 H`) apart from the others."""
    others = {text: rows for text, rows in left.items() if text not in flagged}
    if others:
        yield say("site.map.note.no_number", n=sum(others.values()), texts=tuple(others)[:_SHOWN])
    marked = {text: rows for text, rows in left.items() if text in flagged}
    if marked:
        yield say("site.map.note.flagged", n=sum(marked.values()), texts=tuple(marked)[:_SHOWN])


def _outside(variable: NumberVariable, low: float, high: float, forms: WrittenNumbers) -> Iterator[Message]:
    """Yields how many rows are outside the study's range; `low` and `high` are its ends in the export's unit."""
    if rows := sum(n for value, n in forms.numbers if not low <= value <= high):
        yield say("site.map.note.outside", n=rows, low=variable.range[0], high=variable.range[1])


def _time_unit(draft: Draft, name: str, column: str) -> dict[str, Any]:
    """Returns the unit of a time where the column's name has another than the study's."""
    days, found = unit_days(name, draft.study), unit_in_name(column)
    if days is None or not found or DAYS_PER_UNIT[found] == days:
        return {}
    return {"unit": found}


def _limits(draft: Draft, name: str, variable: NumberVariable, forms: WrittenNumbers) -> Iterator[Choice]:
    """Yields what `<2.0` and `>10000` may mean, where the study does not say it."""
    for side, texts, said in (
        ("below", forms.below, variable.below_limit),
        ("above", forms.above, variable.above_limit),
    ):
        if texts and said is None:
            id_, rows = f"{name}.{side}_limit", sum(n for _, n in texts)
            question = say("site.map.choice.limit", n=rows, text=texts[0][0], variable=name)
            yield Choice(id_, question, _LIMITS[side], chosen=draft.answers.choose.get(id_))


def _marks(draft: Draft, name: str, forms: WrittenNumbers) -> tuple[dict[str, str], tuple[Choice, ...]]:
    """Returns the marks of the numbers where they are not a point and nothing."""
    if not forms.ambiguous:
        marks = {"decimal": forms.decimal} if forms.decimal != "." else {}
        return marks | ({"thousands": forms.thousands} if forms.thousands else {}), ()
    id_ = f"{name}.comma"
    question = say("site.map.choice.comma", variable=name)
    choice = Choice(id_, question, ("decimal", "thousands"), chosen=draft.answers.choose.get(id_))
    return ({choice.chosen: ","} if choice.chosen else {}), (choice,)
