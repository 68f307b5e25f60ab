"""Texts in one width: full-width letters and digits and half-width kana as people type them elsewhere."""

from __future__ import annotations

import unicodedata

from riskset.visible_text import LINE

_ANOTHER_SIGN = ("<super>", "<sub>", "<circle>", "<fraction>")
"""Signs that are more than another width: 10² is not 102, nor is ① of a list 1."""
_SEPARATORS = ("Cc", "Zl", "Zp", "Cs")


def in_one_width(text: str) -> str:
    """Returns a text as it is compared: NFKC, without signs that cannot be seen and spaces around it. A text with a
    sign that NFKC would make another one, such as 10², keeps its signs."""
    if text.isascii():
        return seen_signs(text)
    if any(unicodedata.decomposition(sign).startswith(_ANOTHER_SIGN) for sign in text):
        return seen_signs(unicodedata.normalize("NFC", text))
    return seen_signs(unicodedata.normalize("NFKC", text))


def seen_signs(text: str) -> str:
    """Returns a text without the signs that nobody sees, and without spaces around it. In place of a control sign it
    has a space, so that what it divided is not made one word or number; ends of lines and tabs are kept."""
    if text.isprintable():
        return text.strip()
    return "".join(map(_seen, text)).strip()


def _seen(sign: str) -> str:
    if sign in LINE or sign.isprintable():
        return sign
    category = unicodedata.category(sign)
    return "" if category == "Cf" else " " if category in _SEPARATORS else sign
