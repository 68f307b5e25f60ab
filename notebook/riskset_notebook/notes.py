"""Errors as a notebook shows them: every problem and the hint below the traceback, and no patient's value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar

from riskset.errors import DataError, RisksetError

_P = ParamSpec("_P")
_R = TypeVar("_R")


def with_notes(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Returns the function, whose errors carry their problems and hint as notes: a notebook prints them, and a
    traceback of Python does."""

    @wraps(function)
    def noting(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except RisksetError as error:
            if not getattr(error, "__notes__", None):
                _note(error)
            raise

    return noting


def _note(error: RisksetError) -> None:
    if isinstance(error, DataError):
        error.problems = tuple(replace(problem, detail="") for problem in error.problems)  # it names rows and values
        for problem in error.problems:
            error.add_note(f"  {problem}")
    if error.hint:
        error.add_note(f"hint: {error.hint}")
