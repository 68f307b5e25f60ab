"""Files of Parquet and Feather as a table of texts, read by pyarrow in batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from riskset.catalogue import say
from riskset.errors import Problem
from riskset_site.data.sources.arrow_columns import ArrowColumnBuilder
from riskset_site.data.sources.csv import not_a_table, unreadable
from riskset_site.data.sources.kept_columns import KeptColumns
from riskset_site.data.sources.table import SourceTable

_BATCH_ROWS = 65_536


def read_parquet(
    path: Path,
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    every: bool = False,
    zone: str | None = None,
) -> SourceTable:
    """Returns the columns of `expected` and `optional` that the file has; with `every`, all that it has.
    Instants are days in `zone`. Raises DataError, with problems, for what is not such a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            schema = file.schema_arrow
            kept = KeptColumns(path, schema.names, expected, optional, every, ArrowColumnBuilder)
            kept.zone = zone
            columns = [schema.names[at] for at in kept.positions.values()]
            return _read(path, schema, kept, file.iter_batches(_BATCH_ROWS, columns=columns))
    except pa.ArrowException as error:
        raise _damaged(path, error) from None


def read_feather(
    path: Path,
    expected: Collection[str],
    optional: Collection[str] = (),
    *,
    every: bool = False,
    zone: str | None = None,
) -> SourceTable:
    """Returns as `read_parquet` does the columns of a Feather file of version 2, which is a file of Arrow."""
    import pyarrow as pa

    try:
        with pa.memory_map(str(path)) as mapped, pa.ipc.open_file(mapped) as file:
            kept = KeptColumns(path, file.schema.names, expected, optional, every, ArrowColumnBuilder)
            kept.zone = zone
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
            return _read(path, file.schema, kept, batches)
    except pa.ArrowException as error:
        raise _damaged(path, error) from None


def _read(path: Path, schema: Any, kept: KeptColumns, batches: Iterable[Any]) -> SourceTable:  # noqa: ANN401
    import pyarrow as pa

    refuse_nested(path, {name: schema.types[at] for name, at in kept.positions.items()})
    n = 0
    names = {name: schema.names[at] for name, at in kept.positions.items()}
    for batch in batches:
        n += batch.num_rows
        for name, of_file in names.items():
            kept.add(name, batch.column(of_file))
    pa.default_memory_pool().release_unused()  # hundreds of megabytes, which the rest of the reading needs
    return kept.table(n)


def refuse_nested(path: Path, types: Mapping[str, Any]) -> None:
    """Raises DataError where a column that is kept holds something else than one text, number, flag or day a row."""
    import pyarrow as pa

    def is_plain(type_: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
        if pa.types.is_dictionary(type_):
            return is_plain(type_.value_type)
        return not (pa.types.is_nested(type_) or pa.types.is_binary(type_) or pa.types.is_large_binary(type_))

    message, hint = say("data.source.nested"), say("data.source.one_value")
    problems = [
        Problem(say("data.where.column", column=name), message, hint)
        for name, type_ in types.items()
        if not is_plain(type_)
    ]
    if problems:
        raise not_a_table(path, problems)


def _damaged(path: Path, error: Exception) -> Exception:
    return unreadable(path, say("data.source.damaged", reason=type(error).__name__), say("data.export.export_again"))
