"""What is wrong with a command line, as click says it, in sentences of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import click

from riskset.catalogue import NOTHING, Message, say, verbatim

_SENTENCES: Final = {
    "close_command": re.compile(r"No such command '(?P<name>[^']*)'\.? Did you mean [^']*'(?P<close>[^']*)'.*"),
    "no_such_command": re.compile(r"No such command '(?P<name>[^']*)'\.?"),
    "extra_arguments": re.compile(r"Got unexpected extra arguments? \((?P<found>.*)\)"),
    "no_command": re.compile(r"Missing command\."),
    "no_value": re.compile(r"Option '(?P<name>[^']*)' requires (an argument|\d+ arguments)\."),
}
"""Those that click has no error of its own for."""


_REASONS: Final = {
    "not_an_integer": re.compile(r"(?P<found>'.*') is not a valid integer( range)?\."),
    "not_in_range": re.compile(r"(?P<found>\S+) is not in the range (?P<range>.*)\."),
}
"""Why the value of an argument or option is not valid."""


def usage_error(misuse: click.ClickException) -> Message:
    """Returns what was wrong; a sentence that is not known here as click writes it, in English."""
    if isinstance(misuse, click.NoSuchOption):
        return _no_such_option(misuse.option_name, misuse.possibilities)
    if isinstance(misuse, click.MissingParameter) and misuse.param is not None:
        hint = _hint(misuse)
        is_argument = isinstance(misuse.param, click.Argument)
        return say("cli.usage.no_argument", name=hint) if is_argument else say("cli.usage.no_option", name=hint)
    if isinstance(misuse, click.BadParameter):
        reason = _known(_REASONS, misuse.message) or verbatim(misuse.message)
        return say("cli.usage.not_valid", name=hint, reason=reason) if (hint := _hint(misuse)) else reason
    if isinstance(misuse.message, Message):
        return misuse.message
    return _known(_SENTENCES, misuse.message) or verbatim(misuse.format_message())


def _known(sentences: Mapping[str, re.Pattern[str]], text: str) -> Message:
    found = ((code, sentence.fullmatch(text)) for code, sentence in sentences.items())
    return next((say(f"cli.usage.{code}", **of.groupdict()) for code, of in found if of), NOTHING)


def _no_such_option(name: str, close: object) -> Message:
    nearest = sorted(close)[:1] if isinstance(close, list | tuple) else []
    if nearest:
        return say("cli.usage.close_option", name=name, close=nearest[0])
    return say("cli.usage.no_such_option", name=name)


def _hint(misuse: click.BadParameter) -> str:
    """Returns the argument or option as it is written."""
    if misuse.param is not None:
        return misuse.param.get_error_hint(misuse.ctx).strip("'") if misuse.ctx else str(misuse.param.name)
    return misuse.param_hint.strip("'") if isinstance(misuse.param_hint, str) else ""
