"""The coordinator's sessions, and a hospital's part in them: trying a study, joining, and what is refused before a run.

Written as in `test_study_transcripts`; they run in a folder that holds `coordinator/*`. `copy`, `remove` and `edit` are
what somebody does to files in between.
"""

import shlex
import shutil
from pathlib import Path

import pytest

from riskset.cli import main

HERE = Path(__file__).parent
SESSIONS = sorted(HERE.glob("coordinator_*.txt"))


def commands(session):
    """The commands of a session with what is expected of each, up to the line of its exit code."""
    for block in session.split("\n$ ")[1:]:
        line, *printed = block.splitlines()
        end = next((i for i, said in enumerate(printed) if said.startswith("? ")), -1)
        yield shlex.split(line), "\n".join(printed[: end + 1])


def prints(arguments, capsys):
    """What a command prints, as a session holds it."""
    code = main(arguments)
    out, err = capsys.readouterr()
    return "\n".join([*out.splitlines(), *(f"! {said}" for said in err.splitlines()), f"? {code}"])


def copy(here, there):
    if Path(here).is_dir():
        shutil.copytree(here, there)
    else:
        shutil.copy(here, there)


def edit(file, old, new):
    text = Path(file).read_text(encoding="utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new), encoding="utf-8")


BETWEEN = {"copy": copy, "edit": edit, "remove": shutil.rmtree}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    copied = shutil.copytree(HERE / "coordinator", tmp_path / "coordinator")
    monkeypatch.chdir(copied)
    monkeypatch.setenv("COLUMNS", "120")
    return copied


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_the_session_goes_as_written(path, folder, capsys):
    for (program, *arguments), expected in commands(path.read_text(encoding="utf-8")):
        if program == "riskset":
            assert prints(arguments, capsys) == expected, shlex.join([program, *arguments])
        else:
            BETWEEN[program](*arguments)


def test_there_are_sessions():
    assert SESSIONS
