"""A site's data with keyed marks of its patients, which show a later change. Nothing here ever leaves the site."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet, AnySet, Cohort
from riskset.protocol.journal import ABSENT, MARK_DIGITS, NAMED, MarkedField, RowMarks
from riskset.protocol.remembered import Holding
from riskset.study.spec import Study
from riskset_site.data.cohort import load_patients
from riskset_site.data.content import Content, content_of_arrays
from riskset_site.data.sources.table import TextColumn

_PATIENT_DIGITS = 16
"""Hexadecimal digits of a patient's mark: among a million patients of one site, two equal marks are improbable."""


def load_holding(site_file: Path, study: Study, seed: Ed25519PrivateKey) -> Holding:
    """Returns the cohort with its marks, keyed with the first identity key. Raises DataError as `load_cohort` does."""
    loaded = load_patients(site_file, study)
    return Holding(loaded.cohort, rows_of(loaded.cohort, loaded.keys, seed, loaded.content))


def rows_of(
    cohort: Cohort, keys: Sequence[str] | None, seed: Ed25519PrivateKey, content: Content | None = None
) -> RowMarks:
    """Returns the marks of every patient that a run counts: of each column that is used, and of each outcome. Of an
    eligible patient whom no analysis uses it is only counted which values are missing, and nothing else is marked.

    `keys` are the patient numbers; without them a row is identified by its content alone. `content` says from which
    columns of an export the cohort comes; without it the arrays are the content.
    """
    content = content or content_of_arrays(cohort)
    secret = _secret(seed, b"content")
    fields = list(content.columns)
    analysed = set(cohort.analysed.tolist())
    columns = [_column_marks(secret, column, analysed) for column in content.columns.values()]
    for name, rows in sorted(cohort.analysis_sets.items()):
        fields.append(content.outcomes[name])
        columns.append(_outcome_marks(secret, rows, cohort.n_patients))
    marks = _by_patient(cohort, cohort.counted, keys, seed, tuple(fields), columns)
    at = {field: position for position, field in enumerate(content.columns)}
    behind = {name: tuple(at[one] for one in of) for name, of in content.behind.items()}
    return replace(marks, behind=behind, named=cache(lambda: _named(cohort, keys, seed)))


def _by_patient(
    cohort: Cohort,
    patients_marked: NDArray[np.int64],
    keys: Sequence[str] | None,
    seed: Ed25519PrivateKey,
    fields: tuple[MarkedField, ...],
    columns: Sequence[Sequence[str]],
) -> RowMarks:
    """Returns the marks of `columns`, (patients,) each, of these patients, whose numbers ascend."""
    used = patients_marked.tolist()
    values = ["".join(column[patient] for column in columns) for patient in used]
    if keys is None:
        seen: Counter[str] = Counter()
        patients = []
        for value in values:
            seen[value] += 1
            patients.append(f"{value}/{seen[value]}")
        values = patients
    else:
        secret = _secret(seed, b"patients")
        patients = [_mac(secret, keys[patient].encode(), _PATIENT_DIGITS) for patient in used]
    return RowMarks(snapshot_of(cohort, seed), dict(zip(patients, values, strict=True)), fields)


def _named(cohort: Cohort, keys: Sequence[str] | None, seed: Ed25519PrivateKey) -> RowMarks:
    """Returns the marks that riskset 0.1.0 kept, to compare with its runs."""
    secret, fields = _secret(seed, b"values"), _fields(cohort)
    columns = []
    for name, column in fields.items():
        values, at = np.unique(column, return_inverse=True)
        columns.append(_marks(secret, [f"{name}={value!r}" for value in values.tolist()], at))
    named = tuple(MarkedField(NAMED, name) for name in fields)
    return _by_patient(cohort, cohort.analysed, keys, seed, named, columns)


def snapshot_of(cohort: Cohort, seed: Ed25519PrivateKey) -> str:
    """Returns a hash of every value of the cohort under a secret of the site; it changes when the data change.

    Keyed, because an unkeyed hash of a few patients could be inverted by search. Even so, it stays in the journal.
    """
    mac = hmac.new(_secret(seed, b"snapshot"), digestmod="sha256")
    for endpoint, rows in sorted(cohort.analysis_sets.items()):
        columns = {**rows.variables, "/patients": rows.patients}
        columns |= {f"/{name}": values for name, values in _outcome(rows).items()}
        for name, values in sorted(columns.items()):
            mac.update(f"{endpoint}\n{name}\n{values.dtype.str}{values.shape}\n".encode())
            mac.update(np.ascontiguousarray(values).tobytes())
    return mac.hexdigest()


def _marks(secret: bytes, texts: Sequence[str], codes: NDArray[np.integer[Any]]) -> list[str]:
    """One mark per patient, whose value is `texts[code]`; each distinct value is hashed once, and there are few."""
    marks = [_mac(secret, text.encode(), MARK_DIGITS) for text in texts]
    return [marks[code] for code in codes.tolist()]


def _column_marks(secret: bytes, column: TextColumn, analysed: Collection[int]) -> list[str]:
    """Returns a mark per patient: of the value for those who are analysed, of whether there is one for others."""
    marks = _marks(secret, column.texts, column.codes)
    whether = _marks(secret, ("", "known"), np.array([bool(text) for text in column.texts], np.int64)[column.codes])
    return [mark if patient in analysed else whether[patient] for patient, mark in enumerate(marks)]


def _outcome_marks(secret: bytes, rows: AnySet, n_patients: int) -> list[str]:
    """Returns one mark per patient of all that a set says of the outcome; `ABSENT` for those who are not in the set."""
    parts = [np.asarray(values, np.int64) for values in _outcome(rows).values()] or [np.zeros(rows.n, np.int64)]
    distinct, codes = np.unique(np.stack(parts), axis=1, return_inverse=True)
    marks = [ABSENT] * n_patients
    of_rows = _marks(secret, [repr(values) for values in distinct.T.tolist()], codes.ravel())
    for patient, mark in zip(rows.patients.tolist(), of_rows, strict=True):
        marks[patient] = mark
    return marks


def _fields(cohort: Cohort) -> dict[str, NDArray[np.float64]]:
    """Every value that an analysis can use, by the study's names, (patients,) per field; NaN where a patient is not in
    the set."""
    fields: dict[str, NDArray[np.float64]] = {}
    for endpoint, rows in sorted(cohort.analysis_sets.items()):
        named = {f"variable {name}": values for name, values in sorted(rows.variables.items())}
        for name, values in {**_outcome(rows), **named}.items():
            column = np.full(cohort.n_patients, np.nan)
            column[rows.patients] = values
            fields[f"{endpoint} {name}"] = column
    return fields


def _outcome(rows: AnySet) -> dict[str, NDArray[Any]]:
    if not isinstance(rows, AnalysisSet):
        return {}
    entry = {} if rows.entry_days is None else {"entry": rows.entry_days}
    cause = {} if rows.cause is None else {"cause": rows.cause}
    return {"days": rows.days, "event": rows.event, **entry, **cause}


def _secret(seed: Ed25519PrivateKey, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"riskset " + purpose).derive(seed.private_bytes_raw())


def _mac(secret: bytes, content: bytes, digits: int) -> str:
    return hmac.digest(secret, content, "sha256").hex()[:digits]
