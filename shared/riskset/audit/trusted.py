"""Whom an auditor trusts: the fingerprints of coordinator, sites and auditors, as they were heard from each of them.

    coordinator = "call begin armor size panel palm"
    seoul = "6c1f0d2b5a9e…"

    [auditors]
    sato = "sheriff apple fury vapor wheat crucial"

Six words, or the 64 hexadecimal digits of the identity key. Auditors vote on what is released; a bundle names none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.signed import MOST_FILE_BYTES, read_file
from riskset.protocol.roster import COORDINATOR
from riskset.secure.fingerprint_words import FINGERPRINT_WORDS, fingerprint_words
from riskset.study.release import AUDITOR

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_WORDS: Final = re.compile(rf"[a-z]+( [a-z]+){{{FINGERPRINT_WORDS - 1}}}")
_AUDITORS: Final = "auditors"


@dataclass(frozen=True)
class Trusted:
    """Fingerprints by party."""

    fingerprints: Mapping[str, str]
    auditors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Fingerprints by the auditor's short name."""

    def has(self, party: str) -> bool:
        return party in self.fingerprints

    def knows(self, party: str, key: Ed25519PublicKey) -> bool:
        """Whether the party's fingerprint is this key's."""
        return self.fingerprints.get(party, "") in _spellings(key)

    def auditor(self, key: Ed25519PublicKey) -> str | None:
        """Returns the short name of the auditor whose fingerprint is this key's; None where it is nobody's, or that of
        several: one key would be several people."""
        found = [name for name, heard in self.auditors.items() if heard in _spellings(key)]
        return found[0] if len(found) == 1 else None


def _spellings(key: Ed25519PublicKey) -> tuple[str, str]:
    return fingerprint_words(key), key.public_bytes_raw().hex()


def read_trusted(text: str) -> Trusted:
    """Returns the fingerprints of a file. Raises DataError where it is not TOML, names no coordinator, or gives
    anything but a fingerprint."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise DataError(say("audit.trusted.form"), say("audit.trusted.hint")) from None
    auditors = content.pop(_AUDITORS, {})
    if not isinstance(auditors, dict):
        raise DataError(say("audit.trusted.auditors"), say("audit.trusted.auditors_hint"))
    found = _fingerprints(content)
    if COORDINATOR not in found:
        raise DataError(say("audit.trusted.coordinator"), say("audit.trusted.hint"))
    misnamed = tuple(name for name in auditors if not is_auditor_name(name))
    if misnamed:
        raise DataError(say("audit.trusted.auditor_name", names=misnamed), say("audit.trusted.auditors_hint"))
    return Trusted(found, _fingerprints(auditors))


def _fingerprints(table: Mapping[str, Any]) -> dict[str, str]:
    found = {party: " ".join(value.lower().split()) for party, value in table.items() if isinstance(value, str)}
    odd = tuple(party for party in table if not _is_fingerprint(found.get(party, "")))
    if odd:
        raise DataError(say("audit.trusted.fingerprint", parties=odd), say("audit.trusted.hint"))
    return found


def load_trusted(path: Path) -> Trusted:
    """As `read_trusted`, from a file. Raises DataError where it cannot be read."""
    hint = say("audit.trusted.hint")
    data = read_file(path, say("audit.called.trusted"), hint)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(say("audit.trusted.form"), hint) from None
    if len(data) > MOST_FILE_BYTES:
        raise DataError(say("audit.trusted.form"), hint)
    return read_trusted(text)


def is_auditor_name(name: str) -> bool:
    """Whether a text can be an auditor's short name."""
    return bool(re.fullmatch(AUDITOR, name))


def _is_fingerprint(text: str) -> bool:
    return bool(_KEY.fullmatch(text) or _WORDS.fullmatch(text))
