"""docs/formats.md says the bytes: vectors that were made from that page alone, without a line of riskset."""

import json
from pathlib import Path

import numpy as np
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from tests.server.run import outside_reader
from tests.server.run.outside_reader import sha256

from riskset.errors import DataError, ProtocolError, VerificationError
from riskset.joining.signed import signed_bytes, write_signed
from riskset.ledger.seals import opened_with
from riskset.protocol.approval import read_approval
from riskset.protocol.roster import read_roster
from riskset.protocol.round import before_opening, chain
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified, verify
from riskset.secure.masks import PairwiseMasks, public_of
from riskset.strict_json import NotStrictJson, read_exact
from riskset_release.logins import answer, read_challenge, read_login

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["seed"]))


@pytest.mark.parametrize("case", VECTORS["messages"], ids=lambda case: case.get("why", "holds"))
def test_messages(case):
    keys = {"asan": KEY.public_key()}
    if not case["holds"]:
        with pytest.raises((ProtocolError, VerificationError)):
            verify(bytes.fromhex(case["raw"]), keys)
        return
    message = verify(bytes.fromhex(case["raw"]), keys)
    assert (message.id, message.payload.hex()) == (case["id"], case["payload"])


@pytest.mark.parametrize("case", VECTORS["histories"])
def test_histories(case):
    before = before_opening(case["study"], case["roster"], case["run"])
    assert before == case["opening"]
    for ids in (case["ids"], case["ids"][::-1]):
        assert chain(before, [Verified(head=None, payload=b"", raw=b"", id=one) for one in ids]) == case["after"]


@pytest.mark.parametrize("case", VECTORS["vectors"], ids=lambda case: str(case["numbers"]))
def test_vectors(case):
    vector = fixed_point.encode(case["numbers"], 3) if case["numbers"] else fixed_point.zeros(0)
    assert fixed_point.to_bytes(vector).hex() == case["bytes"]
    read = fixed_point.from_bytes(bytes.fromhex(case["bytes"]), len(case["numbers"]))
    assert np.array_equal(read, vector)
    with pytest.raises(ProtocolError):
        fixed_point.from_bytes(bytes.fromhex(case["bytes"]) + b"\0", len(case["numbers"]))


@pytest.mark.parametrize("case", VECTORS["totals"])
def test_totals(case):
    sent = [fixed_point.from_bytes(bytes.fromhex(one), len(case["numbers"])) for one in case["sent"]]
    total = fixed_point.total(sent)
    assert fixed_point.to_bytes(total).hex() == case["bytes"]
    assert list(fixed_point.decode(total)) == case["numbers"]


@pytest.mark.parametrize("case", VECTORS["masks"])
def test_masks(case):
    secrets = {site: bytes.fromhex(secret) for site, secret in case["secrets"].items()}
    keys = {site: public_of(secret) for site, secret in secrets.items()}
    assert {site: key.hex() for site, key in keys.items()} == case["public"]
    for site, secret in secrets.items():
        masks = PairwiseMasks(secret, site, keys, case["context"])
        sent = masks.mask(fixed_point.encode(case["numbers"][site], 3), case["round"], case["history"])
        assert fixed_point.to_bytes(sent).hex() == case["sent"][site]


@pytest.mark.parametrize("case", VECTORS["sealed"], ids=lambda case: case.get("why", "holds"))
def test_the_key_of_an_entry_opens_it(case):
    key, private = bytes.fromhex(case["key"]), bytes.fromhex(case["private"])
    if case["holds"]:
        assert json.loads(opened_with(key, private)) == case["content"]
        return
    with pytest.raises((InvalidTag, ValueError)):
        opened_with(key, private)


@pytest.mark.parametrize("case", VECTORS["files"], ids=lambda case: case["kind"])
def test_signed_files(case):
    assert signed_bytes(case["kind"], case["content"]).hex() == case["signed"]
    written = json.loads(write_signed(case["kind"], case["content"], signature=KEY))
    assert written == {case["kind"]: case["content"], "signature": case["signature"]}


@pytest.mark.parametrize("case", VECTORS["logins"], ids=lambda case: case["why"])
def test_challenges_and_their_answers(case):
    if case["holds"]:
        asked, signed = read_challenge(case["word"]), read_login(case["text"].encode())
        assert signed.challenge == asked
        assert answer(asked, KEY).decode() == case["text"]
        return
    with pytest.raises(DataError):
        read_challenge(case["word"])
    with pytest.raises((DataError, VerificationError)):
        read_login(case["text"].encode())


def hash_read(case):
    """The hash of a roster or an approval, as riskset reads it from a file."""
    text, key = case["text"].encode(), Ed25519PublicKey.from_public_bytes(bytes.fromhex(case["key"]))
    return (read_roster(text) if case["kind"] == "roster" else read_approval(read_exact(text), key)).sha256


def hash_read_outside(case):
    read = outside_reader.read_roster if case["kind"] == "roster" else outside_reader.read_approval
    return sha256(read(case["text"].encode(), case["key"]))


@pytest.mark.parametrize("case", VECTORS["documents"], ids=lambda case: f"{case['kind']}: {case['why']}")
def test_rosters_and_approvals(case):
    """By riskset, and by the reader that was written from the pages alone."""
    if case["holds"]:
        assert hash_read(case) == hash_read_outside(case)
        return
    with pytest.raises((DataError, VerificationError, NotStrictJson)):
        hash_read(case)
    with pytest.raises(outside_reader.NotSo):
        hash_read_outside(case)


def test_there_are_vectors_of_both_kinds_that_hold_and_that_do_not():
    kinds = [(case["kind"], case["holds"]) for case in VECTORS["documents"]]
    assert all(kinds.count((kind, holds)) >= 4 for kind in ("roster", "approval") for holds in (True, False))
