"""The tree of errors, each for the person who must act.

::

    RisksetError                 str(error) is the `error:` line, error.hint the `hint:` line
    ├── DataError                a file is wrong: study, site file, export, roster, keys
    ├── ProtocolError            a message from another party is malformed or out of order
    ├── VerificationError        a signature, a hash or a recomputed value does not match
    ├── Refused                  a refusal: a permitted outcome, not an error (a rule, a policy, a different study)
    └── Unreachable              a party is unavailable, or does not accept the connection

Calling a function wrongly is a `ValueError` and not part of this tree. No message contains a patient's value, except
`Problem.detail`, which only the site's own terminal shows and which is never sent.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from riskset.catalogue import NOTHING, Message, say
from riskset.file_errors import reason_of


class RisksetError(Exception):
    """Base of all errors that a person sees; `hint` says what to do next."""

    exit_code = 1

    def __init__(self, message: Message, hint: Message = NOTHING) -> None:
        super().__init__(str(message))
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file, reported together with all the others."""

    where: str
    """What a person looks for: `[variables] age`, `column 'AFP'`, `eligibility rule 2`."""
    message: Message
    """What was expected and what was found."""
    hint: Message = NOTHING
    """What to do; may name the nearest known word."""
    line: int | None = None
    """Line in the file, 1-based, where known."""
    detail: str = ""
    """Rows and values, for the site's own terminal only."""
    column: int | None = None
    """Column in the line or text that `where` names, 1-based, where known."""
    rows: tuple[int, ...] = field(default=(), repr=False)
    """The first rows of an export that have it, for the site's own pages only."""

    @property
    def told(self) -> Message:
        """The problem in a sentence: its place, what is wrong, and what to do."""
        where: str = self.where
        if self.column:
            where = say("cli.problem.column", where=where, column=self.column)
        if self.line:
            where = say("cli.problem.line", line=self.line, where=where)
        if self.hint:
            return say("cli.problem.with_hint", where=where, message=self.message, hint=self.hint)
        return say("cli.problem.plain", where=where, message=self.message)

    def __str__(self) -> str:
        return str(self.told)

    def to_json(self) -> dict[str, Any]:
        """Returns the problem for programs, without `detail`: with the message's code and values where it has them."""
        coded = self.message.to_json() if isinstance(self.message, Message) else {}
        place = {"line": self.line, "column": self.column, "where": self.where}
        return {**place, "message": str(self.message), "hint": str(self.hint), **coded}


class DataError(RisksetError):
    """A file is wrong. `problems` lists everything that was found."""

    def __init__(self, message: Message, hint: Message = NOTHING, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


class ProtocolError(RisksetError):
    """A message from another party is malformed, out of order or not addressed to us."""


class VerificationError(RisksetError):
    """A signature, a hash or a recomputed value does not match."""


class Refused(RisksetError):
    """A refusal: a permitted outcome, not an error. `code` is one word of a closed list; it may be sent, the message
    need not be."""

    exit_code = 3

    def __init__(self, code: str, message: Message, hint: Message = NOTHING) -> None:
        super().__init__(message, hint)
        self.code = code


class Unreachable(RisksetError):
    """A party is unavailable, or does not accept the connection; trying again later may help."""


def file_failed(error: OSError) -> RisksetError:
    """Returns what is told of a file, or of whatever else the operating system refused."""
    reason = reason_of(error)
    failed = say("cli.file_failed", reason=reason, path=str(error.filename)) if error.filename else reason
    if isinstance(error, PermissionError):
        return RisksetError(failed, say("cli.close_program"))
    return RisksetError(failed, say("cli.check_path"))


def did_you_mean(name: str, known: Iterable[str]) -> Message:
    """Returns a hint with the one of `known` that is nearest to `name`; NOTHING where none is near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return say("cli.did_you_mean", name=close[0]) if close else NOTHING


def fault_of(error: BaseException) -> str:
    """Returns the type and place of an unexpected error, without its text, which could contain a patient's value."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    module = place.filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{type(error).__name__} in {module}, line {place.lineno}"
