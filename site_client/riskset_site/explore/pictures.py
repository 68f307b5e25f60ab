"""Makes the page's pictures, each with a name of its own, in one language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from matplotlib.figure import Figure

from riskset.catalogue import Message, in_language
from riskset_report.figures.style import drawn_svg
from riskset_report.notation import Words
from riskset_site.pages import Drawing

WIDE, NARROW = 170, 85
"""Widths in mm: of the page, and of half of it."""

Plot = TypeVar("Plot")


@dataclass
class Pictures:
    """Draws in a language that has a catalogue."""

    language: str
    _made: int = field(default=0, init=False)

    @property
    def words(self) -> Words:
        """Returns the words beside numbers."""
        return Words(self.language)

    def said(self, text: str) -> str:
        """Returns a text as it is printed in a picture."""
        return in_language(text, self.language)

    def drawn(self, draw: Callable[[Plot, int], Figure], plot: Plot, width_mm: int, description: Message) -> Drawing:
        """Returns the picture of a plot."""
        self._made += 1
        return Drawing(drawn_svg(draw, plot, width_mm), description, f"p{self._made}")
