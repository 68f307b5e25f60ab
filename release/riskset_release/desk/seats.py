"""Who looks at a review, what they may see of it, and how their vote comes into the folder.

There are two kinds of seat. At their own desk, on their own machine, an auditor signs with the key that the desk was
given. Whoever logged in at a desk elsewhere brings votes that were signed on another machine: that desk has no key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import Message, say
from riskset.errors import DataError, Refused
from riskset.protocol.roster import COORDINATOR
from riskset.secure.keys import public_from_hex, public_hex
from riskset_release.ballots import Ballot, Decision, decisions
from riskset_release.casting import why_no_vote
from riskset_release.desk.review import Review
from riskset_release.outputs import Output
from riskset_release.vetoes import Veto
from riskset_release.vote_folder import keep_vote, read_paper
from riskset_release.votes import Judgement, Vote, vote_on

Turn = Literal["yours", "others", "authors", "nobody"]


@dataclass(frozen=True)
class Standing:
    """How one output stands, as far as the one who looks may see."""

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
class Seat(ABC):
    """Somebody who looks at a review."""

    review: Review
    name: str
    """Short name of an auditor, or `coordinator`."""
    public_key: str
    """In hex."""

    @abstractmethod
    def take(self, data: bytes) -> Vote | Veto:
        """Keeps a vote or a veto that was signed elsewhere, and returns it. Raises a RisksetError where the file is
        neither, cannot count, or is not for this seat to bring."""

    @property
    def is_coordinator(self) -> bool:
        """Whether this is the key that ran the analysis, whatever else it is."""
        return self.review.trusted.knows(COORDINATOR, public_from_hex(self.public_key))

    @property
    def may_vote(self) -> bool:
        """Who ran, wrote or requested an analysis reads, and does not vote."""
        return self.name not in self.review.policy.requesters and not self.is_coordinator

    def standings(self) -> Standings:
        """Reads the folder again, since others write into it. DataError where it cannot be read."""
        review, counted = self.review, self.review.count()
        decided = decisions(review.candidate, counted, review.policy)
        outputs = (self._standing(one, counted.ballots[one.id], decided[one.id]) for one in review.candidate.outputs)
        return Standings(tuple(outputs), counted.problems)

    def check_vote(self, output: Output, judgement: Judgement, seen: str) -> None:
        """Whether the auditor can vote so. `seen` is the id of the auditor's own vote that the page showed, empty for
        none.

        Raises Refused where they cannot, or have voted since the page was shown; DataError where the judgement is
        incomplete.
        """
        review = self.review
        if self.is_coordinator:
            raise Refused("vote", say("release.cast.coordinator"))
        if refused := why_no_vote(review.candidate, output, self.name, review.policy, judgement):
            raise Refused("vote", refused)
        before = review.count().ballots[output.id].of_key(self.public_key)
        if seen != (before.id if before else ""):
            raise Refused("voted", say("release.cast.voted_since"))
        if problem := judgement.problem():
            raise DataError(problem, say("release.vote.hint"))

    def _standing(self, output: Output, ballot: Ballot, decision: Decision) -> Standing:
        own = ballot.of_key(self.public_key)
        is_decided = decision.state not in ("waiting", "unproven")
        may_see = own is not None or (not self.may_vote and is_decided)
        return Standing(output, ballot, decision, own, may_see, self._turn(decision, own))

    def _turn(self, decision: Decision, own: Vote | None) -> Turn:
        if decision.state in ("unproven", "vetoed"):
            return "nobody"
        if own is None and self.may_vote:
            return "yours"
        return {"waiting": "others", "changes": "authors"}.get(decision.state, "nobody")  # type: ignore[return-value]


@dataclass(frozen=True)
class SigningSeat(Seat):
    """An auditor at a desk of their own, which has their key."""

    key: Ed25519PrivateKey = field(repr=False)
    now: Callable[[], str] = field(repr=False)

    @classmethod
    def of(cls, review: Review, name: str, key: Ed25519PrivateKey, now: Callable[[], str]) -> SigningSeat:
        return cls(review, name, public_hex(key), key, now)

    def sign(self, output: Output, judgement: Judgement, seen: str) -> Vote:
        """Signs a vote and keeps it. Raises the errors of `check_vote`."""
        self.check_vote(output, judgement, seen)
        vote = vote_on(self.review.candidate, output, judgement, self.key, self.now(), seen)
        keep_vote(self.review.folder, vote, vote.signed(self.key))
        return vote

    def take(self, data: bytes) -> Vote | Veto:
        paper = read_paper(data)
        self.review.take(paper, data)
        return paper


@dataclass(frozen=True)
class GuestSeat(Seat):
    """Whoever proved, at a desk elsewhere, that a key is theirs."""

    def take(self, data: bytes) -> Vote | Veto:
        """As of every seat; of votes only those by the key that logged in, so that nobody brings, or holds back and
        brings later, what another signed."""
        paper = read_paper(data)
        if isinstance(paper, Vote) and paper.key != self.public_key:
            raise Refused("vote", say("release.cast.not_yours", name=self.name))
        self.review.take(paper, data)
        return paper
