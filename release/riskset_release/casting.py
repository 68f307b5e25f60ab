"""Who may vote on what, and with what: asked before a vote is signed, by the desk and by `riskset audit sign`."""

from __future__ import annotations

from riskset.catalogue import Message, say
from riskset_release.ballots import Policy
from riskset_release.markup import shown
from riskset_release.outputs import Candidate, Output
from riskset_release.votes import Judgement


def why_no_vote(
    candidate: Candidate, output: Output, auditor: str, policy: Policy, judgement: Judgement
) -> Message | None:
    """Returns why this vote is not signed; None where nothing is against it."""
    if auditor in policy.requesters:
        return say("release.cast.requester", auditor=auditor)
    if judgement.decision not in ("accept", "exception"):
        return None
    if candidate.failures:
        return say("release.cast.unproven")
    if shown(output).refused:
        return say("release.cast.not_shown")
    if judgement.decision == "accept" and output.by_exception:
        return say("release.cast.by_exception", rules=output.by_exception)
    return None
