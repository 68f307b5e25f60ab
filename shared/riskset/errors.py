"""The tree of errors, each for the person who must act.

::

    RisksetError                 str(error) is the `error:` line, error.hint the `hint:` line
    ├── DataError                a file somebody wrote is wrong: study, site file, export, roster, keys
    ├── ProtocolError            another party's message is malformed or out of order
    ├── VerificationError        a signature, a hash or a recomputation does not hold
    ├── Refused                  a lawful no: a rule, a policy, a study that differs
    └── Unreachable              a party that is away, or that will not let us in

Calling a function wrongly is a `ValueError` and no part of this tree. No message ever holds a patient's value,
but for `Problem.detail`, which the site's own terminal shows and nothing sends.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from riskset.catalogue import NOTHING, Message


class RisksetError(Exception):
    """Base of all that is told to a person; `hint` says what to do next."""

    exit_code = 1

    def __init__(self, message: Message | str, hint: Message | str = NOTHING) -> None:
        super().__init__(str(message))
        self.message = message
        self._hint = hint

    @property
    def hint(self) -> str:
        """What to do next, in English."""
        return str(self._hint)


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file, told with all the others in one pass."""

    where: str
    """What a person looks for: `[variables] age`, `column 'AFP'`, `eligibility rule 2`."""
    message: Message | str
    """What was expected and what was found."""
    hint: Message | str = NOTHING
    """What to do; may hold a did-you-mean."""
    line: int | None = None
    """Line in the file, 1-based, where known."""
    detail: str = ""
    """Rows and values, for the site's own eyes only."""

    def __str__(self) -> str:
        at = f"line {self.line}: " if self.line else ""
        return f"{at}{self.where}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class DataError(RisksetError):
    """A file is wrong. `problems` holds all that was found."""

    def __init__(self, message: Message | str, hint: Message | str = NOTHING, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


class ProtocolError(RisksetError):
    """A message of another party is malformed, out of order or not for us."""


class VerificationError(RisksetError):
    """A signature, a hash or a recomputed value does not hold."""


class Refused(RisksetError):
    """A lawful no. `code` is one word of a closed list; it travels, the message need not."""

    exit_code = 3

    def __init__(self, code: str, message: Message | str, hint: Message | str = NOTHING) -> None:
        super().__init__(message, hint)
        self.code = code


class Unreachable(RisksetError):
    """A party is away, or does not let us in; trying again later may help."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a hint that names the nearest of `known`; empty where none is near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def fault_of(error: BaseException) -> str:
    """Returns the kind and the place of an error that nobody foresaw, without its text, which could hold a value."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    module = place.filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f"{type(error).__name__} in {module}, line {place.lineno}"
