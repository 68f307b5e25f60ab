"""The coordinator's sessions, with a hospital's part: trying a study, joining, and what is refused before a run.

Written as in `test_study_transcripts`; they run in a folder that holds `coordinator/*`. `copy`, `remove` and `edit` are
what somebody does to files in between; `joins` is all that is shown at length in `coordinator_joining`. What differs
from day to day stands as DATE, and words made of keys as WORDS.
"""

import re
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
    return masked("\n".join([*out.splitlines(), *(f"! {said}" for said in err.splitlines()), f"? {code}"]))


def masked(said):
    """What was said without what differs from day to day."""
    said = re.sub(r"\b20\d\d-\d\d-\d\d\b", "DATE", said)
    return re.sub(r"^(  |  key        )([a-z]+ ){5,7}[a-z]+$", r"\1WORDS", said, flags=re.MULTILINE)


def joins(site, folder=None, study="study.toml", server="server"):
    """A site is invited into a folder, asks to join by mail and is accepted."""
    invite, into = f"{site}.invite.json", folder or f"sites/{site}"
    Path(invite).unlink(missing_ok=True)
    assert main(["study", "invite", study, site, "--server", server]) == 0
    assert main(["site", "join", invite, "--into", into, "--by-mail"]) == 0
    assert main(["study", "accept", site, f"{into}/{site}.request.json", "--server", server, "--compared"]) == 0


def copy(here, there):
    if Path(here).is_dir():
        shutil.copytree(here, there)
    else:
        shutil.copy(here, there)


def edit(file, old, new):
    text = Path(file).read_text(encoding="utf-8")
    assert old in text
    Path(file).write_text(text.replace(old, new), encoding="utf-8")


def remove(path):
    if Path(path).is_dir():
        shutil.rmtree(path)
    else:
        Path(path).unlink()


BETWEEN = {"copy": copy, "edit": edit, "joins": joins, "remove": remove}


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
            capsys.readouterr()


def test_there_are_sessions():
    assert SESSIONS
