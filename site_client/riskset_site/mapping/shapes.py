"""Variables that are in no column of their own: an age from two dates, a death from a status and a date, a category
from checkboxes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message, say
from riskset.study.spec import BooleanVariable, DateVariable, NumberVariable
from riskset_site.mapping.columns import name_certainty
from riskset_site.mapping.contents import names_of
from riskset_site.mapping.date_forms import share_of_dates
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.levels import TRUE, TextMeaning, boolean_meanings, category_meanings
from riskset_site.mapping.proposal import Choice
from riskset_site.mapping.words import meanings, plain

_BOX = re.compile(r"^(?P<field>.+?)(___(?P<code>.+)|\s*\(choice=(?P<label>.+)\))$")
_CODE = re.compile(r"^\d{1,2}\s*[:.=]")
_EMPTY = ("", "0", "unchecked")
_FEW = 6
_DATES = 0.5


@dataclass(frozen=True)
class Shape:
    """What [map] says of such a variable."""

    entry: Mapping[str, Any] | None
    columns: tuple[str, ...]
    texts: tuple[TextMeaning, ...] = ()
    notes: tuple[Message, ...] = ()
    choices: tuple[Choice, ...] = ()
    suggestion: Mapping[str, Any] | None = None
    is_sure: bool = False


def shape_of(draft: Draft, name: str) -> Shape | None:
    """Returns how a variable is read from several columns; None where it is not."""
    variable = draft.study.variables[name]
    if isinstance(variable, NumberVariable):
        return _years(draft, name)
    if isinstance(variable, DateVariable):
        return _status_and_date(draft, name)
    return _checkboxes(draft, name)


def _years(draft: Draft, name: str) -> Shape | None:
    """An age from the date of birth, to the day from which patients are followed."""
    if name in draft.assigned or "age" not in draft.contents[name]:
        return None
    birth = draft.column_with(["birth"])
    origins = (one.origin for one in draft.date_endpoints)
    start = next((draft.assigned[origin] for origin in origins if origin in draft.assigned), None)
    start = start or draft.column_with(["start", "diagnosis"])
    if birth is None or start is None or share_of_dates(dict(draft.counts(birth))) < _DATES:
        return None
    return Shape({"years_between": [birth, start]}, (birth, start), notes=(say("site.map.note.years"),))


def _status_and_date(draft: Draft, name: str) -> Shape | None:
    """The date of an event from one date, and a status that says whether it is that of the event."""
    column = draft.assigned.get(name)
    if column is not None and share_of_dates(dict(draft.counts(column))) >= _DATES:
        return None
    contents = draft.contents[name]
    if column is None and "death" not in contents:
        return None
    day = _censoring(draft, name)
    status = column or draft.column_with(["status", "event", "death"], taken=draft.assigned.values())
    if day is None or status is None:
        return None
    counts = {text: rows for text, rows in draft.counts(status).items() if text}
    if not counts or len(counts) > _FEW * 2:
        return None
    return _dated(draft, name, day, status, counts)


def _dated(draft: Draft, name: str, day: str, status: str, counts: Mapping[str, int]) -> Shape:
    dead = [text for text in counts if _is_dead(text)]
    alive = [text for text in counts if "alive" in _meant(text)]
    question = say("site.map.choice.dead", column=status, variable=name)
    id_ = f"{name}.where"
    chosen = draft.answers.choose.get(id_) or (dead[0] if len(dead) == 1 and alive else None)
    where = [chosen] if chosen is not None else dead if len(dead) > 1 else []
    options = tuple(counts)[:_FEW]
    choices = () if where and not draft.answers.choose.get(id_) else (Choice(id_, question, options, chosen=chosen),)
    entry = {"date": day, "where": {status: where or ["..."]}}
    notes = (say("site.map.note.status", column=status, day=day),)
    found, suggestion = (entry, None) if where else (None, entry)
    is_sure = bool(where and (alive or id_ in draft.answers.choose))
    return Shape(found, (day, status), notes=notes, choices=choices, suggestion=suggestion, is_sure=is_sure)


def _censoring(draft: Draft, name: str) -> str | None:
    """Returns the column of the last contact with which an endpoint of this event ends otherwise."""
    censors = [one.censor for one in draft.date_endpoints if name in one.ends]
    return next((draft.assigned[censor] for censor in censors if censor in draft.assigned), None)


def _meant(text: str) -> frozenset[str]:
    return meanings().get(plain(text), frozenset()) | meanings().get(
        plain(re.sub(r"^\d{1,2}\s*[:.=]", "", text)), frozenset()
    )


def _is_dead(text: str) -> bool:
    return "dead" in _meant(text)


def _checkboxes(draft: Draft, name: str) -> Shape | None:
    if name in draft.assigned and name in draft.answers.columns:
        return None
    boxes = _boxes(draft, name)
    if len(boxes) < 2:
        return None
    variable = draft.study.variables[name]
    if isinstance(variable, BooleanVariable):
        return Shape({"any_of": list(boxes)}, tuple(boxes), notes=(say("site.map.note.boxes"),))
    return _category_of_boxes(draft, name, draft.study.levels_of(name), boxes)


def _boxes(draft: Draft, name: str) -> dict[str, str]:
    """Returns the columns of the boxes of one field, each with the code or label that its name ends with."""
    names = names_of(draft.study, name, draft.contents[name])
    found: dict[str, dict[str, str]] = {}
    for header in draft.table.headers:
        match = _BOX.match(header)
        if match is None:
            continue
        called = (match["field"], draft.table.field_labels.get(match["field"], ""))
        if max(name_certainty(one, names) for one in called if one) >= _DATES:
            label = match["label"] or draft.table.labels.get(header) or match["code"]
            found.setdefault(match["field"], {})[header] = label
    return max(found.values(), key=len, default={})


def _category_of_boxes(draft: Draft, name: str, levels: tuple[str, ...], boxes: Mapping[str, str]) -> Shape:
    answered = draft.answers.recode.get(name, {})
    proposed = {one.text: one for one in category_meanings(dict.fromkeys(boxes.values(), 1), levels)}
    texts = []
    for header, label in boxes.items():
        by_label = TextMeaning(label, 0, None) if label.isdecimal() else proposed[label]
        rows = sum(n for text, n in draft.counts(header).items() if _is_checked(text))
        is_sure = header in answered or by_label.is_sure
        texts.append(TextMeaning(header, rows, answered.get(header, by_label.meaning) or None, is_sure))
    read = {one.text: one.meaning for one in texts if one.meaning}
    none = next((level for level in levels if "none" in meanings().get(plain(level), ())), None)
    rest = {"none": none} if none is not None and none not in read.values() else {}
    entry: dict[str, Any] = {"any_of": read, **rest}
    suggestion = {"any_of": {one.text: one.meaning or "..." for one in texts}, **rest}
    choices = _several(draft, name, boxes)
    entry |= {one.id.rpartition(".")[2]: one.chosen for one in choices if one.chosen}
    found, notes = tuple(texts), (say("site.map.note.boxes"),)
    if len(read) < len(boxes):
        return Shape(None, tuple(boxes), found, notes, choices, suggestion)
    is_sure = all(one.is_sure for one in texts)
    return Shape(entry, tuple(boxes), found, notes, choices, is_sure=is_sure)


def _several(draft: Draft, name: str, boxes: Mapping[str, str]) -> tuple[Choice, ...]:
    checked = zip(*(map(_is_checked, draft.table.texts(header)) for header in boxes), strict=True)
    rows = sum(sum(row) > 1 for row in checked)
    if not rows:
        return ()
    id_ = f"{name}.several"
    question = say("site.map.choice.several", n=rows, variable=name)
    return (Choice(id_, question, ("first", "missing"), chosen=draft.answers.choose.get(id_)),)


def _is_checked(text: str) -> bool:
    if text.casefold() in _EMPTY:
        return False
    (found,) = boolean_meanings({text: 1}, is_event=False)
    return found.meaning == TRUE or text.casefold() == "checked"
