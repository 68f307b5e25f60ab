"""What Excel shows of a text whose signs have formats of their own: 10³ with a raised 3, and what is struck out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

Height = Literal["raised", "lowered"] | None


@dataclass(frozen=True)
class Run:
    """Signs of a text that have one format."""

    text: str
    is_struck: bool = False
    height: Height = None

    @property
    def shown(self) -> str:
        """The text with digits that are raised or lowered also without a format: 10³ read as 103 would be a number."""
        if self.height is None:
            return self.text
        return self.text.translate(_RAISED if self.height == "raised" else _LOWERED)


def shown_text(runs: Sequence[Run]) -> str:
    return "".join(run.shown for run in runs)


def struck_part(runs: Sequence[Run]) -> Literal["none", "some", "all"]:
    """Returns how much of the signs that can be seen is struck out."""
    struck = {run.is_struck for run in runs if run.text.strip()}
    return "some" if len(struck) > 1 else "all" if True in struck else "none"


def runs_of_xlsx(cell: Any) -> list[Run]:  # noqa: ANN401
    """Returns the runs of a cell of openpyxl with rich text; those without a format of their own have the cell's."""
    return [
        _xlsx_run(part, cell.font) if isinstance(part, str) else _xlsx_run(part.text, part.font) for part in cell.value
    ]


def _xlsx_run(text: str, font: Any) -> Run:  # noqa: ANN401
    heights: dict[str | None, Height] = {"superscript": "raised", "subscript": "lowered"}
    return Run(text, bool(font.strike), heights.get(font.vertAlign))


def runs_of_xls(text: str, starts: Sequence[tuple[int, int]], own: int, fonts: Sequence[Any]) -> Iterator[Run]:
    """Yields the runs of a text of xlrd: `starts` are the position of each and its font, `own` is the cell's font."""
    heights: dict[int, Height] = {1: "raised", 2: "lowered"}
    starts = [(0, own), *starts]
    ends = [*(at for at, _ in starts[1:]), len(text)]
    for (start, number), end in zip(starts, ends, strict=True):
        font = fonts[number]
        if start < end:
            yield Run(text[start:end], bool(font.struck_out), heights.get(font.escapement))
