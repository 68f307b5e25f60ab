"""Test vectors made without riskset, most of them wrong on purpose: what is right holds, what is wrong is refused."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.errors import ProtocolError, VerificationError
from riskset.ledger import note
from riskset.ledger.checkpoint import open_checkpoint
from riskset.ledger.entry import read_line
from riskset.ledger.merkle import Tree, leaf_hash, verify_consistency, verify_inclusion
from riskset.ledger.trusted_log import read_log
from riskset.ledger.witness import cosigners
from riskset.secure.keys import public_from_hex

VECTORS = json.loads((Path(__file__).parents[2] / "golden" / "ledger" / "vectors.json").read_text(encoding="utf-8"))
REFUSALS = (ProtocolError, VerificationError)


def cases(kind):
    return [pytest.param(case, id=f"{number}-{case['why'][:40]}") for number, case in enumerate(VECTORS[kind])]


def judge(case, check):
    """Runs `check` and holds its verdict against the vector's."""
    if case["holds"]:
        check()
    else:
        with pytest.raises(REFUSALS):
            check()


def hashes(texts):
    return [bytes.fromhex(text) for text in texts]


@pytest.mark.parametrize("case", VECTORS["roots"], ids=lambda case: f"{len(case['leaves'])}-{case['source'][:20]}")
def test_roots(case):
    assert Tree(map(leaf_hash, hashes(case["leaves"]))).root().hex() == case["root"]


@pytest.mark.parametrize("case", cases("inclusion"))
def test_inclusion(case):
    leaf, root = hashes([case["leaf"], case["root"]])
    judge(case, lambda: verify_inclusion(leaf, case["index"], case["size"], hashes(case["proof"]), root))


@pytest.mark.parametrize("case", [case for case in VECTORS["inclusion"] if case["holds"]])
def test_our_inclusion_proofs_are_the_same(case):
    tree = Tree(map(leaf_hash, hashes(VECTORS["roots"][8]["leaves"])))
    assert [part.hex() for part in tree.inclusion(case["index"], case["size"])] == case["proof"]


@pytest.mark.parametrize("case", cases("consistency"))
def test_consistency(case):
    roots = hashes([case["old_root"], case["new_root"]])
    judge(case, lambda: verify_consistency(case["old"], case["new"], *roots, hashes(case["proof"])))


@pytest.mark.parametrize("case", [case for case in VECTORS["consistency"] if case["holds"]])
def test_our_consistency_proofs_are_the_same(case):
    tree = Tree(map(leaf_hash, hashes(VECTORS["roots"][8]["leaves"])))
    assert [part.hex() for part in tree.consistency(case["old"], case["new"])] == case["proof"]


@pytest.mark.parametrize("case", cases("notes"))
def test_notes(case):
    key = public_from_hex(case["key"])
    judge(case, lambda: note.verified(note.parse(case["note"]), case["name"], key))


def test_a_note_is_signed_as_go_signs_it():
    """Ed25519 makes one signature of one text, so that the whole note must come out to the byte."""
    published = VECTORS["signing"]
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(published["seed"]))
    assert str(note.sign(published["text"], published["name"], key)) == published["text"] + "\n" + published["line"]


@pytest.mark.parametrize("case", cases("checkpoints"))
def test_checkpoints(case):
    def check():
        checkpoint = open_checkpoint(case["note"], case["origin"], public_from_hex(case["key"]))
        assert (checkpoint.size, checkpoint.root.hex()) == (case["size"], case["root"])

    judge(case, check)


@pytest.mark.parametrize("case", cases("cosignatures"))
def test_cosignatures(case):
    keys = {name: public_from_hex(key) for name, key in case["keys"].items()}

    def check():
        found = cosigners(note.parse(case["note"]), keys)
        assert {party.name: party.time for party in found} == case["times"]

    judge(case, check)


@pytest.mark.parametrize("case", cases("entries"))
def test_entries(case):
    def check():
        entry = read_line(case["line"])
        assert entry.leaf.hex() == case["leaf"]
        assert entry.to_line() == case["line"]

    judge(case, check)


@pytest.mark.parametrize("case", cases("logs"))
def test_logs(case):
    def check():
        log = read_log(case["text"], case["origin"], public_from_hex(case["key"]))
        assert (len(log.entries), log.was_cut) == (case["entries"], case["was_cut"])

    judge(case, check)
