"""What every table of the study file shares: closed to unknown keys, frozen, finite numbers, plain-worded errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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

from riskset.catalogue import NOTHING, Message
from riskset.study.toml_lines import KeyPath

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
"""A name somebody gave: it becomes part of result ids, file names and command lines."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]

Names = Annotated[tuple[Name, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Since:
    """Marks a key that riskset 0.1.0 did not know: `missing: Annotated[Missing, Since("0.2.0")] = "complete"`.

    With its default it is not part of the study's hash, so that a study approved before the key was there stays the
    study approved. The default must therefore do what the version before did without the key.
    """

    version: str
    """The first one of riskset, or of the package that brings the table, that reads the key."""


WHOLE: Final = "whole"
"""As the context of `model_dump`: later keys too, with their defaults."""


class TomlTable(BaseModel):
    """One table of the study file."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, populate_by_name=True
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        for name, field in cls.model_fields.items():
            if _is_later(field) and field.is_required():
                raise TypeError(f"{cls.__name__}.{name} is marked as later than its table, and has no default")

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
    hint: Message | str = NOTHING

    @property
    def where(self) -> str:
        """The path as a person looks for it: `[variables] age.range`, `[[eligibility]] #2.rule`."""
        first, *rest = [f"#{part + 1}" if isinstance(part, int) else part for part in self.path] or ["the file"]
        heading = "[[eligibility]]" if first == "eligibility" else first if first == "schema" else f"[{first}]"
        return f"{heading} {'.'.join(rest)}".strip()


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
