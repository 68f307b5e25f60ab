"""The root command: which commands it finds, what it prints, and its exit codes."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import click
import pytest
import typer

from riskset import __version__, cli
from riskset.catalogue import say
from riskset.errors import DataError, Problem, Refused, Unreachable

group = typer.Typer(help="A group.")


@group.callback()
def of_sites():
    """A group."""


@group.command()
def greet(name: str):
    """Greet."""
    typer.echo(f"hello {name}")


def alone(times: int = 1):
    """A single command."""
    typer.echo("alone " * times)


def fails_with(error):
    def command():
        raise error

    return command


@pytest.fixture
def provide(monkeypatch):
    """Returns a function that installs commands: name -> what its entry point loads."""

    def install(**commands):
        this = sys.modules[__name__]
        for name, loaded in commands.items():
            monkeypatch.setattr(this, f"provided_{name}", loaded, raising=False)
        monkeypatch.setitem(sys.modules, "provided_by_test", this)
        points = [EntryPoint(name, f"provided_by_test:provided_{name}", cli.GROUP) for name in commands]
        monkeypatch.setattr(cli, "entry_points", lambda group: EntryPoints(points))

    return install


def test_a_typer_is_a_group_and_a_function_a_command(provide, capsys):
    provide(sites=group, single=alone)
    assert cli.main(["sites", "greet", "kurume"]) == 0
    assert cli.main(["single", "--times", "2"]) == 0
    assert capsys.readouterr().out.split() == ["hello", "kurume", "alone", "alone"]


def commands_below(command, words=()):
    """Yields each command that does something, by its words."""
    if not isinstance(command, click.Group):
        yield " ".join(words), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from commands_below(command.get_command(context, name), (*words, name))


def test_every_command_can_be_asked_for_a_language():
    with_language = {
        words: ["--lang" in parameter.opts for parameter in command.params].count(True)
        for words, command in commands_below(typer.main.get_command(cli.app))
    }
    assert {"status", "demo", "study accept", "site pause"} <= with_language.keys()
    assert set(with_language.values()) == {1}, with_language


def test_what_a_command_prints_is_in_the_language_that_is_asked_for(provide, capsys):
    def loses():
        raise DataError(say("cli.check_path"))

    provide(loses=loses)
    assert cli.main(["loses", "--lang", "ja"]) == 1
    assert say("cli.check_path").in_language("ja") in capsys.readouterr().err
    assert cli.main(["loses", "--lang", "tlh"]) == 2
    assert "'tlh'" in capsys.readouterr().err


def test_help_names_every_command(provide, capsys):
    provide(sites=group, single=alone)
    assert cli.main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert "A group." in printed
    assert "A single command." in printed


def test_help_wraps_each_paragraph_for_the_terminal_and_not_as_it_is_typed(provide, capsys, monkeypatch):
    def told():
        """One sentence.

        A second paragraph, typed in lines that are as long as those of this module, and wrapped anew in a terminal,
        which is narrower.
        """

    monkeypatch.setenv("COLUMNS", "80")
    provide(told=told)
    assert cli.main(["told", "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("A second"))
    assert lines[start + 1].endswith("which is narrower.")


@pytest.mark.parametrize("misuse", [["nope"], ["--nope"], ["single", "--times", "many"], ["single", "more"], []])
def test_misuse_is_exit_2(provide, misuse):
    provide(single=alone)
    assert cli.main(misuse) == 2


@pytest.mark.parametrize(
    ("error", "code"), [(DataError("d"), 1), (Unreachable("u"), 1), (Refused("cells", "r"), 3), (typer.Exit(3), 3)]
)
def test_an_error_has_its_exit_code(provide, error, code):
    provide(fails=fails_with(error))
    assert cli.main(["fails"]) == code


def test_an_error_is_printed_with_its_problems_and_a_hint(provide, capsys):
    problems = [Problem("[variables] age", "unknown key", line=4), Problem("[sites]", "must not be empty")]
    provide(fails=fails_with(DataError("study.toml has 2 problems", "correct it", problems)))
    assert cli.main(["fails"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "error: study.toml has 2 problems",
        "  line 4: [variables] age: unknown key",
        "  [sites]: must not be empty",
        "hint: correct it",
    ]


def test_a_fault_of_ours_shows_no_traceback_and_no_text_of_the_exception(provide, capsys):
    provide(fails=fails_with(KeyError("patient 4711")))
    assert cli.main(["fails"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("error: riskset failed with an internal error (KeyError in test_cli.py, line ")
    assert "4711" not in printed
    assert "Traceback" not in printed


def test_a_missing_extra_is_named_and_hides_no_other_command(monkeypatch, capsys, tmp_path):
    (tmp_path / "riskset_lab.py").write_text("import a_package_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    lacks = EntryPoint("lab", "riskset_lab:app", cli.GROUP)
    (tmp_path / "riskset_fine.py").write_text("def fine(): 'A fine command.'\n")
    works = EntryPoint("fine", "riskset_fine:fine", cli.GROUP)
    monkeypatch.setattr(cli, "entry_points", lambda group: EntryPoints([lacks, works]))
    assert cli.main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert "(needs extra lab)" in printed
    assert "A fine command." in printed
    assert cli.main(["lab", "start", "--now", "--help"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: 'riskset lab' needs a_package_nobody_has, which is not installed [cli.not_installed]",
        "hint: install it with: python -m pip install 'riskset[lab]'",
    ]


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "riskset.cli", "--version"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == f"riskset {__version__}\n"


def test_misuse_is_printed_like_any_error(provide, capsys):
    provide(sites=group)
    assert cli.main(["sites", "greet"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: Missing argument 'NAME'. [cli.usage.no_argument]",
        "hint: see: riskset sites greet --help",
    ]


def test_a_misspelt_command_has_a_suggestion(provide, capsys):
    provide(sites=group)
    assert cli.main(["site"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: No such command 'site'; did you mean 'sites'? [cli.unknown_command]\n"
    )


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (typer.Abort(), 1)])
def test_an_interrupt_is_not_a_fault(provide, capsys, error, code):
    provide(waits=fails_with(error))
    assert cli.main(["waits"]) == code
    assert "failed" not in capsys.readouterr().err


def test_without_a_command_help_is_shown(provide, capsys):
    provide(sites=group)
    assert cli.main([]) == 2
    out, err = capsys.readouterr()
    assert (out + err).count("A group.") == 1
