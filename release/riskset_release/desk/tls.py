"""The certificate of a desk that others reach, and its private key."""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.passphrase import ask_passphrase
from riskset.secure.keys import is_locked


def tls_of(certificate: Path, key: Path) -> ssl.SSLContext:
    """Returns how the desk speaks TLS: version 1.2 or later.

    Raises DataError where a file is missing, is no certificate or key, or the two are not of one another; and where
    somebody else on this machine can read the key.
    """
    hint = say("release.serve.certificate_hint")
    for file in (certificate, key):
        if not file.is_file():
            raise DataError(say("release.serve.missing", file=file), hint)
    if os.name != "nt" and stat.S_IMODE(key.stat().st_mode) & 0o077:
        raise DataError(say("release.serve.readable", file=key), say("release.serve.readable_hint", file=key))
    passphrase = ask_passphrase(say("release.serve.passphrase")) if is_locked(key) else b""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=passphrase)  # given, so that OpenSSL never asks by itself
    except (ssl.SSLError, OSError):
        raise DataError(say("release.serve.certificate", certificate=certificate, key=key), hint) from None
    return context
