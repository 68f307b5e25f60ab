"""Places texts and lines on a figure. Lengths are in inches, from the upper left corner of the figure.

Each line of a text stands on a baseline of its own, so that letters of another font move no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

MARGIN: Final = 0.06
INK: Final = "#222222"

Point = tuple[float, float]


@dataclass(frozen=True)
class Leading:
    """How far lines are apart, in parts of the size of their letters."""

    line: float
    """From line to line."""
    baseline: float
    """From a line's top to its baseline."""


LOOSE: Final = Leading(1.42, 1.05)
TIGHT: Final = Leading(1.3, 1.01)
"""Of rows of a table: capitals and figures are in the middle of a line's height."""


def line_of(size: float, leading: Leading = LOOSE) -> float:
    """Returns the height of a line of letters of this size, in points."""
    return size * leading.line / 72


@dataclass(frozen=True)
class Sheet:
    """Draws on a figure that is `height` high."""

    figure: Figure
    height: float
    leading: Leading = LOOSE

    def lines(self, lines: Sequence[str], x: float, top: float, size: float, **style: Any) -> None:  # noqa: ANN401
        """Lines of one text, the first of which begins at `top`."""
        for i, line in enumerate(lines):
            if line:
                self.line(line, x, top + i * line_of(size, self.leading), size, **style)

    def line(self, text: str, x: float, top: float, size: float, **style: Any) -> None:  # noqa: ANN401
        baseline = self.height - top - size * self.leading.baseline / 72
        self.figure.text(
            x, baseline, text, transform=self.figure.dpi_scale_trans, fontsize=size, va="baseline", **style
        )

    def upright(self, lines: Sequence[str], left: float, middle: float, size: float) -> None:
        """Lines from bottom to top, the first of which is at the left."""
        for i, line in enumerate(lines):
            at = left + (i + 0.5) * line_of(size, self.leading), self.height - middle
            style: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "center", "fontsize": size}
            self.figure.text(*at, line, transform=self.figure.dpi_scale_trans, **style)

    def box(self, left: float, top: float, width: float, height: float, **style: Any) -> None:  # noqa: ANN401
        corner = left, self.height - top - height
        self.figure.add_artist(Rectangle(corner, width, height, transform=self.figure.dpi_scale_trans, **style))

    def stroke(self, start: Point, end: Point, **style: Any) -> None:  # noqa: ANN401
        (x0, y0), (x1, y1) = start, end
        ends = [x0, x1], [self.height - y0, self.height - y1]
        self.figure.add_artist(Line2D(*ends, transform=self.figure.dpi_scale_trans, **style))

    def shape(self, corners: Sequence[Point], **style: Any) -> None:  # noqa: ANN401
        """A filled polygon."""
        points = [(x, self.height - y) for x, y in corners]
        transform = self.figure.dpi_scale_trans
        self.figure.add_artist(Polygon(points, closed=True, transform=transform, linewidth=0, **style))

    def arrow(self, start: Point, end: Point) -> None:
        (x0, y0), (x1, y1) = start, end
        style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 7, "shrinkA": 0, "shrinkB": 0, "linewidth": 0.8}
        ends = (x0, self.height - y0), (x1, self.height - y1)
        self.figure.add_artist(FancyArrowPatch(*ends, transform=self.figure.dpi_scale_trans, color=INK, **style))
