"""`riskset audit sign`: a vote without the desk, on the auditor's own machine."""

from __future__ import annotations

from typing import Annotated

import click
import typer

from riskset.catalogue import say
from riskset.errors import DataError, Refused, did_you_mean
from riskset.language import Language
from riskset.ledger.durable import utc_now
from riskset.terminal import tell
from riskset_release.auditor_key import load_auditor
from riskset_release.ballots import count
from riskset_release.casting import why_no_vote
from riskset_release.commands import (
    As,
    Bundle,
    EarlierFolder,
    Exact,
    Key,
    Keys,
    Requesters,
    Votes,
    policy_of,
    read_candidate,
)
from riskset_release.outputs import Candidate, Output
from riskset_release.vote_folder import keep_vote, votes_in
from riskset_release.votes import CATEGORIES, DECISIONS, Judgement, vote_on


def sign(
    bundle: Bundle,
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="Its id, as the desk shows it.")],
    decision: Annotated[
        str,
        typer.Argument(
            metavar="DECISION", click_type=click.Choice(DECISIONS), help="accept, change, reject or exception."
        ),
    ],
    keys: Keys,
    votes: Votes,
    as_: As,
    key: Key,
    name: Annotated[str, typer.Option("--name", help="Your name as it is printed with the signature.")],
    category: Annotated[
        str | None,
        typer.Option("--category", click_type=click.Choice(CATEGORIES), help="Of the reason.", show_default=False),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, in 20 characters or more; not with accept.")] = "",
    sha256: Annotated[
        str, typer.Option("--sha256", metavar="HASH", help="What a desk showed you; other bytes are not signed.")
    ] = "",
    requester: Requesters = None,
    earlier: EarlierFolder = None,
    exact: Exact = None,
    language: Language = None,
) -> None:
    """Sign a vote on one output of a bundle, without the desk, and write it into a folder of votes.

    The vote is of the bytes that your bundle gives: look at them first. A vote of yours on the same bytes that is in
    the folder is replaced, and stays there. Hand the file to the others, or upload it at their desks.

    Exit 3: you cannot vote on this output, or your bundle gives other bytes than those that a desk showed you.

    Example: riskset audit sign run.zip table-1 accept --keys trusted.toml --votes votes --as sato --key sato.pem
    --name "K. Sato"
    """
    candidate, trusted = read_candidate(bundle, keys, earlier, exact)
    of, private = _output(candidate, output), load_auditor(key, as_, trusted)
    if sha256 and sha256 != of.sha256:
        message = say("release.sign.other_bytes", output=of.id, shown=sha256, own=of.sha256)
        raise Refused("bytes", message, say("release.sign.other_bytes_hint"))
    policy = policy_of(candidate, trusted, requester)
    counted = count(candidate, votes_in(votes), trusted, policy)
    judgement = Judgement(decision, " ".join(name.split()), category or "", " ".join(reason.split()))
    if refused := why_no_vote(candidate, of, as_, policy, judgement):
        raise Refused("vote", refused)
    before = counted.ballots[of.id].of_key(private.public_key().public_bytes_raw().hex())
    vote = vote_on(candidate, of, judgement, private, utc_now(), before.id if before else "")
    file = keep_vote(votes, vote, vote.signed(private))
    tell(say("release.sign.written", file=str(file), output=of.id, sha256=of.sha256))
    tell(say(f"release.meaning.{vote.decision}"))
    if before:
        tell(say("release.sign.replaces", at=before.at))


def _output(candidate: Candidate, id_: str) -> Output:
    found = candidate.output(id_)
    if found is None:
        known = [one.id for one in candidate.outputs]
        hint = did_you_mean(id_, known) or say("release.sign.known", outputs=tuple(known))
        raise DataError(say("release.sign.no_output", output=id_), hint)
    return found
