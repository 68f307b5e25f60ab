"""Whom an auditor trusts: the fingerprints of coordinator and sites, as they were heard from the parties themselves.

    coordinator = "call begin armor size panel palm"
    seoul = "6c1f0d2b5a9e…"

Six words, or the 64 hexadecimal digits of the identity key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.signed import MOST_FILE_BYTES, read_file
from riskset.protocol.roster import COORDINATOR
from riskset.secure.fingerprint_words import FINGERPRINT_WORDS, fingerprint_words

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_WORDS: Final = re.compile(rf"[a-z]+( [a-z]+){{{FINGERPRINT_WORDS - 1}}}")


@dataclass(frozen=True)
class Trusted:
    """Fingerprints by party."""

    fingerprints: Mapping[str, str]

    def has(self, party: str) -> bool:
        return party in self.fingerprints

    def knows(self, party: str, key: Ed25519PublicKey) -> bool:
        """Whether the party's fingerprint is this key's."""
        heard = self.fingerprints.get(party, "")
        return heard in (fingerprint_words(key), key.public_bytes_raw().hex())


def read_trusted(text: str) -> Trusted:
    """Returns the fingerprints of a file. Raises DataError where it is not TOML, names no coordinator, or gives
    anything but a fingerprint."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise DataError(say("audit.trusted.form"), say("audit.trusted.hint")) from None
    found = {party: " ".join(value.lower().split()) for party, value in content.items() if isinstance(value, str)}
    odd = [party for party in content if not _is_fingerprint(found.get(party, ""))]
    if odd:
        raise DataError(say("audit.trusted.fingerprint", parties=tuple(odd)), say("audit.trusted.hint"))
    if COORDINATOR not in found:
        raise DataError(say("audit.trusted.coordinator"), say("audit.trusted.hint"))
    return Trusted(found)


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


def _is_fingerprint(text: str) -> bool:
    return bool(_KEY.fullmatch(text) or _WORDS.fullmatch(text))
