"""Where the table of an export is: the row of its names, and the rows below it that are no patients."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from riskset_site.data.unit_words import is_row_of_units
from riskset_site.mapping.date_forms import EXCEL, date_forms
from riskset_site.mapping.first_look import RawRow
from riskset_site.mapping.words import footer_words, plain, without_brackets

TITLES, _SHAPE = 30, 200
"""Rows in which the names may be, and by which the width of the table is known."""
_KNOWN = 2
"""Names in a row that make it the header."""
_MOSTLY = 0.6
_FEW_FIELDS = 0.34
_BELOW = 20
"""Rows in which a column of dates has one."""
_FEWEST = 3
"""Rows of patients, by which a row below them is known as one."""
_PATIENT_NUMBER = re.compile(r"[^\W\d_]{0,6}[-_ ]?\d+([-_]\d+)?")


def proposed_header(rows: Sequence[RawRow], known: frozenset[str]) -> tuple[int, ...]:
    """Returns the number of the row among the first in which the most names are known; else of the first that is nearly
    as wide as the table. Two numbers where the names are in two rows. `known` are plain names of columns."""
    first = rows[:TITLES]
    hits = {row.number: known_in(row, known) for row in first}
    best = max(first, key=lambda row: (hits[row.number], -row.number), default=None)
    if best is None:
        return (1,)
    if hits[best.number] >= _KNOWN:
        return _with_units(best, rows) or _with_upper(best, first)
    width = max(_filled(row) for row in rows[:_SHAPE])
    widest = next(row for row in first if _filled(row) >= _MOSTLY * width)
    return _with_units(widest, rows) or (widest.number,)


def known_in(row: RawRow, known: frozenset[str]) -> int:
    """Returns how many names in a row are known as those of columns."""
    return sum(plain(without_brackets(name)) in known for name in row.fields if name)


def is_of_a_patient(rows: Sequence[RawRow], header: Sequence[int], known: frozenset[str]) -> bool:
    """True where no row has a name that is known, and that of the names a date where the rows below have dates: an
    export without names, as FileMaker's CSV is."""
    at = next((at for at, row in enumerate(rows) if row.number == max(header)), None)
    if at is None or any(known_in(row, known) for row in rows[:TITLES]):
        return False
    below = rows[at + 1 : at + 1 + _BELOW]
    return any(
        _is_date(field) and any(_is_date(row.fields[n]) for row in below if n < len(row.fields))
        for n, field in enumerate(rows[at].fields)
    )


def _is_date(text: str) -> bool:
    formats = date_forms({text: 1}).formats if text else ()
    return bool(formats) and formats != (EXCEL,)


def proposed_footer(rows: Sequence[RawRow], header: Sequence[int]) -> tuple[RawRow, ...]:
    """Returns the last rows that begin with a word such as 'total', or have hardly a field, and no patient number."""
    body = [row for row in rows if row.number > max(header) and not row.is_empty]
    return tuple(reversed(list(_not_patients(body))))


def _with_units(upper: RawRow, rows: Sequence[RawRow]) -> tuple[int, ...]:
    """Returns two rows where the one below the names has nothing but units, which then belong to the names."""
    below = next((row for row in rows if row.number == upper.number + 1), None)
    return (upper.number, below.number) if below is not None and is_row_of_units(below.fields) else ()


def _with_upper(lower: RawRow, rows: Sequence[RawRow]) -> tuple[int, ...]:
    """Returns two rows where names of the lower one are empty or repeat, and the row above it has names for these."""
    names = [name for name in lower.fields if name]
    is_plain = len(set(names)) == len(names) and len(names) == len(lower.fields)
    upper = next((row for row in rows if row.number == lower.number - 1), None)
    if is_plain or upper is None or len(set(filter(None, upper.fields))) < _KNOWN:
        return (lower.number,)
    return (upper.number, lower.number)


def _not_patients(rows: Sequence[RawRow]) -> Iterator[RawRow]:
    if not rows:
        return
    width = Counter(map(_filled, rows)).most_common(1)[0][0]
    few = max(1, _FEW_FIELDS * width)
    numbers = _columns_of_numbers([row for row in rows if _filled(row) > few])
    for row, before in zip(reversed(rows), [*reversed(rows[:-1]), None], strict=True):
        first = next(filter(None, row.fields), "")
        words = {plain(first), plain(first.split(":")[0].split("：")[0]), plain(first.split(" ")[0])}
        is_named, is_short = bool(words & footer_words()), width > 2 and _filled(row) <= few
        is_patient = any(_is_numbered(row, before, at, of, is_among=not is_short) for at, of in numbers.items())
        if is_patient and (not is_named or _filled(row) >= _MOSTLY * width):  # SD may be initials
            return
        if not (is_named or (is_short and row.fields[0:1] != ("",))):
            return
        yield row


def _columns_of_numbers(whole: Sequence[RawRow]) -> dict[int, Counter[str]]:
    """Returns the columns, with their texts, in which every whole row has a text that may be a patient number."""
    if len(whole) < _FEWEST:
        return {}
    columns = enumerate(zip_longest(*(row.fields for row in whole), fillvalue=""))
    return {at: Counter(texts) for at, texts in columns if all(map(_PATIENT_NUMBER.fullmatch, texts))}


def _is_numbered(row: RawRow, before: RawRow | None, at: int, texts: Counter[str], *, is_among: bool) -> bool:
    """True where the text of a row in a column of numbers is as new there as every other one (its own is among them or
    not), and of a form of theirs; or, where patients have several rows, that of the row before."""
    text = row.fields[at] if at < len(row.fields) else ""
    if texts.total() > len(texts):
        return bool(text) and before is not None and before.fields[at : at + 1] == (text,)
    return texts[text] == is_among and _form(text) in set(map(_form, texts))


def _form(text: str) -> str:
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", text))


def _filled(row: RawRow) -> int:
    return sum(map(bool, row.fields))
