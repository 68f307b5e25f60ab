"""Figures of survival and of incidence stand any label at both widths; their ticks, and where their curves end."""

import numpy as np
import pytest
from tests.report.figure_layout import HOSTILE_LABELS, drawings, faults_in, layout_faults

from riskset_report.blocks import COLUMN_MM, PAGE_MM
from riskset_report.cells import Cell, Cells, Mark, Place
from riskset_report.figures.survival_figure import CurveCells, OffGrid, SurvivalFigure
from riskset_report.printing import Printer

EXHAUSTIVE = pytest.mark.exhaustive
DAYS = tuple(range(70, 1400, 70))


def survival_of(label, *, arms=3, rises=False, at_risk=400, days=DAYS, fewer_by=20, **fields):
    """A figure of curves, of which `fewer_by` patients have the event at each step, and what prints it."""
    left = np.maximum(at_risk - fewer_by * np.arange(len(days) + 1), 0)
    fall = left[1:] / at_risk
    shape = 1 - fall if rises else fall
    values = {"survival": shape, "lower": shape * 0.9, "upper": np.minimum(shape * 1.1, 1), "at_risk": left[:-1]}
    cells = [_cell(f"{arm}.{key}{i}", v) for arm in range(arms) for key, vs in values.items() for i, v in enumerate(vs)]
    curves = [
        CurveCells(
            label=f"{arm} {label}" if arm else label,
            is_reference=not arm,
            days=days,
            **{key: tuple(_id(f"{arm}.{key}{i}") for i in range(len(days))) for key in values},
            median=() if rises else (_id(f"{arm}.median"),),
            start=0.0 if rises else 1.0,
        )
        for arm in range(arms)
    ]
    median = next((day for day, survival in zip(days, fall, strict=True) if survival <= 0.5), None)
    cells += [_cell(f"{arm}.median", median) for arm in range(arms)]
    texts = {
        "medians_title": "" if rises else label,
        "medians": () if rises else tuple((curve.label, ("23.0 (20.1–26.3)",)) for curve in curves),
        "comparison": ((f"HR, {label} 0.56 (95% CI 0.40–0.80)",), ("Log-rank P = .002",)),
    }
    block = SurvivalFigure(
        result="km/os/all",
        title="Survival",
        x_label=label,
        y_label=label,
        curves=tuple(curves),
        notices=label,
        **({"footnote": (label,)} | texts | fields),
    )
    return block, Printer(Cells(cells), "month", 30.4375)


def _id(quantity):
    return Place("x", quantity).id


def _cell(quantity, value):
    return Cell(_id(quantity), Place("x", quantity), None if value is None else float(value))


def held_back(printer, *quantities):
    """The printer of a report in which these numbers are held back."""
    marked = {_id(quantity): Mark("suppressed", "few") for quantity in quantities}
    cells = [Cell(c.id, c.place, marked.get(c.id, c.value)) for c in printer.cells]
    return Printer(Cells(cells), printer.unit, printer.days_per_unit)


@pytest.mark.parametrize("rises", [False, True], ids=["survival", "incidence"])
@pytest.mark.parametrize("name", HOSTILE_LABELS)
def test_three_arms_of_hostile_labels(name, rises):
    assert layout_faults(*survival_of(HOSTILE_LABELS[name], rises=rises)) == []


@pytest.mark.parametrize("name", [pytest.param(name, marks=EXHAUSTIVE) for name in HOSTILE_LABELS])
def test_hostile_labels_of_one_arm_and_of_six(name):
    for arms in (1, 6):
        assert layout_faults(*survival_of(HOSTILE_LABELS[name], arms=arms)) == []


@pytest.mark.parametrize("label", ["x" * 300, "a very long name of a treatment arm that goes on " * 6])
def test_labels_longer_than_a_legend(label):
    assert layout_faults(*survival_of(label, arms=2)) == []


def test_numbers_at_risk_of_seven_digits():
    assert layout_faults(*survival_of("An arm", at_risk=1_234_567)) == []


def tick_labels(block, printer, width_mm):
    (figure,) = drawings(lambda: block.drawn(printer, width_mm))
    assert faults_in(figure) == []
    return [tick.get_text() for tick in figure.axes[0].get_xticklabels()]


