"""Counts votes: which of them count for an output as it is now, and what follows.

Whoever wrote or requested an analysis does not vote on it; one key has one vote; a vote on other bytes counts no more.
What does not count is named with the reason, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from riskset.audit.trusted import Trusted
from riskset.catalogue import Message, say
from riskset.protocol.roster import COORDINATOR
from riskset_release.outputs import Candidate, Output
from riskset_release.vetoes import Veto
from riskset_release.vote_folder import FoundVotes
from riskset_release.votes import Vote

State = Literal["accepted", "rejected", "changes", "waiting", "vetoed", "unproven"]


@dataclass(frozen=True)
class Policy:
    """Who decides."""

    accepts: int = 2
    """So many auditors have to accept an output."""
    requesters: frozenset[str] = frozenset()
    """Short names of auditors who wrote or requested the analysis; they do not vote. Nor does the coordinator's key."""
    veto_until: str = ""
    """The last day, ISO 8601 in UTC, on which a hospital could sign a veto; empty where every veto counts. Nothing is
    released before it is over."""
    study: Policy | None = None
    """The least that the study asks; None where it says nothing of it."""

    def __post_init__(self) -> None:
        if self.accepts < 1:
            raise ValueError("somebody has to accept what is released")


@dataclass(frozen=True)
class Ballot:
    """The votes on one output; of votes that do not count, those that somebody may ask about."""

    counted: tuple[Vote, ...] = ()
    """One of each auditor."""
    doubtful: tuple[Vote, ...] = ()
    """Votes that block an output as others do but do not release it: of an auditor who has two, or that replace a vote
    which is not here. Else whoever can take a file away could take a rejection away with it."""
    replaced: tuple[Vote, ...] = ()
    """Those that their auditors replaced by later ones on the same bytes."""
    earlier: tuple[Vote, ...] = ()
    """On another version of the output: other bytes under the same id."""
    vetoes: tuple[Veto, ...] = ()
    """Of hospitals: each blocks every version of the output."""

    def of_key(self, key: str) -> Vote | None:
        """Returns the auditor's latest vote on the output as it is; None where there is none."""
        own = [vote for vote in (*self.counted, *self.doubtful) if vote.key == key]
        return max(own, key=lambda vote: (vote.at, vote.id), default=None)


@dataclass(frozen=True)
class Count:
    """All votes on a candidate."""

    ballots: Mapping[str, Ballot]
    """By output; of every output."""
    problems: tuple[Message, ...]
    """What is in the folder and does not count. No vote's decision is told."""


@dataclass(frozen=True)
class Decision:
    """What follows for one output."""

    state: State
    accepts: int
    """So many auditors accept it."""
    needed: int

    @property
    def is_released(self) -> bool:
        return self.state == "accepted"


def count(candidate: Candidate, found: FoundVotes, trusted: Trusted, policy: Policy) -> Count:
    """Returns which votes count for which output."""
    problems, earlier, able = list(found.unread), list[Vote](), list[Vote]()
    for vote in found.votes:
        output = candidate.output(vote.output)
        if problem := why_not_counted(vote, candidate, trusted, policy):
            problems.append(problem)
        elif output is not None and vote.is_of(output):
            able.append(vote)
        else:
            earlier.append(vote)
    current, replaced = _replaced(able)
    broken = [vote for vote in current if not _is_whole(vote, replaced)]
    second = [vote for vote in current if _has_another(vote, current)]
    problems += [_incomplete(vote, trusted) for vote in broken]
    problems += [_twice(vote, trusted) for vote in second]
    problems += filter(None, (why_no_veto(veto, candidate, trusted, policy) for veto in found.vetoes))
    vetoes = [veto for veto in found.vetoes if why_no_veto(veto, candidate, trusted, policy) is None]
    counted = [vote for vote in current if vote not in broken and vote not in second]
    doubtful = [vote for vote in current if vote not in counted]
    ballots = {
        one.id: Ballot(
            _of(one, counted),
            _of(one, doubtful),
            _of(one, replaced),
            _of(one, earlier),
            tuple(veto for veto in vetoes if veto.output in ("", one.id)),
        )
        for one in candidate.outputs
    }
    return Count(ballots, tuple(problems))


