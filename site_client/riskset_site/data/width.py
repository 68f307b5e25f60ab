"""Texts in one width: full-width letters and digits and half-width kana as people type them elsewhere."""

from __future__ import annotations

import unicodedata

_ANOTHER_SIGN = ("<super>", "<sub>", "<circle>", "<fraction>")
"""Signs that are more than another width: 10² is not 102, nor is ① of a list 1."""


def in_one_width(text: str) -> str:
    """Returns a text as it is compared: NFKC, without signs that cannot be seen and spaces around it. A text with a
    sign that NFKC would make another one, such as 10², is left as it is."""
    if text.isascii():
        return text.strip()
    if any(unicodedata.decomposition(sign).startswith(_ANOTHER_SIGN) for sign in text):
        return unicodedata.normalize("NFC", text).strip()
    plain = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in plain if unicodedata.category(sign) != "Cf").strip()
