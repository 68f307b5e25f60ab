"""The study's authority and its server's certificate, checked by the TLS library that sites use."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from riskset_server.joining.certificates import issue_server_certificate, make_authority


def handshake(trusted, server, name, tmp_path):
    """Raises as a client does that trusts `trusted` and connects to `server` under `name`; no network."""
    (tmp_path / "server.pem").write_bytes(server.certificate)
    (tmp_path / "server.key").write_bytes(server.key)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.load_verify_locations(cadata=trusted.certificate.decode())
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(back, there, server_hostname=name)
    peer = serving.wrap_bio(there, back, server_side=True)
    for side in (client, peer, client, peer):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", ["study.example.org", "192.0.2.7", "localhost", "127.0.0.1"])
def test_the_certificate_covers_the_server_s_names_and_the_loopback(tmp_path, name):
    authority = make_authority("a study")
    handshake(authority, issue_server_certificate(authority, ["study.example.org", "192.0.2.7"]), name, tmp_path)


def test_a_different_name_is_not_accepted(tmp_path):
    authority = make_authority("a study")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(authority, issue_server_certificate(authority, ["study.example.org"]), "example.org", tmp_path)


def test_a_different_authority_of_the_same_name_is_not_accepted(tmp_path):
    server = issue_server_certificate(make_authority("a study"), ["localhost"])
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(make_authority("a study"), server, "localhost", tmp_path)


def test_a_server_certificate_cannot_sign_another(tmp_path):
    authority = make_authority("a study")
    server = issue_server_certificate(authority, ["localhost"])
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, issue_server_certificate(server, ["localhost"]), "localhost", tmp_path)


def test_a_certificate_is_valid_for_a_site_whose_clock_is_behind():
    certificate = x509.load_pem_x509_certificate(make_authority("a study").certificate)
    assert certificate.not_valid_before_utc < datetime.now(UTC) - timedelta(hours=23)


def test_the_repr_contains_no_private_key():
    assert "PRIVATE" not in repr(make_authority("a study"))


def test_a_certificate_needs_a_host():
    with pytest.raises(ValueError, match="at least one host"):
        issue_server_certificate(make_authority("a study"), [])
