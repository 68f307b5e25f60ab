"""From votes to a release folder and its public proof: what was accepted, as it was voted on, and nothing else."""

import json
from pathlib import Path

import pytest
from tests.release.conftest import Committee
from tests.server.run.conftest import Desk

from riskset.audit.proof import check_proof, proof_of
from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.cli import main
from riskset.errors import DataError, Refused
from riskset.secure.fingerprint_words import fingerprint_words
from riskset_release.ballots import Policy, count, decisions
from riskset_release.candidate import candidate_of
from riskset_release.folder.pages import PAGES
from riskset_release.releasing import PROOF, RECORD, released_files
from riskset_release.vote_folder import votes_in

AT = "2026-07-01T09:00:00.000+00:00"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, patients):
    folder = tmp_path_factory.mktemp("released run")
    desk = Desk(folder, patients)
    run = desk.finishes(desk.begins()).name
    assert desk.says("bundle", run, "--file", folder / "run.zip") == 0
    return (folder / "run.zip").read_bytes()


@pytest.fixture(scope="module")
def committee(bundle):
    """The auditors of the other tests, with the outputs of a real run."""
    found = Committee()
    roster = verify(bundle, None).run.roster
    parties = {name: fingerprint_words(key) for name, key in roster.parties_of(roster.sites).items()}
    parties = {name: parties[name] for name in ("coordinator", "asan", "kurume", "osaka")}
    found.trusted = Trusted(parties, found.trusted.auditors)
    found.candidate = candidate_of(bundle, found.trusted)
    return found


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "votes"


def released(committee, folder, policy=None):
    found, policy = votes_in(folder), policy or Policy(2, frozenset({"park"}))
    counted = count(committee.candidate, found, committee.trusted, policy)
    decided = decisions(committee.candidate, counted, policy)
    return released_files(committee.candidate, counted, decided, found.files, policy, AT, "en")


def test_the_outputs_of_a_run_are_gated_and_the_bundle_holds(committee):
    assert committee.candidate.failures == ()
    ids = [one.id for one in committee.candidate.outputs]
    assert ids == ["figure-km-os-all", "table-km-os-all", "text-methods"]
    table = committee.candidate.output("table-km-os-all")
    assert set(table.files) == {f"tables/km-os-all.{form}" for form in ("csv", "html", "docx")}
    assert not any("Not yet approved" in one.html for one in committee.candidate.outputs)


def test_only_what_enough_auditors_accepted_is_released_as_it_was_voted_on(committee, folder):
    for who in ("sato", "kim"):
        committee.votes(folder, who, "table-km-os-all")
    committee.votes(folder, "sato", "figure-km-os-all")
    files = released(committee, folder)
    table = committee.candidate.output("table-km-os-all")
    assert set(files) == {*table.files, RECORD, PROOF, *PAGES}
    assert all(files[path] == content for path, content in table.files.items())
    record = json.loads(files[RECORD])
    states = {one["id"]: one["state"] for one in record["outputs"]}
    assert states == {"table-km-os-all": "accepted", "figure-km-os-all": "waiting", "text-methods": "waiting"}
    assert b"Dr. Sato, 2026-06-30" in files["release-note.html"]


def test_nothing_is_released_where_nothing_is_accepted_or_somebody_rejects(committee, folder):
    with pytest.raises(Refused, match="no output of the bundle is accepted"):
        released(committee, folder)
    for who in ("sato", "kim"):
        committee.votes(folder, who, "table-km-os-all")
    committee.votes(folder, "ito", "table-km-os-all", "reject")
    with pytest.raises(Refused, match="no output of the bundle is accepted"):
        released(committee, folder)
    committee.votes(folder, "park", "text-methods")  # who requested the analysis
    committee.votes(folder, "stranger", "text-methods")
    with pytest.raises(Refused, match="no output of the bundle is accepted"):
        released(committee, folder)