@pytest.mark.parametrize(
    ("ticks", "page", "column"),
    [
        ((0, 6, 12, 36), ["0", "6", "12", "36"], ["0", "6", "12", "36"]),
        ((0, 1, 2, 3, 6, 44, 60), ["0", "3", "6", "44"], ["0", "6", "44"]),  # 60 is after the end
        (tuple(range(0, 45, 2)), [str(n) for n in range(0, 45, 4)], ["0", "6", "12", "18", "24", "30", "36", "42"]),
        ((60, 72), ["0", "6", "12", "18", "24", "30", "36", "42"], ["0", "6", "12", "18", "24", "30", "36", "42"]),
    ],
)
def test_ticks_are_those_that_the_study_names_where_they_have_room(ticks, page, column):
    block, printer = survival_of("An arm", ticks=ticks)
    assert tick_labels(block, printer, PAGE_MM) == page
    assert tick_labels(block, printer, COLUMN_MM) == column


def ends_of(block, printer):
    return [curve.steps(curve.survival)[-1, 0] for curve in block.plot(printer).curves]


def test_a_curve_ends_with_the_last_step_before_which_ten_are_at_risk():
    block, printer = survival_of("An arm", arms=1, at_risk=50, fewer_by=10)  # 50, 40, 30, 20, 10, 0, ...
    assert ends_of(block, printer) == [5 * 70]
    assert block.plot(printer).footnote == "An arm Curves end where fewer than 10 patients are at risk."
    (figure,) = drawings(lambda: block.drawn(printer, PAGE_MM))
    axes = figure.axes[0]
    assert axes.get_xlim()[1] == pytest.approx(1.02 * 350 / 30.4375)
    assert axes.lines[0].get_xdata()[-1] == pytest.approx(350 / 30.4375)


def test_a_median_after_the_end_of_its_curve_is_not_drawn():
    block, printer = survival_of("An arm", arms=1, at_risk=12, fewer_by=3)  # the median is day 140
    assert ends_of(block, printer) == [70]
    (figure,) = drawings(lambda: block.drawn(printer, PAGE_MM))
    _, dotted = figure.axes[0].lines
    assert max(dotted.get_xdata()) == 0


def test_a_curve_with_ten_at_risk_to_its_end_is_whole_and_says_nothing():
    block, printer = survival_of("An arm")
    assert ends_of(block, printer) == [DAYS[-1]] * 3
    assert block.plot(printer).footnote == "An arm"


def test_an_arm_that_never_has_ten_is_drawn_whole_and_named():
    block, printer = survival_of("An arm", arms=2, at_risk=50, fewer_by=10)
    few = {f"1.at_risk{i}": 9 for i in range(len(DAYS))}
    cells = [_cell(name, few[name]) if (name := c.place.quantity) in few else c for c in printer.cells]
    own = Printer(Cells(cells), "month", 30.4375)
    assert ends_of(block, own) == [350, DAYS[-1]]
    assert block.plot(own).footnote.endswith(
        "1 An arm, with fewer than 10 patients from the start: to the end of follow-up."
    )


def test_a_number_at_risk_that_is_held_back_ends_no_curve():
    block, printer = survival_of("An arm", arms=1, at_risk=50, fewer_by=10)
    hidden = held_back(printer, *(f"0.at_risk{i}" for i in range(len(DAYS))))
    assert ends_of(block, hidden) == [DAYS[-1]]


@pytest.mark.parametrize(("width_days", "is_told"), [(1, False), (2, False), (3, True), (7, True)])
def test_the_grid_is_told_where_it_may_have_moved_a_median_by_more_than_a_day(width_days, is_told):
    off = OffGrid(("Without a grid.",), width_days)
    block, printer = survival_of("An arm", footnote=("On a grid.",), off_grid=off)
    assert ("On a grid." in block.plot(printer).footnote) is is_told


def test_the_grid_is_told_where_a_number_is_held_back():
    off = OffGrid(("Without a grid.",), 1)
    block, printer = survival_of("An arm", footnote=("On a grid.",), off_grid=off)
    assert "Without a grid." in block.plot(printer).footnote
    assert "On a grid." in block.plot(held_back(printer, "0.survival3")).footnote


@pytest.mark.parametrize(("last", "printed"), [(9.0, "0"), (Mark("withheld", "few"), "withheld")], ids=str)
def test_after_a_number_at_risk_that_is_held_back_nobody_is_said_to_be_left(last, printed):
    figure, printer = survival_of("an arm", arms=1)
    cells = printer.cells.with_values({figure.curves[0].at_risk[-1]: last})
    plot = figure.plot(Printer(cells, "month", 30.4375))
    assert plot.at_risk(plot.curves[0], 100.0) == printed
