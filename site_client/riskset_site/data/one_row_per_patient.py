"""Whether every row is another patient. A row that is there twice, or a visit in a row of its own, counts as a patient.

Where the site file names the patient number, it decides. Else nothing may point to several rows of one patient: no two
rows are equal, no column that is named like a patient number repeats, and none has repeated values whose rows always
agree in what does not change in a patient.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.spec import DateEndpoint, DateVariable, Study
from riskset_site.data.column_reading import VariableColumn, known
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.number_forms import is_number
from riskset_site.data.site_source import Source
from riskset_site.data.sources.table import SourceTable, TextColumn
from riskset_site.data.width import in_one_width

_NO_KEY = Fault("no_key", say("data.hint.no_key"))
_SHARED_KEY = Fault("shared_key", say("data.hint.shared_key"))
ROUNDED_KEY = Fault("rounded_key", say("data.hint.rounded_key"))
_KEYS_ALIKE = Fault("keys_alike", say("data.hint.twins"))
_NOT_A_NUMBER = Fault("no_digit_key", say("data.hint.no_digit_key"))
_ONLY_KEY = Fault("only_key", say("data.hint.only_key"))
_EQUAL_ROWS = Fault("equal_rows", say("data.hint.name_key"))
_TWINS = Fault("twins", say("data.hint.twins"))
_SAME_TIMES = Fault("same_times", say("data.hint.twins"))

_CHANCE, _SUSPICION = 1e-6, 0.05
"""That the rows of a repeated value agree so often by accident: for a problem, and for a warning."""
_NEARLY_UNIQUE = 0.2
_BLANK_ROWS = 3
_EXPECTED_PAIRS = 0.1
"""Of different patients with equal rows, if the columns were independent."""
_MIXER = np.int64(6364136223846793005)  # of Knuth's MMIX, odd
_FEW, _MANY = 3, 10
"""Rows whose patient number has no digit, where at least so many others have one."""
_ROUNDED = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
"""A long number as Excel shows and saves it: the last digits are lost."""
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


def of_keys(source: Source, table: SourceTable) -> Iterator[Problem]:
    """Yields rows without a key, rows that share one, and those whose key Excel has rounded, which tells patients apart
    no longer. Keys are compared whatever their width, without spaces around them and characters that cannot be seen."""
    if source.patient is None or source.patient not in table.columns:
        return
    column, where = table.columns[source.patient], say("data.where.key", column=source.patient)
    if _are_plain_keys(column, source):
        return
    texts = [in_one_width(text) for text in column.texts]
    rounded = _rows_with(column, [is_rounded(text) for text in texts])
    distinct = set(texts)
    if not rounded.any() and len(distinct) == table.n and distinct.isdisjoint(["", *source.missing]):
        return  # the usual case; the rest takes seconds on many rows
    keys = _numbered(texts, source.missing)[column.codes]
    empty = keys < 0
    shared = ~empty & _repeats(keys) & ~rounded
    for fault, rows in ((_NO_KEY, empty), (ROUNDED_KEY, rounded), (_SHARED_KEY, shared)):
        if rows.any():
            yield problem_in_rows(where, fault, table.row_numbers, rows, column.quoted)


def doubtful_keys(source: Source, table: SourceTable) -> Iterator[Problem]:
    """Yields warnings of keys that may be the same number, written twice, and of rows that may be no patient's, such as
    a total below the table. Without a key, those of the columns that are named like a patient number."""
    headers = [source.patient] if source.patient else [header for header in table.columns if _is_patient_number(header)]
    for header in headers:
        if header not in table.columns:
            continue
        column, where = table.columns[header], say("data.where.column", column=header)
        if _are_plain_keys(column, source):
            continue
        texts = [in_one_width(text) for text in column.texts]
        keys = _numbered([_as_number(text) for text in texts], source.missing)[column.codes]
        digitless = [bool(text) and _DIGIT.search(text) is None for text in texts]
        alike, wordy = (keys >= 0) & _repeats(keys), _rows_with(column, digitless)
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


def without_key(rows: ExportRows, columns: Mapping[str, VariableColumn], needed: Collection[str]) -> Iterator[Problem]:
    """Yields what points to several rows of one patient where the key is not named; the table of `rows` then has every
    column of the export, and `needed` are those of the study."""
    table = rows.table
    where = say("data.where.rows")
    of_study = [table.columns[name] for name in needed if name in table.columns]
    equal = _equal_rows(table.columns.values()) | _equal_patients(of_study, table.n)
    if equal.any():
        yield problem_in_rows(where, _EQUAL_ROWS, table.row_numbers, equal, None)
        return
    for header, repeated, chance in _repeated_columns(rows, columns):
        if chance < _CHANCE:
            fault = Fault("several_rows", say("data.hint.name_key"), (("column", header),))
            yield problem_in_rows(where, fault, table.row_numbers, repeated, table.columns[header].quoted)
            return


def perhaps_without_key(rows: ExportRows, columns: Mapping[str, VariableColumn]) -> Iterator[Problem]:
    """Yields a warning for a column in which nearly every row has its own value, and the others agree in what does not
    change in a patient: less improbable than what is a problem."""
    table = rows.table
    for header, repeated, chance in _repeated_columns(rows, columns):
        if _CHANCE <= chance < _SUSPICION and repeated.mean() < _NEARLY_UNIQUE:
            fault = Fault("perhaps_same", say("data.hint.name_key"), (("column", header),))
            yield problem_in_rows(
                say("data.where.rows"), fault, table.row_numbers, repeated, table.columns[header].quoted
            )
            return


def _repeated_columns(
    rows: ExportRows, columns: Mapping[str, VariableColumn]
) -> Iterator[tuple[str, NDArray[np.bool_], float]]:
    """Yields each column with repeated values, their rows, and how probably they are of different patients."""
    names = lasting_variables(rows.study)
    mapped = {header for name in names for header in rows.site.mapped(name).columns}
    lasting = [columns[name].values for name in names if columns[name].is_present]
    profile, blank = _profiles(lasting, rows.table.n)
    for header, column in rows.table.columns.items():
        ids = _ids(column, rows.site.source.missing)
        repeated = (ids >= 0) & _repeats(ids)
        if not repeated.any() or len(np.unique(ids)) < 2:
            continue
        named = _is_patient_number(header)
        if named or header not in mapped:
            yield header, repeated, 0.0 if named else _chance(ids, profile, blank)


def twins(rows: ExportRows, needed: Collection[str]) -> Iterator[Problem]:
    """Yields a warning of rows that are equal, but for the key, in every column that the study needs."""
    source, table = rows.site.source, rows.table
    if source.patient is None or source.patient not in table.columns:
        return
    columns = [table.columns[header] for header in needed if header in table.columns and header != source.patient]
    equal = _equal_patients(columns, table.n)
    if equal.any():
        quoted = table.columns[source.patient].quoted
        yield problem_in_rows(say("data.where.rows"), _TWINS, table.row_numbers, equal, quoted)


def same_times(rows: ExportRows, needed: Collection[str]) -> Iterator[Problem]:
    """Yields a warning of rows that are equal in arm and in all times and events of the study, but not in every column
    that it needs: visits of one patient, each with the laboratory values of its day."""
    table, study = rows.table, rows.study
    names = [name for one in study.endpoints.values() for name in one.variables]
    names += [study.comparison.arm] if study.comparison else []
    headers = {header for name in names for header in rows.site.mapped(name).columns}
    key = rows.site.source.patient
    of_times = [table.columns[header] for header in sorted(headers) if header in table.columns]
    others = [column for header, column in table.columns.items() if header in needed and header != key]
    equal = _equal_patients(of_times, table.n, _agreement_of_two)
    if equal.any():
        equal &= ~_equal_rows(others)
    if equal.any():
        shown = table.columns[key].quoted if key and key in table.columns else None
        yield problem_in_rows(say("data.where.rows"), _SAME_TIMES, table.row_numbers, equal, shown)


def lasting_variables(study: Study) -> tuple[str, ...]:
    """Returns the variables that do not change in a patient: all but the ends of follow-up."""
    ends: set[str] = set()
    for endpoint in study.endpoints.values():
        ends |= set(endpoint.variables) - ({endpoint.origin} if isinstance(endpoint, DateEndpoint) else set())
    origins = {one.origin for one in study.endpoints.values() if isinstance(one, DateEndpoint)}
    return tuple(
        name
        for name, variable in study.read_variables.items()
        if name in origins or (name not in ends and not isinstance(variable, DateVariable))
    )


def _chance(ids: NDArray[np.int64], profile: NDArray[np.int64], blank: NDArray[np.bool_]) -> float:
    """Returns how probably rows that share a value never differ in their profile by accident: 1 where some do, 0 where
    rows without any part of a profile all share their value with one that has it."""
    both = (ids >= 0) & (profile >= 0)
    pairs_of = np.unique(np.stack([ids[both], profile[both]]), axis=1).shape[1]
    if not both.any() or pairs_of > len(np.unique(ids[both])):
        return 1.0
    if blank.sum() >= _BLANK_ROWS and np.isin(ids[blank], ids[both]).all():
        return 0.0
    sizes = np.bincount(ids[ids >= 0]).astype(float)
    shares = np.bincount(profile[profile >= 0]) / int((profile >= 0).sum())
    differ = (profile >= 0).mean() ** 2 * (1 - (shares**2).sum())
    return float((1 - differ) ** (sizes * (sizes - 1) / 2).sum())


def _profiles(columns: Sequence[NDArray[Any]], n: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Returns one number (n,) for each combination of values, -1 where one is missing; and where all are."""
    if not columns:
        return np.full(n, -1), np.zeros(n, bool)
    found = np.stack([known(column) for column in columns])
    parts = np.stack([np.unique(column, return_inverse=True)[1] for column in columns])
    numbers = np.unique(parts, axis=1, return_inverse=True)[1].reshape(-1)
    blank: NDArray[np.bool_] = ~np.any(found, axis=0)
    return np.where(np.all(found, axis=0), numbers, -1), blank


