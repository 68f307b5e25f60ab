"""Dates of CSV files that DuckDB reads by itself: where a query names a file and says nothing of its columns, DuckDB
takes the first format that fits the first rows. 03/06/2021 may then be either day, and 03/04/21 is 21 April 2003."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from riskset.catalogue import say
from riskset.errors import Problem

_FILE = re.compile(r".*\.(csv|tsv|txt)(\.gz|\.zst)?", re.IGNORECASE | re.DOTALL)
_READERS = {"read_csv", "read_csv_auto"}
_SAID = {"all_varchar", "auto_detect", "columns", "dateformat", "date_format", "dtypes", "types", "column_types"}
"""Arguments of a reader with which the query itself says what its dates are."""
_YEAR_FIRST = re.compile(r"%Y(.?)%m\1%d")

Fetch = Callable[[str], list[tuple[Any, ...]]]


def guessed_dates(path: Path, fetch: Fetch, query: str, dates: Collection[str]) -> Iterator[Problem]:
    """Yields a problem for each file of the query of which DuckDB guesses how its dates are written, unless the year is
    first, or the format is one of `dates`."""
    files = dict.fromkeys(_guessed_files(_parsed(fetch, query)))
    for file in files:
        for format_ in _guessed(fetch, file):
            if _YEAR_FIRST.fullmatch(format_) is None and format_ not in dates:
                where = say("data.where.export", file=path.name)
                message = say("data.source.guessed_dates", file=file, format=format_)
                yield Problem(where, message, say("data.source.say_dates", file=file, format=format_))


def _parsed(fetch: Fetch, query: str) -> Any:  # noqa: ANN401 - any value of JSON
    ((text,),) = fetch(f"select json_serialize_sql({_quoted(query)})")
    return json.loads(text)


def _guessed_files(node: Any) -> Iterator[str]:  # noqa: ANN401
    """Yields the files that a parsed query names as tables, or by a reader without an argument that says more."""
    if isinstance(node, list):
        for one in node:
            yield from _guessed_files(one)
    if not isinstance(node, Mapping):
        return
    if node.get("type") == "BASE_TABLE" and _FILE.fullmatch(name := str(node.get("table_name"))):
        yield name
    if node.get("function_name") in _READERS and not _SAID & set(_texts(node)):
        yield from filter(_FILE.fullmatch, _texts(node))
    for one in node.values():
        yield from _guessed_files(one)


def _texts(node: Any) -> Iterator[str]:  # noqa: ANN401
    """Yields every text in a part of the query, wherever this version of DuckDB keeps it: names of arguments too."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping | list):
        for one in node.values() if isinstance(node, Mapping) else node:
            yield from _texts(one)


def _guessed(fetch: Fetch, file: str) -> Iterator[str]:
    """Yields the formats of days that DuckDB finds in a file; none of one that it cannot read."""
    import duckdb

    with suppress(duckdb.Error):
        for found in fetch(f"select DateFormat, TimestampFormat from sniff_csv({_quoted(file)})"):
            yield from dict.fromkeys(re.split("[ T]", one)[0] for one in found if one)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