def why_not_counted(vote: Vote, candidate: Candidate, trusted: Trusted, policy: Policy) -> Message | None:
    """Returns why a vote can count for no version of this run's outputs; None where it can. A vote on other bytes of an
    output is one on an earlier version, and no problem."""
    if trusted.knows(COORDINATOR, vote.public_key):
        return say("release.count.coordinator", output=vote.output)
    auditor = trusted.auditor(vote.public_key)
    if auditor is None:
        return say("release.count.unknown", output=vote.output, name=vote.name)
    if auditor in policy.requesters:
        return say("release.count.requester", output=vote.output, auditor=auditor)
    output = candidate.output(vote.output)
    if output is None:
        return say("release.count.no_output", output=vote.output, auditor=auditor)
    if not vote.is_of(output):
        return None
    if (vote.study, vote.run) != (candidate.study_sha256, candidate.run):
        return say("release.count.other_run", output=vote.output, auditor=auditor, run=vote.run)
    if vote.bundle != candidate.bundle_sha256:
        return say("release.count.other_bundle", output=vote.output, auditor=auditor)
    return None


def why_no_veto(veto: Veto, candidate: Candidate, trusted: Trusted, policy: Policy) -> Message | None:
    """Returns why a veto does not count; None where it does."""
    if veto.site == COORDINATOR or not trusted.knows(veto.site, veto.public_key):
        return say("release.veto.unknown", site=veto.site)
    if (veto.study, veto.run) != (candidate.study_sha256, candidate.run):
        return say("release.veto.other_run", site=veto.site, run=veto.run)
    if veto.output and candidate.output(veto.output) is None:
        return say("release.veto.no_output", site=veto.site, output=veto.output)
    if policy.veto_until and veto.at[:10] > policy.veto_until:
        return say("release.veto.late", site=veto.site, at=veto.at, until=policy.veto_until)
    return None


def decision_of(output: Output, ballot: Ballot, policy: Policy) -> Decision:
    """Returns what the votes say of an output: a veto, a rejection or a request for changes blocks it, and enough
    acceptances release it. Where a rule passes by exception only, nothing else counts as an acceptance."""
    blocking = {vote.decision for vote in (*ballot.counted, *ballot.doubtful)}
    accepts = sum(vote.decision == "exception" if output.by_exception else vote.accepts for vote in ballot.counted)
    state: State = "accepted" if accepts >= policy.accepts else "waiting"
    if "change" in blocking:
        state = "changes"
    if "reject" in blocking:
        state = "rejected"
    if ballot.vetoes:
        state = "vetoed"
    return Decision(state, accepts, policy.accepts)


def decisions(candidate: Candidate, counted: Count, policy: Policy) -> dict[str, Decision]:
    """Returns the decision by output. Of a bundle that does not hold nothing is accepted, whatever the votes."""
    found = {one.id: decision_of(one, counted.ballots[one.id], policy) for one in candidate.outputs}
    if not candidate.failures:
        return found
    return {id_: Decision("unproven", one.accepts, one.needed) for id_, one in found.items()}


def _replaced(votes: Sequence[Vote]) -> tuple[list[Vote], list[Vote]]:
    """Returns the votes that no later one of the same auditor on the same bytes replaces, and those that one does."""
    gone = {vote.replaces for vote in votes}
    own = {(vote.key, vote.output, vote.replaces) for vote in votes}
    replaced = [vote for vote in votes if vote.id in gone and (vote.key, vote.output, vote.id) in own]
    return [vote for vote in votes if vote not in replaced], replaced


def _is_whole(vote: Vote, replaced: Sequence[Vote]) -> bool:
    """Whether the vote that this one replaces is here, and the auditor's own on the same bytes."""
    own = ((one.id, one.key, one.output) for one in replaced)
    return not vote.replaces or (vote.replaces, vote.key, vote.output) in own


def _has_another(vote: Vote, votes: Sequence[Vote]) -> bool:
    """Whether the same auditor has another vote on the output that was not replaced."""
    return any(one is not vote and (one.key, one.output) == (vote.key, vote.output) for one in votes)


def _of(output: Output, votes: Sequence[Vote]) -> tuple[Vote, ...]:
    return tuple(vote for vote in votes if vote.output == output.id)


def _twice(vote: Vote, trusted: Trusted) -> Message:
    auditor = trusted.auditor(vote.public_key) or vote.name
    return say("release.count.twice", output=vote.output, auditor=auditor, at=vote.at)


def _incomplete(vote: Vote, trusted: Trusted) -> Message:
    auditor = trusted.auditor(vote.public_key) or vote.name
    return say("release.count.replaces", output=vote.output, auditor=auditor, at=vote.at)