def _is_patient_number(header: str) -> bool:
    """True for a header that is named like a patient number."""
    return _PATIENT_NUMBER.fullmatch(unicodedata.normalize("NFKC", header).casefold()) is not None


def _as_number(text: str) -> str:
    """Returns a patient number without what Excel takes from a number and other programs add."""
    return _SEPARATORS.sub("-", _ZEROS_AFTER_POINT.sub("", text) if "." in text else text).lstrip("0").casefold()


def _rows_with(column: TextColumn, chosen: Sequence[bool]) -> NDArray[np.bool_]:
    """True where the row's text (n,) is one of those chosen by its position."""
    of_row: NDArray[np.bool_] = np.array(chosen, bool)[column.codes]
    return of_row


def _numbered(texts: Sequence[str], missing: Collection[str]) -> NDArray[np.int64]:
    """Returns a number for each distinct text, -1 for none."""
    number: dict[str, int] = {}
    empty = {"", *missing}
    return np.array([-1 if text in empty else number.setdefault(text, len(number)) for text in texts], np.int64)


def _ids(column: TextColumn, missing: Collection[str] = ()) -> NDArray[np.int64]:
    """Returns (n,) a number for each distinct text, -1 for none."""
    if column.values is None:
        of_row: NDArray[np.int64] = _numbered(column.texts, missing)[column.codes]
        return of_row
    distinct, ids = np.unique(column.values, return_inverse=True)
    named = [float(text) for text in missing if is_number(text)]
    none = np.isnan(distinct) | np.isin(distinct, np.array(named, np.float64))
    return np.where(none[ids], -1, ids)


