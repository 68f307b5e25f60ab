"""One auditor's review of one candidate: what they may see, and what they sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.audit.trusted import Trusted
from riskset.catalogue import Message, say
from riskset.errors import DataError, Refused
from riskset_release.ballots import Ballot, Count, Decision, Policy, count, decisions, why_no_veto, why_not_counted
from riskset_release.casting import why_no_vote
from riskset_release.outputs import Candidate, Output
from riskset_release.vetoes import Veto
from riskset_release.vote_folder import keep_vote, read_paper, votes_in
from riskset_release.votes import Judgement, Vote, vote_on

Turn = Literal["yours", "others", "authors", "nobody"]


@dataclass(frozen=True)
class Standing:
    """How one output stands, as far as this auditor may see."""

    output: Output
    ballot: Ballot
    decision: Decision
    own: Vote | None
    """The auditor's own vote that counts."""
    may_see: bool
    """Whether the others' votes are shown: the first vote is blind."""
    turn: Turn


@dataclass(frozen=True)
class Standings:
    """How everything stands."""

    outputs: tuple[Standing, ...]
    problems: tuple[Message, ...]
    """Votes that do not count, and why."""

    def of(self, output: Output) -> Standing:
        return next(one for one in self.outputs if one.output is output)


@dataclass(frozen=True)
class Review:
    """The candidate, the auditor, and the folder of votes that auditors share."""

    candidate: Candidate
    trusted: Trusted
    policy: Policy
    auditor: str
    """Short name."""
    key: Ed25519PrivateKey
    folder: Path
    now: Callable[[], str]

    @property
    def is_requester(self) -> bool:
        return self.auditor in self.policy.requesters

    @property
    def public_key(self) -> str:
        return self.key.public_key().public_bytes_raw().hex()

    def standings(self) -> Standings:
        """Reads the folder again, since others write into it. DataError where it cannot be read."""
        counted = self._count()
        decided = decisions(self.candidate, counted, self.policy)
        outputs = (self._standing(one, counted.ballots[one.id], decided[one.id]) for one in self.candidate.outputs)
        return Standings(tuple(outputs), counted.problems)

    def sign(self, output: Output, judgement: Judgement, seen: str) -> Vote:
        """Signs a vote and keeps it. `seen` is the id of the auditor's own vote that the page showed, empty for none.

        Raises Refused where the auditor cannot vote so, or has voted since the page was shown; DataError where the
        judgement is incomplete.
        """
        if refused := why_no_vote(self.candidate, output, self.auditor, self.policy, judgement):
            raise Refused("vote", refused)
        before = self._count().ballots[output.id].of_key(self.public_key)
        if seen != (before.id if before else ""):
            raise Refused("voted", say("release.cast.voted_since"))
        vote = vote_on(self.candidate, output, judgement, self.key, self.now(), seen)
        keep_vote(self.folder, vote, vote.signed(self.key))
        return vote

    def take(self, data: bytes) -> None:
        """Keeps a vote or a veto that somebody signed elsewhere. Raises a RisksetError where it is neither, or cannot
        count."""
        paper = read_paper(data)
        if isinstance(paper, Veto):
            refused = why_no_veto(paper, self.candidate, self.trusted, self.policy)
        else:
            refused = self._why_not_taken(paper)
        if refused:
            raise DataError(refused)
        keep_vote(self.folder, paper, data)

    def _why_not_taken(self, vote: Vote) -> Message | None:
        if problem := why_not_counted(vote, self.candidate, self.trusted, self.policy):
            return problem
        output = self.candidate.output(vote.output)
        if output is None or not vote.is_of(output):
            return say("release.cast.earlier", output=vote.output)
        other = self._count().ballots[output.id].of_key(vote.key)
        if other is not None and other.id not in (vote.id, vote.replaces):
            return say("release.cast.second", output=vote.output, name=vote.name)
        return None

    def _count(self) -> Count:
        return count(self.candidate, votes_in(self.folder), self.trusted, self.policy)

    def _standing(self, output: Output, ballot: Ballot, decision: Decision) -> Standing:
        own = ballot.of_key(self.public_key)
        is_decided = decision.state not in ("waiting", "unproven")
        may_see = own is not None or (self.is_requester and is_decided)
        return Standing(output, ballot, decision, own, may_see, self._turn(decision, own))

    def _turn(self, decision: Decision, own: Vote | None) -> Turn:
        if decision.state in ("unproven", "vetoed"):
            return "nobody"
        if own is None and not self.is_requester:
            return "yours"
        return {"waiting": "others", "changes": "authors"}.get(decision.state, "nobody")  # type: ignore[return-value]
