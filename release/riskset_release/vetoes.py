"""A veto: a hospital that took part in a run forbids that an output of it is published, as a signed file.

It is no vote: one is enough, it is of an output whatever its bytes, and it is shown to everybody at once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from riskset.catalogue import Message, say
from riskset.visible_text import unseen
from riskset_release.papers import Paper, read_texts
from riskset_release.votes import AT, HASH, LONGEST_NAME, LONGEST_REASON, SHORTEST_REASON


@dataclass(frozen=True)
class Veto(Paper):
    """What a hospital forbids, and why. Nothing in it is a patient's."""

    kind: ClassVar = "veto"

    study: str
    """Hash of the study."""
    run: str
    output: str
    """Id; empty for every output of the run."""
    site: str
    reason: str
    at: str
    """UTC, ISO 8601, by the hospital's clock."""
    key: str
    """The hospital's public key in the roster of the run, hex."""

    @property
    def file_name(self) -> str:
        return self.named(f"{self.site}-{self.output or 'every-output'}")

    def problem(self) -> Message | None:
        """Returns what is wrong with the reason; None where nothing is."""
        if len(self.reason) < SHORTEST_REASON or len(self.reason) > LONGEST_REASON or unseen(self.reason):
            return say("release.veto.reason", least=SHORTEST_REASON, most=LONGEST_REASON)
        return None


def read_veto(data: bytes) -> Veto:
    """Returns the veto of a file, whose signature is that of the key in it: whose key that is, others know.

    Raises DataError where the bytes are no veto as riskset writes one, VerificationError where the signature is not of
    that key.
    """
    names = [field.name for field in fields(Veto)]
    document, texts = read_texts(data, Veto.kind, names, say("release.veto.form"), say("release.called.veto"))
    veto = Veto(**texts)
    named = 0 < len(veto.run) <= LONGEST_NAME and 0 < len(veto.site) <= LONGEST_NAME and len(veto.output) <= 200
    if veto.problem() or not named or not HASH.fullmatch(veto.study) or not AT.fullmatch(veto.at):
        raise document.not_this
    document.check_signed(document.key(veto.key), say("release.veto.signature"), say("release.vote.form_hint"))
    return veto
