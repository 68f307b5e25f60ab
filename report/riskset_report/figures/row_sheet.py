"""A figure of rows, on which things are placed in inches from the left edge and from the top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

LINE_SPACING = 1.3
_HALF_CAPITAL = 0.36  # of the type's size


def line_of(size: float) -> float:
    """Returns the height of a line of this type, in inches."""
    return size * LINE_SPACING / 72


class RowSheet:
    """Draws on a figure that is `height` inches high, in type of `size` points unless told otherwise."""

    def __init__(self, figure: Figure, height: float, size: float) -> None:
        self._figure, self._height, self._size = figure, height, size

    def write(self, x: float, top: float, lines: Sequence[str], **style: Any) -> None:  # noqa: ANN401
        """Writes lines so that capitals and figures are in the middle of each line's height."""
        size = style.setdefault("fontsize", self._size)
        baseline = top + line_of(size) / 2 + _HALF_CAPITAL * size / 72
        transform = self._figure.dpi_scale_trans
        for at, line in enumerate(lines):
            if line:
                self._figure.text(x, self._height - baseline - at * line_of(size), line, transform=transform, **style)

    def line(self, x: tuple[float, float], y: tuple[float, float], **style: Any) -> None:  # noqa: ANN401
        """Draws a line; of length 0, its marker."""
        tops = [self._height - one for one in y]
        self._figure.add_artist(Line2D(x, tops, transform=self._figure.dpi_scale_trans, **style))

    def shape(self, corners: Sequence[tuple[float, float]], **style: Any) -> None:  # noqa: ANN401
        """Fills a polygon."""
        points = [(x, self._height - y) for x, y in corners]
        transform = self._figure.dpi_scale_trans
        self._figure.add_artist(Polygon(points, closed=True, transform=transform, linewidth=0, **style))
