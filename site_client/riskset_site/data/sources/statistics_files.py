"""Files of SAS, SPSS and Stata as a table of texts, read by pyreadstat in chunks. A value that the file declares as
missing is an empty text, whatever its number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from riskset.catalogue import say
from riskset.errors import DataError, Problem
from riskset_site.data.faults import MOST_ROWS, Fault, rows_and_values
from riskset_site.data.sources.cells import cell_text, marked_text, single_text
from riskset_site.data.sources.csv import not_a_table, unreadable
from riskset_site.data.sources.date_formats import as_months, day_of, hides_day, shows_dates, unknown_format
from riskset_site.data.sources.kept_columns import KeptColumns
from riskset_site.data.sources.table import SourceTable
from riskset_site.data.width import in_one_width

_CHUNK_ROWS = 100_000
_DECLARED = Fault("declared_missing", say("data.source.declared_missing"))
_LABEL_OF_ANOTHER = Fault("label_of_another", say("data.source.label_of_another"))

Reader = Callable[..., Any]


@dataclass(frozen=True)
class _Column:
    """How the values of one column become texts."""

    is_text: bool
    is_single: bool
    """Single precision."""
    labels: Mapping[Any, str]
    ranges: Sequence[Mapping[str, Any]]
    """Of values that the file declares as missing."""
    day: Callable[[float], date] | None = None
    """How a number is a day, in a format of dates that pyreadstat does not know."""

    def is_declared_missing(self, value: Any) -> bool:  # noqa: ANN401
        if isinstance(value, str) != self.is_text:
            return isinstance(value, str)  # .a to .z of Stata, ._ and .A to .Z of SAS
        return value is not None and any(one["lo"] <= value <= one["hi"] for one in self.ranges)

    def text(self, value: Any) -> str:  # noqa: ANN401
        if label := self.labels.get(value, "").strip():
            return label
        if self.day and isinstance(value, int | float) and value == value:
            return cell_text(self.day(value))
        if self.is_single and isinstance(value, float):
            return single_text(value)
        return marked_text(value)

    def is_label_of_another(self, value: Any, text: str) -> bool:  # noqa: ANN401
        """True for a value without a label whose text is the label of another one."""
        return bool(text) and not self.labels.get(value, "").strip() and in_one_width(text) in self._labels

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(map(in_one_width, self.labels.values()))


def read_statistics_file(
    kind: str,
    path: Path,
    encoding: str | None,
    has_labels: bool,
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    every: bool = False,
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that a file of `sas`, `spss` or `stata` has; with `every`, all
    that it has. Values are their codes or, with `has_labels`, the labels that the file has for them.

    Raises DataError, with problems, for what is not such a file, and for dates in a format that cannot be read.
    """
    read, how = _reader(kind, path)
    how["encoding"] = "UTF-8" if encoding == "utf-8-sig" else encoding
    _, about = _call(path, read, metadataonly=True, **how)
    kept = KeptColumns(path, about.column_names, expected, optional, every)
    names = {name: about.column_names[at] for name, at in kept.positions.items()}
    kept.labels = {name: label for name, of_file in names.items() if (label := _label(about, of_file))}
    told: dict[tuple[str, Fault], list[int]] = {}
    unread: dict[str, str] = {}
    n = 0 if names else about.number_rows or 1
    while names:
        chunk, about = _call(path, read, usecols=list(names.values()), row_offset=n, row_limit=_CHUNK_ROWS, **how)
        rows = len(next(iter(chunk.values())))
        for name, of_file in names.items():
            column = _column(kind, of_file, about, has_labels)
            texts, faults = _texts(chunk[of_file], column)
            kept.add(name, texts)
            if name in kept.asked and column.day is None and _are_unread_dates(kind, of_file, about, chunk[of_file]):
                unread[name] = about.original_variable_types[of_file]
            for fault, in_chunk in faults.items():
                told.setdefault((name, fault), []).extend(n + row + 2 for row in in_chunk)
        n += rows
        if rows < _CHUNK_ROWS:
            break
    kept.warnings += [_in_rows(name, fault, rows) for (name, fault), rows in told.items() if fault is _DECLARED]
    if not has_labels:
        labels = {
            name: about.variable_value_labels.get(of_file) for name, of_file in names.items() if name in kept.asked
        }
        kept.warnings += [_labelled(name, of_codes) for name, of_codes in labels.items() if of_codes]
    if unread:  # as numbers they would be taken for something else
        raise not_a_table(path, [unknown_format(name, format_) for name, format_ in unread.items()])
    months = [name for name, of_file in names.items() if hides_day(kind, about.original_variable_types[of_file] or "")]
    return _judged(kept.table(n), told, kept.asked, months)


