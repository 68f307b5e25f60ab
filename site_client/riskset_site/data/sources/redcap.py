"""An export of REDCap, raw or with labels, or the same by its API, with the project's data dictionary."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import numpy as np

from riskset.catalogue import say
from riskset.errors import DataError, Problem
from riskset_site.data.faults import Fault, problem_in_rows
from riskset_site.data.sources.csv import read_csv, read_rows, unreadable
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.redcap_dictionary import Dictionary, Field, read_dictionary
from riskset_site.data.sources.secrets import secret
from riskset_site.data.sources.table import SourceTable, TextColumn

TOKEN = "RISKSET_REDCAP_TOKEN"
_TIMEOUT_S = 120.0
_CHECKED = {"checked": "1", "unchecked": "0"}
_UNKNOWN = Fault("unknown_choice", say("data.redcap.same_dictionary"))


@dataclass(frozen=True)
class Redcap:
    """How an export of REDCap says choices, and how they are read."""

    holds: Literal["codes", "labels"]
    labels: bool
    """True: choices are read as their labels, else as their codes."""
    missing: Collection[str]


def read_redcap_file(
    path: Path,
    dictionary: Path,
    form: CsvForm,
    how: Redcap,
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    every: bool = False,
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the export has, by the names of its fields; with `every`,
    all that it has. Raises DataError, with problems, for files that are not an export and its dictionary."""
    try:
        about = read_dictionary(dictionary, dictionary.read_text(encoding=form.encoding))
    except UnicodeDecodeError:
        message = say("data.export.other_encoding", encoding=form.encoding)
        raise unreadable(dictionary, message, say("data.export.ask_for_encoding")) from None
    rename = about.by_name if how.holds == "labels" else tuple
    return _explained(read_csv(path, form, expected, optional, every=every, rename=rename), about, how)


def read_redcap_api(
    path: Path, address: str, how: Redcap, expected: Collection[str], optional: Collection[str] = ()
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the project has; only their fields and the record's id are
    asked for. Raises DataError: with problems where REDCap refuses, without where there is no token."""
    about = read_dictionary(path, _asked(path, address, {"content": "metadata"}))
    named = {field.name for column in (*expected, *optional) if (field := about.field_of(column))}
    wanted = [name for name in about.fields if name in {*named, about.record_id}]
    query = {"content": "record", "type": "flat", "rawOrLabel": "raw", "csvDelimiter": ","}
    query |= {f"fields[{number}]": name for number, name in enumerate(wanted)}
    text = _asked(path, address, query)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    table = read_rows(path, rows, CsvForm(delimiter=","), [*expected, *optional])
    return _explained(table, about, replace(how, holds="codes"))


def _asked(path: Path, address: str, query: Mapping[str, str]) -> str:
    import httpx

    token = secret(TOKEN, address)
    if token is None:
        raise DataError(say("data.redcap.no_token"), say("data.redcap.set_token", variable=TOKEN))
    try:
        answer = httpx.post(
            address, data={"token": token, "format": "csv", "returnFormat": "json", **query}, timeout=_TIMEOUT_S
        )
    except httpx.HTTPError as error:
        raise unreadable(
            path, say("data.redcap.unreachable", kind=type(error).__name__), say("data.redcap.address")
        ) from None
    if answer.status_code != httpx.codes.OK:
        where, said = say("data.where.export", file=path.name), answer.text[:500].replace(token, "***")
        message, hint = say("data.redcap.refused", status=answer.status_code), say("data.redcap.rights")
        problem = Problem(where, message, hint, detail=said)
        raise DataError(say("data.export.not_a_table", file=path.name), problems=[problem])
    return answer.content.decode("utf-8-sig")


def name_of(address: str) -> Path:
    """Returns what a project behind an API is called in messages."""
    return Path(urlsplit(address).hostname or "redcap")


def _explained(table: SourceTable, about: Dictionary, how: Redcap) -> SourceTable:
    """Returns the table with its choices as they are to be read; those that the dictionary lacks are a problem."""
    columns, problems, warnings = {}, list(table.problems), list(table.warnings)
    for name, column in table.columns.items():
        field = about.field_of(name)
        if field is None or not field.choices:
            columns[name] = column
            continue
        columns[name], unknown = _column(column, field, how)
        if unknown:
            codes = np.isin(column.codes, unknown)
            where = say("data.where.column", column=name)
            problems.append(problem_in_rows(where, _UNKNOWN, table.row_numbers, codes, column.quoted))
        if not how.labels and not field.is_checkbox:
            warnings.append(_codes(name, field))
    labels = {name: field.label for name in columns if (field := about.field_of(name)) and field.label}
    return replace(table, columns=columns, problems=tuple(problems), warnings=tuple(warnings), labels=labels)


def _column(column: TextColumn, field: Field, how: Redcap) -> tuple[TextColumn, list[int]]:
    """Returns the column, and the codes of the texts that the dictionary lacks."""
    meaning = _meanings(field, how)
    texts = [text if text in how.missing else meaning.get(text) for text in column.texts]
    unknown = [code for code, text in enumerate(texts) if text is None]
    shown = tuple(own if text is None else text for own, text in zip(column.texts, texts, strict=True))
    return replace(column, texts=shown), unknown


def _meanings(field: Field, how: Redcap) -> dict[str, str]:
    """Returns what each text that the export may have is read as. A label of two codes is none."""
    if field.is_checkbox:
        return {"": "", "0": "0", "1": "1", **{word.capitalize(): code for word, code in _CHECKED.items()}}
    codes = defaultdict(list)
    for code, label in field.choices.items():
        codes[label].append(code)
    if how.holds == "codes":
        found = {code: label if how.labels else code for code, label in field.choices.items()}
    else:
        found = {label: label if how.labels else of[0] for label, of in codes.items() if how.labels or len(of) == 1}
    return {"": ""} | found


def _codes(name: str, field: Field) -> Problem:
    choices = tuple(say("data.redcap.choice", code=code, label=label) for code, label in field.choices.items())
    return Problem(
        say("data.where.column", column=name), say("data.redcap.codes", choices=choices), say("data.redcap.check_codes")
    )
