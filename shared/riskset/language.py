"""The language in which a command speaks to whoever gave it.

Chosen by `--lang`, else by the environment variable RISKSET_LANG, else by the file of the site or the study that the
command is given, else by the system's locale, else English. Only what is printed, and the pages of a site, are in it:
what is signed, hashed, logged or sent to another party is the same in all languages. A page that is kept or published
does not depend on a locale.
"""

from __future__ import annotations

import locale
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperOption

from riskset.catalogue import ENGLISH, UnknownLanguage, in_language, languages, say
from riskset.errors import DataError

VARIABLE: Final = "RISKSET_LANG"


class _Spoken:
    """Of this process: as with a locale, one person reads what it prints."""

    chosen: str | None = None
    """By the person who gave the command."""
    by_file: str | None = None
    by_system: str = ENGLISH


_READER: Final[ContextVar[str | None]] = ContextVar("reader", default=None)
"""Of whoever asks a server, at which several may read at once; None where the process speaks to one person."""


@contextmanager
def speaking_to(language: str | None) -> Iterator[None]:
    """Speaks the language of one reader while it lasts, and in this task alone; with None, that of the process."""
    before = _READER.set(language)
    try:
        yield
    finally:
        _READER.reset(before)


def language_of_environment() -> None:
    """Forgets what an earlier command spoke, and takes the languages of RISKSET_LANG and of the system's locale.
    DataError where RISKSET_LANG has no catalogue; a locale without one is English."""
    _Spoken.chosen, _Spoken.by_file, _Spoken.by_system = None, None, _of_system()
    wanted = os.environ.get(VARIABLE, "")
    if wanted and wanted not in languages():
        message = say("cli.unknown_language_in", variable=VARIABLE, language=wanted, languages=languages())
        raise DataError(message, say("cli.unknown_language_in_hint", variable=VARIABLE))
    _Spoken.chosen = wanted or None


def _of_system() -> str:
    """Returns the language of the system's locale, where standard output can print it."""
    if sys.platform == "win32":
        import ctypes

        name = locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    else:
        name = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    found = re.split(r"[_.@-]", name)[0].lower()
    try:
        sample = say("cli.stopped").in_language(found)
        sample.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnknownLanguage, UnicodeEncodeError, LookupError):
        return ENGLISH
    return found


def language_of_command_line(arguments: Sequence[str]) -> None:
    """Takes the language of a `--lang` wherever it is: help is written before the options are read. What is wrong with
    it is told when they are."""
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        wanted = value if option == "--lang" else option.removeprefix("--lang=")
        if option.partition("=")[0] == "--lang" and wanted in languages():
            _Spoken.chosen = wanted


_LINE = re.compile(r"""^\s*language\s*=\s*["'](\w+)["']""", re.MULTILINE)


def speak(*files: Path) -> None:
    """Takes the language of the first file that names one with a catalogue: a site file or a study file. What is wrong
    in a file is told by whoever reads it; here it is no language."""
    found = (_named_in(file) for file in files)
    _Spoken.by_file = next((name for name in found if name in languages()), None)


def speak_of_study(language: str) -> None:
    """Takes the language of a study that is known without its file."""
    _Spoken.by_file = language


def spoken() -> str:
    """Returns the language: a code such as `en`."""
    return _READER.get() or _Spoken.chosen or _Spoken.by_file or _Spoken.by_system


def chosen() -> str:
    """Returns the language that somebody chose, or a file names, else English: of pages that are kept or given to
    others, on which the locale of a machine has no influence."""
    return _READER.get() or _Spoken.chosen or _Spoken.by_file or ENGLISH


def told(text: str) -> str:
    """Returns a sentence of the catalogue in the language that is spoken; another text as it is."""
    return in_language(text, spoken())


def _named_in(file: Path) -> Any:  # noqa: ANN401 - whatever the file has there
    text = ""
    try:
        text = file.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except (OSError, ValueError):  # what is wrong is told in the language that its line names all the same
        found = _LINE.search(text)
        return found[1] if found else None
    study = document.get("study")
    return study.get("language") if isinstance(study, dict) else document.get("language")


def _known(language: str | None) -> str | None:
    """Returns a language that has a catalogue, which is spoken from now on. Raises BadParameter for another."""
    if language is not None and language not in languages():
        raise typer.BadParameter(say("cli.unknown_language", language=language, languages=languages()))
    _Spoken.chosen = language or _Spoken.chosen
    return language


def language_option() -> TyperOption:
    """Returns `--lang` of a command that does not take it as an argument: only what is printed depends on it."""
    return TyperOption(
        param_decls=["--lang", "language"],
        metavar="CODE",
        help="Of what is printed; default: that of the file the command is given.",
        is_eager=True,
        expose_value=False,
        callback=lambda _context, _parameter, language: _known(language),
    )


def _option(help_: str) -> Any:  # noqa: ANN401 - of typer
    return typer.Option("--lang", metavar="CODE", callback=_known, is_eager=True, help=help_, show_default=False)


Language = Annotated[str | None, _option("Of the report and of what is printed; default: the study's.")]
OwnLanguage = Annotated[str | None, _option("Of what is shown; default: the site file's or the study's.")]
