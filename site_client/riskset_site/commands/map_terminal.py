"""What the questions of `riskset site map` share: asking at a terminal, and showing tables there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import typer

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.language import spoken, told
from riskset.study.spec import Study
from riskset.terminal import tell, tell_drawn
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.proposal import Proposal
from riskset_site.mapping.propose import propose
from riskset_site.pages.page import PageTable
from riskset_site.pages.text import grid, printed

Answer = Callable[[Message], str]
"""Asks a person; empty for the default."""
NONE: Final = "-"
"""What a person types for no column, or for a missing value."""


@dataclass(frozen=True)
class Interview:
    """What is asked, and how."""

    export: ExportFile
    study: Study
    today: date
    answer: Answer

    def proposal(self, given: Answers) -> Proposal:
        return propose(self.export, self.study, self.today, given)

    def if_right(self, given: Answers, changed: Answers) -> Answers:
        """Returns the changed answers; the earlier ones where the changed ones name what is not there, which is
        printed."""
        try:
            self.proposal(changed)
        except DataError as wrong:
            tell(wrong.message)
            if wrong.hint:
                tell(wrong.hint)
            return given
        return changed


def prompted(question: Message) -> str:
    """Asks at the terminal."""
    return str(typer.prompt(told(question), default="", show_default=False, prompt_suffix=" "))


def with_answer(given: Answers, **more: Any) -> Answers:  # noqa: ANN401 - the fields of Answers
    """Returns the answers with more of them."""
    return given.model_copy(update=more)


def one_of(text: str, options: Sequence[str], default: str) -> str | None:
    """Returns the option that a person means by its name or number; None where it is none."""
    if not text:
        return default
    if text in options:
        return text
    return options[int(text) - 1] if text.isdecimal() and 0 < int(text) <= len(options) else None


def heading(message: Message) -> None:
    """Prints a question above its table."""
    tell("")
    tell(message)


def show(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table; `titles` are codes under `site.map.column`."""
    columns = [say(f"site.map.column.{title}") for title in titles]
    tell_drawn(printed([grid(PageTable(columns, rows), spoken())]))
