"""Reads how a figure came out, for tests of every drawing: text that leaves it, overlaps another or is too small.

    assert layout_faults(block, printer) == []

`HOSTILE_LABELS` are labels that a drawing must stand.
"""

from itertools import combinations
from unittest.mock import patch

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

LEAST_POINTS = 6.0
DPI = 300
TOLERANCE = 0.5 * DPI / 72  # half a point: boxes are those of whole pixels

HOSTILE_LABELS = {
    "words": "lenvatinib with transarterial chemoembolisation, second line",  # 60 letters
    "one word": "Pneumonoultramicroscopicsilicovolcanoconiosistransplantation",
    "japanese": "アテゾリズマブとベバシズマブの併用療法後に二次治療として投与したレンバチニブ（標準用量）",
    "korean": "아테졸리주맙과 베바시주맙 병용 요법 후 이차 치료로 투여한 렌바티닙(표준 용량) 치료군",
    "signs": "costs $5 or $6_{a}^ <b>&\"' ≥ 400 ng/mL, χ²",
}


def layout_faults(block, printer):
    """Returns what is wrong with a figure of a report at each of its widths, one sentence each; nothing if all is well.

    It is drawn as for its files.
    """
    return [
        f"at {width_mm} mm: {fault}"
        for width_mm in block.widths
        for figure in drawings(lambda width_mm=width_mm: block.drawn(printer, width_mm))
        for fault in (*_width_faults(figure, width_mm), *faults_in(figure))
    ]


def drawings(draw):
    """Returns the matplotlib figures that `draw` would save as files, each once, with the texts of the files.

    They are not saved: a figure in three formats takes several times as long as reading how it came out.
    """
    saved = []

    def record(figure, *_, **__):
        if figure not in saved:
            figure.set_dpi(DPI)  # texts are measured as in the PNG
            saved.append(figure)

    with patch.object(Figure, "savefig", record):
        draw()
    assert saved, "nothing was drawn"
    return saved


def faults_in(figure):
    """Returns what is wrong with the texts of a matplotlib figure."""
    sheet = Bbox.from_bounds(0, 0, *(side * DPI for side in figure.get_size_inches()))
    placed = _placed(figure)
    return [
        *(f"{_said(text)} leaves the figure" for text, box in placed if not _is_inside(box, sheet)),
        *(f"{_said(text)} is cut by its axes" for text, box in placed if _is_cut(text, box)),
        *(f"{_said(text)} has {text.get_fontsize():g} points" for text, _ in placed if _is_small(text)),
        *(
            f"{_said(a)} overlaps {_said(b)}"
            for (a, one), (b, other) in combinations(placed, 2)
            if _overlap(one, other)
        ),
    ]


def _placed(figure):
    """The texts that are drawn, not only there, each with its box in dots."""
    drawn = []
    draw = Text.draw

    def record(text, renderer, *args, **kwargs):
        if text.get_visible() and text.get_text().strip():
            drawn.append((text, text.get_window_extent(renderer)))
        return draw(text, renderer, *args, **kwargs)

    figure.set_dpi(DPI)
    with patch.object(Text, "draw", record):
        FigureCanvasAgg(figure).draw()
    return drawn


def _width_faults(figure, width_mm):
    found = 25.4 * figure.get_size_inches()[0]
    return [] if abs(found - width_mm) < 0.1 else [f"the figure is {found:.1f} mm wide"]


def _is_inside(box, outer):
    return (
        box.x0 >= outer.x0 - TOLERANCE
        and box.y0 >= outer.y0 - TOLERANCE
        and box.x1 <= outer.x1 + TOLERANCE
        and box.y1 <= outer.y1 + TOLERANCE
    )


def _is_cut(text, box):
    clip = text.get_clip_box() if text.get_clip_on() else None
    return clip is not None and not _is_inside(box, clip)


def _is_small(text):
    return text.get_fontsize() < LEAST_POINTS - 1e-6


def _overlap(one, other):
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    down = min(one.y1, other.y1) - max(one.y0, other.y0)
    return across > TOLERANCE and down > TOLERANCE


def _said(text):
    return repr(text.get_text())
