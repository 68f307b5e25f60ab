"""Where a page goes: to the terminal, to a file, or as JSON to a program."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from riskset_site.pages.html import page_html
from riskset_site.pages.page import Page
from riskset_site.pages.text import page_text


def write_page(page: Page, html: Path | None, as_json: str | None) -> None:
    """Prints the page, or the JSON where there is one; with `html` it writes the file, readable by its owner alone: it
    holds this site's own numbers."""
    if html is not None:
        with open(html, "w", encoding="utf-8", opener=_owner_only) as file:
            file.write(page_html(page))
        typer.echo(f"wrote {html}", err=True)
    if as_json is not None:
        typer.echo(as_json, nl=False)
    elif html is None:
        typer.echo(page_text(page), nl=False)


def facts_json(facts: Mapping[str, Any]) -> str:
    """Returns the facts of a page for a program; a number that is not finite is null."""
    finite = json.loads(json.dumps({"schema": 1, **facts}), parse_constant=lambda _: None)
    return json.dumps(finite, indent=1, ensure_ascii=False) + "\n"


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
