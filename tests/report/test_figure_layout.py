"""The reader of layouts itself finds each fault in a figure that has it, and none in a good one."""

from matplotlib.figure import Figure
from tests.report.figure_layout import drawings, faults_in, layout_faults


def figure_with(*texts, **style):
    figure = Figure(figsize=(3, 1))
    for x, y, text in texts:
        figure.text(x, y, text, **({"fontsize": 8} | style))
    return figure


def test_a_good_figure_has_no_fault():
    figure = figure_with((0.1, 0.2, "male"), (0.1, 0.6, "female"))
    figure.add_axes((0.6, 0.3, 0.3, 0.6)).tick_params(labelsize=6)
    assert faults_in(figure) == []


def test_text_that_leaves_its_figure():
    assert faults_in(figure_with((0.9, 0.5, "numbers at risk"))) == ["'numbers at risk' leaves the figure"]
    assert faults_in(figure_with((0.1, 0.99, "above"))) == ["'above' leaves the figure"]
    assert faults_in(figure_with((-0.05, 0.5, "left"))) == ["'left' leaves the figure"]


def test_texts_that_overlap():
    overlapping = figure_with((0.1, 0.5, "one arm"), (0.2, 0.5, "another"), (0.7, 0.5, "apart"))
    assert faults_in(overlapping) == ["'one arm' overlaps 'another'"]


def test_ticks_that_overlap():
    figure = Figure(figsize=(1, 1))
    axes = figure.add_axes((0.2, 0.3, 0.7, 0.6))
    axes.set_xticks([0.4, 0.5], ["1000", "2000"])
    axes.set_yticks([])
    assert faults_in(figure) == ["'1000' overlaps '2000'"]


def test_text_below_six_points():
    assert faults_in(figure_with((0.1, 0.5, "note"), fontsize=5.9)) == ["'note' has 5.9 points"]


def test_text_that_its_axes_cut():
    figure = Figure(figsize=(3, 1))
    axes = figure.add_axes((0.1, 0.3, 0.4, 0.6), xticks=[], yticks=[])
    axes.text(0.9, 0.5, "a long label", clip_on=True, transform=axes.transAxes)
    assert faults_in(figure) == ["'a long label' is cut by its axes"]


def test_what_is_not_drawn_is_no_fault():
    figure = figure_with((0.1, 0.5, "seen"), (0.9, 0.5, "  "))
    figure.text(0.1, 0.5, "not seen", visible=False)
    axes = figure.add_axes((0.6, 0.4, 0.3, 0.5), xlim=(0, 1))
    axes.set_xticks([0.5, 0.51], ["inside", "inside"])
    axes.set_xlim(0.6, 0.7)  # its ticks are outside
    assert faults_in(figure) == []


class Block:
    """A figure that is drawn too narrow."""

    widths = (175, 85)

    def drawn(self, printer, width_mm):
        figure = Figure(figsize=((width_mm - (width_mm == 85) * 5) / 25.4, 1))
        figure.text(0.8, 0.5, printer, fontsize=8)
        figure.savefig("/dev/null", format="png")
        figure.savefig("/dev/null", format="svg")


def test_each_width_of_a_figure_is_read():
    assert layout_faults(Block(), "HR 0.56 (0.40–0.80)") == [
        "at 85 mm: the figure is 80.0 mm wide",
        "at 85 mm: 'HR 0.56 (0.40–0.80)' leaves the figure",
    ]


def test_a_figure_of_several_files_is_read_once():
    assert len(drawings(lambda: Block().drawn("text", 175))) == 1
