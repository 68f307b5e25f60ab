"""Colours, lines, text sizes and file formats of every figure.

No setting of matplotlib outlives a call: no pyplot, and the settings apply only inside `rc_context`.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal
from matplotlib.text import Text

from riskset.catalogue import say
from riskset_report.figures import font_families
from riskset_report.printing import FigureFiles

RESOLUTION_DPI = 300
_SVG_METADATA: dict[str, str | None] = {"Date": None, "Creator": None}
MM_PER_INCH = 25.4
_COMPRESS_LEVEL = 3  # of a PNG: takes three fifths of the time of the usual 6, for a file that is a seventh larger
SIZE, SMALL, LEAST = 8.0, 7.0, 6.0  # points; nothing in a figure is smaller than the last
GREY, WARNING = "#555555", "#B34700"
# Okabe and Ito's colours, distinguishable for colour-blind readers; the dashes distinguish curves in black and white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499")
DASHES: tuple[tuple[float, ...], ...] = ((), (4, 1.6), (1.2, 1.0), (6, 1.5, 1.2, 1.5))


def curve_style(index: int) -> dict[str, Any]:
    """Returns how the curve at `index` is drawn: four colours, then the same with different dashes."""
    dashes = DASHES[(index + index // len(COLOURS)) % len(DASHES)]
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": (0, dashes) if dashes else "-", "linewidth": 1.6}


Plot = TypeVar("Plot")

_are_texts_paths = ContextVar("_are_texts_paths", default=False)


class GlyphWarning(UserWarning):
    """A figure has characters that no font of this machine has; its message says which, and what to install."""


@contextmanager
def house_style() -> Iterator[None]:
    """Fonts and formats of every figure, inside the context."""
    settings: dict[Any, Any] = {
        "font.family": list(font_families.families()),  # by name: only named fonts replace each other's missing glyphs
        "font.size": SIZE,
        "axes.linewidth": 0.8,
        "svg.fonttype": "none",  # text stays text: small, searchable, and drawn in the reader's fonts
        "svg.hashsalt": "riskset",
        "pdf.fonttype": 42,  # TrueType, embedded: what journals ask for, and text that can be edited
        "text.parse_math": False,  # a label may hold a dollar sign
    }
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # `GlyphWarning` says it, once and in full
        yield


@contextmanager
def text_as_paths(are_paths: bool = True) -> Iterator[None]:
    """Inside the context, `files_of` writes text as outlines in SVG and PDF, which need no font; or not, if told so."""
    token = _are_texts_paths.set(are_paths)
    try:
        yield
    finally:
        _are_texts_paths.reset(token)


def drawn_files(draw: Callable[[Plot, int], Figure], plot: Plot, width_mm: int) -> FigureFiles:
    """Returns the files of what `draw` draws in the house style: the same bytes for the same plot, fonts and
    matplotlib."""
    with house_style():
        return files_of(draw(plot, width_mm))


def drawn_svg(draw: Callable[[Plot, int], Figure], plot: Plot, width_mm: int) -> str:
    """Returns what `draw` draws in the house style as an element of a page; text stays text, in the reader's fonts."""
    with house_style():
        families = tuple(mpl.rcParams["font.family"])
        svg = _in_readers_fonts(_saved(draw(plot, width_mm), "svg", _SVG_METADATA), families).decode()
    return re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)


def files_of(figure: Figure) -> FigureFiles:
    """Returns a drawn figure's files: the same bytes for the same figure, fonts and matplotlib.

    Warns with `GlyphWarning` if it has characters without a glyph: the PNG and PDF show boxes in their place.
    """
    families = tuple(mpl.rcParams["font.family"])
    texts = figure.findobj(Text)
    if missing := font_families.without_glyph((text.get_text() for text in texts), families):
        warnings.warn(str(say("report.figure.no_glyph", characters=missing)), GlyphWarning, stacklevel=2)
    png = _saved(figure, "png", {"Software": None}, pil_kwargs={"compress_level": _COMPRESS_LEVEL})
    if are_paths := _are_texts_paths.get():
        _outline(texts)
    svg = _saved(figure, "svg", _SVG_METADATA)
    if not are_paths:
        _outline([text for text in texts if font_families.needs_outlines(text.get_text(), families)])
    pdf = _saved(figure, "pdf", {"CreationDate": None, "Creator": None, "Producer": None})
    return FigureFiles(_in_readers_fonts(svg, families), pdf, png)


def _outline(texts: Iterable[Text]) -> None:
    for text in texts:
        text.set_path_effects([Normal()])  # a text with an effect, even one that does nothing, is drawn as outlines


def _saved(figure: Figure, form: str, metadata: dict[str, str | None], **settings: Any) -> bytes:  # noqa: ANN401
    target = io.BytesIO()
    figure.savefig(target, format=form, dpi=RESOLUTION_DPI, metadata=metadata, **settings)
    return target.getvalue()


def _in_readers_fonts(svg: bytes, families: tuple[str, ...]) -> bytes:
    """The SVG with the families that a reader may have, once for all texts, in place of those of this machine."""
    here = ", ".join(f"'{family}'" if " " in family else family for family in families)
    if (drawn_with := f" font-family: {here};".encode()) not in svg:
        return svg
    everywhere = ", ".join(f"'{family}'" for family in (*font_families.LATIN, font_families.ALWAYS, *font_families.CJK))
    return svg.replace(drawn_with, b"").replace(b"<svg ", f'<svg font-family="{everywhere}, sans-serif" '.encode(), 1)
