"""Who accepted a release and who withdrew from it, as its pages name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskset.catalogue import Message, say
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex
from riskset_release.folder.released import Released
from riskset_release.votes import Vote
from riskset_release.withdrawals import Withdrawal


@dataclass(frozen=True)
class Auditor:
    """One key that accepted something."""

    key: str
    """Hex."""
    name: str
    """As it was printed with the latest signature."""
    words: str
    """The fingerprint of the key."""
    days: tuple[str, ...]
    """On which votes were signed, ISO 8601 in UTC."""
    outputs: tuple[str, ...]
    """Ids of what was accepted."""


def auditors_of(released: Released) -> list[Auditor]:
    """Returns the auditors who accepted something, in the order of their first signatures."""
    votes = [vote for one in released.outputs for vote in one.votes]
    keys = dict.fromkeys(vote.key for vote in sorted(votes, key=lambda vote: (vote.at, vote.key)))
    return [_auditor(key, [vote for vote in votes if vote.key == key]) for key in keys]


def _auditor(key: str, votes: Sequence[Vote]) -> Auditor:
    latest = max(votes, key=lambda vote: vote.at)
    days = tuple(sorted({vote.at[:10] for vote in votes}))
    words = fingerprint_words(public_from_hex(key))
    return Auditor(key, latest.name, words, days, tuple(vote.output for vote in votes))


def by_auditor(vote: Vote) -> Message:
    """Returns who accepted an output, and when; of an exception, why."""
    values = {"name": vote.name, "date": vote.at[:10]}
    if vote.decision == "exception":
        return say("release.note.by_exception", reason=vote.reason, **values)
    return say("release.note.by", **values)


def by_withdrawer(withdrawal: Withdrawal) -> Message:
    """Returns who withdrew an output, and when."""
    values = {"name": withdrawal.name, "date": withdrawal.at[:10]}
    if withdrawal.site:
        return say("release.note.by_hospital", site=withdrawal.site, **values)
    return say("release.note.by", **values)
