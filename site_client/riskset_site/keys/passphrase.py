"""Where the passphrase of locked keys comes from: the environment, for a service, or the terminal."""

from __future__ import annotations

import os
import sys

import typer

from riskset.errors import DataError

VARIABLE = "RISKSET_PASSPHRASE"
LEAST = 12
"""Characters: a stolen key file can be tried at leisure."""


def new_passphrase() -> bytes:
    """Returns a passphrase to lock new keys with, typed twice. DataError where it is short."""
    text = _from_environment() or _typed("Passphrase for the new keys", twice=True)
    if len(text) < LEAST:
        raise DataError(f"a passphrase has at least {LEAST} characters", "several words are easy to remember")
    return text.encode()


def known_passphrase() -> bytes:
    """Returns the passphrase of this site's keys."""
    return (_from_environment() or _typed("Passphrase of this site's keys", twice=False)).encode()


def _from_environment() -> str:
    return os.environ.get(VARIABLE, "")


def _typed(prompt: str, *, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise DataError("a passphrase is needed and nobody is there to type it", f"set {VARIABLE}")
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True))
