"""Command-line sessions as a person sees them: after `$` a command, then what it prints, then `?` and its exit code.

Lines that go to stderr begin with `! `. The sessions run in a folder that holds `studies/*.toml`.
"""

import shutil
from pathlib import Path

import pytest

from riskset.cli import main

HERE = Path(__file__).parent
SESSIONS = sorted(HERE.glob("study_*.txt"))


def commands(session):
    """The commands of a session with what is expected of each."""
    for block in session.split("\n$ riskset ")[1:]:
        line, *printed = block.rstrip("\n").split("\n")
        end = next(i for i, said in enumerate(printed) if said.startswith("? "))
        yield line, "\n".join(printed[: end + 1])


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_the_session_goes_as_written(path, tmp_path, monkeypatch, capsys):
    for study in (HERE / "studies").glob("*.toml"):
        shutil.copy(study, tmp_path)
    monkeypatch.chdir(tmp_path)
    for line, expected in commands(path.read_text(encoding="utf-8")):
        code = main(line.split())
        out, err = capsys.readouterr()
        printed = [*out.splitlines(), *(f"! {said}" for said in err.splitlines()), f"? {code}"]
        assert "\n".join(printed) == expected, f"$ riskset {line}"


def test_there_are_sessions():
    assert SESSIONS
