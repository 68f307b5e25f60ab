"""The certificate of a desk that others reach, and its private key.

A browser warns of a certificate for another name, or of one that is over. Auditors would learn to click such warnings
away, also that of a page which only pretends to be the desk: so no desk is served with one.
"""

from __future__ import annotations

import os
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.passphrase import ask_passphrase
from riskset.secure.keys import is_locked


def tls_of(certificate: Path, key: Path, name: str) -> ssl.SSLContext:
    """Returns how the desk of this name speaks TLS: version 1.2 or later.

    Raises DataError where a file is missing, is no certificate or key, or the two are not of one another; where the
    certificate is for other names or not in force; and where somebody else on this machine can read the key.
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
        own = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except (ssl.SSLError, OSError, ValueError):
        raise DataError(say("release.serve.certificate", certificate=certificate, key=key), hint) from None
    _check(own, certificate, name)
    return context


def _check(own: x509.Certificate, file: Path, name: str) -> None:
    """Raises DataError where browsers would warn of the certificate, whoever signed it."""
    hint, last = say("release.serve.certificate_hint"), own.not_valid_after_utc
    if not own.not_valid_before_utc <= datetime.now(UTC) <= last:
        raise DataError(say("release.serve.not_in_force", certificate=file, last=last.date().isoformat()), hint)
    names = _names_of(own)
    if name not in names and f"*.{name.partition('.')[2]}" not in names:
        raise DataError(say("release.serve.other_name", certificate=file, name=name), hint)


def _names_of(own: x509.Certificate) -> set[str]:
    """Returns the names and addresses for which browsers take the certificate."""
    try:
        found = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {one.lower() for one in found.get_values_for_type(x509.DNSName)} | {
        str(one) for one in found.get_values_for_type(x509.IPAddress)
    }
