"""The one function that prints on a terminal without `rich`, and the one that asks there for a yes or a no."""

from __future__ import annotations

import typer

from riskset.catalogue import ENGLISH, Message, say
from riskset.language import told
from riskset.visible_text import lines


def tell(text: object, *, err: bool = False, nl: bool = True) -> None:
    """Prints a text, also one that holds words from outside; a sentence in the language that is spoken. Nothing else
    prints a text on a terminal without `rich`."""
    typer.echo(lines(told(text) if isinstance(text, str) else str(text)), err=err, nl=nl)


def tell_drawn(text: str) -> None:
    """Prints what `rich` has drawn, with its colours where standard output is a terminal. `tell` would escape them; the
    words in it are escaped before they are drawn."""
    typer.echo(text, nl=False)


def agreed(question: Message) -> bool:
    """Returns whether the person at the terminal says yes, in the language that is spoken or in English. No answer, and
    the end of the input, is a no; another answer is asked for again."""
    yes, no = say("cli.answer.yes"), say("cli.answer.no")
    while True:
        try:
            answer = typer.prompt(
                told(say("cli.answer.ask", question=question)), "", show_default=False, prompt_suffix=""
            )
        except typer.Abort:
            return False
        if not answer.strip() or answer.strip().lower() in _words(no):
            return False
        if answer.strip().lower() in _words(yes):
            return True
        tell(say("cli.answer.again"))


def _words(listed: Message) -> set[str]:
    return {word for text in (told(listed), listed.in_language(ENGLISH)) for word in text.split(", ")}
