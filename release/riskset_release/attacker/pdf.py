"""Reads a PDF as far as matplotlib writes one: the drawing of its page, and every other text in the file.

Only what is known is passed over: a stream of another kind is named among what nobody sees.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from riskset_release.attacker.drawing import Drawing, Line, Point, Word

_OBJECT: Final = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM: Final = re.compile(rb"(.*?)\nstream\n(.*)\nendstream", re.DOTALL)
_TOKEN: Final = re.compile(
    rb"\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>|\[|\]|/[^\s/\[\]()<>]+|[-+]?\d*\.?\d+|[A-Za-z'\"*]+", re.DOTALL
)
_ESCAPED: Final = re.compile(rb"\\(\d{3}|.)", re.DOTALL)
_RANGE: Final = re.compile(rb"<([0-9a-f]+)> <[0-9a-f]+> \[((?:<[0-9a-f]+> ?)+)\]")
_REFERENCE: Final = re.compile(rb"/(\w+) (\d+) 0 R")
_SAID: Final = re.compile(rb"\(((?:\\.|[^\\()])*)\)")
_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class _File:
    objects: Mapping[int, bytes]

    def stream(self, number: int) -> bytes:
        found = _STREAM.fullmatch(self.objects[number])
        if found is None:
            return b""
        return zlib.decompress(found[2]) if b"/FlateDecode" in found[1] else found[2]

    def referred(self, number: int) -> dict[str, int]:
        """Returns the objects that one names, by their key."""
        head = self.objects[number].partition(b"\nstream\n")[0]
        return {name.decode(): int(of) for name, of in _REFERENCE.findall(head)}


def read_pdf(data: bytes) -> Drawing:
    """Returns the drawing of a PDF of one page. ValueError where it has another number of pages."""
    file = _File({int(number): content for number, content in _OBJECT.findall(data)})
    pages = [number for number, content in file.objects.items() if b"/Type /Page " in content]
    if len(pages) != 1:
        raise ValueError("expected a PDF of one page")
    of_page = file.referred(pages[0])
    height = float(re.search(rb"/MediaBox \[ 0 0 \S+ (\S+) \]", file.objects[pages[0]])[1])  # type: ignore[index]
    fonts = file.referred(file.referred(of_page["Resources"])["Font"])
    page = _Page(height, {name: _characters(file, number) for name, number in fonts.items()})
    page.read(file.stream(of_page["Contents"]))
    return Drawing(tuple(page.items), tuple(_unseen(file, of_page["Contents"])))


def _characters(file: _File, font: int) -> dict[int, str]:
    """Returns the characters of a font by their codes."""
    found = dict[int, str]()
    for first, texts in _RANGE.findall(file.stream(file.referred(font)["ToUnicode"])):
        for more, text in enumerate(re.findall(rb"<([0-9a-f]+)>", texts)):
            found[int(first, 16) + more] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return found


def _unseen(file: _File, contents: int) -> Iterator[str]:
    """Yields what strings, and streams of no known kind, say beside the drawing."""
    of_fonts = {
        of
        for number in file.objects
        for name, of in file.referred(number).items()
        if name in ("FontFile2", "ToUnicode", "CIDToGIDMap")
    }
    for number, content in file.objects.items():
        head = content.partition(b"\nstream\n")[0]
        for said in _SAID.findall(head):
            if said not in (b"Adobe", b"Identity"):
                yield f"object {number}: {said.decode('latin-1')}"
        is_drawn = number == contents or b"/Subtype /Form" in head
        if b"\nstream\n" in content and not is_drawn and number not in of_fonts:
            yield f"stream {number}: {file.stream(number)[:200].decode('latin-1')}"


@dataclass
class _Page:
    """Follows the operators of a page, as far as they place lines and words."""

    height: float
    fonts: Mapping[str, Mapping[int, str]]
    items: list[Line | Word] = field(default_factory=list)
    _points: list[Point] = field(default_factory=list)
    _place: list[tuple[Point, bool]] = field(default_factory=lambda: [((0.0, 0.0), False)])
    """Where (0, 0) is, and whether something is cut off, outside in."""
    _font: Mapping[int, str] = field(default_factory=dict)
    _text: str = ""

    def read(self, content: bytes) -> None:
        operands = list[bytes]()
        for token in _TOKEN.findall(content):
            if re.match(rb"[A-Za-z'\"*]", token):
                self._operator(token.decode(), operands)
                operands = []
            else:
                operands.append(token)

    def _operator(self, name: str, operands: list[bytes]) -> None:
        (x, y), is_cut = self._place[-1]
        if name == "q":
            self._place.append(self._place[-1])
        elif name == "Q":
            self._place.pop()
        elif name == "cm":
            self._place[-1] = ((x + float(operands[4]), y + float(operands[5])), is_cut)
        elif name in ("m", "l"):
            self._points.append((x + float(operands[0]), self.height - y - float(operands[1])))
        elif name == "W":
            self._place[-1] = ((x, y), True)
        elif name in ("S", "f", "B", "n"):
            if self._points:
                self.items.append(Line(tuple(self._points), name == "f", is_cut))
            self._points = []
        elif name == "Tf":
            self._font = self.fonts[operands[0].decode().removeprefix("/")]
        elif name in ("Tj", "TJ"):
            self._text += "".join(self._read(one) for one in operands if one.startswith(b"("))
        elif name == "ET":
            self.items.append(Word(self._text, x, self.height - y))
            self._text = ""

    def _read(self, string: bytes) -> str:
        codes = _ESCAPED.sub(_unescaped, string[1:-1])
        return "".join(self._font[int.from_bytes(codes[at : at + 2])] for at in range(0, len(codes), 2))


def _unescaped(found: re.Match[bytes]) -> bytes:
    escaped = found[1]
    return bytes([int(escaped, 8)]) if len(escaped) == 3 else _ESCAPES.get(escaped, escaped)
