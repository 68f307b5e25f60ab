"""The texts of a flow chart and their order, every number taken from the cells; `flow` draws them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FlowLine:
    text: str
    is_heading: bool = False
    is_inner: bool = False
    """Whether it belongs to the heading above it."""


@dataclass(frozen=True)
class FlowBox:
    lines: tuple[FlowLine, ...]


@dataclass(frozen=True)
class TrunkBox:
    """A box in the middle, and who leaves after it."""

    box: FlowBox
    beside: FlowBox | None = None


@dataclass(frozen=True)
class FlowPlot:
    """Everything that is drawn or printed in one flow chart."""

    trunk: tuple[TrunkBox, ...]
    """From the rows read to the eligible patients."""
    columns: tuple[tuple[FlowBox, ...], ...]
    """Where the trunk divides: the boxes of each arm from the top; all of one length."""
    footnotes: tuple[str, ...]
    notices: str = ""
    """Printed in the figure itself, so that they stay with it when it is copied from the page."""
    more: str = ""
    """What a box ends with where it has more lines than a page has room for; `{n}` is how many."""
