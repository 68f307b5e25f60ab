"""The log-log plot: its coordinates by hand, where it is, and that it stands any label."""

from math import log

import numpy as np
import pytest
from tests.report.figure_layout import HOSTILE_LABELS, drawings, layout_faults
from tests.report.test_survival_layout import survival_of

from riskset_report.blocks import PAGE_MM
from riskset_report.figures.log_log_figure import LogLogFigure
from riskset_report.figures.log_log_plot import LogLogPlot
from riskset_report.figures.survival_plot import PlottedCurve


def log_log_of(label, **curves):
    survival, printer = survival_of(label, **curves)
    block = LogLogFigure(
        result="cox/os/all/cox/log-log",
        title="Log-log",
        curves=survival.curves,
        x_label=label,
        y_label=label,
        footnotes=((label,),),
        notices=label,
    )
    return block, printer


def plot_of(days, survival, n_drawn=None):
    values = np.array(survival, dtype=float)
    curve = PlottedCurve("new", np.array(days, dtype=float), values, values, values, ("9",), None, n_drawn=n_drawn)
    return LogLogPlot((curve,), ("new",), 10.0, "x", "y", ()), curve


def test_coordinates_by_hand():
    """S = 0.8, 0.5, 0.2 from days 10, 20, 40 on, in units of 10 days; -log S = 0.2231, 0.6931, 1.6094."""
    plot, curve = plot_of([5, 10, 20, 40, 80], [1.0, 0.8, 0.5, 0.2, 0.0])  # 1 and 0 have no log-log
    expected = [(1, -1.499940), (2, -1.499940), (2, -0.366513), (4, -0.366513), (4, 0.475885), (8, 0.475885)]
    assert np.allclose(plot.steps(curve), expected, atol=1e-6)


def test_it_ends_where_the_curve_ends_and_day_0_is_nowhere():
    plot, curve = plot_of([0, 10, 20, 40], [0.9, 0.8, 0.5, 0.2], n_drawn=3)
    first, second = log(-log(0.9)), log(-log(0.8))
    assert np.allclose(plot.steps(curve)[:2], [(1, first), (1, second)])
    assert plot.steps(curve)[-1, 0] == 2


def test_proportional_hazards_are_a_constant_distance():
    survival = np.array([0.9, 0.7, 0.4, 0.15])
    one, other = (plot_of([10, 20, 30, 40], values) for values in (survival, survival**0.56))
    apart = one[0].steps(one[1])[:, 1] - other[0].steps(other[1])[:, 1]
    assert np.allclose(apart, -log(0.56))


def test_a_report_has_it_beside_the_models_of_the_arm(lung, printed):
    found = printed(lung).blocks("cox", LogLogFigure)
    (block,) = found
    assert block.id == "figure cox/os/all/cox/log-log"
    assert {id_.split(":")[0] for id_ in block.cells} == {lung["results"][0]["id"]}
    (figure,) = drawings(lambda: block.drawn(printed(lung).printer, PAGE_MM))
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    male = lung["results"][0]["arms"][0]["curve"]
    assert np.allclose(axes.lines[0].get_xydata()[0], (14 / 30.4375, log(-log(male["survival"][0]))))


@pytest.mark.parametrize("name", HOSTILE_LABELS)
def test_three_arms_of_hostile_labels(name):
    assert layout_faults(*log_log_of(HOSTILE_LABELS[name])) == []


@pytest.mark.parametrize("days", [(1, 2), (1, 36000), (700, 710, 720)])
def test_ticks_of_any_time_do_not_overlap(days):
    block, printer = log_log_of("An arm", days=days, at_risk=90, fewer_by=20)
    assert layout_faults(block, printer) == []
    (figure,) = drawings(lambda: block.drawn(printer, PAGE_MM))
    assert len(figure.axes[0].get_xticks()) >= 1
