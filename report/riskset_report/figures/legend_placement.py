"""Placement of the legend and the text box on a survival plot so that they touch no curve. Lengths in inches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PADDING = 0.1


@dataclass(frozen=True)
class Size:
    width: float
    height: float


@dataclass(frozen=True)
class Corner:
    """A rectangle's lower left corner, relative to that of the axes."""

    x: float
    y: float


@dataclass(frozen=True)
class LegendPlacement:
    legend: Corner
    box: Corner


def free_placement(lines: Sequence[NDArray[np.float64]], axes: Size, legend: Size, box: Size) -> LegendPlacement | None:
    """Returns the first placement in which neither rectangle touches a line or the other; None if there is none.

    `lines`: each (n, 2), the corners of a line of horizontal and vertical pieces; NaN where nothing is drawn. A
    survival curve falls, so the free space is above and right of it, or below and left.
    """
    segments = np.concatenate([np.hstack([line[:-1], line[1:]]) for line in lines])
    segments = segments[np.isfinite(segments).all(axis=1)]
    for placement in _candidates(axes, legend, box):
        both = ((placement.legend, legend), (placement.box, box))
        if not _overlap(*both[0], *both[1]) and all(_is_free(segments, place, size, axes) for place, size in both):
            return placement
    return None


def _candidates(axes: Size, legend: Size, box: Size) -> tuple[LegendPlacement, ...]:
    """As journals do first: legend at the upper right, text at the lower left; then both in one corner, or both
    below."""
    right = axes.width - legend.width - PADDING
    stacked = axes.width - max(legend.width, box.width) - PADDING
    top = axes.height - legend.height
    under = top - PADDING - box.height
    return (
        LegendPlacement(Corner(right, top), Corner(PADDING, PADDING)),
        LegendPlacement(Corner(stacked, top), Corner(stacked, under)),
        LegendPlacement(Corner(PADDING, PADDING + box.height + PADDING), Corner(PADDING, PADDING)),
        LegendPlacement(Corner(right, PADDING), Corner(PADDING, PADDING)),
    )


def _overlap(a: Corner, a_size: Size, b: Corner, b_size: Size) -> bool:
    apart = (
        a.x + a_size.width <= b.x
        or b.x + b_size.width <= a.x
        or a.y + a_size.height <= b.y
        or b.y + b_size.height <= a.y
    )
    return not apart


def _is_free(segments: NDArray[np.float64], place: Corner, size: Size, axes: Size) -> bool:
    """Whether the rectangle is inside the axes and, with padding, clear of every segment (n, 4): x0, y0, x1, y1."""
    if place.x < 0 or place.y < 0 or place.x + size.width > axes.width or place.y + size.height > axes.height:
        return False
    x, y = segments[:, [0, 2]], segments[:, [1, 3]]
    beside = (x.max(axis=1) < place.x - PADDING) | (x.min(axis=1) > place.x + size.width + PADDING)
    beyond = (y.max(axis=1) < place.y - PADDING) | (y.min(axis=1) > place.y + size.height + PADDING)
    return bool(np.all(beside | beyond))
