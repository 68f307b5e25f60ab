"""Variables that are in no column of their own: an age from two dates, a death from a status and a date, a category
from checkboxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskset.catalogue import Message, say
from riskset.study.spec import DateVariable, NumberVariable
from riskset_site.mapping.ages import ages_compared, birth_and_start
from riskset_site.mapping.boxes import checkboxes
from riskset_site.mapping.date_forms import has_digits_of_day, share_of_dates
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.proposal import Choice
from riskset_site.mapping.several_columns import Shape
from riskset_site.mapping.statuses import StatusTexts, status_texts
from riskset_site.mapping.undated_deaths import MOST_TEXTS, with_status

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
        return None if name in draft.answers.columns else with_status(draft, name, column)
    contents = draft.contents[name]
    if column is None and "death" not in contents:
        return None
    day = _censoring(draft, name)
    status = column or draft.column_with(["status", "event", "death"], taken=draft.assigned.values())
    if day is None or status is None:
        return None
    counts = {text: rows for text, rows in draft.counts(status).items() if text}
    if not counts or len(counts) > MOST_TEXTS or any(map(has_digits_of_day, counts)):
        return None
    return _dated(draft, name, day, status, counts)


def _dated(draft: Draft, name: str, day: str, status: str, counts: Mapping[str, int]) -> Shape:
    said = status_texts(status, counts)
    dead = (*said.with_event, *said.perhaps)
    id_, question = f"{name}.where", say("site.map.choice.dead", column=status, variable=name)
    answered = draft.answers.choose.get(id_)
    where = (answered,) if answered is not None else dead if len(dead) > 1 or said.without_event else ()
    choices = () if where and answered is None else (Choice(id_, question, tuple(counts)[:_FEW], chosen=answered),)
    entry = {"date": day, "where": {status: list(where) or ["..."]}}
    notes: tuple[Message, ...] = (say("site.map.note.status", column=status, day=day, texts=where or ("...",)),)
    found, suggestion = (entry, None) if where else (None, entry)
    is_sure = answered is not None
    if where and answered is None:
        notes = (*_doubts(said), *notes)
        is_sure = bool(said.without_event) and len(notes) == 1
    return Shape(found, (day, status), notes=notes, choices=choices, suggestion=suggestion, is_sure=is_sure)


def _doubts(said: StatusTexts) -> Iterator[Message]:
    """Yields what is proposed to be the event and only resembles a word for it, and what is proposed to be none."""
    if said.perhaps:
        yield say("site.map.note.perhaps_dead", n=len(said.perhaps), texts=said.perhaps)
    if said.unknown:
        yield say("site.map.note.perhaps_alive", n=len(said.unknown), texts=said.unknown)


def _censoring(draft: Draft, name: str) -> str | None:
    """Returns the column of the last contact with which an endpoint of this event ends otherwise."""
    censors = [one.censor for one in draft.date_endpoints if name in one.ends]
    return next((draft.assigned[censor] for censor in censors if censor in draft.assigned), None)
