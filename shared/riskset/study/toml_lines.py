"""The line of each key of a TOML file, which `tomllib` does not report.

`tomllib` has already read the text, or all of it before a name that is there twice, so keys only have to be found, not
checked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""Keys, and positions (from 0) in arrays, from the top of the file."""
KeyLines = dict[KeyPath, int]
"""Line numbers, from 1, by path."""

MISSING_QUOTE = "unclosed"
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # strings first, so that nothing inside a string is taken for a key
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'"
    r"|\#[^\n]*"
    r"|\n|[\[\]{},=.]"
    r"|[^\s\[\]{},=.\#\"']+"
    r"|[\"']",  # a quotation mark without its end
    re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    text: str
    line: int


def key_lines(text: str) -> KeyLines:
    """Returns the line of every key, table and array element of a valid TOML text."""
    scanner = _Scanner(list(tokens(text)))
    scanner.document()
    return scanner.found


@dataclass(frozen=True)
class Repeated:
    """A name that a TOML text has twice, where it may have it once."""

    name: str
    first: int
    """The line on which it is first."""
    is_table: bool
    """Whether it heads a table both times."""


def repeated(text: str) -> Repeated | None:
    """Returns the first name that is there twice in a text; None where none is found."""
    scanner = _Scanner(list(tokens(text)))
    with suppress(IndexError, ValueError):  # where something else is wrong behind it
        scanner.document()
    return scanner.repeated


def line_of(lines: KeyLines, path: KeyPath) -> int | None:
    """Returns the line of `path`, or of the nearest enclosing table or array in the file; None where there is none."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def tokens(text: str) -> Iterator[Token]:
    """Yields the tokens, without comments, up to a quotation mark that is never closed: `MISSING_QUOTE`."""
    line = 1
    at = 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        if match.group() in ('"', "'"):
            yield Token(MISSING_QUOTE, line)
            return  # what follows would be searched again from every further mark
        if not match.group().startswith("#"):
            yield Token(match.group(), line)
    yield Token("\n", line)


class _Scanner:
    """Reads the tokens once and fills `found`."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.found: KeyLines = {}
        self.elements: dict[KeyPath, int] = {}
        self.assigned: KeyLines = {}
        """Where a value is, which no later key or table can be a part of."""
        self.declared: KeyLines = {}
        """Tables with a header of their own."""
        self.repeated: Repeated | None = None

    def document(self) -> None:
        table: KeyPath = ()
        while self.at < len(self.tokens):
            if self.next() == "\n":
                self.at += 1
            elif self.next() == "[":
                table = self.header()
            else:
                self.assignment(table)

    def next(self) -> str:
        return self.tokens[self.at].text

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def header(self) -> KeyPath:
        """[a.b] or [[a.b]]; returns the path of the table that the following keys belong to."""
        line = self.take().line
        is_element = self.next() == "["
        if is_element:
            self.take()
        path: KeyPath = ()
        for key in self.keys("]"):
            path = self.current((*path, key))
            self.found.setdefault(path, line)
            self.is_once(path, self.assigned)
        if is_element:
            self.take()
            path = self.new_element(path, line)
        self.is_once(path, self.declared, is_table=True)
        self.declared[path] = line
        return path

    def is_once(self, path: KeyPath, before: KeyLines, *, is_table: bool = False) -> None:
        if path in before and self.repeated is None:
            name = next(part for part in reversed(path) if isinstance(part, str))
            self.repeated = Repeated(name, before[path], is_table)

    def current(self, path: KeyPath) -> KeyPath:
        """Returns `path`; for an array of tables, its last element, as TOML defines it."""
        return (*path, self.elements[path]) if path in self.elements else path

    def new_element(self, path: KeyPath, line: int) -> KeyPath:
        if path and isinstance(path[-1], int):  # `current` has appended the last element
            path = path[:-1]
        self.elements[path] = self.elements.get(path, -1) + 1
        element = (*path, self.elements[path])
        self.found.setdefault(path, line)
        self.found[element] = line
        return element

    def keys(self, end: str) -> list[str]:
        """Returns the parts of a dotted key, and reads past the token `end`."""
        parts = []
        while (token := self.take().text) != end:
            if token != ".":
                parts.append(_unquoted(token))
        return parts

    def assignment(self, table: KeyPath) -> None:
        line = self.tokens[self.at].line
        for key in self.keys("="):
            table = (*table, key)
            self.found.setdefault(table, line)
            self.is_once(table, self.assigned)
            self.is_once(table, self.declared)
        self.assigned[table] = line
        self.value(table)

    def value(self, path: KeyPath) -> None:
        opening = self.next()
        if opening == "{":
            self.take()
            self.inside("}", lambda _: self.assignment(path))
        elif opening == "[":
            self.take()
            self.inside("]", lambda position: self.element((*path, position)))
        else:
            while self.next() not in (",", "]", "}", "\n"):
                self.take()

    def element(self, path: KeyPath) -> None:
        self.found[path] = self.tokens[self.at].line
        self.value(path)

    def inside(self, end: str, read: Callable[[int], None]) -> None:
        """Reads the items between brackets; they may span lines and end with a comma."""
        position = 0
        while self.next() != end:
            if self.next() in (",", "\n"):
                self.take()
            else:
                read(position)
                position += 1
        self.take()


def _unquoted(token: str) -> str:
    if token[0] not in "\"'":
        return token
    return str(tomllib.loads(f"key = {token}")["key"])
