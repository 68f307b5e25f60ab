"""What a hospital's reader finds in a column, in terms of a frame: there is no site file to correct, and no export."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from riskset.catalogue import ENGLISH, Message, catalogue, say, verbatim
from riskset.errors import Problem

_FAULTS: Final = "data.fault."
_STUDYS_OWN: Final = "data.hint.computed_range"
"""Its hint is of a variable that the study computes, and no column of the frame."""


def of_frame(site: str, problem: Problem) -> Problem:
    """Returns a problem of the site's column as one of its frame, without rows and values."""
    message, hint = verbatim(problem.message), verbatim(problem.hint)
    if message.code.startswith(_FAULTS) and hint.code != _STUDYS_OWN:
        fault = message.code.removeprefix(_FAULTS)
        if _has(f"notebook.fault.{fault}"):
            message = say(f"notebook.fault.{fault}", **dict(message.values))
        if _has(f"notebook.hint.{fault}"):
            hint = say(f"notebook.hint.{fault}", **dict(hint.values))
    return replace(problem, where=f"{site}: {_column(problem.where)}", message=message, hint=hint, detail="")


def _has(code: str) -> bool:
    """Whether notebooks say it in words of their own."""
    return code in catalogue(ENGLISH)


def _column(where: str) -> str:
    """A column has the name of its variable."""
    if isinstance(where, Message) and where.code == "data.where.variable":
        return say("data.where.column", column=dict(where.values)["column"])
    return where
