"""The root command. It knows no command of its own: every installed package brings its own through the entry points of
`riskset.commands`, so that nothing here imports upward, and a command is loaded only when it is asked for."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

import click
import typer

from riskset import __version__
from riskset.errors import DataError, RisksetError, fault_of

NAME = "riskset"
GROUP = "riskset.commands"
EPILOG = "Example: riskset study check study.toml"
FAILED, MISUSED = 1, 2


class Commands(typer.core.TyperGroup):
    """The sub-commands of whatever is installed, by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(entry_points(group=GROUP).names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = [entry for entry in entry_points(group=GROUP) if entry.name == cmd_name]
        if not found and (close := difflib.get_close_matches(cmd_name, self.list_commands(ctx), n=1)):
            ctx.fail(f"No such command {cmd_name!r}; did you mean {close[0]!r}?")
        return _mounted(found[0]) if found else None


def _mounted(entry: EntryPoint) -> click.Command:
    """An entry point as a command: a typer.Typer is a group, a function is a command of its own."""
    try:
        brought = entry.load()
    except ModuleNotFoundError as missing:
        return _not_installed(entry, missing.name or "a module")
    return _command(entry.name, brought)


def _command(name: str, brought: typer.Typer | Callable[..., Any]) -> click.Command:
    if isinstance(brought, typer.Typer):
        group = typer.main.get_group(brought)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(brought)
    return typer.main.get_command(alone)


def _not_installed(entry: EntryPoint, module: str) -> click.Command:
    """Stands for a command whose package lacks something: says which extra brings it."""
    extra = _extra_of(entry)

    def tell_extra() -> None:
        raise RisksetError(
            f"'riskset {entry.name}' needs {module}, which is not installed",
            f"install it with: python -m pip install 'riskset[{extra}]'",
        )

    command = click.Command(entry.name, callback=tell_extra, add_help_option=False, short_help=f"(needs extra {extra})")
    command.allow_extra_args = command.ignore_unknown_options = True
    return command


def _extra_of(entry: EntryPoint) -> str:
    """The extra of the command's own name where there is one, else its package's: the demonstration needs more than
    the coordinator."""
    offered = (entry.dist.metadata.get_all("Provides-Extra") if entry.dist else None) or []
    return entry.name if entry.name in offered else entry.module.split(".")[0].removeprefix("riskset_")


app = typer.Typer(
    cls=Commands, add_completion=False, no_args_is_help=True, epilog=EPILOG, context_settings={"max_content_width": 100}
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"riskset {__version__}")
        raise typer.Exit


@app.callback()
def riskset(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Hospitals run one survival study together and no patient row leaves any of them."""


def tell(error: RisksetError) -> None:
    """The error as two lines, `error:` and `hint:`, on stderr; before the hint, one line for each problem of a file."""
    typer.echo(f"error: {error}", err=True)
    for problem in error.problems if isinstance(error, DataError) else ():
        typer.echo(f"  {problem}", err=True)
    if error.hint:
        typer.echo(f"hint: {error.hint}", err=True)


def warn(lines: Iterable[str]) -> None:
    """Lines on stderr that stop nothing: what ends within a month."""
    for line in lines:
        typer.echo(line, err=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 misused, 3 the answer is no."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a Windows console cannot print every sign a title may have
    try:
        return _run(arguments)
    except click.exceptions.NoArgsIsHelpError as help_asked:
        help_asked.show()
        return MISUSED
    except click.ClickException as misuse:
        context = misuse.ctx if isinstance(misuse, click.UsageError) else None
        tell(RisksetError(misuse.format_message(), f"see: {context.command_path if context else NAME} --help"))
        return misuse.exit_code
    except click.Abort:
        tell(RisksetError("stopped"))
    except RisksetError as error:
        tell(error)
        return error.exit_code
    except OSError as error:
        place = f": {error.filename}" if error.filename else ""
        tell(
            RisksetError(
                f"{(error.strerror or 'a file cannot be used').lower()}{place}", "check path, rights and space"
            )
        )
    except Exception as error:  # a fault of ours; its text could hold a value, so only its kind and place are told
        tell(_fault(error))
    return FAILED


def _run(arguments: Sequence[str] | None) -> int:
    code = typer.main.get_command(app).main(args=arguments, prog_name=NAME, standalone_mode=False)
    return code if isinstance(code, int) else 0


def _fault(error: Exception) -> RisksetError:
    return RisksetError(
        f"riskset itself failed ({fault_of(error)})",
        "this is a fault of the program; report it with the command and the version",
    )


if __name__ == "__main__":
    sys.exit(main())
