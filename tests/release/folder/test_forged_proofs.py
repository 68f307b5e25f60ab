"""A genuine proof in which somebody changed what a stranger's key can sign."""

import json
from dataclasses import replace

import pytest
from tests.release.folder.conftest import AT, CSV, TABLE, WHY

from riskset.audit.proof import check_proof, output_hash
from riskset.audit.trusted import Trusted
from riskset.secure.envelope import sha256
from riskset.secure.keys import new_identity, public_hex
from riskset_release.folder.signing import withdrawal_of
from riskset_release.votes import read_vote

FORGED = b"group,deaths\nnew drug,0\n"


def as_bytes(proof):
    return json.dumps(proof, ensure_ascii=False).encode()


def vote_by(key, like, output, digest):
    vote = read_vote(json.dumps(like).encode())
    of = {"output": output, "output_sha256": digest, "key": public_hex(key), "name": "K. Sato", "replaces": ""}
    return json.loads(replace(vote, **of).signed(key))


def output_of(proof):
    return next(one for one in proof["outputs"] if one["id"] == TABLE)


@pytest.fixture
def forged(release):
    """The proof of another table, accepted by two strangers under the auditors' names."""
    proof = release.proof
    output = output_of(proof)
    for file in output["files"]:
        if file["path"] == CSV:
            file["sha256"] = sha256(FORGED)
    output["sha256"] = output_hash(TABLE, {one["path"]: one["sha256"] for one in output["files"]})
    keys = new_identity(), new_identity()
    output["votes"] = [vote_by(key, output["votes"][0], TABLE, output["sha256"]) for key in keys]
    return proof


def test_strangers_who_accept_are_found_with_the_fingerprints_of_the_auditors(release, forged):
    trusted = release.committee.trusted
    assert check_proof(as_bytes(forged), CSV, FORGED, None).holds  # whose keys these are, a proof does not know
    failures = check_proof(as_bytes(forged), CSV, FORGED, trusted).checks.failures
    assert any("which is that of no auditor" in str(one.told) for one in failures)
    assert check_proof(as_bytes(release.proof), CSV, release.files[CSV], trusted).holds


def test_who_has_heard_of_no_auditor_compares_the_others(release):
    parties_only = Trusted(release.committee.trusted.fingerprints, {})
    assert check_proof(as_bytes(release.proof), CSV, release.files[CSV], parties_only).holds


@pytest.mark.parametrize("knows", [True, False])
def test_a_stranger_who_accepts_an_output_of_nothing_withdraws_no_other(release, knows):
    proof, key, whole = release.proof, new_identity(), release.of()
    output, nothing = output_of(proof), sha256(b"x")
    withdrawal = withdrawal_of(whole, whole.output(TABLE), key, "K. Sato", WHY, AT, "")
    output["withdrawals"] = [json.loads(withdrawal.signed(key))]
    vote = vote_by(key, output["votes"][0], "x", nothing)
    proof["outputs"].append({"id": "x", "files": [], "sha256": nothing, "votes": [vote], "withdrawals": []})
    proven = check_proof(as_bytes(proof), CSV, release.files[CSV], release.committee.trusted if knows else None)
    assert proven.checks.failures
    assert proven.withdrawn == ()
