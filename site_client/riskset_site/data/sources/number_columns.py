"""Columns of numbers from sources that hold numbers: a column that hardly repeats itself is not made texts.

Ten million distinct numbers are 80 MB, and 700 MB as Python's texts. The text of each is still what `cell_text` makes
of it, when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from riskset_site.data.sources.cells import cell_text
from riskset_site.data.sources.table import TextColumn

_FEW = 50_000
"""Distinct numbers, up to which a column is coded."""
_SAMPLE = 100_000
EXACT = 10**15
"""From here on a whole number is not the same in double precision and as a text."""


class NumberTexts(Sequence[str]):
    """The texts of numbers, each made when it is asked for."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple(map(cell_text, self._values[at].tolist()))
        return cell_text(self._values[at].item())


def number_column(values: NDArray[Any]) -> TextColumn:
    """Returns the column of numbers (n,), which are below EXACT; NaN is an empty text."""
    if _hardly_repeats(values[:_SAMPLE]):
        return _by_row(values)
    distinct, codes = np.unique(values, return_inverse=True)
    if len(distinct) > _FEW:
        return _by_row(values)
    texts = tuple(map(cell_text, distinct.tolist()))
    numbers = frozenset(code for code, text in enumerate(texts) if "." in text)
    return TextColumn(smallest(codes.reshape(-1)), texts, numbers)


def smallest(codes: NDArray[Any]) -> NDArray[Any]:
    """Returns whole numbers in the smallest type that holds them."""
    if not len(codes):
        return codes.astype(np.int32)
    dtype = np.result_type(np.min_scalar_type(-int(codes.max()) - 1), np.min_scalar_type(min(int(codes.min()), -1)))
    return codes.astype(dtype)


def _by_row(values: NDArray[Any]) -> TextColumn:
    values = _exactly(values)
    return TextColumn(_each_row(len(values)), NumberTexts(values), values=values)


def _exactly(values: NDArray[Any]) -> NDArray[Any]:
    """Returns the same numbers in single precision or small integers, where that is exact."""
    if values.dtype.kind != "f":
        return smallest(values)
    single = values.astype(np.float32)
    return single if np.array_equal(single, values, equal_nan=True) else values


def _hardly_repeats(sample: NDArray[Any]) -> bool:
    return len(np.unique(sample)) * 2 > max(len(sample), 2 * _FEW)


@lru_cache(maxsize=1)
def _each_row(n: int) -> NDArray[np.int32]:
    """Returns 0 to n - 1, shared by the columns of one table."""
    codes = np.arange(n, dtype=np.int32)
    codes.flags.writeable = False
    return codes
