"""Where a page goes: to the terminal, to a file, or as JSON to a program."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from riskset.catalogue import Message, say
from riskset.language import spoken
from riskset.private_files import replace_file
from riskset.terminal import tell, tell_drawn
from riskset.visible_text import json_text
from riskset_site.pages.html import page_html
from riskset_site.pages.page import Page
from riskset_site.pages.text import page_text


def write_page(page: Page, html: Path | None, as_json: str | None) -> None:
    """Prints the page in the language that is spoken, or the JSON where there is one. With `html` it writes that file,
    readable by its owner only: it contains this site's own numbers."""
    if html is not None:
        replace_file(html, page_html(page, spoken()).encode())
        tell(say("data.page.written", file=str(html)), err=True)
    if as_json is not None:
        tell(as_json, nl=False)
    elif html is None:
        tell_drawn(page_text(page, spoken()))


def facts_json(facts: Any) -> str:  # noqa: ANN401 - any dataclass, or a mapping
    """Returns the facts of a page for a program, as `plain` writes them; a number that is not finite is null."""
    return json_text({"schema": 1, **plain(facts)}, indent=1) + "\n"


def plain(value: Any) -> Any:  # noqa: ANN401 - anything that a page contains
    """Returns a value in JSON's types: a dataclass as its fields that are shown, a message as its English text, NaN as
    null.

    What has a `message` also gets the `code` and the `values` of it, so that a program need not read the sentence.
    """
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: plain(getattr(value, field.name)) for field in fields(value) if field.repr}
        message = getattr(value, "message", None)
        beside = {"message": message, **message.to_json()} if isinstance(message, Message) else {}
        return named | {name: inner for name, inner in beside.items() if name not in named}
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value
