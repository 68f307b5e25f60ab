"""Ticks of axes, chosen once for all drawings of the page."""

from __future__ import annotations

from matplotlib.ticker import MaxNLocator

MOST_TICKS = 6


def ticks(low: float, high: float, most: int = MOST_TICKS, *, whole: bool = False) -> list[float]:
    """Returns round numbers from `low` to `high`; whole ones for counts."""
    found = MaxNLocator(most, integer=whole, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in found if low <= tick <= high]


def tick_text(tick: float) -> str:
    """Returns a tick as it is printed: `0.5`, `20`, `2,000,000`."""
    return f"{tick:,.0f}" if tick == round(tick) else f"{tick:.6g}"
