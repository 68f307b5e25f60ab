"""Typed values as the texts of an export: each value has one text, whatever the source that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset_site.data.sources.table import INSTANT, NUMBER

_WHOLE = 10**15
"""From here on a number in double precision need not be the whole one that was meant."""
_DECIMALS = 9
"""Digits after the point of a single-precision number that was written with so few."""


SINGLE: Final = 2.0**24
"""From here on single precision does not have every whole number."""


def cell_text(value: Any) -> str:  # noqa: ANN401
    """Returns a value as a text: empty for none, whole numbers without a point, dates as 2024-01-31."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case float():
            return "" if value != value else _whole(value) or repr(value)  # NaN: by which many programs mean none
        case Decimal():
            return _whole(value) or format(value.normalize(), "f") if value.is_finite() else str(value)
        case datetime():
            is_day = value.time() == time.min
            return value.date().isoformat() if is_day else value.replace(microsecond=0, tzinfo=None).isoformat(" ")
        case date():
            return value.isoformat()
        case time():
            return value.replace(microsecond=0, tzinfo=None).isoformat()
    return str(value)


def marked_text(value: Any) -> str:  # noqa: ANN401
    """Returns the text of a value: with the mark of one, of a number that has a decimal point; of an instant with its
    mark and zone, `2024-01-30 15:00:00+00:00`."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return INSTANT + value.replace(microsecond=0).isoformat(" ")
    text = cell_text(value)
    return NUMBER + text if "." in text and isinstance(value, float | Decimal) else text


def _whole(value: float | Decimal) -> str:
    """Returns the text of a whole number; empty for every other one."""
    return str(int(value)) if -_WHOLE < value < _WHOLE and value == int(value) else ""


def written_as(numbers: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the numbers as a person wrote them: 0.1 in single precision is 0.100000001490116 in double."""
    exact = numbers.astype(np.float64)
    found, is_open = exact.copy(), np.isfinite(exact)
    for decimals in range(_DECIMALS):
        rounded = np.round(exact, decimals)
        fits = is_open & (rounded.astype(np.float32) == numbers)
        found[fits] = rounded[fits]
        is_open &= ~fits
    return found


def single_text(value: float) -> str:
    """Returns the text of a number in single precision. From 16,777,216 on, several whole numbers are the same there:
    they are written with an exponent, by which a patient number is known to have lost digits."""
    if abs(value) >= SINGLE:
        return f"{value:.8E}"
    return marked_text(float(written_as(np.array([value], np.float32))[0]))


def column_texts(values: Sequence[Any]) -> list[str]:
    """Returns the texts of many values."""
    return [marked_text(value) for value in values]
