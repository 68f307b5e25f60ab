"""What people type who know another language, or whose editor corrects them: hints for signs, quotation marks and names
of types that are not those of a study file."""

from __future__ import annotations

import re
from typing import Final

from riskset.catalogue import NOTHING, Message, say

_SIGNS: Final = {
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    "≥": ">=",
    "≧": ">=",
    "≤": "<=",
    "≦": "<=",
    "≠": "!=",
    "＝": "==",
    "＜": "<",
    "＞": ">",
    "（": "(",
    "）": ")",
    "，": ",",
    "、": ",",
    "　": " ",
    "AND": "and",
    "And": "and",
    "OR": "or",
    "Or": "or",
    "NOT": "not",
    "Not": "not",
    "IN": "in",
    "=": "==",
    "!": "not",
}
"""Longer ones before those that they contain."""
_CURLY: Final = "‘’“”„«»「」『』＂＇"
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_ONE_SIGN: Final = re.compile("|".join(rf"\b{sign}\b" if sign.isalpha() else re.escape(sign) for sign in _SIGNS))
_RIGHT: Final = re.compile(r"==|!=|>=(?!=)|<=(?!=)")

_TYPES: Final = {
    **dict.fromkeys(("integer", "int", "float", "double", "real", "numeric", "decimal"), "number"),
    **dict.fromkeys(("string", "text", "factor", "categorical", "enum", "character", "choice"), "category"),
    **dict.fromkeys(("bool", "logical", "flag", "binary"), "boolean"),
    **dict.fromkeys(("datetime", "timestamp", "day", "time"), "date"),
}


def sign_hint(rule: str) -> Message:
    """Returns what to write for the first sign of a rule that another language has; NOTHING where there is none."""
    code = _QUOTED.sub("''", rule)
    if any(mark in code for mark in _CURLY):
        return quotes_hint(code)
    found = _ONE_SIGN.search(_RIGHT.sub("  ", code))
    return say("study.rule.instead", found=found[0], write=_SIGNS[found[0]]) if found else NOTHING


def quotes_hint(text: str) -> Message:
    """Returns the hint for quotation marks that an editor has made curly; NOTHING where there is none."""
    found = next((mark for mark in text if mark in _CURLY), None)
    return say("study.rule.straight_quotes", found=found) if found else NOTHING


def quotes_hint_at(text: str, line: int | None) -> Message:
    """The same for one line of a text, counted from 1; NOTHING where it has no such line."""
    lines = text.splitlines()
    return quotes_hint(lines[line - 1]) if line and line <= len(lines) else NOTHING


def type_hint(found: str) -> Message:
    """Returns the type of a variable that another language calls `found`; NOTHING for an unknown word."""
    meant = _TYPES.get(found.lower())
    if meant is None:
        return NOTHING
    if found.lower() in ("integer", "int"):
        return say("study.variable.whole_number")
    return say("study.variable.type", type=meant)
