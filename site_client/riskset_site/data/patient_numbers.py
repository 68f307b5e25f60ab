"""The patient number in its column: rows without one, rows that share one, and those whose number is in doubt."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.distinct_values import numbered, repeats
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.number_forms import is_number
from riskset_site.data.site_source import Source
from riskset_site.data.sources.table import SourceTable, TextColumn
from riskset_site.data.sources.texts_for_excel import plain_text
from riskset_site.data.width import in_one_width

_NO_KEY = Fault("no_key", say("data.hint.no_key"))
_SHARED_KEY = Fault("shared_key", say("data.hint.shared_key"))
ROUNDED_KEY = Fault("rounded_key", say("data.hint.rounded_key"))
DITTO_KEY = Fault("ditto_key", say("data.hint.ditto_key"))
_KEYS_ALIKE = Fault("keys_alike", say("data.hint.twins"))
_NOT_A_NUMBER = Fault("no_digit_key", say("data.hint.no_digit_key"))
_ONLY_KEY = Fault("only_key", say("data.hint.only_key"))
_FEW, _MANY = 3, 10
"""Rows whose patient number has no digit, where at least so many others have one."""
_ROUNDED = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
"""A long number as Excel shows and saves it: the last digits are lost."""
_TEXT_MARK = re.compile(r"^['`\u2018\u2019](?=\w)")
"""By which Excel is told, where a number is typed, that it is a text."""
_DITTO = re.compile(
    r"[〃々仝\"'`´“”„‟′↓↑⇩⇧|｜∥¦:⋮]+"
    r"|\(?(?:同上?|上に同じ|同じ|상동|동상|위와\s*같음|ditto|do\.|same( as above)?|idem)\)?",
    re.IGNORECASE,
)
"""What stands for the number above: as a patient number it would make one patient of the rows of many."""
_SEPARATORS = re.compile(r"[\s_-]+")
_DIGIT, _ZEROS_AFTER_POINT = re.compile(r"\d"), re.compile(r"\.0+$")
_PATIENT_NUMBER = re.compile(
    r"(record|patient|pat|pt|subj|subject|usubj|case|participant|person|chart|registration)[ _.-]*"
    r"(id|no|number|num|nr|code)\.?"
    r"|(id|no|number|hospital[ _]*(no|number))\.?|pid|mrn|id番号|患者"
    r"|.*(患者|カルテ|症例|登録|診察券|被験者).*(番号|id|no).*"
    r"|.*(환자|등록|차트|병록|연구|증례|대상자)\s*(번호|id|no).*"
)


def is_rounded(key: str) -> bool:
    """True for a patient number that has lost digits."""
    return _ROUNDED.fullmatch(key) is not None


def is_ditto(key: str) -> bool:
    """True for a mark or word that repeats the patient number above."""
    return _DITTO.fullmatch(key) is not None


def of_keys(source: Source, table: SourceTable) -> Iterator[Problem]:
    """Yields rows without a key, rows that share one, and those whose key tells patients apart no longer: Excel has
    rounded it, or it is a mark for the one above. Keys are compared whatever their width, without spaces around them
    and characters that cannot be seen."""
    if source.patient is None or source.patient not in table.columns:
        return
    column, where = table.columns[source.patient], say("data.where.key", column=source.patient)
    if _are_plain_keys(column, source):
        return
    texts = [in_one_width(text) for text in column.texts]
    rounded = _rows_with(column, [is_rounded(text) for text in texts])
    ditto = _rows_with(column, list(map(is_ditto, texts)))
    distinct = set(texts)
    if not (rounded | ditto).any() and len(distinct) == table.n and distinct.isdisjoint(["", *source.missing]):
        return  # the usual case; the rest takes seconds on many rows
    keys = numbered(texts, source.missing)[column.codes]
    empty = keys < 0
    shared = ~(empty | rounded | ditto) & repeats(keys)
    for fault, rows in ((_NO_KEY, empty), (ROUNDED_KEY, rounded), (DITTO_KEY, ditto & ~empty), (_SHARED_KEY, shared)):
        if rows.any():
            yield problem_in_rows(where, fault, table.row_numbers, rows, column.quoted)


def doubtful_keys(source: Source, table: SourceTable) -> Iterator[Problem]:
    """Yields warnings of keys that may be the same number, written twice, and of rows that may be no patient's, such as
    a total below the table. Without a key, those of the columns that are named like a patient number."""
    headers = [source.patient] if source.patient else [header for header in table.columns if is_patient_number(header)]
    for header in headers:
        if header not in table.columns:
            continue
        column, where = table.columns[header], say("data.where.column", column=header)
        if _are_plain_keys(column, source):
            continue
        texts = [in_one_width(text) for text in column.texts]
        keys = numbered([_as_number(text) for text in texts], source.missing)[column.codes]
        digitless = [bool(text) and _DIGIT.search(text) is None and not is_ditto(text) for text in texts]
        alike, wordy = (keys >= 0) & repeats(keys), _rows_with(column, digitless)
        for fault, rows in (
            (_KEYS_ALIKE, alike & bool(source.patient)),
            (_NOT_A_NUMBER, wordy & (wordy.sum() <= _FEW) & ((~wordy).sum() >= _MANY)),
        ):
            if rows.any():
                yield problem_in_rows(where, _below(fault, rows, source), table.row_numbers, rows, column.quoted)


def only_key(rows: ExportRows, needed: Collection[str]) -> Iterator[Problem]:
    """Yields a warning of rows that have nothing but the patient number in the columns that the study needs: a remark
    below the table, or a patient of whom nothing is known."""
    source, table = rows.site.source, rows.table
    if source.patient is None or source.patient not in table.columns:
        return
    empty = np.ones(table.n, bool)
    for header in needed:
        if header in table.columns and header != source.patient and empty.any():
            column = table.columns[header]
            at = np.flatnonzero(empty)
            empty[at] = [column.texts[code] in ("", *source.missing) for code in column.codes[at].tolist()]
    if empty.any() and not empty.all():
        where = say("data.where.column", column=source.patient)
        fault = _below(_ONLY_KEY, empty, source)
        yield problem_in_rows(where, fault, table.row_numbers, empty, table.columns[source.patient].quoted)


def _below(fault: Fault, rows: NDArray[np.bool_], source: Source) -> Fault:
    """Returns the fault with the key of [source] that leaves rows at the end of the export out, where it has one."""
    n = int(rows.sum())
    if fault not in (_NOT_A_NUMBER, _ONLY_KEY) or not rows[-n:].all() or not hasattr(source, "footer"):
        return fault
    return replace(fault, hint=say("data.source.footer_total", n=n + source.footer))


def is_patient_number(header: str) -> bool:
    """True for a header that is named like a patient number."""
    return _PATIENT_NUMBER.fullmatch(unicodedata.normalize("NFKC", header).casefold()) is not None


def _as_number(text: str) -> str:
    """Returns a patient number without what Excel takes from a number and other programs add."""
    text = plain_text(_TEXT_MARK.sub("", text))
    return _SEPARATORS.sub("-", _ZEROS_AFTER_POINT.sub("", text) if "." in text else text).lstrip("0").casefold()


def _rows_with(column: TextColumn, chosen: Sequence[bool]) -> NDArray[np.bool_]:
    """True where the row's text (n,) is one of those chosen by its position."""
    of_row: NDArray[np.bool_] = np.array(chosen, bool)[column.codes]
    return of_row


def _are_plain_keys(column: TextColumn, source: Source) -> bool:
    """True for whole numbers that all differ and are not missing: nothing is to be said of such patient numbers."""
    numbers = column.values
    if numbers is None or numbers.dtype.kind not in "iu" or any(map(is_number, source.missing)):
        return False
    ordered = np.sort(numbers)  # np.unique takes ten times as long
    return bool((ordered[1:] != ordered[:-1]).all())
