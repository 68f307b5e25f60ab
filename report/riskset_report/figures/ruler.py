"""Width of a printed text, and where to break it into lines. Lengths in inches."""

from __future__ import annotations

import re
from collections.abc import Sequence

from matplotlib.figure import Figure

_DPI = 300  # as the PNG: widths depend on it slightly, because glyphs are placed on whole pixels
# Chinese and Japanese characters, Hangul and full-width forms: a line may end after each
_WIDE = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_CLOSING = "、。，．）」』】"  # never begins a line
_TOKEN = re.compile(rf"\s+|[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+")
_ELLIPSIS = "…"


class Ruler:
    """Measures in the matplotlib fonts that are set at the time of the call."""

    def __init__(self, weight: str = "normal") -> None:
        self._printed = Figure(figsize=(1, 1), dpi=_DPI).text(0, 0, "", fontweight=weight)

    def width(self, text: str, size: float) -> float:
        """Width of one line of `text` at `size` points."""
        self._printed.set(text=text, fontsize=size)
        return float(self._printed.get_window_extent().width) / _DPI

    def widest(self, texts: Sequence[str], size: float) -> float:
        """Greatest width; 0 for no text."""
        return max((self.width(text, size) for text in texts), default=0.0)

    def wrap(self, text: str, size: float, width: float, most_lines: int = 99) -> list[str]:
        """Lines of at most `width`; text beyond `most_lines` is cut and marked with an ellipsis."""
        if self.width(text.rstrip(), size) <= width:  # as most texts are: their words need no measure of their own
            return [text.rstrip()]
        lines = [""]
        for token in self._tokens(text, size, width):
            if self.width(lines[-1] + token.rstrip(), size) <= width:
                lines[-1] += token
            else:
                lines.append(token.lstrip())
        lines = [line.rstrip() for line in lines]
        if len(lines) > most_lines:
            lines = [*lines[: most_lines - 1], self._cut(lines[most_lines - 1], size, width)]
        return lines

    def _tokens(self, text: str, size: float, width: float) -> list[str]:
        """Words and spaces; a word wider than a line is split into characters."""
        words = _TOKEN.findall(text)
        return [token for word in words for token in ([word] if self.width(word, size) <= width else list(word))]

    def _cut(self, line: str, size: float, width: float) -> str:
        while line and self.width(line + _ELLIPSIS, size) > width:
            line = line[:-1]
        return line.rstrip() + _ELLIPSIS
