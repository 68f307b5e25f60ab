"""Width of a printed text, and where to break it into lines. Lengths in inches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

_DPI = 300  # as the PNG: widths depend on it slightly, because glyphs are placed on whole pixels
# Chinese and Japanese characters and full-width forms: a line may end after each. Korean has words: Hangul is not here
_WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_CLOSING = r"、。，．：；）」』】ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ),.:;%\]"  # never begins a line
_OPENING = r"（「『【(\["  # never ends a line
_SPACE = r"[^\S\u00a0]"  # a line may end here; not at a no-break space
_TOKEN = re.compile(
    rf"{_SPACE}+|[{_OPENING}]*[{_WIDE}][{_CLOSING}]*|(?:(?!{_SPACE}|[{_OPENING}]+[{_WIDE}])[^{_WIDE}])+[{_CLOSING}]*"
)
_ELLIPSIS = "…"


class Ruler:
    """Measures in the matplotlib fonts that are set at the time of the call."""

    def __init__(self, *, is_bold: bool = False) -> None:
        self._weight = "bold" if is_bold else "normal"

    def width(self, text: str, size: float) -> float:
        """Width of one line of `text` at `size` points."""
        return _width(text, size, self._weight, tuple(mpl.rcParams["font.family"]))

    def widest(self, texts: Sequence[str], size: float) -> float:
        """Greatest width of any line of the texts; 0 for no text."""
        return max((self.width(line, size) for text in texts for line in text.split("\n")), default=0.0)

    def wrap(self, text: str, size: float, width: float, most_lines: int = 99) -> list[str]:
        """Lines of at most `width`; text beyond `most_lines` is cut and marked with an ellipsis."""
        if self.width(text.rstrip(), size) <= width:  # as most texts are: their words need no measure of their own
            return [text.rstrip()]
        lines: list[str] = []
        tokens = self._tokens(text, size, width)
        while tokens:
            taken = self._that_fit(tokens, size, width)
            lines.append("".join(tokens[:taken]).strip())
            tokens = tokens[taken:]
            if tokens and tokens[0].isspace():
                tokens = tokens[1:]
        if len(lines) > most_lines:
            lines = [*lines[: most_lines - 1], self._cut(lines[most_lines - 1], size, width)]
        return lines

    def paragraphs(self, texts: Sequence[str], size: float, width: float) -> list[str]:
        """Lines of several texts, each of which begins a line; none of an empty text."""
        return [line for text in texts if text for line in self.wrap(text, size, width)]

    def _that_fit(self, tokens: Sequence[str], size: float, width: float) -> int:
        """How many of the first tokens fit on a line, at least one. Their widths are added, the line is measured once:
        a word occurs in many lines."""
        taken, total = 0, 0.0
        for token in tokens:
            total += self.width(token, size)
            if total > width and not token.isspace():
                break
            taken += 1
        while taken > 1 and self.width("".join(tokens[:taken]).strip(), size) > width:
            taken -= 1
        return max(taken, 1)

    def _tokens(self, text: str, size: float, width: float) -> list[str]:
        """Words and spaces; a word wider than a line is split into characters."""
        words = _TOKEN.findall(text)
        return [token for word in words for token in ([word] if self.width(word, size) <= width else list(word))]

    def _cut(self, line: str, size: float, width: float) -> str:
        while line and self.width(line + _ELLIPSIS, size) > width:
            line = line[:-1]
        return line.rstrip() + _ELLIPSIS


@lru_cache(maxsize=20_000)
def _width(text: str, size: float, weight: str, families: tuple[str, ...]) -> float:
    font = FontProperties(family=families, size=size, weight=weight)
    width, _, _ = _renderer().get_text_width_height_descent(text, font, ismath=False)
    return float(width) / _DPI


@cache
def _renderer() -> Any:  # noqa: ANN401  # matplotlib's renderers have no types
    canvas: Any = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=_DPI))
    return canvas.get_renderer()
