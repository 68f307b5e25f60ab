"""A query that the site wrote, run where the data are: DuckDB for its files and those of others, SQLAlchemy for every
other database. Nothing is written there: each is opened for reading as far as it can be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from riskset.catalogue import Message, say
from riskset.errors import DataError, Problem
from riskset_site.data.sources.arrow import refuse_nested
from riskset_site.data.sources.arrow_columns import ArrowColumnBuilder
from riskset_site.data.sources.cells import column_texts
from riskset_site.data.sources.csv import not_a_table
from riskset_site.data.sources.guessed_dates import guessed_dates
from riskset_site.data.sources.kept_columns import KeptColumns
from riskset_site.data.sources.secrets import secret
from riskset_site.data.sources.table import SourceTable

DUCKDB, SQLITE = "duckdb:///", "sqlite:///"
"""Addresses that continue with a path: of a database or, with DuckDB, of a folder with files that the query names."""
PASSWORD = "RISKSET_DATABASE_PASSWORD"
_CHUNK_ROWS = 65_536
_READS = re.compile(r"\s*(--[^\n]*\n\s*|/\*.*?\*/\s*)*(select|with|from)\b", re.IGNORECASE | re.DOTALL)


class Connection(Protocol):
    """An open database."""

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        """Returns all rows of a query."""

    def table(
        self,
        path: Path,
        query: str,
        expected: Collection[str],
        optional: Collection[str],
        every: bool,
        zone: str | None,
    ) -> SourceTable:
        """Returns the columns of `expected` and `optional` that the query has; with `every`, all that it has."""


def read_database(
    path: Path,
    address: str,
    query: str,
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    every: bool = False,
    zone: str | None = None,
    dates: Collection[str] = (),
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the query has; with `every`, all that it has.
    Instants are days in `zone`; `dates` are the formats in which DuckDB may read days of a CSV file by itself.

    Raises DataError, with problems, where the database cannot be opened or refuses the query; what it answered is in
    their `detail` alone, without the password.
    """
    if _READS.match(query) is None:
        raise failed(path, say("data.source.not_a_select"), say("data.source.write_select"))
    with connected(path, address) as connection:
        if address.startswith(DUCKDB) and (guessed := tuple(guessed_dates(path, connection.fetch, query, dates))):
            raise not_a_table(path, guessed)
        return connection.table(path, query, expected, optional, every, zone)


@contextmanager
def connected(path: Path, address: str) -> Iterator[Connection]:
    """Yields the open database. Raises DataError as `read_database` does."""
    with _duckdb(path, address) if address.startswith(DUCKDB) else _sqlalchemy(path, address) as connection:
        yield connection


def failed(path: Path, message: Message, hint: Message, answer: str = "") -> DataError:
    """Returns the error of a database; `answer` is its own text, for the site alone."""
    where = say("data.where.export", file=path.name)
    return not_a_table(path, [Problem(where, message, hint, detail=answer)])


class _DuckDb:
    def __init__(self, connection: Any) -> None:  # noqa: ANN401
        self.connection = connection

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.connection.execute(query).fetchall()
        return rows

    def table(
        self,
        path: Path,
        query: str,
        expected: Collection[str],
        optional: Collection[str],
        every: bool,
        zone: str | None,
    ) -> SourceTable:
        import duckdb

        statements = self.connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise failed(path, say("data.source.not_a_select"), say("data.source.write_select"))
        relation = self.connection.sql(query)
        kept = KeptColumns(path, relation.columns, expected, optional, every, ArrowColumnBuilder)
        kept.zone = zone
        names = [relation.columns[at] for at in kept.positions.values()] or relation.columns[:1]
        batches = relation.project(", ".join(map(_quoted, names))).to_arrow_reader(_CHUNK_ROWS)
        refuse_nested(path, dict(zip(kept.positions, batches.schema.types, strict=False)))
        n = 0
        for batch in batches:
            n += batch.num_rows
            for name, column in zip(kept.positions, batch.columns, strict=False):
                kept.add(name, column)
        return kept.table(n)


