"""Which extra a command names when something is missing, and that the demonstration asks before it runs."""

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from riskset import cli
from riskset_demo import comparison

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def a_distribution(tmp_path, monkeypatch):
    """A distribution whose commands lack a module; it offers the extra `show`, as riskset offers `demo`."""
    (tmp_path / "riskset_lab.py").write_text("import a_package_nobody_has\n")
    info = tmp_path / "lab-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1\nProvides-Extra: show\n")
    (info / "entry_points.txt").write_text("[riskset.commands]\nshow = riskset_lab:show\nmix = riskset_lab:mix\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(("command", "extra"), [("show", "show"), ("mix", "lab")])
@pytest.mark.usefixtures("a_distribution")
def test_a_command_with_an_extra_of_its_name_names_that_one_and_others_their_packages(command, extra, capsys):
    assert cli.main([command]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"error: 'riskset {command}' needs a_package_nobody_has, which is not installed [cli.not_installed]",
        f"hint: install it with: python -m pip install 'riskset[{extra}]'",
    ]


def test_every_extra_that_a_hint_names_exists():
    own = [entry for entry in entry_points(group=cli.GROUP) if entry.dist and entry.dist.name == "riskset"]
    assert {entry.name for entry in own} == set(PROJECT["entry-points"][cli.GROUP])
    beside_base = [entry for entry in own if entry.module.split(".")[0] != "riskset"]  # what an auditor runs needs none
    assert {cli._extra_of(entry) for entry in beside_base} <= set(PROJECT["optional-dependencies"])


def test_a_command_below_audit_names_the_extra_of_its_package():
    own = [entry for entry in entry_points(group="riskset.audit") if entry.dist and entry.dist.name == "riskset"]
    assert {entry.name for entry in own} == set(PROJECT["entry-points"]["riskset.audit"])
    assert {cli._extra_of(entry) for entry in own} == {"release"}


def test_the_demonstration_asks_for_its_comparison_before_it_makes_anything(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(comparison, "find_spec", lambda name: None)
    assert cli.main(["demo", "lung", "--into", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: 'riskset demo' compares with lifelines, which is not installed",
        "hint: install it with: python -m pip install 'riskset[demo]'",
    ]
    assert list(tmp_path.iterdir()) == []
