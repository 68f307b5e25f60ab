"""The fonts of every figure: those that journals ask for, and those for Japanese, Korean and Chinese characters."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from matplotlib.font_manager import FontProperties, findfont, findSystemFonts, fontManager, get_font

LATIN: Final = ("Arial", "Helvetica", "Liberation Sans")
"""As journals ask for. Their letters have the same widths, so that a layout that was measured in one fits all."""
ALWAYS: Final = "DejaVu Sans"
"""Comes with matplotlib."""
CJK: Final = (
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Source Han Sans",
    "Noto Sans JP",
    "Noto Sans KR",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "Meiryo",
    "Malgun Gothic",
    "NanumGothic",
    "IPAexGothic",
)
_FILES = re.compile(
    r"arial|helvetica|liberationsans|notosans(cjk|jp|kr)|sourcehansans|hiragino|applesdgothic|yugoth|meiryo|malgun|"
    r"nanumgothic|ipaexg",
    re.IGNORECASE,
)


def families() -> tuple[str, ...]:
    """Returns the families to draw with, the first for all that it has: each later one fills gaps of those before it.

    One of `LATIN` if there is any, `ALWAYS`, and all of `CJK` that the machine has.
    """
    installed = _installed()
    latin = [family for family in LATIN if family in installed]
    return (*latin[:1], ALWAYS, *(family for family in CJK if family in installed))


@cache
def _installed() -> frozenset[str]:
    """The families that matplotlib draws. Its list may be older than a font of the machine, which is then added."""
    known = set(fontManager.get_font_names())
    if not (known.intersection(LATIN) and known.intersection(CJK)):
        listed = {os.path.realpath(font.fname) for font in fontManager.ttflist}
        for path in sorted(findSystemFonts()):
            if _FILES.search(Path(path).name.replace(" ", "")) and os.path.realpath(path) not in listed:
                _add(path)
    return frozenset(fontManager.get_font_names())


def _add(path: str) -> None:
    try:
        fontManager.addfont(path)
    except (OSError, RuntimeError):  # a file that is no font, or of a kind that FreeType does not read
        return


def without_glyph(texts: Iterable[str], drawn_with: tuple[str, ...]) -> str:
    """Returns the characters of texts that no font of the families has, each once, in the order of their numbers."""
    missing = {ord(character) for text in texts for character in text if character.isprintable()}
    for family in drawn_with:
        if missing:  # fonts of many thousand characters are opened only for a figure that needs them
            missing -= _covered_by(family)
    return "".join(map(chr, sorted(missing)))


def needs_outlines(text: str, drawn_with: tuple[str, ...]) -> bool:
    """Whether a PDF must draw a text as outlines, for a character from a font that matplotlib does not embed well.

    It embeds an OpenType font with PostScript outlines, such as Noto Sans CJK, as if it were TrueType; Acrobat rejects
    that.
    """
    missing = {ord(character) for character in text if character.isprintable()}
    for family in drawn_with:
        if missing and missing & _covered_by(family) and _has_postscript_outlines(family):
            return True
        if missing:
            missing -= _covered_by(family)
    return False


@cache
def _covered_by(family: str) -> frozenset[int]:
    """Numbers of the characters that have a glyph."""
    return frozenset(get_font([_file_of(family)]).get_charmap())


@cache
def _has_postscript_outlines(family: str) -> bool:
    with Path(_file_of(family)).open("rb") as file:
        head = file.read(16)
        if head.startswith(b"ttcf"):  # a collection: the place of its first font follows
            file.seek(int.from_bytes(head[12:16], "big"))
            head = file.read(4)
    return head.startswith(b"OTTO")


def _file_of(family: str) -> str:
    return str(findfont(FontProperties(family=[family])))
