"""The jobs of a CI system: each system and each Python that the project names, and the same checks as anywhere."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def job():
    found = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert found["permissions"] == {"contents": "read"}
    return found["jobs"]["test"]


def test_every_system_and_python_has_a_job(job):
    matrix = job["strategy"]["matrix"]
    assert [name.partition("-")[0] for name in matrix["os"]] == ["ubuntu", "windows", "macos"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={matrix['python'][0]}"


def test_actions_are_pinned_by_their_major_version(job):
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)


def test_linux_runs_what_every_change_must_pass(job):
    (linux,) = [step for step in job["steps"] if step.get("if") == "runner.os == 'Linux'"]
    assert (ROOT / linux["run"]).is_file()
    assert "make check test-all" in (ROOT / linux["run"]).read_text(encoding="utf-8")


def test_lines_end_alike_on_every_system():
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
