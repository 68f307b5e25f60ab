"""What `--help` shows, in the language of whoever asks.

A command's help is in the catalogue under its path: `help.site.check.about`, and `help.site.check.study` of an argument
or option by its name; `help.shared.site_file` is of every command that has one of this name. A command that the
catalogue does not have keeps the help of its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import click

from riskset.catalogue import ENGLISH, Message, catalogue, say
from riskset.language import told


def with_help(command: click.Command, path: Sequence[str]) -> click.Command:
    """Returns the command, and the commands of a group, with the help of the catalogue in the language that is spoken
    now: it must be chosen before."""
    about = _said(path, "about")
    if about is not None:
        command.help = told(about)
        command.epilog = told(example) if (example := _said(path, "example")) else command.epilog
        command.context_class = HelpContext
        for parameter in command.params:
            said = _said(path, parameter.name or "") or _said(["shared"], parameter.name or "language")
            if said is not None and hasattr(parameter, "help"):
                parameter.help = told(said)
    for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
        with_help(inner, [*path, name])
    return command


def _said(path: Sequence[str], name: str) -> Message | None:
    code = ".".join([*path, name]).replace("-", "_")
    return say(f"help.{code}") if f"help.{code}" in catalogue(ENGLISH) else None


_MAKES_TEXT: Final = "_make_rich_text"


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, told(say("help.label.usage")))


class HelpContext(click.Context):
    """Of a command that has its help in the catalogue."""

    formatter_class = _Formatter

    def get_help(self) -> str:
        """Returns the help; what other libraries write around it is in the same language."""
        option = self.command.get_help_option(self)
        if option is not None:
            option.help = told(say("help.shared.help"))
        with _labelled():
            return super().get_help()


@contextmanager
def _labelled() -> Iterator[None]:
    """Has typer write its labels in the language that is spoken: they are constants of its module."""
    from typer import rich_utils  # takes its time, and only help needs it

    labels = {
        "ARGUMENTS_PANEL_TITLE": say("help.label.arguments"),
        "OPTIONS_PANEL_TITLE": say("help.label.options"),
        "COMMANDS_PANEL_TITLE": say("help.label.commands"),
        "REQUIRED_LONG_STRING": say("help.label.required"),
        "DEFAULT_STRING": say("help.label.default"),
    }
    before = {name: getattr(rich_utils, name) for name in (*labels, _MAKES_TEXT)}
    here = {name: told(label) for name, label in labels.items()} | {_MAKES_TEXT: _folding(before[_MAKES_TEXT])}
    try:
        for name, value in here.items():
            setattr(rich_utils, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(rich_utils, name, value)


def _folding(make: Callable[..., Any]) -> Callable[..., Any]:
    """Returns what makes a text of help, so that its lines are folded. rich counts the letters of a line, not their
    cells, when it looks for a space at its end, and would put an ellipsis into wide letters."""

    def made(**of: Any) -> Any:  # noqa: ANN401 - of typer
        text = make(**of)
        text.overflow = "fold"
        return text

    return made
