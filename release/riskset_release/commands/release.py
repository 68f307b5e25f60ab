"""`riskset release`: what a committee accepted, in a folder of its own, with a public proof."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import Language, chosen
from riskset.ledger.durable import utc_now
from riskset.private_files import create_folder
from riskset.strict_json import read_json
from riskset.terminal import tell
from riskset_release.ballots import count, decisions
from riskset_release.commands import (
    Accepts,
    Bundle,
    EarlierFolder,
    Exact,
    Keys,
    Requesters,
    VetoUntil,
    Votes,
    policy_of,
    read_candidate,
)
from riskset_release.folder.acro import VERSION, acro_files
from riskset_release.folder.described import recipients_of
from riskset_release.folder.released import released_of
from riskset_release.record import RECORD
from riskset_release.releasing import PROOF, released_files
from riskset_release.vote_folder import votes_in


def release(
    bundle: Bundle,
    keys: Keys,
    votes: Votes,
    out: Annotated[Path, typer.Option("--out", help="A new folder.")] = Path("released"),
    accepts: Accepts = None,
    requester: Requesters = None,
    veto_until: VetoUntil = "",
    earlier: EarlierFolder = None,
    exact: Exact = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", help="A recipient, as the transfer statement names it. May be repeated. Default: the public."
        ),
    ] = None,
    country: Annotated[
        list[str] | None, typer.Option("--country", help="A recipient's country, such as KR. May be repeated.")
    ] = None,
    acro: Annotated[
        Path | None,
        typer.Option(help="A new folder for a copy that acro and its viewer read.", show_default=False),
    ] = None,
    language: Language = None,
) -> None:
    """Write what a committee accepted into a new folder, with an index, a release note, a transfer statement in each
    language, an RO-Crate and a public proof.

    Only outputs that enough auditors accepted, and nobody else blocks, are in it; each as it was voted on. The bundle
    is checked again first. Anybody checks a file of the folder with riskset audit proof.

    Exit 3: nothing is accepted, hospitals can still veto, less is asked than the study asks, or a hospital has not
    cosigned the end of the run.

    Example: riskset release run.zip --keys trusted.toml --votes votes
    """
    _check_places(out, acro)
    recipients = recipients_of(to or (), country or ())
    candidate, trusted = read_candidate(bundle, keys, earlier, exact)
    policy, found = policy_of(candidate, trusted, requester, accepts, veto_until), votes_in(votes)
    counted = count(candidate, found, trusted, policy)
    for problem in counted.problems:
        tell(problem, err=True)
    files = released_files(
        candidate,
        counted,
        decisions(candidate, counted, policy),
        found.files,
        policy,
        utc_now(),
        chosen(),
        recipients,
    )
    _write(files, out, acro)


def _check_places(out: Path, acro: Path | None) -> None:
    for folder in filter(None, (out, acro)):
        if folder.exists():
            raise DataError(say("release.release.exists", folder=folder), say("release.release.exists_hint"))
    if acro is not None and acro.absolute().is_relative_to(out.absolute()):
        raise DataError(say("release.release.acro_inside", folder=out), say("release.release.exists_hint"))


def _write(files: Mapping[str, bytes], out: Path, acro: Path | None) -> None:
    copy = None if acro is None else acro_files(released_of(read_json(files[PROOF]), files))
    create_folder(out, files)
    tell(say("release.release.written", folder=out, n=len(files)))
    tell(say("release.release.record", file=out / RECORD))
    if acro is not None and copy is not None:
        create_folder(acro, copy)
        tell(say("release.release.acro", folder=acro, version=VERSION))