def _judged(
    table: SourceTable, told: Mapping[tuple[str, Fault], list[int]], asked: Collection[str], months: Sequence[str]
) -> SourceTable:
    """Returns the table with the days of `months` as far as they are shown, and the problems of labels."""
    columns = {**table.columns, **{name: as_months(table.columns[name]) for name in months}}
    return replace(table, columns=columns, problems=(*table.problems, *_labels_of_others(told, table, asked)))


def _label(about: Any, name: str) -> str:  # noqa: ANN401
    """Returns the label of a column; empty where it has none."""
    return (about.column_names_to_labels.get(name) or "").strip()


def _reader(kind: str, path: Path) -> tuple[Reader, dict[str, Any]]:
    """Returns pyreadstat's function for a file, and what it needs to know."""
    import pyreadstat

    if kind == "sas" and path.suffix.lower() in (".xpt", ".xport"):
        return pyreadstat.read_xport, {}  # whose missing values are all alike
    readers: dict[str, Reader] = {
        "sas": pyreadstat.read_sas7bdat,
        "spss": pyreadstat.read_sav,
        "stata": pyreadstat.read_dta,
    }
    return readers[kind], {"user_missing": True}


def _call(path: Path, read: Reader, **how: Any) -> Any:  # noqa: ANN401 - pyreadstat has no types
    import pyreadstat

    try:
        return read(path, output_format="dict", **how)
    except pyreadstat.ReadstatError as error:
        if "encoding" in str(error):
            message = say("data.export.other_encoding", encoding=how["encoding"] or say("data.source.its_own"))
            raise unreadable(path, message, say("data.export.ask_for_encoding")) from None
        raise _damaged(path, error) from None
    except (pyreadstat.PyreadstatError, OverflowError, UnicodeDecodeError, ValueError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> DataError:
    return unreadable(path, say("data.source.damaged", reason=type(error).__name__), say("data.export.export_again"))


def _column(kind: str, name: str, about: Any, has_labels: bool) -> _Column:  # noqa: ANN401
    type_ = about.readstat_variable_types[name]
    labels = about.variable_value_labels.get(name, {}) if has_labels else {}
    ranges, day = about.missing_ranges.get(name, ()), day_of(kind, about.original_variable_types[name] or "")
    return _Column(type_ == "string", type_ == "float", labels, ranges, day)


def _are_unread_dates(kind: str, name: str, about: Any, values: Sequence[Any]) -> bool:  # noqa: ANN401
    """True where a number is left that the file shows as a date."""
    if not shows_dates(kind, about.original_variable_types[name] or ""):
        return False
    return any(isinstance(value, int | float) and value == value for value in values)


def _texts(values: Sequence[Any], column: _Column) -> tuple[list[str], dict[Fault, list[int]]]:
    """Returns the text of every row, each distinct value made one once, and the rows of which something is to be said:
    those that are declared as missing, and those whose text is the label of another value."""
    known: dict[Any, str] = {}
    of_value: dict[Any, Fault] = {}
    for value in set(values):
        known[value] = "" if column.is_declared_missing(value) else column.text(value)
        if column.is_declared_missing(value):
            of_value[value] = _DECLARED
        elif column.is_label_of_another(value, known[value]):
            of_value[value] = _LABEL_OF_ANOTHER
    rows: dict[Fault, list[int]] = {}
    for row, value in enumerate(values if of_value else ()):
        if value in of_value:
            rows.setdefault(of_value[value], []).append(row)
    return [known[value] for value in values], rows


def _in_rows(name: str, fault: Fault, numbers: Sequence[int], values: Sequence[str] = ()) -> Problem:
    where, detail = say("data.where.column", column=name), rows_and_values(numbers, values)
    return Problem(where, fault.message(len(numbers)), fault.hint, detail=detail)


def _labels_of_others(
    told: Mapping[tuple[str, Fault], list[int]], table: SourceTable, asked: Collection[str]
) -> Iterator[Problem]:
    for (name, fault), rows in told.items():
        if fault is _LABEL_OF_ANOTHER and name in asked:
            yield _in_rows(name, fault, rows, [table.columns[name].quoted(row - 2) for row in rows[:MOST_ROWS]])


def _labelled(name: str, labels: Mapping[Any, str]) -> Problem:
    choices = tuple(say("data.redcap.choice", code=cell_text(code), label=label) for code, label in labels.items())
    where, hint = say("data.where.column", column=name), say("data.redcap.check_codes")
    return Problem(where, say("data.source.labels_of_codes", choices=choices), hint)
