"""A column of the dates of death, and a status beside it that names dead patients who have no date there: by the date
alone they would be taken for alive."""

from __future__ import annotations

from dataclasses import dataclass

from riskset.catalogue import Message, say
from riskset_site.data.width import in_one_width
from riskset_site.mapping.columns import name_certainty
from riskset_site.mapping.date_forms import is_no_date
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.keys import key_candidates
from riskset_site.mapping.several_columns import Shape
from riskset_site.mapping.statuses import status_texts
from riskset_site.mapping.words import column_words

MOST_TEXTS = 12
"""Of a status."""
_LIKELY = 0.5


@dataclass(frozen=True)
class _Undated:
    """What a status says of deaths that the column of dates does not have."""

    status: str
    dead: tuple[str, ...]
    is_sure: bool
    """False where some of these texts only resemble a word for dead."""
    without_date: int
    """Patients who are dead by their status and have no date."""
    only_dated: int
    """Patients who have a date and are not dead by their status."""


def with_status(draft: Draft, name: str, column: str) -> Shape | None:
    """Returns how a death is read by the status and its date, where the status names deaths without one: the check then
    refuses these rows until they have a date. None where it names none, or the two contradict each other."""
    found = _undated(draft, name, column)
    if found is None or found.only_dated or _has_several_rows(draft):
        return None
    entry = {"date": column, "where": {found.status: list(found.dead)}}
    return Shape(entry, (column, found.status), notes=(_note(found, column),), is_sure=found.is_sure)


def undated_deaths(draft: Draft, name: str, column: str) -> Message | None:
    """Returns how many deaths of a status are not read from a column of dates; None where there are none."""
    found = _undated(draft, name, column)
    return None if found is None else _note(found, column)


def _note(found: _Undated, column: str) -> Message:
    texts = {"column": column, "status": found.status, "texts": found.dead}
    if found.only_dated:
        return say("site.map.note.status_contradicts", n=found.without_date, others=found.only_dated, **texts)
    return say("site.map.note.dead_without_date", n=found.without_date, **texts)


def _undated(draft: Draft, name: str, column: str) -> _Undated | None:
    if "death" not in draft.contents[name]:
        return None
    names = {word: 1.0 for content in ("status", "event", "death") for word in column_words()[content]}
    taken = set(draft.assigned.values())
    free = [header for header in draft.table.headers if header and header not in taken]
    likely = sorted(free, key=lambda header: -name_certainty(header, names))
    of = (_of_status(draft, column, header) for header in likely if name_certainty(header, names) >= _LIKELY)
    return next((found for found in of if found is not None), None)


def _of_status(draft: Draft, column: str, status: str) -> _Undated | None:
    counts = draft.counts(status)
    if len(counts) > MOST_TEXTS:
        return None
    said = status_texts(status, counts)
    rows = list(zip(draft.table.texts(status), map(is_no_date, draft.table.texts(column)), strict=True))
    dead = (*said.with_event, *(text for text in said.perhaps if (text, False) in rows))
    died, dated, otherwise = set[str](), set[str](), set[str]()
    for patient, (text, is_none) in zip(_patients(draft), rows, strict=True):
        if text in said.with_event:
            died.add(patient)
        if not is_none:
            (dated if text in dead else otherwise).add(patient)
    without, others = len(died - dated - otherwise), len(otherwise - died)
    if not without or not said.without_event:
        return None
    return _Undated(status, dead, len(dead) == len(said.with_event), without, others)


def _patients(draft: Draft) -> list[str]:
    """Returns the patient of each row: by the number that was answered, or is the likeliest; else each row is one."""
    found = key_candidates(draft) if draft.answers.key is None else ()
    key = draft.answers.key or next((one.column for one in found), "")
    texts = draft.table.texts(key) if key else [""] * draft.table.n
    return [in_one_width(text) or f"row {at}" for at, text in enumerate(texts)]


def _has_several_rows(draft: Draft) -> bool:
    """True where a patient has several rows: the date may be in another one than the status."""
    return len(set(_patients(draft))) < draft.table.n
