"""Every sentence that people see, by code: the files of `en` hold the English ones, and another language adds a folder.

A message is its English text, and keeps the code and the values it was made of: where a person reads another language,
the text is made again. results.json is written in English whatever the language.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar

from riskset.visible_text import quoted, visible

ENGLISH: Final = "en"
_Kept = TypeVar("_Kept")


class UnknownLanguage(KeyError):
    """There is no catalogue of a language; those that have one are named."""

    def __init__(self, language: str) -> None:
        super().__init__(f"no catalogue for the language {language!r}; there is one for {', '.join(languages())}")


Text = str | Mapping[str, str]
"""A template; or `one` and `other`, chosen by the value `n`."""


class Message(str):
    """A sentence of the catalogue: its English text, with the code and the values it was made of. Empty for nothing."""

    code: str
    """Its key in the catalogue: `study.unknown_key`; empty for no sentence."""
    values: tuple[tuple[str, Any], ...]
    """By name; a tuple is printed with commas between, or with what the template says: `{sites: and }`, or
    `{sites:, | and }` for `a, b and c`. A value may be a message itself. Never a patient's value."""

    def __new__(cls, code: str, values: tuple[tuple[str, Any], ...] = ()) -> Message:
        """KeyError where the catalogue has no such code, or the template prints a value that is not there."""
        message = super().__new__(cls, _text(ENGLISH, code, values))
        message.code, message.values = code, values
        return message

    def __getnewargs__(self) -> tuple[str, tuple[tuple[str, Any], ...]]:  # type: ignore[override]
        return self.code, self.values  # copies are made as the message was

    def in_language(self, language: str) -> str:
        """Returns the sentence; UnknownLanguage where the language has no catalogue, KeyError where that lacks the
        code."""
        return _text(language, self.code, self.values)

    def pieces(self, language: str, kept: type[_Kept] | tuple[type[_Kept], ...]) -> Iterator[_Kept | str]:
        """Yields the sentence in pieces, in which values of the types `kept` are as they are; the errors of
        `in_language`."""
        yield from _pieces(language, self.code, self.values, kept)

    def to_json(self) -> dict[str, Any]:
        """Returns code and values, for programs."""
        return {"code": self.code, "values": {name: _for_programs(value) for name, value in self.values}}


def _text(language: str, code: str, values: tuple[tuple[str, Any], ...]) -> str:
    return "".join(list(_pieces(language, code, values, ())))


def _pieces(
    language: str, code: str, values: tuple[tuple[str, Any], ...], kept: type[Any] | tuple[type[Any], ...]
) -> Iterator[Any]:
    if not code:
        return
    template, written = catalogue(language)[code], {name: _written(value, language) for name, value in values}
    if not isinstance(template, str):
        template = template["one" if written["n"] == 1 else "other"]
    for text, name, form in _parsed(template):
        yield text
        if name is not None:
            value = written[name]
            yield value if isinstance(value, kept) else _printed(value, *form)


def _written(value: Any, language: str) -> Any:  # noqa: ANN401 - whatever a template prints
    """Returns a value with the messages in it written out."""
    if isinstance(value, Message):
        return _Sentence(value if language == ENGLISH else value.in_language(language))
    return tuple(_written(part, language) for part in value) if isinstance(value, tuple) else value


class _Sentence(str):
    """Of the catalogue, so that its line ends are ours."""

    __slots__ = ()


def say(code: str, /, **values: Any) -> Message:  # noqa: ANN401 - whatever a template prints
    """Returns the message of a code of the catalogue with its values."""
    return Message(code, tuple(values.items()))


def in_language(text: str, language: str) -> str:
    """Returns a message in a language; another text, which another package or a person wrote, as it is."""
    return text.in_language(language) if isinstance(text, Message) else text


def verbatim(text: str) -> Message:
    """Returns a text that comes from elsewhere (another program's answer, another package's sentence) as it is."""
    return text if isinstance(text, Message) else say("verbatim", text=text)


def _for_programs(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, tuple):
        return [_for_programs(part) for part in value]
    return value if isinstance(value, int | float | str) else str(value)


@cache
def _parsed(template: str) -> tuple[tuple[str, str | None, tuple[str, bool]], ...]:
    """Returns a template's parts: a text; the name of the value after it, None at the end; the value's format, and
    whether it is printed as Python writes it."""
    parts = string.Formatter().parse(template)
    return tuple((text, name, (form or "", quoted is not None)) for text, name, form, quoted in parts)


def _printed(value: Any, form: str, is_quoted: bool) -> str:  # noqa: ANN401 - whatever a template prints
    if is_quoted:
        value = quoted(value) if isinstance(value, str) else repr(value)
    if isinstance(value, tuple):
        between, _, last = (form or ", ").partition("|")
        *first, end = (part if isinstance(part, _Sentence) else visible(str(part)) for part in value or ("",))
        return f"{between.join(first)}{last or between}{end}" if first else end
    text = format(value, form)
    return text if isinstance(value, _Sentence) else visible(text)  # no value begins a line that looks like ours


@cache
def languages() -> tuple[str, ...]:
    """Returns the languages that have a catalogue, English first."""
    folders = (folder.name for folder in files("riskset.catalogue").iterdir() if (folder / "report.toml").is_file())
    return (ENGLISH, *sorted(name for name in folders if name != ENGLISH))


@cache
def catalogue(language: str) -> Mapping[str, Text]:
    """Returns the templates of a language by code; UnknownLanguage where it has no catalogue."""
    if language not in languages():
        raise UnknownLanguage(language)
    found: dict[str, Text] = {}
    for file in sorted((files("riskset.catalogue") / language).iterdir(), key=lambda file: file.name):
        found |= _flat(tomllib.loads(file.read_text(encoding="utf-8")), "")
    return found


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


NOTHING: Final = Message("")
