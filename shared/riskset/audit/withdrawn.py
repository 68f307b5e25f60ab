"""Withdrawals in a public proof: who took a released output back, signed, and whether that person could.

An auditor who accepted an output of the release can, and a hospital that took part in the run; and, where a reader
gives a file of fingerprints, any auditor in it. Everybody else's withdrawal is a failure, never passed over.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.audit.checks import Checks
from riskset.audit.trusted import Trusted
from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.signed import read_signed
from riskset.secure.fingerprint_words import fingerprint_words

KIND = "withdrawal"


@dataclass(frozen=True)
class Withdrawn:
    """A withdrawal whose signature holds."""

    name: str
    site: str
    """The hospital for which the person signed; empty of an auditor."""
    at: str
    """UTC, ISO 8601, by the signer's clock."""
    reason: str
    words: str
    """The fingerprint of the key."""

    @property
    def told(self) -> Message:
        """Who withdrew it, when and why."""
        values = {"name": self.name, "date": self.at[:10], "reason": self.reason, "words": self.words}
        if self.site:
            return say("audit.proof.withdrawn_for", site=self.site, **values)
        return say("audit.proof.withdrawn", **values)


@dataclass(frozen=True)
class Withdrawers:
    """Who can withdraw, as far as a reader of the proof knows."""

    auditors: Collection[str]
    """Fingerprints of those who accepted an output of the release."""
    hospitals: Mapping[str, Ed25519PublicKey]
    """Keys of those that took part in the run."""
    trusted: Trusted | None

    def include(self, site: str, key: Ed25519PublicKey) -> bool:
        """Whether the key is that hospital's or, where none is named, an auditor's."""
        if site:
            own = self.hospitals.get(site)
            return own is not None and own.public_bytes_raw() == key.public_bytes_raw()
        if self.trusted is not None and self.trusted.auditors:
            return self.trusted.auditor(key) is not None
        return fingerprint_words(key) in self.auditors


def check_withdrawals(
    checks: Checks, file: str, output: Mapping[str, Any], of: tuple[str, str], able: Withdrawers
) -> tuple[Withdrawn, ...]:
    """Returns the withdrawals of an output that hold; `of` are run and study. Each other one is a failure."""
    found = []
    for written in output["withdrawals"]:
        not_this = DataError(say("audit.proof.withdrawal"))
        with checks.each("signatures", file):
            document = read_signed(json.dumps(written, ensure_ascii=False).encode(), KIND, not_this)
            names = ("run", "study", "output", "output_sha256", "name", "site", "at", "reason", "key")
            said = {name: document.text(name, 2000) for name in names}
            key = document.key(said["key"])
            document.check_signed(key, not_this.message, say("audit.proof.none_hint"))
            if (said["run"], said["study"], said["output"], said["output_sha256"]) != (
                *of,
                output["id"],
                output["sha256"],
            ):
                raise not_this
            words = fingerprint_words(key)
            if not able.include(said["site"], key):
                raise DataError(say("audit.proof.withdrawer", name=said["name"], words=words))
            found.append(Withdrawn(said["name"], said["site"], said["at"], said["reason"], words))
    return tuple(found)
