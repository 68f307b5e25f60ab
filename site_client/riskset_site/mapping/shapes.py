"""Variables that are in no column of their own: an age from two dates, a death from a status and a date, a category
from checkboxes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from riskset.catalogue import say
from riskset.study.spec import DateVariable, NumberVariable
from riskset_site.mapping.ages import ages_compared, birth_and_start
from riskset_site.mapping.boxes import checkboxes
from riskset_site.mapping.date_forms import share_of_dates
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.proposal import Choice
from riskset_site.mapping.several_columns import Shape
from riskset_site.mapping.words import meanings, plain

_FEW = 6
_DATES = 0.5


def shape_of(draft: Draft, name: str) -> Shape | None:
    """Returns how a variable is read from several columns; None where it is not."""
    variable = draft.study.variables[name]
    if isinstance(variable, NumberVariable):
        return _years(draft, name)
    if isinstance(variable, DateVariable):
        return _status_and_date(draft, name)
    return checkboxes(draft, name)


def _years(draft: Draft, name: str) -> Shape | None:
    """An age from the date of birth, to the day from which patients are followed: where no column has it, or one has
    that of another day."""
    if "age" not in draft.contents[name] or draft.answers.columns.get(name):
        return None
    column = draft.assigned.get(name)
    compared = None if column is None else ages_compared(draft, name, column)
    if column is not None and (compared is None or not compared.are_of_another_day):
        return None
    if (dates := birth_and_start(draft)) is None:
        return None
    entry, note = {"years_between": list(dates)}, say("site.map.note.years")
    if compared is None:
        return Shape(entry, dates, notes=(note,))
    return Shape(entry, dates, notes=(note, compared.note), others=(compared.column,))


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
    notes = (say("site.map.note.status", column=status, day=day, texts=tuple(where) or ("...",)),)
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
