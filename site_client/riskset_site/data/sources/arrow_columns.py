"""The columns of batches of Arrow, as Parquet, Feather and DuckDB have them, collected in few bytes a row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset_site.data.sources.cells import SINGLE, column_texts, marked_text, single_text, written_as
from riskset_site.data.sources.number_columns import EXACT, number_column, smallest
from riskset_site.data.sources.table import NUMBER, TextColumn


class ArrowColumnBuilder:
    """Collects one column batch by batch: numbers as numbers, everything else by its distinct texts."""

    def __init__(self) -> None:
        self._numbers: list[NDArray[Any]] = []
        self._codes: list[NDArray[Any]] = []
        self._known: dict[str, int] = {}

    def extend(self, column: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        """Appends the rows of a batch."""
        import pyarrow as pa

        is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        numbers = _numbers(column) if is_number and not self._codes else None
        if numbers is not None:
            self._numbers.append(numbers)
            return
        self._give_up_numbers()
        self._codes.append(self._coded(column))

    def build(self) -> TextColumn:
        """Returns the column, and forgets what was collected."""
        numbers_of, codes_of, self._numbers, self._codes = self._numbers, self._codes, [], []
        if numbers_of:
            return number_column(np.concatenate(numbers_of))
        texts = tuple(self._known)
        codes = np.concatenate([np.empty(0, np.int8), *codes_of])
        numbers = frozenset(code for code, text in enumerate(texts) if text.startswith(NUMBER))
        return TextColumn(codes, tuple(text.lstrip(NUMBER) for text in texts), numbers)

    def _give_up_numbers(self) -> None:
        """Makes texts of what was collected, where a later number is too large to be exact in double precision."""
        for numbers in self._numbers:
            texts = column_texts(numbers.tolist())
            self._codes.append(smallest(np.array([self._code(text) for text in texts])))
        self._numbers = []

    def _coded(self, column: Any) -> NDArray[Any]:  # noqa: ANN401
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("s", column.type.tz), safe=False)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        coded = pc.dictionary_encode(column, null_encoding="encode")
        found = _values(coded.dictionary)
        texts = [_single(value) for value in found] if _is_single(column.type) else column_texts(found)
        own = np.array([self._code(text) for text in texts], np.int64)
        return smallest(own[coded.indices.to_numpy()] if len(own) else np.zeros(len(column), np.int64))

    def _code(self, text: str) -> int:
        return self._known.setdefault(text, len(self._known))


def _values(column: Any) -> list[Any]:  # noqa: ANN401
    """Returns the values; a date that no calendar of Python's has, such as DuckDB's `infinity`, as a text."""
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        return [_value(one) for one in column]
    return values


def _value(scalar: Any) -> Any:  # noqa: ANN401
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return "-infinity" if scalar.value < 0 else "infinity"


def _is_single(kind: Any) -> bool:  # noqa: ANN401
    import pyarrow as pa

    return bool(pa.types.is_float16(kind) or pa.types.is_float32(kind))


def _single(value: float | None) -> str:
    return marked_text(value) if value is None or not math.isfinite(value) else single_text(value)


def _numbers(column: Any) -> NDArray[Any] | None:  # noqa: ANN401
    """Returns the numbers of a batch, NaN for none; None where one of them is a whole number too large for that."""
    import pyarrow as pa

    values: NDArray[Any] = column.to_numpy(zero_copy_only=False)  # whole numbers with none among them as float64
    if _is_single(column.type):
        is_exact = np.nanmax(np.abs(values[np.isfinite(values)]), initial=0.0) < SINGLE
        return written_as(values.astype(np.float32)) if is_exact else None
    is_whole = pa.types.is_integer(column.type)
    if is_whole and len(values) and np.nanmax(np.abs(values.astype(np.float64)), initial=0.0) >= EXACT:
        return None
    return values
