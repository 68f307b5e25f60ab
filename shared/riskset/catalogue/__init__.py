"""Every sentence that people see, by code: `en.toml` holds the English ones, and another language adds a file.

A message travels through the program as its code and its values and becomes text where a person reads it. results.json
is written in English whatever the language.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

ENGLISH: Final = "en"

Text = str | Mapping[str, str]
"""A template; or `one` and `other`, chosen by the value `n`."""


@dataclass(frozen=True)
class Message:
    """A sentence that is not written yet. False where it says nothing."""

    code: str
    """Its key in the catalogue: `study.unknown_key`; empty for no sentence."""
    values: tuple[tuple[str, Any], ...] = ()
    """By name; a tuple is printed with commas between, or with what the template says: `{sites: and }`. A value may be
    a message itself. Never a patient's value."""

    def __str__(self) -> str:
        return self.in_language(ENGLISH)

    def __bool__(self) -> bool:
        return bool(self.code)

    def in_language(self, language: str) -> str:
        """Returns the sentence; KeyError where the catalogue has no such language or code, or lacks a value."""
        if not self.code:
            return ""
        template = catalogue(language)[self.code]
        values = {name: _written(value, language) for name, value in self.values}
        if not isinstance(template, str):
            template = template["one" if values["n"] == 1 else "other"]
        return _FORMATTER.vformat(template, (), values)

    def to_json(self) -> dict[str, Any]:
        """Returns code and values, for programs."""
        return {"code": self.code, "values": {name: _for_programs(value) for name, value in self.values}}


NOTHING: Final = Message("")


def _written(value: Any, language: str) -> Any:  # noqa: ANN401 - whatever a template prints
    """Returns a value with the messages in it written out."""
    if isinstance(value, Message):
        return value.in_language(language)
    return tuple(_written(part, language) for part in value) if isinstance(value, tuple) else value


def say(code: str, /, **values: Any) -> Message:  # noqa: ANN401 - whatever a template prints
    """Returns the message of a code of the catalogue with its values."""
    return Message(code, tuple(values.items()))


def _for_programs(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, tuple):
        return [_for_programs(part) for part in value]
    return value if isinstance(value, int | float | str) else str(value)


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - whatever a template prints
        if isinstance(value, tuple):
            return (format_spec or ", ").join(map(str, value))
        return str(super().format_field(value, format_spec))


_FORMATTER: Final = _Formatter()


@cache
def catalogue(language: str) -> Mapping[str, Text]:
    """Returns the templates of a language by code; KeyError where there is no such language."""
    file = files("riskset.catalogue") / f"{language}.toml"
    if not file.is_file():
        raise KeyError(f"no catalogue for the language {language!r}")
    return dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), ""))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Text]]:
    for key, value in table.items():
        if isinstance(value, str) or set(value) == {"one", "other"}:
            yield f"{prefix}{key}", value
        else:
            yield from _flat(value, f"{prefix}{key}.")


def fields_of(template: Text) -> frozenset[str]:
    """Returns the names of the values that a template prints."""
    texts = [template] if isinstance(template, str) else list(template.values())
    named = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    return frozenset(named if isinstance(template, str) else named | {"n"})
