"""Keys: made where they are used, readable by their owner alone, never replaced."""

import os
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from riskset.errors import DataError
from riskset.secure.keys import (
    load_identity,
    new_identity,
    public_from_hex,
    public_hex,
    save_identity,
    write_private,
)
from riskset.secure.node_key import (
    load_node_key,
    new_node_key,
    public_node_from_text,
    public_node_text,
    save_node_key,
)

IDENTITY, NODE = (new_identity, save_identity, load_identity), (new_node_key, save_node_key, load_node_key)
KINDS = pytest.mark.parametrize(("new", "save", "load"), [IDENTITY, NODE], ids=["identity", "node"])


def pem(key, password=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@KINDS
def test_a_key_comes_back_from_its_file(tmp_path, new, save, load):
    key = new()
    save(tmp_path / "keys" / "key.pem", key)
    assert pem(load(tmp_path / "keys" / "key.pem")) == pem(key)


@KINDS
def test_only_its_owner_reads_a_key_whatever_the_umask(tmp_path, new, save, load):
    before = os.umask(0)
    try:
        save(tmp_path / "keys" / "key.pem", new())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys" / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@KINDS
def test_a_key_is_never_overwritten(tmp_path, new, save, load):
    first, path = new(), tmp_path / "key.pem"
    save(path, first)
    with pytest.raises(DataError, match="already exists"):
        save(path, new())
    assert pem(load(path)) == pem(first)


@KINDS
def test_a_key_is_not_written_through_a_link(tmp_path, new, save, load):
    (tmp_path / "key.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(DataError, match="already exists"):
        save(tmp_path / "key.pem", new())
    assert not (tmp_path / "elsewhere.pem").exists()


def test_a_folder_that_cannot_be_is_reported(tmp_path):
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(DataError, match="cannot write"):
        write_private(tmp_path / "keys" / "key.pem", b"")


@KINDS
def test_a_key_that_is_not_there_is_reported(tmp_path, new, save, load):
    with pytest.raises(DataError, match="there is no"):
        load(tmp_path / "key.pem")


@KINDS
def test_a_folder_in_the_place_of_a_key_is_reported(tmp_path, new, save, load):
    with pytest.raises(DataError, match="cannot read"):
        load(tmp_path)


@KINDS
@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_file_that_is_not_a_key_is_reported(tmp_path, new, save, load, content):
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(DataError, match="not a private key"):
        load(tmp_path / "key.pem")


@KINDS
@pytest.mark.parametrize(
    "other",
    [
        x25519.X25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["x25519", "p-256", "rsa"],
)
def test_another_kind_of_key_is_reported(tmp_path, new, save, load, other):
    (tmp_path / "key.pem").write_bytes(pem(other))
    with pytest.raises(DataError, match="different kind of key"):
        load(tmp_path / "key.pem")


def test_a_public_key_comes_back_from_its_text():
    identity, node = new_identity(), new_node_key()
    assert (
        public_hex(public_from_hex(public_hex(identity))) == public_hex(identity) == public_hex(identity.public_key())
    )
    assert public_node_text(public_node_from_text(public_node_text(node))) == public_node_text(node.public_key())


KEY = public_hex(IDENTITY[0]())


@pytest.mark.parametrize(
    "text",
    ["", "00", "zz" * 32, "00" * 33, "é" * 64, KEY.upper(), f" {KEY}", f"{KEY}\n", f"{KEY[:2]} {KEY[2:]}"],
    ids=["empty", "short", "not hex", "long", "not ascii", "upper case", "space before", "line end", "space inside"],
)
def test_a_text_that_is_not_an_identity_is_reported(text):
    with pytest.raises(DataError, match="64 hexadecimal digits"):
        public_from_hex(text)


def ssh(key):
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ssh-ed25519",
        "é",
        public_node_text(new_node_key()) + " comment",
        ssh(ed25519.Ed25519PrivateKey.generate()),
        ssh(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "cut", "not ascii", "with a comment", "ed25519", "p-256"],
)
def test_a_text_that_is_not_a_node_key_is_reported(text):
    with pytest.raises(DataError, match="node key"):
        public_node_from_text(text)
