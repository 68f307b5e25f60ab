"""Whether every row is another patient. A row that is there twice, or a visit in a row of its own, counts as a patient.

Where the site file names the patient number, it decides. Else nothing may point to several rows of one patient: no two
rows are equal, no column that is named like a patient number repeats, and none has repeated values whose rows always
agree in what does not change in a patient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.errors import Problem
from riskset.study.spec import DateEndpoint, DateVariable, Study
from riskset_site.data.column_reading import VariableColumn, known
from riskset_site.data.distinct_values import ids, repeats
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.patient_numbers import is_patient_number
from riskset_site.data.sources.table import TextColumn

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
        found = ids(column, rows.site.source.missing)
        repeated = (found >= 0) & repeats(found)
        if not repeated.any() or len(np.unique(found)) < 2:
            continue
        named = is_patient_number(header)
        if named or header not in mapped:
            yield header, repeated, 0.0 if named else _chance(found, profile, blank)


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


def _agreement(column: TextColumn) -> float:
    """Returns how probably two rows have the same text, a row and itself among them: of few rows rather too much, since
    what follows is a problem."""
    counts = np.bincount(ids(column) + 1)
    return float(((counts / counts.sum()) ** 2).sum())


def _agreement_of_two(column: TextColumn) -> float:
    """Returns how probably two different rows have the same text."""
    counts, n = np.bincount(ids(column) + 1), len(column.codes)
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
        mixed = mixed * _MIXER + ids(column)  # modulo 2^64; equal for equal rows, and for few others
    equal = repeats(mixed)
    if not equal.any():
        return equal
    rows = np.stack([ids(column)[equal] for column in columns])  # of all rows it takes ten times as long
    _, at = np.unique(rows, axis=1, return_inverse=True)
    equal[equal] = repeats(at.reshape(-1))
    return equal
