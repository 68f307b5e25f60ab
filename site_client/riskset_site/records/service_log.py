"""The log of `riskset site serve`: lines with date and time, on the terminal in the language that is spoken, and in a
file, which rotates, in English: people send it when they ask for help."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from riskset.catalogue import Message, say, verbatim
from riskset.private_files import append_to_file, move
from riskset.terminal import tell
from riskset.visible_text import visible

MOST_BYTES: Final = 1_000_000
"""A run of twenty rounds writes two kilobytes, a day of waiting next to nothing."""
KEPT: Final = 5
"""Earlier files that are kept: `serve.log.1` is the latest of them."""


def local_time() -> datetime:
    """Returns the time now, with this machine's offset from UTC."""
    return datetime.now().astimezone()


class ServiceLog:
    """Prints each line on stderr and appends it to the file, which its owner alone can read."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], datetime] = local_time,
        most_bytes: int = MOST_BYTES,
        kept: int = KEPT,
    ) -> None:
        self.path, self._clock, self._most_bytes, self._kept = path, clock, most_bytes, kept

    def __call__(self, line: str) -> None:
        """Never raises for the file: a full disk does not end the process, which sends nothing that it cannot keep."""
        said = line if isinstance(line, Message) else verbatim(line)
        text = say("site.serve.line", time=self._clock().isoformat(sep=" ", timespec="seconds"), line=said)
        tell(text, err=True)
        written = f"{visible(text)}\n".encode()
        with suppress(OSError):
            if self.path.exists() and self.path.stat().st_size + len(written) > self._most_bytes:
                self._rotate()
            append_to_file(self.path, written)

    def _rotate(self) -> None:
        for number in range(self._kept, 0, -1):
            earlier = self._numbered(number - 1) if number > 1 else self.path
            if earlier.exists():
                move(earlier, self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")
