"""The passphrase of a key: from the environment, for a service, or typed at the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import typer

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.language import told
from riskset.terminal import tell

PASSPHRASE_VARIABLE: Final = "RISKSET_PASSPHRASE"
SHORTEST_PASSPHRASE: Final = 12
"""Characters. An attacker who has stolen a key file can try passphrases for as long as they like."""


_GIVEN: Final[ContextVar[bytes | None]] = ContextVar("given", default=None)
"""Of whoever asks a page for something; None where a person is at the terminal."""


@contextmanager
def passphrase_given(passphrase: bytes) -> Iterator[None]:
    """Takes the passphrase that a person typed in a page while it lasts, and in this task alone; an empty one where
    none was typed. The terminal, at which nobody may sit, is not asked."""
    before = _GIVEN.set(passphrase)
    try:
        yield
    finally:
        _GIVEN.reset(before)


def is_in_environment() -> bool:
    """Whether a service, or whoever started the program, has given the passphrase."""
    return bool(_from_environment())


def ask_new_passphrase(prompt: Message) -> bytes:
    """Returns a passphrase to lock new keys with, typed twice. DataError where it is too short."""
    text = (_GIVEN.get() or b"").decode() or _from_environment() or _typed(prompt, twice=True)
    if len(text) < SHORTEST_PASSPHRASE:
        message = say("secure.passphrase.short", least=SHORTEST_PASSPHRASE)
        raise DataError(message, say("secure.passphrase.short_hint"))
    return text.encode()


def ask_passphrase(prompt: Message) -> bytes:
    """Returns the passphrase of keys that are locked. DataError where there is no terminal to type it in."""
    return _GIVEN.get() or (_from_environment() or _typed(prompt, twice=False)).encode()


def _from_environment() -> str:
    return os.environ.get(PASSPHRASE_VARIABLE, "")


def _typed(prompt: Message, *, twice: bool) -> str:
    if _GIVEN.get() is not None or not sys.stdin.isatty():
        hint = say("secure.passphrase.no_terminal_hint", variable=PASSPHRASE_VARIABLE)
        raise DataError(say("secure.passphrase.no_terminal"), hint)
    while True:
        text = str(typer.prompt(told(prompt), hide_input=True, err=True))
        if not twice or text == typer.prompt(told(say("secure.passphrase.again")), hide_input=True, err=True):
            return text
        tell(say("secure.passphrase.differ"), err=True)
