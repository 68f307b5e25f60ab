"""Fonts, colours and file formats of every figure.

No state of matplotlib outlives a call: no pyplot, and the settings apply only inside `rc_context`.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from riskset_report.printing import FigureFiles

RESOLUTION_DPI = 300
MM_PER_INCH = 25.4
SIZE, SMALL = 9.0, 7.0  # points
GREY, WARNING = "#555555", "#B34700"
# Okabe and Ito's colours, distinguishable for colour-blind readers; the dashes distinguish curves in black and white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499")
DASHES: tuple[tuple[float, ...], ...] = ((), (4, 1.6), (1.2, 1.0), (6, 1.5, 1.2, 1.5))
FONTS = ("DejaVu Sans", "Noto Sans CJK JP", "Noto Sans CJK KR", "Yu Gothic", "Meiryo", "Malgun Gothic", "Hiragino Sans")


@contextmanager
def house_style() -> Iterator[None]:
    """Fonts and formats of every figure, inside the context."""
    installed = [font for font in FONTS if font in fontManager.get_font_names()]  # matplotlib warns of an absent one
    settings: dict[Any, Any] = {
        "font.family": [*installed, "sans-serif"],  # by name: only named fonts replace each other's missing glyphs
        "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib
        "font.size": SIZE,
        "svg.fonttype": "none",  # text stays text: small, searchable, and drawn in the reader's fonts
        "svg.hashsalt": "riskset",
        "pdf.fonttype": 42,  # TrueType, embedded: what journals ask for, and text that can be edited
        "text.parse_math": False,  # a label may hold a dollar sign
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # a box in the PNG; the SVG keeps the text
        yield


def files_of(figure: Figure) -> FigureFiles:
    """Returns a drawn figure's files: the same bytes for the same figure, fonts and matplotlib."""
    return FigureFiles(
        svg=_saved(figure, "svg", {"Date": None, "Creator": None}),
        pdf=_saved(figure, "pdf", {"CreationDate": None, "Creator": None, "Producer": None}),
        png=_saved(figure, "png", {"Software": None}),
    )


def _saved(figure: Figure, form: str, metadata: dict[str, str | None]) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format=form, dpi=RESOLUTION_DPI, metadata=metadata)
    return target.getvalue()
