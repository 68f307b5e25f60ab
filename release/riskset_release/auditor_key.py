"""An auditor's identity: an Ed25519 key in a file of its owner's alone, locked where a passphrase was given."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.audit.trusted import Trusted
from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.passphrase import ask_passphrase
from riskset.protocol.roster import COORDINATOR
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import is_locked, load_identity


def load_auditor(file: Path, name: str, trusted: Trusted) -> Ed25519PrivateKey:
    """Returns the private key of the auditor whom the file of fingerprints knows by this short name.

    Raises DataError where nobody has the name, where the file is missing, stays locked or holds no such key, or where
    the key is somebody else's.
    """
    if name not in trusted.auditors:
        hint = did_you_mean(name, trusted.auditors) or say("release.key.unknown_hint")
        raise DataError(say("release.key.unknown", name=name), hint)
    key = _opened(file)
    if trusted.auditor(key.public_key()) != name:
        raise _other(name, key)
    return key


def load_reader(file: Path, name: str, trusted: Trusted) -> Ed25519PrivateKey:
    """Returns the private key of whoever may read at a desk: as `load_auditor`, or the coordinator's."""
    if name != COORDINATOR or name in trusted.auditors:
        return load_auditor(file, name, trusted)
    key = _opened(file)
    if not trusted.knows(name, key.public_key()):
        raise _other(name, key)
    return key


def _opened(file: Path) -> Ed25519PrivateKey:
    passphrase = ask_passphrase(say("release.key.passphrase")) if is_locked(file) else b""
    try:
        return load_identity(file, passphrase)
    except DataError as wrong:
        raise DataError(wrong.message, say("release.key.hint")) from None  # its own hint is for a site


def _other(name: str, key: Ed25519PrivateKey) -> DataError:
    words = fingerprint_words(key.public_key())
    return DataError(say("release.key.other", name=name, words=words), say("release.key.other_hint"))
