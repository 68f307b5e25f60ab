"""`riskset explain`: the page of a code that an error, a problem or a warning names at its end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.error_pages import codes, page_names, page_of
from riskset.errors import DataError, did_you_mean
from riskset.language import OwnLanguage, speak, spoken
from riskset.terminal import tell_drawn

HERE = Path()


def explain(
    code: Annotated[str, typer.Argument(metavar="[CODE]", show_default=False)] = "",
    language: OwnLanguage = None,
) -> None:
    """Print what a code means, what was expected and found, where, and what to do. Nothing is sent or read but the
    language of the site file or study in this folder."""
    speak(HERE / "site.toml", HERE / "study.toml")
    asked = code.strip().strip("[]")
    from riskset.error_pages.printed import printed_list, printed_page  # a command that explains nothing needs no rich

    if not asked:
        tell_drawn(printed_list(spoken()))
        return
    page = page_of(asked, spoken())
    if page is None:
        hint = did_you_mean(asked, [*codes(), *page_names()]) or say("cli.explain.unknown_hint")
        raise DataError(say("cli.explain.unknown", code=asked), hint)
    tell_drawn(printed_page(page, spoken()))
