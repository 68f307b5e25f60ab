"""methods.md: the text for whoever pastes it into a manuscript."""

from __future__ import annotations

import re

from riskset_report.methods.text import PrintedMethods

NAME = "methods.md"
_MARKS = re.compile(r"[\\`*_<]|\[(?!\d+(?:,\d+)*\])|^[#>+-]")
"""What Markdown would read as its own; a citation stays as it is."""


def methods_md(methods: PrintedMethods) -> str:
    """Returns the file: a heading for each part, a line for each paragraph, and the references as a numbered list."""
    lines = [f"# {methods.title}", ""]
    for part in methods.parts:
        lines += [f"## {part.heading}", ""]
        for paragraph in part.paragraphs:
            lines += [_escaped(paragraph), ""]
    if methods.references:
        lines += [f"## {methods.references_title}", ""]
        lines += [f"{number}. {_escaped(reference)}" for number, reference in enumerate(methods.references, 1)]
        lines += [""]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Returns a text that Markdown shows as it is."""
    return _MARKS.sub(lambda found: f"\\{found[0]}", " ".join(text.split("\n")))
