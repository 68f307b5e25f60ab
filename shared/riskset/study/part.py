"""What every table of the study file shares: closed to unknown keys, frozen, finite numbers, plain-worded errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""A name somebody gave: it becomes part of result ids, file names and command lines."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]

Names = Annotated[tuple[Name, ...], Field(min_length=1)]


class Part(BaseModel):
    """One table of the study file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, populate_by_name=True
    )


def complain(sentence: str) -> NoReturn:
    """Refuse a value with a sentence that reaches the person unchanged (braces would be taken as a template)."""
    raise PydanticCustomError("sentence", "{sentence}", {"sentence": sentence})


def repeated(items: Iterable[str]) -> list[str]:
    """The items that stand more than once, each told once, in order."""
    seen: set[str] = set()
    again: dict[str, None] = {}
    for item in items:
        if item in seen:
            again[item] = None
        seen.add(item)
    return list(again)


def each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    """`names`, unless one is repeated."""
    if again := repeated(names):
        complain(f"each name stands once; twice: {', '.join(again)}")
    return names
