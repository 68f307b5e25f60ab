"""What stands in the margin of each printed page, as content of a style sheet."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from riskset_report.printed import in_fields

_COUNTERS: Final = {"page": "counter(page)", "pages": "counter(pages)"}


def with_counters(said: str) -> Markup:
    """Returns `Page n of m` as the content of a margin box, of a sentence with the fields `page` and `pages`."""
    return Markup(" ").join(
        css_string(piece) if number % 2 == 0 else Markup(_COUNTERS[piece])
        for number, piece in enumerate(in_fields(said))
    )


def css_string(text: str) -> Markup:
    """A string of a style sheet, in which nothing of the text can end the string or the sheet."""
    escaped = "".join(sign if sign.isalnum() or sign in " .,:-" else f"\\{ord(sign):x} " for sign in text)
    return Markup(f'"{escaped}"')
