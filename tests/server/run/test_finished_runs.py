"""A finished run is not begun again, its results are in a folder of their own, and they are written again from the
record, without any site."""

import json
from dataclasses import replace

import pytest

from riskset.errors import DataError, Refused
from riskset.study.load import study_hash
from riskset_report import folder
from riskset_server.run.outcome import write_outcome


@pytest.fixture
def finished(after_a_run, tmp_path):
    """A desk and the folder with the results of its only run."""
    desk, results = after_a_run
    copied = desk.copied_to(tmp_path / "desk")
    return copied, copied.out / results.name


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_is_told_and_no_site_is_asked(finished, capsys):
    desk, results = finished
    before = contents(results)
    assert desk.says("run", desk.study_file) == 0
    said = capsys.readouterr().out
    assert f"run {results.name} of trial 1 is finished" in said
    assert f"its results are in {results}" in said
    assert f"riskset report {results.name} --server {desk.home.root} --out {desk.out}" in said
    assert "to ask its sites again" in said
    assert f"riskset run {desk.study_file} --server {desk.home.root} --out {desk.out} --new" in said
    assert (desk.runs(), contents(results)) == ({results.name: "finished"}, before)


def test_results_that_were_moved_away_are_not_said_to_be_there(finished, capsys):
    desk, results = finished
    results.rename(desk.folder / "archive")
    assert desk.says("run", desk.study_file) == 0
    assert f"its results are not in {results}" in capsys.readouterr().out


def test_a_new_run_of_the_same_sites_is_offered(coordinator_desk, capsys):
    """With others, rule R13 would refuse it."""
    desk = coordinator_desk
    with desk.record() as record:
        run = record.begin("trial", study_hash(desk.study), desk.rehearsal.roster.sha256, ("asan", "kurume"))
        record.end(run, {})
    assert desk.says("run", desk.study_file) == 0
    assert capsys.readouterr().out.rstrip().endswith("--new --without osaka")


def test_a_new_roster_does_not_begin_another_run_of_a_finished_study(finished):
    """An IRB number has changed; the study's results have not."""
    desk, results = finished
    desk.signs({name: replace(member, irb="2026-2") for name, member in desk.rehearsal.roster.members.items()})
    assert desk.says("run", desk.study_file) == 0
    assert desk.runs() == {results.name: "finished"}


def test_a_second_run_leaves_the_results_of_the_first(coordinator_desk):
    desk = coordinator_desk
    first = desk.finishes(desk.begins())
    before = contents(first)
    second = desk.finishes(desk.begins())
    assert second != first
    assert contents(first) == before
    assert desk.runs() == {first.name: "finished", second.name: "finished"}
    assert json.loads((second / "results.json").read_bytes())["run"] == second.name


def test_a_report_is_written_again_from_the_record(finished, capsys):
    desk, results = finished
    before = contents(results)
    for name in before:
        (results / name).unlink()
    (results / "notes.txt").write_text("of the coordinator")
    desk.study_file.unlink()
    desk.roster_file.unlink()
    assert desk.says("report", results.name) == 0
    after = contents(results)
    assert after == before | {"notes.txt": b"of the coordinator"}  # the same bytes, whenever they are written
    assert str(results / "index.html") in capsys.readouterr().out
    assert desk.says("report", results.name, "--text-as-paths") == 0
    assert json.loads((results / "provenance.json").read_bytes())["text_as_paths"] is True


def test_results_are_never_written_over_those_of_another_run(finished):
    desk, results = finished
    other = json.loads((results / "results.json").read_bytes()) | {"run": "other"}
    (results / "results.json").write_text(json.dumps(other))
    before = contents(results)
    assert desk.says("report", results.name) == 1
    assert contents(results) == before


def test_what_is_cut_off_leaves_nothing_half_written(finished, monkeypatch):
    desk, results = finished
    before = contents(results)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "numbers_csv", full)
    assert desk.says("report", results.name) == 1
    assert contents(results) == before
    results.rename(desk.folder / "archive")
    assert desk.says("report", results.name) == 1
    assert list(desk.out.iterdir()) == []


def test_a_rehearsal_does_not_replace_the_results_of_a_run(finished):
    desk, results = finished
    rehearsed = replace(results_of_the_run(desk, results), run="rehearsal")
    with pytest.raises(DataError, match=rf"has the results of run {results.name}, not of rehearsal"):
        write_outcome(rehearsed, results)


def results_of_the_run(desk, results):
    from riskset.results import results_of

    return results_of(desk.study, desk.rehearsal.coordinator.outcome(), ("asan", "kurume", "osaka"))


def test_a_run_without_results_has_no_report(coordinator_desk, capsys):
    run = coordinator_desk.begins(rounds=2)
    assert coordinator_desk.says("report", run) == 3
    assert "is not finished; it is at round 2" in capsys.readouterr().err
    assert coordinator_desk.says("report", "0" * 16) == 1
    assert "list the runs with: riskset status" in capsys.readouterr().err
    assert not coordinator_desk.out.exists()


class TestCancelled:
    """A run that nobody will finish is given up; nothing of it is asked again."""

    @pytest.mark.parametrize(("rounds", "told"), [(1, "had not asked for any number"), (3, "counts as an earlier run")])
    def test_an_unfinished_run_is_cancelled(self, coordinator_desk, capsys, rounds, told):
        desk = coordinator_desk
        run = desk.begins(rounds)
        assert desk.says("run", desk.study_file, "--cancel") == 0
        assert told in capsys.readouterr().out
        assert desk.runs() == {run: "cancelled"}
        assert desk.says("run", desk.study_file, "--cancel") == 1
        assert desk.says("report", run) == 3
        with desk.record() as record:
            assert record.latest(*(getattr(record.run(run), name) for name in ("study", "roster"))) is None
            desk._opens(run, record)
            with pytest.raises(Refused, match="another command has cancelled run"):
                desk.rehearsal.run()

    def test_a_finished_run_is_not_cancelled(self, finished):
        desk, results = finished
        assert desk.says("run", desk.study_file, "--cancel") == 1
        assert desk.runs() == {results.name: "finished"}


def test_sites_left_out_of_a_run_that_is_continued_are_told(coordinator_desk, capsys):
    """`--without` was silently ignored; the sites of a run are fixed when it begins."""
    desk = coordinator_desk
    run = desk.begins(rounds=1)
    assert desk.says("run", desk.study_file, "--without", "osaka") == 1
    assert f"the unfinished run {run} is of asan, kurume, osaka" in capsys.readouterr().err
    assert desk.says("run", desk.study_file, "--without", "osaka", "--without", "asan") == 3
    assert "1 site would be left, and the study needs at least 2" in capsys.readouterr().err
