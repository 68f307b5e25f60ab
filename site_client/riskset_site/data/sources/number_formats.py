"""What a number format of Excel makes of a number: a cell can show another one than it holds."""

from __future__ import annotations

import re

_LITERAL = re.compile(r'"([^"]*)"|\\(.)')
_BRACKETS = re.compile(r"\[[^\]]*\]")
_CONDITION = re.compile(r"\[[<>=]")
_SCALED = re.compile(r"[0#?],+(?![,0#?])")
"""A comma behind the last digit leaves out three digits."""
_OTHER_NUMBER = re.compile(r"[\d<>≤≥≦≧±~未以超十百千万億兆십백천만억미이초]")
"""In a text before or behind a number: `<`, `x10`, `万`, `未満`."""


def is_percentage(format_: str) -> bool:
    """True where a number is shown as a percentage."""
    return "%" in _LITERAL.sub("", format_)


def shows_another(format_: str, number: float) -> bool:
    """True where the format shows another number than the cell holds, or none: in thousands, behind a `<`, or before
    digits. Rounding does not count."""
    if format_ in ("General", ""):
        return False
    sections = _sections(format_)
    if _CONDITION.search(format_):
        return any(map(_alters, sections))
    return _alters(_section(sections, number))


def text_beside(format_: str, number: float) -> str:
    """Returns the text that the format shows before or behind a number, such as its unit."""
    if '"' not in format_ and "\\" not in format_:
        return ""
    section = _section(_sections(format_), number)
    return "".join(quoted or escaped for quoted, escaped in _LITERAL.findall(section)).strip()


def _sections(format_: str) -> list[str]:
    """Returns the parts between semicolons, those in quotation marks left alone."""
    kept = _LITERAL.sub(lambda one: one[0].replace(";", " "), format_)
    return kept.split(";")


def _section(sections: list[str], number: float) -> str:
    """Returns the part for positive numbers, negative ones or 0; without one of its own, the first."""
    own = 1 if number < 0 else 2 if number == 0 else 0
    return sections[own] if own < len(sections) else sections[0]


def _alters(section: str) -> bool:
    literals = "".join(quoted or escaped for quoted, escaped in _LITERAL.findall(section))
    rest = _LITERAL.sub("", _BRACKETS.sub("", section))
    has_digits = any(sign in rest for sign in "0#?@G")
    return not has_digits or bool(_SCALED.search(rest)) or bool(_OTHER_NUMBER.search(literals))
