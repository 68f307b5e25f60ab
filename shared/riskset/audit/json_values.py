"""The values of two JSON documents side by side, each with its place: what `replay` and `diff` compare."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from math import isclose
from typing import Any, Final

CLOSEST: Final = 1e-12
"""Relative difference up to which two floats agree: those of two machines may differ in their last bits."""
ABSENT: Final = object()
"""Stands for a value that one of the documents does not have."""


def side_by_side(one: Any, other: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - any JSON
    """Yields every value of two documents that holds no other, after its place, such as `results[0].analysed`; ABSENT
    where only one has it. A list or object that is empty in one counts as absent where it holds something in the other,
    and one beside a single value is yielded whole."""
    if isinstance(one, dict) and isinstance(other, dict) and (one or other):
        for key in dict.fromkeys((*one, *other)):
            yield from side_by_side(one.get(key, ABSENT), other.get(key, ABSENT), f"{place}.{key}" if place else key)
    elif isinstance(one, list) and isinstance(other, list) and (one or other):
        for index, pair in enumerate(zip_longest(one, other, fillvalue=ABSENT)):
            yield from side_by_side(*pair, f"{place}[{index}]")
    elif one is ABSENT and _holds_something(other):
        yield from side_by_side(type(other)(), other, place)
    elif other is ABSENT and _holds_something(one):
        yield from side_by_side(one, type(one)(), place)
    else:
        yield place, one, other


def are_close(one: float, other: float) -> bool:
    """Whether two floats agree up to `CLOSEST`."""
    return one == other or isclose(one, other, rel_tol=CLOSEST)


def _holds_something(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value)
