"""A withdrawal: an auditor, or a hospital that took part, takes a released output back, as a signed file.

It is of the bytes that were released, and names why. It is no vote: one is enough, and nothing ends it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Final

from riskset.audit.withdrawn import KIND
from riskset.catalogue import Message, say
from riskset.visible_text import unseen
from riskset_release.papers import Paper, read_texts
from riskset_release.votes import AT, HASH, LONGEST_NAME, LONGEST_REASON, SHORTEST_REASON

MEANING: Final = "withdrawal"
"""Of the signature, as the file has it."""


@dataclass(frozen=True)
class Withdrawal(Paper):
    """What is taken back, by whom and why. Nothing in it is a patient's; it is published."""

    kind: ClassVar = KIND

    study: str
    """Hash of the study."""
    run: str
    output: str
    output_sha256: str
    reason: str
    name: str
    """As the person's name is printed."""
    site: str
    """The hospital for which the person signs, by its key in the roster of the run; empty of an auditor."""
    meaning: str
    """Of the signature: MEANING."""
    at: str
    """UTC, ISO 8601, by the signer's clock."""
    key: str
    """The public key, hex."""

    @property
    def file_name(self) -> str:
        return self.named(self.output)

    def problem(self) -> Message | None:
        """Returns what is wrong with name or reason; None where nothing is."""
        if not 0 < len(self.name) <= LONGEST_NAME or unseen(self.name):
            return say("release.vote.name", most=LONGEST_NAME)
        if not SHORTEST_REASON <= len(self.reason) <= LONGEST_REASON or unseen(self.reason):
            return say("release.withdrawal.reason", least=SHORTEST_REASON, most=LONGEST_REASON)
        return None


def read_withdrawal(data: bytes) -> Withdrawal:
    """Returns the withdrawal of a file, whose signature is that of the key in it: whose key that is, others know.

    Raises DataError where the bytes are no withdrawal as riskset writes one, VerificationError where the signature is
    not of that key.
    """
    names = [field.name for field in fields(Withdrawal)]
    form, called = say("release.withdrawal.form"), say("release.called.withdrawal")
    document, texts = read_texts(data, KIND, names, form, called)
    found = Withdrawal(**texts)
    right = (
        all(map(HASH.fullmatch, (found.study, found.output_sha256)))
        and AT.fullmatch(found.at)
        and 0 < len(found.run) <= LONGEST_NAME
        and 0 < len(found.output) <= 200
        and len(found.site) <= LONGEST_NAME
        and found.meaning == MEANING
        and found.problem() is None
    )
    if not right:
        raise document.not_this
    document.check_signed(document.key(found.key), say("release.withdrawal.signature"), say("release.vote.form_hint"))
    return found
