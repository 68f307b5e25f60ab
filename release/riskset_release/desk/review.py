"""The review of one candidate: who decides, and the folder of votes that auditors share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from riskset.audit.trusted import Trusted
from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset_release.ballots import Count, Policy, count, why_no_veto, why_not_counted
from riskset_release.outputs import Candidate
from riskset_release.vetoes import Veto
from riskset_release.vote_folder import keep_vote, votes_in
from riskset_release.votes import Vote


@dataclass(frozen=True)
class Review:
    """What everybody at a desk reviews. It holds no key."""

    candidate: Candidate
    trusted: Trusted
    policy: Policy
    folder: Path

    def count(self) -> Count:
        """Reads the folder again, since others write into it. DataError where it cannot be read."""
        return count(self.candidate, votes_in(self.folder), self.trusted, self.policy)

    def file_of(self, vote: Vote) -> bytes:
        """Returns the file of a vote that counts, as it was signed."""
        return votes_in(self.folder).files[vote.id]

    def take(self, paper: Vote | Veto, data: bytes) -> None:
        """Keeps a vote or a veto, as the file has it. DataError where it cannot count."""
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
        other = self.count().ballots[output.id].of_key(vote.key)
        if other is not None and other.id not in (vote.id, vote.replaces):
            return say("release.cast.second", output=vote.output, name=vote.name)
        return None
