"""What an export says of the patients that a study uses, by the export's own columns.

A study may rename, transform or declare again what it uses. The columns and cells behind it stay, and by them a site
notices that a patient changed between two versions (R14). Nothing here ever leaves the site.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import Cohort, SetId
from riskset.protocol.journal import DERIVED, OUTCOME, TEXT, VALUE, MarkedField
from riskset.study.spec import CategoryVariable, DateEndpoint, NumberVariable, Study
from riskset_site.data.column_reading import known
from riskset_site.data.dates import date_reader
from riskset_site.data.export import Export
from riskset_site.data.faults import Unreadable
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_source import Source
from riskset_site.data.sources.table import TextColumn
from riskset_site.data.value_kinds import read_number


@dataclass(frozen=True)
class Content:
    """The fields of a cohort. Without an export, as in a rehearsal, they are the arrays themselves, by their names."""

    columns: Mapping[MarkedField, TextColumn]
    """One spelling of each value or cell, (patients,): by patient number of the cohort."""
    outcomes: Mapping[str, MarkedField]
    """By analysis set: the columns from which its endpoint comes, in the order of their parts in it."""
    behind: Mapping[str, tuple[MarkedField, ...]]
    """By variable: its fields among `columns`."""


def content_of_arrays(cohort: Cohort) -> Content:
    """Returns the content of a cohort that came from no export."""
    columns: dict[MarkedField, NDArray[np.float64]] = {}
    for rows in cohort.analysis_sets.values():
        for name, values in rows.variables.items():
            column = columns.setdefault(MarkedField(VALUE, name), np.full(cohort.n_patients, np.nan))
            column[rows.patients] = values
    outcomes = {name: MarkedField(OUTCOME, name) for name in cohort.analysis_sets}
    behind = {field.source: (field,) for field in columns}
    return Content({field: _spelled(column) for field, column in columns.items()}, outcomes, behind)


def content_of_export(export: Export, site: SiteFile, study: Study, sets: Sequence[SetId]) -> Content:
    """Returns the content of the cohort of these sets: of each variable that enters them, its values and the cells they
    were read or computed from; of each set, the columns behind its endpoint."""
    columns: dict[MarkedField, TextColumn] = {}
    behind: dict[str, tuple[MarkedField, ...]] = {}
    for name in _used(study, sets):
        headers = list(dict.fromkeys(header for of in study.sources_of(name) for header in _columns(site, of)))
        reading, values = _reading(site, study, name), export.columns[name].values
        if isinstance(study.variables[name], NumberVariable) and study.variables[name].is_derived:
            own = {MarkedField(DERIVED, _text(headers), _text(reading)): _spelled(values)}
        elif study.variables[name].is_derived:
            own = _derived(_text(headers), reading, values, len(study.levels_of(name)))
        else:
            own = {MarkedField(VALUE, _text(headers), _text(reading)): _spelled(values, study.levels_of(name))}
        columns |= own
        behind[name] = tuple(own)
        for header in headers:
            columns[MarkedField(TEXT, _text([header]))] = _cells(export, header, site.source)
    outcomes = {set_id.name: _outcome(site, study, set_id.endpoint) for set_id in sets}
    return Content(columns, outcomes, behind)


def _derived(headers: str, reading: object, values: NDArray[Any], n_levels: int) -> dict[MarkedField, TextColumn]:
    """Returns each split of the patients by a derived variable, and turned round: what another version computes or
    reads may be nearly one of them under other names, or with more levels."""
    codes = range(n_levels) if n_levels > 2 else [1]
    splits = {f"level {code}": values == code for code in codes}
    splits |= {f"from level {code}": values >= code for code in range(2, n_levels - 1)}
    fields = {}
    for name, chosen in splits.items():
        numbers = np.where(known(values), chosen.astype(np.float64), np.nan)
        fields[MarkedField(DERIVED, headers, _text([name, reading]))] = _spelled(numbers)
        fields[MarkedField(DERIVED, headers, _text(["not", name, reading]))] = _spelled(1 - numbers)
    return fields


def _used(study: Study, sets: Sequence[SetId]) -> Iterator[str]:
    endpoints = [set_id.endpoint for set_id in sets if set_id.endpoint is not None]
    names = {name for endpoint in endpoints for name in study.endpoints[endpoint].variables}
    names |= {name for endpoint in endpoints for name in study.covariates_of(endpoint)}
    names |= {name for set_id in sets for name in set_id.complete_in or ()}
    yield from (name for name in study.variables if name in names)


def _columns(site: SiteFile, variable: str) -> tuple[str, ...]:
    return site.mapped(variable).columns


def _reading(site: SiteFile, study: Study, name: str) -> tuple[str, list[str], dict[str, object]]:
    """Returns how a variable is read: its type, its levels in any order, and what the site file says of it; of a
    derived one what it is computed by, and how that is read."""
    variable = study.variables[name]
    levels = sorted(variable.levels) if isinstance(variable, CategoryVariable) else []
    if derived := study.derivations.get(name):
        behind = [_reading(site, study, of) for of in derived.names]
        return variable.type, levels, {derived.key: derived.in_words, "of": behind}
    return variable.type, levels, site.mapped(name).model_dump(mode="json")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _outcome(site: SiteFile, study: Study, endpoint: str | None) -> MarkedField:
    if endpoint is None:
        return MarkedField(OUTCOME, "patients")
    spec = study.endpoints[endpoint]
    names: Sequence[str] = spec.variables
    if isinstance(spec, DateEndpoint):
        events = sorted(spec.event, key=lambda name: _columns(site, name))
        names = (spec.origin, *events, *spec.competing, spec.censor)
    headers = [header for name in names for header in _columns(site, name)]
    readings: list[object] = [_reading(site, study, name) for name in names]
    if spec.competing:  # the same columns without it say when one of all these events occurred
        readings.append({"competing": len(spec.competing)})
    return MarkedField(OUTCOME, _text(headers), _text(readings))


def _spelled(values: NDArray[Any], levels: Sequence[str] = ()) -> TextColumn:
    """Returns the values as texts: levels by their names, since a study may change their order; missing ones empty."""
    distinct, codes = np.unique(values, return_inverse=True)
    by_name = values.dtype.kind == "i"
    texts = [
        "" if not is_known else levels[value] if by_name else str(value)
        for value, is_known in zip(distinct.tolist(), known(distinct).tolist(), strict=True)
    ]
    return TextColumn(codes.astype(np.int32), tuple(texts))


def _cells(export: Export, header: str, source: Source) -> TextColumn:
    """Returns each cell in one spelling, so that an export with other decimals or another form of dates is the same."""
    column = export.texts.get(header)
    if column is None:
        return TextColumn(np.zeros(export.n, np.int32), ("",))
    read = date_reader(source.date_formats, source.two_digit_years)
    return replace(column, texts=tuple(_one_spelling(text, source, read) for text in column.texts))


def _one_spelling(text: str, source: Source, read_date: Callable[[str], date | None]) -> str:
    if text in source.missing:
        return ""
    readers: tuple[Callable[[str], object], ...] = (read_number, read_date)
    for read in readers:
        with suppress(Unreadable):
            return str(read(text))
    return unicodedata.normalize("NFKC", text)
