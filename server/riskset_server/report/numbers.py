"""numbers.csv: every number of results.json at full precision, so that any figure on the page can be found."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

_NAMES = ("variable", "level", "reference", "reason", "limit")  # null here: there is none; not a missing number


@dataclass(frozen=True)
class Number:
    """One row. `value` is Python's shortest text that reads back to the same double; empty where there is none."""

    result: str
    quantity: str = ""
    """The way to it in results.json, indices counted from 0."""
    variable: str = ""
    level: str = ""
    day: str = ""
    value: str = ""


def numbers_csv(results: Mapping[str, Any]) -> bytes:
    """All numbers of all results, in their order there, as CSV in UTF-8 with the mark that Excel wants."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(field.name for field in fields(Number))
    writer.writerows(astuple(number) for number in numbers(results))
    return text.getvalue().encode("utf-8-sig")


def numbers(results: Mapping[str, Any]) -> Iterator[Number]:
    """The rows of numbers.csv."""
    for result in results["results"]:
        yield from _walk(result, Number(result["id"]))


def _walk(value: object, at: Number) -> Iterator[Number]:
    """Every number below `value`; text, truth values and reasons are no numbers."""
    if isinstance(value, Mapping):
        yield from _walk_object(value, at)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            is_named = isinstance(item, Mapping) and bool(item.keys() & {"variable", "level", "day", "probability"})
            yield from _walk(item, at if is_named else replace(at, quantity=f"{at.quantity}[{index}]"))
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield replace(at, value="" if value is None else _text(value))


def _walk_object(value: Mapping[str, Any], at: Number) -> Iterator[Number]:
    here = _named(value, at)
    for key, item in value.items():
        quantity = f"{here.quantity}.{key}" if here.quantity else key
        if isinstance(value.get("day"), Sequence):
            yield from _curve(item, value["day"], replace(here, quantity=quantity))
        elif key not in _NAMES or item is not None:
            yield from _walk(item, replace(here, quantity=quantity))


def _named(value: Mapping[str, Any], at: Number) -> Number:
    """`at` with what the object says of itself: its variable, level, day, or probability (of a quartile)."""
    texts = {key: value[key] for key in ("variable", "level") if isinstance(value.get(key), str)}
    if isinstance(value.get("day"), int | float):
        texts["day"] = _text(value["day"])
    if "probability" in value:
        texts["quantity"] = f"{at.quantity}[{value['probability']!r}]"
    return replace(at, **texts)


def _curve(column: Sequence[float | None], days: Sequence[float], at: Number) -> Iterator[Number]:
    for day, item in zip(days, column, strict=True):
        yield from _walk(item, replace(at, day=_text(day)))


def _text(number: float) -> str:
    """Python's own text also for numpy's subclass of float, whose `repr` names its type."""
    return repr(float(number)) if isinstance(number, float) else repr(int(number))
