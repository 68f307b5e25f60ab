"""What the text cites, numbered in the order in which it is cited."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from riskset.catalogue import Message, say


class Citations:
    """The references of one text."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cite(self, *keys: str) -> Message:
        """Returns what stands behind a word that cites these, ` [3,4]`; KeyError for one that is not known."""
        for key in keys:
            _known()[key]
            self._numbers.setdefault(key, len(self._numbers) + 1)
        numbers = sorted(self._numbers[key] for key in keys)
        return say("methods.cited", numbers=",".join(map(str, numbers)))

    @property
    def listed(self) -> tuple[str, ...]:
        """The references that were cited, in the order of their numbers."""
        return tuple(_known()[key] for key in self._numbers)


@cache
def _known() -> Mapping[str, str]:
    file = files("riskset_report.methods").joinpath("references.toml")
    return dict(tomllib.loads(file.read_text(encoding="utf-8")))
