"""A flow chart stands any label: no text leaves its box, no box touches another, and all of it fits a page."""

from dataclasses import replace
from itertools import combinations

import pytest
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox
from tests.report.figure_layout import HOSTILE_LABELS, drawings, faults_in, layout_faults

from riskset_report.blocks import PAGE_MM
from riskset_report.cells import Cells
from riskset_report.figures.flow import HIGHEST
from riskset_report.figures.flow_figure import FlowFigure, LineCells
from riskset_report.printing import Printer

PRINTER = Printer(Cells(()), "month", 30.4375)
EXHAUSTIVE = pytest.mark.exhaustive


def chart(label, arms=3, criteria=3, endpoints=2, populations=2, notices=""):
    """A flow chart in which every label is `label`."""

    def heading(text):
        return LineCells((text,), is_heading=True)

    def inner(text):
        return LineCells((text,), is_inner=True)

    excluded = (heading("Excluded (n = 1,234)"), *(inner(f"{label} (n = {i})") for i in range(criteria)))
    ends = [
        line for _ in range(endpoints) for line in (heading(label), inner("With follow-up (n = 1)"), inner("n = 1"))
    ]
    adjusted = (heading("Adjusted populations"), *(inner(f"{label}: n = 12") for _ in range(populations)))
    column = ((heading(f"{label} (n = 12,345)"),), *([tuple(ends)] if ends else []), adjusted)
    return FlowFigure(
        result="flow",
        title="Flow of patients",
        trunk=(((heading("Patients in the exports (n = 99,999)"),), excluded), ((heading("Eligible (n = 5)"),), ())),
        columns=(column,) * arms,
        footnotes=(((f"Not given ({label}): R2: too few."),),),
        more="and {n} more",
        notices=notices,
    )


def figure_of(block):
    (figure,) = drawings(lambda: block.drawn(PRINTER, PAGE_MM))
    return figure


def boxes_of(figure):
    found = [artist for artist in figure.get_children() if isinstance(artist, Rectangle) and artist is not figure.patch]
    return [Bbox.from_bounds(*box.get_xy(), box.get_width(), box.get_height()) for box in found]


@pytest.mark.parametrize("name", HOSTILE_LABELS)
def test_hostile_labels_leave_no_box_and_overlap_nothing(name):
    assert layout_faults(chart(HOSTILE_LABELS[name], notices=HOSTILE_LABELS[name] * 3), PRINTER) == []


@pytest.mark.parametrize("name", ["words", *(pytest.param(name, marks=EXHAUSTIVE) for name in [*HOSTILE_LABELS][1:])])
def test_boxes_do_not_touch_and_hold_their_texts(name):
    figure = figure_of(chart(HOSTILE_LABELS[name], arms=4))
    boxes = boxes_of(figure)
    assert len(boxes) == 3 + 4 * 3
    for one, other in combinations(boxes, 2):
        apart = max(one.x0 - other.x1, other.x0 - one.x1, one.y0 - other.y1, other.y0 - one.y1)
        assert apart > 0.1
    width, _ = figure.get_size_inches()
    assert all(box.x0 >= 0 and box.x1 <= width for box in boxes)
    texts = [text.get_window_extent().transformed(figure.dpi_scale_trans.inverted()) for text in figure.texts]
    in_no_box = [text for text in texts if not any(_holds(box, text) for box in boxes)]
    assert all(text.y1 < min(box.y0 for box in boxes) for text in in_no_box)  # footnotes


def _holds(box, text):
    return box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1


@pytest.mark.parametrize(
    "many", [{"criteria": 30}, {"endpoints": 15}, {"criteria": 40, "endpoints": 30, "populations": 10, "arms": 1}]
)
def test_however_much_there_is_it_fits_a_page(many):
    figure = figure_of(chart(HOSTILE_LABELS["words"], **many))
    assert figure.get_size_inches()[1] <= HIGHEST
    assert faults_in(figure) == []


def test_what_a_page_has_no_room_for_is_counted():
    figure = figure_of(chart("A criterion", criteria=100))
    (more,) = (text.get_text() for text in figure.texts if "more" in text.get_text())
    shown = sum("A criterion (n" in text.get_text() for text in figure.texts) - 3  # the arms
    assert more == f"and {100 - shown} more"


def test_letters_are_as_large_as_there_is_room():
    assert {text.get_fontsize() for text in figure_of(chart("A label", endpoints=1)).texts} == {8.5, 7.0}


def test_a_number_stays_beside_its_n():
    block = chart("A criterion of some length that needs two lines of this narrow box", arms=4)
    columns = tuple(tuple(_unbroken(box) for box in column) for column in block.columns)
    texts = [text.get_text() for text in figure_of(replace(block, columns=columns)).texts]
    assert any(text.endswith("(n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}12,345)") for text in texts)


def _unbroken(box):
    together = "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
    return tuple(replace(line, text=(line.text[0].replace("n = ", together),)) for line in box)


def test_the_same_chart_is_the_same_bytes():
    block = chart(HOSTILE_LABELS["japanese"])
    assert block.drawn(PRINTER, PAGE_MM) == block.drawn(PRINTER, PAGE_MM)