class TestTheProof:
    @pytest.fixture
    def files(self, committee, folder):
        for who in ("sato", "kim"):
            committee.votes(folder, who, "table-km-os-all")
        return released(committee, folder)

    def found(self, files, proof=None, name="tables/km-os-all.csv", content=None, trusted=None):
        said = json.loads(files[PROOF])
        if proof:
            proof(said)
        data = json.dumps(said, ensure_ascii=False).encode()
        return check_proof(data, name, files[name] if content is None else content, trusted)

    def test_holds_for_each_released_file(self, committee, files):
        for name in committee.candidate.output("table-km-os-all").files:
            proven = self.found(files, name=name, trusted=committee.trusted)
            assert proven.checks.failures == []
            assert [one.name for one in proven.accepted] == ["Dr. Sato", "Dr. Kim"]
            assert proven.hospitals == ("asan", "kurume", "osaka")

    def test_a_changed_byte_of_a_file_fails(self, files):
        name = "tables/km-os-all.csv"
        for at in range(0, len(files[name]), 40):
            content = bytearray(files[name])
            content[at] ^= 1
            (failure,) = self.found(files, content=bytes(content)).checks.failures
            assert "it was changed since" in str(failure.told)

    def test_a_file_that_was_not_released_fails(self, files):
        (failure,) = check_proof(files[PROOF], "figures/km-os-all.svg", b"<svg/>", None).checks.failures
        assert "it was not released" in str(failure.told)

    @pytest.mark.parametrize(
        "change",
        [
            lambda said: said["outputs"][0]["votes"].pop(),
            lambda said: said["outputs"][0]["votes"].append(
                said["outputs"][0]["votes"].pop(0) | {"signature": "0" * 128}
            ),
            lambda said: said["outputs"][0]["votes"][0]["vote"].update(output="text-methods"),
            lambda said: said["outputs"][0]["votes"][0]["vote"].update(decision="reject"),
            lambda said: said["outputs"][0]["votes"].__setitem__(1, said["outputs"][0]["votes"][0]),
            lambda said: said["outputs"][0].update(sha256="0" * 64),
            lambda said: said["outputs"][0].update(id="other"),
            lambda said: said["outputs"][0]["files"].pop(1),
            lambda said: said.update(run="0" * 16),
            lambda said: said.update(study="0" * 64),
            lambda said: said.update(checkpoint=said["checkpoint"].rsplit("—", 1)[0]),
            lambda said: said["began"].update(proof=said["began"]["proof"][1:]),
            lambda said: said.update(ended=said["began"]),
            lambda said: said["roster"].update(signature="0" * 128),
            lambda said: said.update(schema=3),
            lambda said: said.pop("accepts"),
            lambda said: said.update(outputs=None),
        ],
    )
    def test_anything_else_that_is_changed_fails(self, files, change):
        assert self.found(files, change).checks.failures

    def test_other_hospitals_than_those_that_somebody_heard_of_fail(self, committee, files):
        other = Trusted({**committee.trusted.fingerprints, "asan": "one two three four five six"})
        (failure,) = self.found(files, trusted=other).checks.failures
        assert "somebody else's key signed" in str(failure.told)

    def test_the_command_needs_nothing_but_the_folder(self, files, tmp_path, capsys):
        for path, content in files.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(content)
        file = tmp_path / "tables" / "km-os-all.csv"
        assert main(["audit", "proof", str(file)]) == 0
        out = capsys.readouterr().out
        assert "Dr. Kim accepted it on 2026-06-30" in out
        assert "tables/km-os-all.csv is what was released" in out
        file.write_bytes(file.read_bytes() + b" ")
        assert main(["audit", "proof", str(file), "--json"]) == 3
        assert json.loads(capsys.readouterr().out)["holds"] is False
        with pytest.raises(DataError, match="there is no proof"):
            proof_of(Path("/"))


def test_the_proof_tells_no_total_and_no_count(committee, bundle, folder):
    for who in ("sato", "kim"):
        committee.votes(folder, who, "table-km-os-all")
    files = released(committee, folder)
    totals = verify(bundle, None).files["totals.json"]
    assert b'"total"' in totals
    assert b'"total' not in files[PROOF]
    assert b'"events"' not in files[PROOF]
