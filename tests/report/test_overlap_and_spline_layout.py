"""The figures of overlap and of splines stand any label at both widths."""

import numpy as np
import pytest
from tests.report.figure_layout import HOSTILE_LABELS, layout_faults

from riskset_report.blocks import COLUMN_MM
from riskset_report.cells import Cell, Cells, Place
from riskset_report.figures.overlap_figure import OverlapCells, OverlapFigure
from riskset_report.figures.spline_figure import SplineFigure
from riskset_report.printing import Printer

ALL = list(HOSTILE_LABELS)
TENTHS = tuple((i / 10, (i + 1) / 10) for i in range(10))
THREE = ((0.0, 0.3), (0.3, 0.7), (0.7, 1.0))


def overlap_of(label, intervals=TENTHS, largest=12_345):
    """A figure with numbers of up to five digits, and what prints it."""
    names = [f"{side}{i}" for side in "ul" for i in range(len(intervals))]
    values = {name: (largest, 100.0 / len(intervals)) for name in names}
    cells = [_cell(f"{name}.{k}", value) for name, pair in values.items() for k, value in zip("np", pair, strict=True)]
    arms = [
        OverlapCells(
            label=(label,),
            counts=tuple(_id(f"{side}{i}.n") for i in range(len(intervals))),
            percents=tuple(_id(f"{side}{i}.p") for i in range(len(intervals))),
        )
        for side in "ul"
    ]
    block = OverlapFigure(
        result="propensity/overlap",
        title="Overlap",
        upper=arms[0],
        lower=arms[1],
        intervals=intervals,
        band=(0.3, 0.7),
        band_label=label,
        x_label=label,
        y_label=label,
        footnotes=((label,),),
        notices=label,
    )
    return block, Printer(Cells(cells), "month", 30.4375)


def spline_of(label, low=1e-4, high=1e4, knots=(0.0, 3e6, 1e7)):
    at = np.linspace(knots[0], knots[-1], 41)
    hr = np.geomspace(low, high, 41)
    curves = {"hr": hr, "lower": hr / 2, "upper": hr * 2}
    cells = [_cell(f"{key}{i}", value) for key, values in curves.items() for i, value in enumerate(values)]
    ids = {key: tuple(_id(f"{key}{i}") for i in range(41)) for key in curves}
    block = SplineFigure(
        result="cox/os/all/spline/age",
        title="Spline",
        at=tuple(at),
        **ids,
        knots=knots,
        reference=knots[1],
        curve_label=label,
        band_label=label,
        knots_label=label,
        x_label=label,
        y_label=label,
        footnotes=((label,),),
        notices=label,
    )
    return block, Printer(Cells(cells), "month", 30.4375)


def _id(quantity):
    return Place("x", quantity).id


def _cell(quantity, value):
    return Cell(_id(quantity), Place("x", quantity), float(value) if isinstance(value, np.floating) else value)


@pytest.mark.parametrize("name", ALL)
def test_overlap_stands_hostile_labels(name):
    assert layout_faults(*overlap_of(HOSTILE_LABELS[name])) == []


@pytest.mark.parametrize("largest", [0, 7, 1_234_567])
def test_numbers_on_bars_do_not_overlap_whatever_they_are(largest):
    for intervals in (TENTHS, THREE):
        assert layout_faults(*overlap_of("An arm", intervals, largest)) == []


def test_numbers_wider_than_their_bars_are_left_out():
    block, printer = overlap_of("An arm", largest=1_234_567)
    files = block.drawn(printer, COLUMN_MM)
    assert b"1,234,567" not in files.svg
    block, printer = overlap_of("An arm", THREE, largest=1_234_567)
    assert block.drawn(printer, COLUMN_MM).svg.count(b"1,234,567<") == 6


@pytest.mark.parametrize("name", ALL)
def test_spline_stands_hostile_labels(name):
    assert layout_faults(*spline_of(HOSTILE_LABELS[name])) == []


@pytest.mark.parametrize(
    ("low", "high", "knots"),
    [(0.9, 1.1, (50, 60, 70)), (0.5, 3.0, (0.001, 0.002, 0.0035)), (1e-9, 1e9, (-5e6, 0, 5e6)), (1.0, 1.0, (1, 2, 30))],
)
def test_ticks_of_a_spline_do_not_overlap(low, high, knots):
    assert layout_faults(*spline_of("Age", low, high, knots)) == []


@pytest.mark.parametrize("of", [overlap_of, spline_of])
def test_the_same_figure_is_the_same_bytes(of):
    block, printer = of(HOSTILE_LABELS["korean"])
    for width in block.widths:
        assert block.drawn(printer, width) == block.drawn(printer, width)
