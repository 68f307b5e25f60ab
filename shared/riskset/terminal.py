"""The one function that prints on a terminal without `rich`."""

from __future__ import annotations

import typer

from riskset.language import told
from riskset.visible_text import lines


def tell(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Prints a text, also one that holds words from outside; a sentence in the language that is spoken. Nothing else
    prints on a terminal without `rich`."""
    typer.echo(lines(told(text) if isinstance(text, str) else str(text)), err=err, nl=nl)
