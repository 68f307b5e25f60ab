"""The key by which the engine knows a site."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from riskset.errors import DataError
from riskset.secure.keys import new_identity, save_identity
from riskset.secure.node_key import (
    load_node_key,
    new_node_key,
    public_node_from_text,
    public_node_text,
    save_node_key,
)


def test_a_key_comes_back_from_its_file_which_only_its_owner_reads(tmp_path):
    path, key = tmp_path / "keys" / "node.pem", new_node_key()
    save_node_key(path, key)
    assert load_node_key(path).private_numbers() == key.private_numbers()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "node.pem"
    save_node_key(path, new_node_key())
    kept = path.read_bytes()
    with pytest.raises(DataError, match="already exists"):
        save_node_key(path, new_node_key())
    assert path.read_bytes() == kept


def test_the_public_half_travels_as_one_line():
    key = new_node_key()
    line = public_node_text(key)
    assert line.startswith("ecdsa-sha2-nistp384 ")
    assert "\n" not in line
    assert public_node_from_text(line).public_numbers() == key.public_key().public_numbers()
    assert public_node_text(key.public_key()) == line


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(DataError, match="there is no node key"):
        load_node_key(tmp_path / "absent.pem")


def test_what_is_not_a_key_or_another_kind_is_reported(tmp_path):
    (tmp_path / "text.pem").write_text("a letter")
    save_identity(tmp_path / "identity.pem", new_identity())
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "p256.pem").write_bytes(pem)
    for name, words in (
        ("text", "not a private key"),
        ("identity", "different kind|P-384"),
        ("p256", "different kind|P-384"),
    ):
        with pytest.raises(DataError, match=words):
            load_node_key(tmp_path / f"{name}.pem")


def test_a_public_line_of_another_kind_is_reported():
    small = ec.generate_private_key(ec.SECP256R1()).public_key()
    line = small.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    for text, words in (
        (line, "different kind|P-384"),
        ("a letter", "in OpenSSH form"),
        ("schlüssel", "in OpenSSH form"),
    ):
        with pytest.raises(DataError, match=words):
            public_node_from_text(text)


def test_a_compressed_point_is_reported():
    """One byte of a line changed: what reads OpenSSH keys does not know the form."""
    algorithm, encoded = public_node_text(new_node_key()).split()
    raw = bytearray(base64.b64decode(encoded))
    raw[-97] = 2  # 04 before the two coordinates of 48 bytes
    with pytest.raises(DataError, match="OpenSSH form"):
        public_node_from_text(f"{algorithm} {base64.b64encode(bytes(raw)).decode()}")
