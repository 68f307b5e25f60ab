"""Help, misuse and questions are in the language of whoever asks."""

import click
import pytest
import typer
from tests.pseudo_language import latin_words

from riskset.catalogue import ENGLISH, catalogue, languages, say
from riskset.cli import app, main
from riskset.terminal import agreed
from riskset.usage_errors import usage_error

SHELL = ("OPTIONS", "COMMAND", "ARGS", "SITE.TOML", "STUDY.TOML", "TEXT", "PATH", "CODE", "JSON", "RISKSET", "HTML")


@pytest.fixture(scope="module")
def site():
    root = typer.main.get_command(app)
    return root.get_command(click.Context(root), "site")


def names_of(site):
    """Returns the code of each argument and option of a hospital's commands, and of each command."""
    for name, command in site.commands.items():
        of = f"help.site.{name.replace('-', '_')}"
        yield f"{of}.about"
        for parameter in command.params:
            own = f"{of}.{parameter.name}"
            yield own if own in catalogue(ENGLISH) else f"help.shared.{parameter.name}"


def test_every_command_and_option_of_a_hospital_has_its_help_in_the_catalogue(site):
    assert [code for code in names_of(site) if code not in catalogue(ENGLISH)] == []


def test_no_help_is_of_a_command_or_option_that_is_not_there(site):
    used = set(names_of(site))
    written = [code for code in catalogue(ENGLISH) if code.startswith(("help.site.", "help.shared."))]
    assert [code for code in written if code not in used | {"help.site.about", "help.shared.help"}] == []


def test_every_help_has_an_example(site):
    for name in site.commands:
        about = catalogue(ENGLISH)[f"help.site.{name.replace('-', '_')}.about"]
        example = about.rpartition("\n\nExample: ")[2]
        assert example.startswith(f"riskset site {name} ")
        for language in languages():  # the reason in it may be translated
            assert f"riskset site {name} " in catalogue(language)[f"help.site.{name.replace('-', '_')}.about"]


def test_help_is_in_the_language_that_is_asked_for(pseudo_language, capsys):
    for arguments in (["site"], ["site", "check"], ["site", "approve"], ["explain"]):
        assert main([*arguments, "--help", "--lang", pseudo_language]) == 0
        said = capsys.readouterr().out
        types = {"INTEGER", "DATE", "SITE", "WHY", "WORDS", "VALUE", "RULE", "RULE=VALUE"}
        names = {word for word in latin_words(said) if word not in types and not said.count(f"--{word}")}
        assert names - {*SHELL, *said_by_shell(said)} == set(), arguments


def said_by_shell(said):
    """The names of commands and arguments, at the beginning of their lines, and the line of usage."""
    lines = [line.strip("│ *").split() for line in said.splitlines() if line.startswith("│")]
    return {words[0] for words in lines if words} | {"riskset", "site", "check", "approve", "explain"}


def test_help_is_in_english_for_whoever_asks_for_nothing(capsys):
    assert main(["site", "check", "--help"]) == 0
    said = capsys.readouterr().out
    assert "Usage: riskset site check [OPTIONS] SITE.TOML" in said
    assert "The hospital's site file. [required]" in said


def test_lines_of_wide_letters_are_whole(capsys, monkeypatch):
    for width in range(60, 100, 3):
        monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", width)
        for language in ("ko", "ja"):
            assert main(["site", "join", "--help", "--lang", language]) == 0
            assert "…" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["site", "chekc"], "No such command 'chekc'."),
        (["site", "check"], "Missing argument 'SITE.TOML'."),
        (["site", "check", "site.toml"], "Missing option '--study'."),
        (["site", "check", "site.toml", "--studdy", "x"], "No such option: --studdy Did you mean --study?"),
        (["site", "check", "site.toml", "--zzz"], "No such option: --zzz"),
        (["site", "check", "site.toml", "more", "--study", "x"], "Unexpected: more"),
        (["site", "check", "site.toml", "--study"], "Option '--study' requires an argument."),
        (["site", "--lang", "en"], "Missing command."),
        (["site", "desk", "site.toml", "--port", "x"], "Invalid value for '--port': 'x' is not a valid integer"),
        (
            ["site", "desk", "site.toml", "--port", "99999"],
            "Invalid value for '--port': 99999 is not in the range 0<=x<=65535",
        ),
    ],
)
def test_misuse_is_told_by_code(arguments, said, pseudo_language, capsys):
    assert main(arguments) == 2
    assert f"error: {said}" in capsys.readouterr().err
    if "--lang" not in arguments:
        assert main([*arguments[:1], "--lang", pseudo_language, *arguments[1:]]) == 2
        assert latin_words(capsys.readouterr().err, ["cli.usage", "--help"]).count("such") == 0


def test_what_click_alone_says_is_told_as_it_is():
    assert usage_error(click.UsageError("something new")) == "something new"


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        ("en", "y", True), ("en", "", False), ("en", "NO", False), ("ko", "예", True), ("ko", "y", True),
        ("ko", "아니요", False), ("ja", "はい", True), ("ja", "いいえ", False), ("ja", "はひ\nyes", True),
    ],
)  # fmt: skip
def test_a_question_is_answered_in_ones_language(language, typed, expected, monkeypatch, capsys):
    answers = iter(typed.split("\n"))
    monkeypatch.setattr("riskset.language._Spoken.chosen", language)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    assert agreed(say("site.open.ask_destroy", run="1")) is expected
