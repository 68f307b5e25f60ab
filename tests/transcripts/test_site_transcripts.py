"""The hospital's sessions, written as in `test_study_transcripts`. They run in a copy of `hospital/`."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from riskset.cli import main

HERE = Path(__file__).parent
SESSIONS = sorted(HERE.glob("site_*.txt"))


def commands(session):
    """Yields each command of a session with its expected output, up to the line of its exit code."""
    for block in session.split("\n$ riskset ")[1:]:
        line, *printed = block.splitlines()
        end = next(i for i, said in enumerate(printed) if said.startswith("? "))
        yield line, "\n".join(printed[: end + 1])


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_the_session_goes_as_written(path, tmp_path, monkeypatch, capsys):
    folder = shutil.copytree(HERE / "hospital", tmp_path / "hospital")
    monkeypatch.chdir(folder)
    for command in ("check", "explore"):
        monkeypatch.setattr(f"riskset_site.commands.{command}.today_utc", lambda: date(2026, 6, 30))
    for line, expected in commands(path.read_text(encoding="utf-8")):
        code = main(line.split())
        out, err = capsys.readouterr()
        printed = [*out.splitlines(), *(f"! {said}" for said in err.splitlines()), f"? {code}"]
        assert "\n".join(printed) == expected, f"$ riskset {line}"


def test_there_are_sessions():
    assert SESSIONS


def test_a_check_does_not_change_the_folder(tmp_path, monkeypatch):
    folder = shutil.copytree(HERE / "hospital", tmp_path / "hospital")
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    main(["site", "check", "wrong.toml", "--study", "study.toml", "--json"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
