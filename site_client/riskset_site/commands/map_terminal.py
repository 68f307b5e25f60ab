"""What the questions of `riskset site map` share: asking at a terminal, and showing tables there."""

from __future__ import annotations

import re
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
from riskset_site.data.width import in_one_width
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.option_words import listed
from riskset_site.mapping.proposal import Proposal
from riskset_site.mapping.propose import propose
from riskset_site.pages.page import PageTable
from riskset_site.pages.text import grid, printed

Answer = Callable[[Message], str]
"""Asks a person; empty for the default."""
NONE: Final = "-"
"""What a person types for no column, or for a missing value."""
_BACK: Final = "<"
_BETWEEN: Final = re.compile(r";|[,、](?=[^;,、=]*=)")


class AskedBack(Exception):
    """A person wants the question before this one again."""


@dataclass
class Interview:
    """What is asked, and how."""

    export: ExportFile
    study: Study
    today: date
    prompt: Answer
    asked: int = 0
    """Questions so far."""

    def proposal(self, given: Answers) -> Proposal:
        return propose(self.export, self.study, self.today, given)

    def heading(self, question: Message) -> None:
        """Prints a question above its table, with its number."""
        self.asked += 1
        tell("")
        tell(say("site.map.ask.numbered", n=self.asked, question=question))

    def answer(self, question: Message) -> str:
        """Returns what a person answers, in one width. Raises AskedBack where that is the question before."""
        text = in_one_width(self.prompt(question))
        if text == _BACK or text.casefold() in listed(say("site.map.ask.back")):
            raise AskedBack
        return text

    def if_right(self, given: Answers, changed: Answers) -> Answers:
        """Returns the changed answers; the earlier ones where the changed ones name what is not there, which is
        printed."""
        try:
            self.proposal(changed)
        except DataError as wrong:
            tell_wrong(wrong)
            return given
        return changed


def tell_wrong(wrong: DataError) -> None:
    """Prints why an answer is not taken."""
    tell(wrong.message)
    if wrong.hint:
        tell(wrong.hint)


def prompted(question: Message) -> str:
    """Asks at the terminal."""
    return str(typer.prompt(told(question), default="", show_default=False, prompt_suffix=" "))


def with_answer(given: Answers, **more: Any) -> Answers:  # noqa: ANN401 - the fields of Answers
    """Returns the answers with more of them."""
    return given.model_copy(update=more)


def corrections(text: str) -> list[str]:
    """Returns the parts of `7 = yes; 8 = no`; between them may be commas, too."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def show(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table; `titles` are codes under `site.map.column`."""
    columns = [say(f"site.map.column.{title}") for title in titles]
    tell_drawn(printed([grid(PageTable(columns, rows), spoken())]))
