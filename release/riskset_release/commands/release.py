"""`riskset release`: what a committee accepted, in a folder of its own, with a public proof."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import Language, spoken
from riskset.ledger.durable import utc_now
from riskset.private_files import create_file
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
from riskset_release.releasing import released_files
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
    language: Language = None,
) -> None:
    """Write what a committee accepted into a new folder, with a release note and a public proof.

    Only outputs that enough auditors accepted, and nobody else blocks, are in it; each as it was voted on. The bundle
    is checked again first. Anybody checks a file of the folder with riskset audit proof.

    Exit 3: nothing is accepted, hospitals can still veto, less is asked than the study asks, or a hospital has not
    cosigned the end of the run.

    Example: riskset release run.zip --keys trusted.toml --votes votes
    """
    if out.exists():
        raise DataError(say("release.release.exists", folder=out), say("release.release.exists_hint"))
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
        spoken(),
    )
    for path, content in files.items():
        create_file(out / path, content)
    tell(say("release.release.written", folder=out, n=len(files)))
