"""`riskset audit login`: an auditor shows a desk on another machine that a key is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.trusted import load_trusted
from riskset.catalogue import say
from riskset.errors import Refused
from riskset.language import Language
from riskset.private_files import replace_file
from riskset.terminal import tell
from riskset_release.auditor_key import load_reader
from riskset_release.commands import Keys
from riskset_release.logins import address_of, answer, read_challenge


def login(
    challenge: Annotated[str, typer.Argument(metavar="CHALLENGE", help="As the desk's login page shows it.")],
    desk: Annotated[
        str, typer.Option("--desk", metavar="ADDRESS", help="The desk's address, as your browser shows it at the top.")
    ],
    keys: Keys,
    as_: Annotated[str, typer.Option("--as", help="Your short name in the file of fingerprints, or coordinator.")],
    key: Annotated[Path, typer.Option("--key", help="Your private key; nothing of it leaves this machine.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the answer into this file, to be uploaded.", show_default=False)
    ] = None,
    language: Language = None,
) -> None:
    """Answer the challenge of a review desk on another machine, and so log in there.

    The answer is for the desk at this address alone, for a few minutes, and once. It is no vote, and cannot become
    one. Paste it into the login page, or upload its file.

    Exit 3: the challenge is of a desk at another address. Then the page that showed it only pretends to be the desk.

    Example: riskset audit login CHALLENGE --desk review.example.org:8443 --keys trusted.toml --as sato --key sato.pem
    """
    trusted, asked, typed = load_trusted(keys), read_challenge(challenge), address_of(desk)
    if asked.desk != typed:
        message = say("release.login.other_desk", asked=asked.desk, typed=typed)
        raise Refused("desk", message, say("release.login.other_desk_hint"))
    private = load_reader(key, as_, trusted)
    signed = answer(asked, private)
    tell(say("release.login.signed", desk=asked.desk, study=asked.study, bundle=asked.bundle), err=True)
    if out is None:
        tell(say("release.login.paste"), err=True)
        tell(signed.decode(), nl=False)
    else:
        replace_file(out, signed)
        tell(say("release.login.written", file=str(out)), err=True)
