"""The root command. Installed packages provide the sub-commands through the entry points of `riskset.commands`, so that
nothing here imports upward, and a command is imported only when it is used."""

from __future__ import annotations

import difflib
import gc
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from inspect import cleandoc
from typing import Annotated, Any, ClassVar

import click
import typer

from riskset import __version__, output_streams
from riskset.catalogue import say
from riskset.command_help import with_help
from riskset.error_pages import with_code
from riskset.error_pages.command import explain
from riskset.errors import DataError, RisksetError, fault_of, file_failed
from riskset.language import OwnLanguage, language_of_command_line, language_of_environment, language_option
from riskset.terminal import tell
from riskset.usage_errors import usage_error

NAME = "riskset"
GROUP = "riskset.commands"
FAILED, MISUSED = 1, 2
_NEW_OBJECTS = 100_000
"""After so many, unreachable cycles are looked for. Python's default examines a study's many objects so often that it
takes a sixteenth of the time of a run."""


class Commands(typer.core.TyperGroup):
    """A group's own commands and those of the installed packages, by name."""

    provided: ClassVar[str] = GROUP
    """The group of the entry points."""
    called: ClassVar[str] = ""
    """The words before a command's name, as messages have them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *entry_points(group=self.provided).names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        found = [entry for entry in entry_points(group=self.provided) if entry.name == cmd_name]
        if not found and (close := difflib.get_close_matches(cmd_name, self.list_commands(ctx), n=1)):
            ctx.fail(say("cli.unknown_command", name=cmd_name, close=close[0]))
        return _mounted(found[0], self.called) if found else None


def _mounted(entry: EntryPoint, called: str) -> click.Command:
    """Returns an entry point as a command: a typer.Typer is a group, a function is a single command."""
    try:
        loaded = entry.load()
    except ModuleNotFoundError as missing:
        return _not_installed(entry, called, missing.name or "a module")
    return _command(entry.name, loaded)


def _command(name: str, loaded: typer.Typer | Callable[..., Any]) -> click.Command:
    if isinstance(loaded, typer.Typer):
        group = typer.main.get_group(loaded)
        group.name = name
        return with_help(_in_languages(_flowing(group)), [name])
    single = typer.Typer(add_completion=False)
    single.command(name)(loaded)
    return with_help(_in_languages(_flowing(typer.main.get_command(single))), [name])


def _in_languages(command: click.Command) -> click.Command:
    """Returns a command that has `--lang`, and so have those of a group: whatever prints a sentence can be asked for
    another language."""
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        _in_languages(one)
    if not any("--lang" in parameter.opts for parameter in command.params):
        command.params.append(language_option())
    return command


def _flowing(command: click.Command) -> click.Command:
    """Returns a command whose help has one line per paragraph, which the terminal then wraps; rich keeps the lines of
    the docstring."""
    command.help = re.sub(r"(?<=\S)\n(?=\S)", " ", cleandoc(command.help or ""))
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        _flowing(one)
    return command


def _not_installed(entry: EntryPoint, called: str, module: str) -> click.Command:
    """Returns a command that says which extra installs what the package of `entry` lacks."""
    extra = _extra_of(entry)

    def name_extra() -> None:
        raise RisksetError(
            say("cli.not_installed", command=f"{called}{entry.name}", module=module),
            say("cli.install_extra", extra=extra),
        )

    command = click.Command(entry.name, callback=name_extra, add_help_option=False, short_help=f"(needs extra {extra})")
    command.allow_extra_args = command.ignore_unknown_options = True
    return command


def _extra_of(entry: EntryPoint) -> str:
    """Returns the extra with the command's name where there is one, otherwise its package's: the demonstration needs
    more than the coordinator."""
    offered = (entry.dist.metadata.get_all("Provides-Extra") if entry.dist else None) or []
    return entry.name if entry.name in offered else entry.module.split(".")[0].removeprefix("riskset_")


app = typer.Typer(cls=Commands, add_completion=False, no_args_is_help=True, context_settings={"max_content_width": 100})


def _print_version(asked: bool) -> None:
    if asked:
        tell(f"riskset {__version__}")
        raise typer.Exit


@app.callback()
def riskset(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    language: OwnLanguage = None,
) -> None:
    """Hospitals run a survival study together, and no patient row leaves any of them."""


app.command("explain")(explain)


def print_error(error: RisksetError) -> None:
    """Prints `error:` and `hint:` lines on stderr; between them, one line for each problem of a file. What is wrong has
    its code at the end: the error itself, or each of its problems."""
    problems = error.problems if isinstance(error, DataError) else ()
    said = say("cli.error", message=error.message)
    tell(said if problems else with_code(said, error.message), err=True)
    for problem in problems:
        tell(say("cli.of_error", problem=with_code(problem.told, problem.message)), err=True)
    if error.hint:
        tell(say("cli.hint", hint=error.hint), err=True)


def warn(lines: Iterable[str]) -> None:
    """Prints lines on stderr while the command goes on, such as what expires within a month."""
    for line in lines:
        tell(line, err=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 failed, 2 misused, 3 the answer is no."""
    output_streams.set_up()
    gc.set_threshold(_NEW_OBJECTS)
    umask = os.umask(0o077)  # of what other libraries write too
    try:
        language_of_environment()
        language_of_command_line(sys.argv[1:] if arguments is None else arguments)
        return _run(arguments)
    except click.exceptions.NoArgsIsHelpError as help_asked:
        help_asked.show()
        return MISUSED
    except click.ClickException as misuse:
        context = misuse.ctx if isinstance(misuse, click.UsageError) else None
        hint = say("cli.see_help", command=context.command_path if context else NAME)
        print_error(RisksetError(usage_error(misuse), hint))
        return misuse.exit_code
    except click.Abort:
        print_error(RisksetError(say("cli.stopped")))
    except RisksetError as error:
        print_error(error)
        return error.exit_code
    except OSError as error:
        print_error(file_failed(error))
    except Exception as error:  # a fault of ours; its text could contain a value, so only type and place are printed
        print_error(RisksetError(say("cli.fault", fault=fault_of(error)), say("cli.report_fault")))
    finally:
        os.umask(umask)
    return FAILED


def _run(arguments: Sequence[str] | None) -> int:
    root = with_help(typer.main.get_command(app), ["root"])
    code = root.main(args=arguments, prog_name=NAME, standalone_mode=False)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(main())
