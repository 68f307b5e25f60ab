"""The copy for acro 1.0.2: the fields that its loader and its viewer read, checked without acro, and with it."""

import json
from dataclasses import replace

import pytest
from tests.release.folder.conftest import CSV, FIGURE, TABLE

from riskset.private_files import create_folder
from riskset.secure.envelope import sha256
from riskset_release.folder.acro import RESULTS, VERSION, acro_files

FIELDS = {
    *("uid", "status", "type", "properties", "files", "outcome", "command", "summary", "timestamp", "comments"),
    *("exception", "fair"),
}
"""As `acro.record.Records.finalise_json` writes them, and `load_records` wants them."""


@pytest.fixture
def files(release):
    return acro_files(release.of())


def test_it_has_what_the_loader_and_the_viewer_read(release, files):
    said = json.loads(files[RESULTS])
    assert said["version"] == VERSION
    assert list(said["results"]) == [FIGURE, TABLE]
    for id_, record in said["results"].items():
        assert record.keys() == FIELDS
        assert record["uid"] == id_
        assert record["files"]
        for file in record["files"]:
            assert file.keys() == {"name", "sdc"}
            assert "/" not in file["name"]
            assert files[f"checksums/{file['name']}.txt"].decode() == sha256(files[file["name"]])
    assert files["tables-km-os-all.csv"] == release.files[CSV]
    assert [path for path in files if path.endswith(".json")] == [RESULTS]  # the viewer wants one


def test_it_has_the_files_of_outputs_and_no_other(release, files):
    copied = [content for path, content in files.items() if path != RESULTS and not path.startswith("checksums/")]
    assert sorted(copied) == sorted(content for one in release.of().outputs for content in one.files.values())


def test_an_exception_is_for_review_with_the_auditors_reason(release):
    released = release.of()
    output = released.output(TABLE)
    votes = tuple(replace(vote, decision="exception", reason="W" * 20) for vote in output.votes)
    changed = replace(released, outputs=(replace(output, votes=votes),))
    said = json.loads(acro_files(changed)[RESULTS])
    assert said["results"][TABLE]["status"] == "review"
    assert said["results"][TABLE]["exception"].startswith("W" * 20)


def test_acro_loads_it(files, tmp_path):
    record = pytest.importorskip("acro.record")
    create_folder(tmp_path / "copy", files)
    found = record.load_records(str(tmp_path / "copy"))
    assert found.get_keys() == [FIGURE, TABLE]
    assert found.get(TABLE).output[0].shape[0] > 1
    assert found.get(FIGURE).status == "pass"
