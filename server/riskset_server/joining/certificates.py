"""The study's own certificate authority, and the server's certificate under it.

Sites trust this authority alone, so that no certificate of the public web, and no proxy that intercepts TLS, can come
between them and the coordinator. A coordinator with a certificate from elsewhere gives the sites that authority's file.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP384R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LASTS: Final = timedelta(days=3650)
CERTIFICATE_LASTS: Final = timedelta(days=825)
BACKDATED: Final = timedelta(days=1)  # a site's clock may be behind; a day covers any time zone mistaken for UTC
LOOPBACK: Final = ("localhost", "127.0.0.1")  # how the coordinator reaches the control port


@dataclass(frozen=True)
class Certified:
    """A certificate and its private key, both PEM; only the certificate may leave the machine."""

    certificate: bytes
    key: bytes = field(repr=False)


def make_authority(name: str) -> Certified:
    """Returns a new self-signed authority, valid for ten years, that can sign servers but no further authority."""
    key = generate_private_key(SECP384R1())
    draft = (
        _draft(_named(name), _named(name), key.public_key(), AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return _signed(draft, key, key)


def issue_server_certificate(authority: Certified, hosts: Sequence[str]) -> Certified:
    """Returns a new certificate for the names and addresses in `hosts`, and for this machine's loopback.

    The first of `hosts` is the subject's name. Raises ValueError where `hosts` is empty.
    """
    if not hosts:
        raise ValueError("a server certificate needs at least one host")
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    signer = load_pem_private_key(authority.key, password=None)
    if not isinstance(signer, EllipticCurvePrivateKey):
        raise ValueError("the authority's key is not one that make_authority made")  # noqa: TRY004 (a value, not a type)
    names = [_host_name(host) for host in dict.fromkeys((*hosts, *LOOPBACK))]
    key = generate_private_key(SECP384R1())
    draft = (
        _draft(_named(hosts[0]), issuer.subject, key.public_key(), CERTIFICATE_LASTS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    return _signed(draft, key, signer)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])  # 64: the bound of RFC 5280, A.1


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _draft(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePublicKey, lasts: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(draft: x509.CertificateBuilder, key: EllipticCurvePrivateKey, signer: EllipticCurvePrivateKey) -> Certified:
    certificate = draft.sign(signer, hashes.SHA384())
    return Certified(
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