def _are_plain_keys(column: TextColumn, source: Source) -> bool:
    """True for whole numbers that all differ and are not missing: nothing is to be said of such patient numbers."""
    numbers = column.values
    if numbers is None or numbers.dtype.kind not in "iu" or any(map(is_number, source.missing)):
        return False
    ordered = np.sort(numbers)  # np.unique takes ten times as long
    return bool((ordered[1:] != ordered[:-1]).all())


def _repeats(ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """True where a number (n,) occurs more than once."""
    _, at, counts = np.unique(ids, return_inverse=True, return_counts=True)
    repeats: NDArray[np.bool_] = counts[at] > 1
    return repeats


def _agreement(column: TextColumn) -> float:
    """Returns how probably two rows have the same text, a row and itself among them: of few rows rather too much, since
    what follows is a problem."""
    counts = np.bincount(_ids(column) + 1)
    return float(((counts / counts.sum()) ** 2).sum())


def _agreement_of_two(column: TextColumn) -> float:
    """Returns how probably two different rows have the same text."""
    counts, n = np.bincount(_ids(column) + 1), len(column.codes)
    return float((counts / n * ((counts - 1) / max(1, n - 1))).sum())


def _equal_patients(
    columns: Sequence[TextColumn], n: int, agreement: Callable[[TextColumn], float] = _agreement
) -> NDArray[np.bool_]:
    """True where a row has the same texts as another in all columns, if so much is equal that it is no accident."""
    if not columns or not n or n**2 / 2 * math.prod(map(agreement, columns)) > _EXPECTED_PAIRS:
        return np.zeros(n, bool)
    return _equal_rows(columns)


def _equal_rows(columns: Collection[TextColumn]) -> NDArray[np.bool_]:
    """True where a row has the same texts as another in all columns."""
    mixed = np.zeros(1, np.int64)
    for column in columns:
        mixed = mixed * _MIXER + _ids(column)  # modulo 2^64; equal for equal rows, and for few others
    equal = _repeats(mixed)
    if not equal.any():
        return equal
    rows = np.stack([_ids(column)[equal] for column in columns])  # of all rows it takes ten times as long
    _, at = np.unique(rows, axis=1, return_inverse=True)
    equal[equal] = _repeats(at.reshape(-1))
    return equal