@contextmanager
def _duckdb(path: Path, address: str) -> Iterator[Connection]:
    import duckdb

    place = Path(address.removeprefix(DUCKDB))
    try:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False
        }  # which would be fetched from the network
        database = ":memory:" if place.is_dir() else str(place)
        with duckdb.connect(database, read_only=not place.is_dir(), config=config) as connection:
            folder = str(place if place.is_dir() else place.parent).replace("'", "''")
            connection.execute(f"SET file_search_path = '{folder}'")
            yield _DuckDb(connection)
    except duckdb.Error as error:
        raise _refused(path, error, None) from None


class _SqlAlchemy:
    def __init__(self, connection: Any) -> None:  # noqa: ANN401
        self.connection = connection

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._run(query)]

    def table(
        self,
        path: Path,
        query: str,
        expected: Collection[str],
        optional: Collection[str],
        every: bool,
        zone: str | None,
    ) -> SourceTable:
        result = self._run(query)
        kept = KeptColumns(path, list(result.keys()), expected, optional, every)
        kept.zone = zone
        n = 0
        for rows in result.partitions(_CHUNK_ROWS):
            n += len(rows)
            for name, at in kept.positions.items():
                kept.add(name, _texts(path, name, [row[at] for row in rows]))
        return kept.table(n)

    def _run(self, query: str) -> Any:  # noqa: ANN401
        """Runs the query as it is: a colon or percent sign in it is no parameter."""
        return self.connection.exec_driver_sql(query, execution_options={"no_parameters": True, "stream_results": True})


@contextmanager
def _sqlalchemy(path: Path, address: str) -> Iterator[Connection]:
    import sqlalchemy
    import sqlalchemy.exc

    password = None
    try:
        url = sqlalchemy.make_url(address)
        if url.get_backend_name() == "sqlite":
            file = Path(url.database or "").absolute().as_uri()  # its name may have signs that a URI gives a meaning
            url = url.set(database=file, query={"mode": "ro", "uri": "true"})
        elif url.host:
            password = secret(PASSWORD, address)
            url = url.set(password=password)
        engine = _engine(path, url)
        with engine.connect() as connection, connection.begin() as transaction:
            _only_read(connection, url.get_backend_name())
            yield _SqlAlchemy(connection)
            transaction.rollback()
        engine.dispose()
    except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        raise _refused(path, error, password) from None


def _engine(path: Path, url: Any) -> Any:  # noqa: ANN401
    import sqlalchemy

    try:
        return sqlalchemy.create_engine(url, hide_parameters=True)
    except ModuleNotFoundError as missing:
        message = say("data.source.needs_package", package=str(missing.name))
        raise failed(path, message, say("data.source.install_driver")) from None


def _only_read(connection: Any, backend: str) -> None:  # noqa: ANN401
    """Has the database refuse to write, where it can; every other one is asked for a query alone, and rolled back."""
    if backend in ("postgresql", "mysql", "mariadb", "oracle"):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _texts(path: Path, name: str, values: Sequence[Any]) -> Iterable[str]:
    if any(isinstance(value, bytes | bytearray | memoryview | list | dict) for value in values):
        problem = Problem(
            say("data.where.column", column=name), say("data.source.nested"), say("data.source.one_value")
        )
        raise not_a_table(path, [problem])
    return column_texts(values)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refused(path: Path, error: Exception, password: str | None) -> DataError:
    answer = str(getattr(error, "orig", None) or error)
    if password:
        answer = answer.replace(password, "***")
    kind = type(error).__name__
    with suppress(AttributeError):
        kind = type(error.orig).__name__  # type: ignore[attr-defined]
    return failed(path, say("data.source.database_refused", kind=kind), say("data.source.see_answer"), answer)
