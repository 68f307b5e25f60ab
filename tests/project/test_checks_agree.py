"""The pre-commit hooks run what `make check` runs, in the same order, and fetch nothing."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def commands_of_make_check():
    """Returns the recipe of `check`, each line as words, with the Makefile's own variables put in."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^check:[^\n]*\n((?:\t[^\n]*\n)+)", text, re.MULTILINE)
    variables = dict(re.findall(r"^(\w+) :?= (.*)$", text, re.MULTILINE))
    while "$(" in recipe:
        recipe = re.sub(r"\$\((\w+)\)", lambda found: variables[found[1]], recipe)
    return [shlex.split(line.lstrip("\t@")) for line in recipe.splitlines()]


@pytest.fixture(scope="module")
def hooks():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (local,) = config["repos"]
    assert local["repo"] == "local"
    return local["hooks"]


def test_the_hooks_are_the_checks(hooks):
    assert [shlex.split(hook["entry"]) for hook in hooks] == commands_of_make_check()


def test_there_are_checks():
    assert [words[2] for words in commands_of_make_check() if words[1:2] == ["-m"]] == ["ruff", "ruff", "mypy"]


def test_every_hook_checks_everything_with_the_installed_tool(hooks):
    for hook in hooks:
        kept = {key: hook.get(key) for key in ("language", "pass_filenames", "always_run")}
        assert kept == {"language": "system", "pass_filenames": False, "always_run": True}, hook["id"]
        assert "additional_dependencies" not in hook
