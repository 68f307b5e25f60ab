"""What the tables of a study file and of a site file share: frozen, closed to unknown keys, finite numbers only, and
errors in the file's own terms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Final, NoReturn

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from riskset.catalogue import NOTHING, Message, say
from riskset.study.toml_lines import KeyPath

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""A name given in the file: it becomes part of result ids, file names and command lines."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]

Label = Annotated[str, StringConstraints(max_length=500)]
"""May be empty."""

Names = Annotated[tuple[Name, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Since:
    """Marks a key that riskset 0.1.0 did not know: `missing: Annotated[Missing, Since("0.2.0")] = "complete"`.

    With its default value the key is not part of the study's hash, so that approvals given before the key existed stay
    valid. The default must therefore do what the earlier version did without the key.
    """

    version: str
    """The first version of riskset, or of the package that provides the table, that reads the key."""


WHOLE: Final = "whole"
"""As the context of `model_dump`: later keys too, with their defaults."""


class TomlTable(BaseModel):
    """One table of a study file or site file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, populate_by_name=True
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        for name, field in cls.model_fields.items():
            if _is_later(field) and field.is_required():
                raise TypeError(f"{cls.__name__}.{name} is marked with Since and needs a default")

    @model_serializer(mode="wrap")
    def _without_later_defaults(self, dump: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        document: dict[str, Any] = dump(self)
        if info.context == WHOLE:
            return document
        for name, field in type(self).model_fields.items():
            if _is_later(field) and getattr(self, name) == field.get_default(call_default_factory=True):
                document.pop((info.by_alias and field.serialization_alias) or name, None)
        return document


def _is_later(field: FieldInfo) -> bool:
    return any(isinstance(mark, Since) for mark in field.metadata)


@dataclass(frozen=True)
class Complaint:
    """One thing wrong, and the key it is about."""

    path: KeyPath
    message: Message | str
    """A text only where another package provides the method or the file."""
    hint: Message | str = NOTHING
    column: int | None = None
    """Column in the text at `path`, 1-based, where known."""

    @property
    def where(self) -> str:
        """The path as a person looks for it: `[variables] age.range`, `[[eligibility]] #2.rule`."""
        first, *rest = [f"#{part + 1}" if isinstance(part, int) else part for part in self.path] or ["the file"]
        heading = "[[eligibility]]" if first == "eligibility" else first if first == "schema" else f"[{first}]"
        return f"{heading} {'.'.join(rest)}".strip()


def complain(message: Message | str) -> NoReturn:
    """Rejects a value inside a validator; `validation_errors` passes the message on unchanged."""
    raise PydanticCustomError("complaint", "{message}", {"message": message})


def repeated(items: Iterable[str]) -> list[str]:
    """Returns the items that occur more than once, each once, in order."""
    seen: set[str] = set()
    again: dict[str, None] = {}
    for item in items:
        if item in seen:
            again[item] = None
        seen.add(item)
    return list(again)


def each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Returns `names`; rejects them where one is repeated."""
    if again := repeated(names):
        complain(say("study.value.duplicate_name", names=tuple(again)))
    return names


def ascending(key: str, value: tuple[float, ...]) -> tuple[float, ...]:
    """Returns `value`; rejects it where it is not strictly ascending."""
    if any(later <= earlier for earlier, later in pairwise(value)):
        complain(say("study.value.ascending", key=key))
    return value
