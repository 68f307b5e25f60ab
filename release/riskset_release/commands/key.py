"""`riskset audit key`: an auditor's identity."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.trusted import is_auditor_name
from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import Language
from riskset.passphrase import ask_new_passphrase
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import new_identity, refuse_to_replace, save_identity
from riskset.terminal import tell


def key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Your short name, such as sato.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: NAME.pem in this folder.", show_default=False)
    ] = None,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Lock the key; typed, or taken from RISKSET_PASSPHRASE.")
    ] = False,
    language: Language = None,
) -> None:
    """Make the key with which you sign votes, and print its six words: read them to the others by telephone.

    The file is for you alone; nobody ever asks for it.

    Example: riskset audit key sato --passphrase
    """
    if not is_auditor_name(name):
        raise DataError(say("audit.trusted.auditor_name", names=name), say("release.key.name_hint"))
    file = out or Path(f"{name}.pem")
    refuse_to_replace(file)
    made = new_identity()
    save_identity(file, made, ask_new_passphrase(say("release.key.new_passphrase")) if passphrase else b"")
    tell(say("release.key.made", file=str(file)))
    tell(say("release.key.words", name=name, words=fingerprint_words(made.public_key())))
    tell(say("release.key.next"))
