"""What a check is at, shown to who waits at a terminal: a bundle of many sites takes minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from riskset.catalogue import Message
from riskset.language import told
from riskset.visible_text import lines

Progress = Callable[[Message], None]
"""Takes the step that begins."""


def unseen(_: Message) -> None:
    """Shows no step."""


@contextmanager
def shown() -> Iterator[Progress]:
    """Inside the context, each step is shown in place of the one before it, on stderr and only where that is a
    terminal; at the end the line is gone."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield unseen
        return
    with console.status("") as status:
        yield lambda step: status.update(Text(lines(told(step))))
