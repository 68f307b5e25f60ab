"""A released file and its withdrawal, checked by docs/formats.md alone. Imports nothing of riskset but to make them."""

import hashlib
import json

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.release.folder.conftest import CSV, TABLE, WHY


def is_signed(written, kind, key):
    """As "Signed files" has it."""
    try:
        signed = rfc8785.dumps({f"riskset {kind}": written[kind]})
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(written["signature"]), signed)
    except InvalidSignature:
        return False
    return True


def output_hash(output):
    files = sorted(output["files"], key=lambda one: one["path"])
    lines = [output["id"], *(f"{one['sha256']}  {one['path']}" for one in files)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@pytest.fixture
def proof(folder):
    assert folder.withdraws(TABLE) == 0
    assert folder.adds(folder.release.withdrawal("asan", site="asan")) == 0
    return json.loads(folder.reads("proof.json"))


def test_a_file_its_votes_and_its_withdrawals_follow_from_the_page(folder, proof):
    assert proof["schema"] == 2
    (output,) = [one for one in proof["outputs"] if one["id"] == TABLE]
    hashes = {one["path"]: one["sha256"] for one in output["files"]}
    assert hashes[CSV] == hashlib.sha256(folder.reads(CSV)).hexdigest()
    assert output["sha256"] == output_hash(output)
    of = {"study": proof["study"], "run": proof["run"], "output": TABLE, "output_sha256": output["sha256"]}
    accepting = {one["vote"]["key"] for one in output["votes"]}
    assert len(accepting) >= proof["accepts"]
    for kind, papers in (("vote", output["votes"]), ("withdrawal", output["withdrawals"])):
        for written in papers:
            assert of.items() <= written[kind].items()
            assert is_signed(written, kind, written[kind]["key"])
    own, of_hospital = (one["withdrawal"] for one in output["withdrawals"])
    assert (own["site"], own["reason"], own["meaning"]) == ("", WHY, "withdrawal")
    assert own["key"] in accepting
    assert of_hospital["key"] == proof["roster"]["roster"]["sites"]["asan"]["identity"]


def test_a_signature_of_one_kind_is_none_of_another(proof):
    written = proof["outputs"][-1]["withdrawals"][0]
    as_vote = {"vote": written["withdrawal"], "signature": written["signature"]}
    assert not is_signed(as_vote, "vote", written["withdrawal"]["key"])


def test_pages_are_listed_with_their_hashes(folder, proof):
    assert proof["pages"]
    for page in proof["pages"]:
        assert page["sha256"] == hashlib.sha256(folder.reads(page["path"])).hexdigest()
