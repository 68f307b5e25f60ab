"""Bundles and records that a committee keeps: read whole, or refused by name."""

import json
import shutil

import pytest
from tests.release.conftest import Committee
from tests.server.run.conftest import Desk

from riskset.audit.trusted import Trusted
from riskset.audit.verify import verify
from riskset.cli import main
from riskset.errors import DataError
from riskset.secure.fingerprint_words import fingerprint_words
from riskset_release.ballots import Policy, count, decisions
from riskset_release.candidate import candidate_of
from riskset_release.earlier_releases import earlier_in
from riskset_release.record import RECORD
from riskset_release.releasing import released_files
from riskset_release.vote_folder import votes_in


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory, patients):
    """The bundles of two runs of one study, one after the other."""
    folder = tmp_path_factory.mktemp("two runs")
    desk = Desk(folder, patients)
    for name in ("first", "second"):
        run = desk.finishes(desk.begins()).name
        assert desk.says("bundle", run, "--file", folder / f"{name}.zip") == 0
    return folder


@pytest.fixture(scope="module")
def trusted(two_runs):
    roster = verify((two_runs / "first.zip").read_bytes(), None).run.roster
    words = {name: fingerprint_words(key) for name, key in roster.parties_of(roster.sites).items()}
    return Trusted(words, {})


@pytest.fixture(scope="module")
def kept(two_runs, trusted, tmp_path_factory):
    """What the committee keeps of the first release, in which only the table was accepted."""
    committee, folder = Committee(), tmp_path_factory.mktemp("kept")
    committee.trusted = Trusted(trusted.fingerprints, committee.trusted.auditors)
    committee.candidate = candidate_of((two_runs / "first.zip").read_bytes(), committee.trusted)
    for who in ("sato", "kim"):
        committee.votes(folder / "votes", who, "table-km-os-all")
    found, policy = votes_in(folder / "votes"), Policy(2)
    counted = count(committee.candidate, found, committee.trusted, policy)
    decided = decisions(committee.candidate, counted, policy)
    at = "2026-07-01T09:00:00.000+00:00"
    files = released_files(committee.candidate, counted, decided, found.files, policy, at, "en")
    (folder / "released").mkdir()
    (folder / "released" / RECORD).write_bytes(files[RECORD])
    shutil.copy(two_runs / "first.zip", folder / "first.zip")
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "kept")


def change(folder, **changes):
    record = folder / "released" / RECORD
    record.write_text(json.dumps({**json.loads(record.read_text()), **changes}))


def test_what_was_released_is_read_with_the_numbers_of_its_run(folder, trusted):
    (earlier,) = earlier_in(folder, trusted)
    assert earlier.published == {"km/os/all"}
    assert "km/os/all:analysed@:=" in earlier.counts
    assert earlier.at.startswith("2026-07-01")
    assert next(one for one in earlier.results.entries if one.id == "km/os/all").analysed == 90


def test_the_second_run_is_judged_with_the_first_release(two_runs, folder, trusted):
    bundle = (two_runs / "second.zip").read_bytes()
    earlier = earlier_in(folder, trusted)
    found = candidate_of(bundle, trusted, earlier=earlier)
    assert [one.code for one in found.output("table-km-os-all").changed] == ["release.changed.same"]
    assert found.earlier == tuple(earlier)
    assert not any(one.code == "release.earlier.not_given" for one in found.odd)


def test_a_run_that_ended_before_is_named_where_its_release_was_not_given(two_runs, trusted):
    found = candidate_of((two_runs / "second.zip").read_bytes(), trusted)
    first = verify((two_runs / "first.zip").read_bytes(), trusted).run.id
    assert [dict(one.values)["run"] for one in found.odd if one.code == "release.earlier.not_given"] == [first]
    assert found.output("table-km-os-all").changed == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda at: (at / "released" / RECORD).unlink(), "has no release.json"),
        (lambda at: (at / "first.zip").unlink(), "the bundle of which .* is the record is not in the folder"),
        (lambda at: (at / "released" / RECORD).write_text("{"), "is no record of a release"),
        (lambda at: change(at, published={"counts": []}), "is no record of a release"),
        (lambda at: change(at, schema=2), "is no record of a release"),
        (lambda at: change(at, run="0" * 16), "does not fit the bundle"),
        (
            lambda at: change(at, published={"counts": ["km/os/all:nothing@:="], "results": []}),
            "does not fit the bundle",
        ),
        (lambda at: change(at, published={"counts": [], "results": ["cox/os/all"]}), "does not fit the bundle"),
    ],
)
def test_what_does_not_belong_together_is_refused_by_name(folder, trusted, spoil, told):
    spoil(folder)
    with pytest.raises(DataError, match=told):
        earlier_in(folder, trusted)


def test_a_bundle_without_a_record_is_refused(two_runs, folder, trusted):
    shutil.copy(two_runs / "second.zip", folder / "second.zip")
    with pytest.raises(DataError, match=r"has no record of what was released of the bundle .*second\.zip"):
        earlier_in(folder, trusted)


def test_a_bundle_that_somebody_else_signed_is_refused(folder, trusted):
    other = Trusted({**trusted.fingerprints, "asan": "one two three four five six"}, {})
    with pytest.raises(DataError, match="does not hold"):
        earlier_in(folder, other)


def test_a_folder_that_is_not_there_is_named(tmp_path, two_runs, capsys):
    (tmp_path / "trusted.toml").write_text('coordinator = "one two three four five six"\n')
    words = ["release", str(two_runs / "second.zip"), "--keys", str(tmp_path / "trusted.toml")]
    assert main([*words, "--votes", str(tmp_path), "--earlier", str(tmp_path / "nowhere")]) == 1
    assert "is no folder" in capsys.readouterr().err
