"""A vote: what one auditor decides about one output, as a signed file.

The signature has a printed name, a date and time, and a meaning (21 CFR 11.50). A vote is of the bytes that would be
released: it names their hash, and the bundle, the run and the study that they come from. It may replace an earlier vote
of the same auditor on the same bytes, which it names; nothing is ever taken back without a trace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from types import MappingProxyType
from typing import ClassVar, Final, Literal, get_args

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.signed import Document
from riskset.visible_text import unseen
from riskset_release.outputs import Candidate, Output
from riskset_release.papers import LONGEST_TEXT, Paper, read_texts

SHORTEST_REASON: Final = 20
LONGEST_REASON: Final = LONGEST_TEXT
LONGEST_NAME: Final = 100

DecisionWord = Literal["accept", "change", "reject", "exception"]
DECISIONS: Final[tuple[DecisionWord, ...]] = get_args(DecisionWord)
MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accept": "approval",
        "change": "review: changes requested",
        "reject": "review: rejected",
        "exception": "approval as an exception",
    }
)
"""What a signature means, by decision, as the file has it."""
CATEGORIES: Final = ("disclosure", "statistics", "question", "presentation", "other")
"""Of a reason: a person could be recognised; a number is wrong; nobody approved the question; how it is shown."""

HASH: Final = re.compile(r"[0-9a-f]{64}")
"""As vetoes have it too."""
AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


@dataclass(frozen=True)
class Vote(Paper):
    """What was decided, by whom, and about which bytes. Nothing in it is a patient's."""

    kind: ClassVar = "vote"

    study: str
    """Hash of the study."""
    run: str
    bundle: str
    """SHA-256 of the bundle that the auditor had."""
    output: str
    output_sha256: str
    decision: str
    """One of DECISIONS."""
    category: str
    """One of CATEGORIES, with a reason; empty with an acceptance."""
    reason: str
    name: str
    """As the auditor's name is printed."""
    meaning: str
    """Of the signature: one of MEANINGS."""
    at: str
    """UTC, ISO 8601, by the auditor's clock."""
    key: str
    """The auditor's public key, hex."""
    replaces: str = ""
    """The id of the auditor's earlier vote on the same bytes; empty in a first one."""

    @property
    def accepts(self) -> bool:
        return self.decision in ("accept", "exception")

    @property
    def file_name(self) -> str:
        return self.named(self.output)

    def is_of(self, output: Output) -> bool:
        """Whether the vote is on these very bytes."""
        return (self.output, self.output_sha256) == (output.id, output.sha256)


@dataclass(frozen=True)
class Judgement:
    """What an auditor writes, before it is signed."""

    decision: str
    name: str
    category: str = ""
    reason: str = ""

    def problem(self) -> Message | None:
        """Returns what keeps it from being signed; None where nothing does."""
        if self.decision not in DECISIONS:
            return say("release.vote.decision")
        if not self.name or len(self.name) > LONGEST_NAME or unseen(self.name):
            return say("release.vote.name", most=LONGEST_NAME)
        if len(self.reason) > LONGEST_REASON or unseen(self.reason):
            return say("release.vote.long_reason", most=LONGEST_REASON)
        if self.decision == "accept":
            return say("release.vote.category_of_none") if self.category else None
        if self.category not in CATEGORIES:
            return say("release.vote.category")
        return say("release.vote.reason", least=SHORTEST_REASON) if len(self.reason) < SHORTEST_REASON else None


def vote_on(
    candidate: Candidate, output: Output, judgement: Judgement, key: Ed25519PrivateKey, at: str, replaces: str = ""
) -> Vote:
    """Returns the vote, not yet signed. Raises DataError where the judgement is incomplete."""
    if problem := judgement.problem():
        raise DataError(problem, say("release.vote.hint"))
    return Vote(
        study=candidate.study_sha256,
        run=candidate.run,
        bundle=candidate.bundle_sha256,
        output=output.id,
        output_sha256=output.sha256,
        decision=judgement.decision,
        category=judgement.category,
        reason=judgement.reason,
        name=judgement.name,
        meaning=MEANINGS[judgement.decision],
        at=at,
        key=key.public_key().public_bytes_raw().hex(),
        replaces=replaces,
    )


@lru_cache(2048)
def read_vote(data: bytes) -> Vote:
    """Returns the vote of a file, whose signature is that of the key in it: whose key that is, others know.

    Raises DataError where the bytes are no vote as riskset writes one, VerificationError where the signature is not of
    that key.
    """
    names = [field.name for field in fields(Vote)]
    document, texts = read_texts(data, Vote.kind, names, say("release.vote.form"), say("release.called.vote"))
    vote = Vote(**texts)
    _check_fields(vote, document)
    document.check_signed(document.key(vote.key), say("release.vote.signature"), say("release.vote.form_hint"))
    return vote


def _check_fields(vote: Vote, document: Document) -> None:
    hashes = (vote.study, vote.bundle, vote.output_sha256, *filter(None, [vote.replaces]))
    judgement = Judgement(vote.decision, vote.name, vote.category, vote.reason)
    right = (
        all(map(HASH.fullmatch, hashes))
        and AT.fullmatch(vote.at)
        and 0 < len(vote.run) <= LONGEST_NAME
        and judgement.problem() is None
        and vote.meaning == MEANINGS[vote.decision]
    )
    if not right:
        raise document.not_this
