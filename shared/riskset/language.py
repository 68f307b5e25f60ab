"""The option `--lang`, of the commands that write what people read in their own language."""

from __future__ import annotations

from typing import Annotated

import typer

from riskset.catalogue import languages, say


def _known(language: str | None) -> str | None:
    """Returns a language that has a catalogue. Raises BadParameter for another."""
    if language is not None and language not in languages():
        raise typer.BadParameter(str(say("cli.unknown_language", language=language, languages=languages())))
    return language


Language = Annotated[
    str | None,
    typer.Option(
        "--lang", metavar="CODE", callback=_known, help="Of the report; default: the study's.", show_default=False
    ),
]
