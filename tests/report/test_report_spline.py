"""The hazard ratio of a number by its spline as a figure: the curve of the result, its knots, and what is held back."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report.blocks import COLUMN_MM, PAGE_MM
from riskset_report.cells import Mark, Place
from riskset_report.figures import spline
from riskset_report.figures.spline_figure import SplineFigure
from riskset_report.figures.style import house_style
from riskset_report.labels import Labels

SITES = ("asan", "kurume", "osaka")
SUPPRESSED = Mark("suppressed", "fewer than 5 patients")
COX = {
    "kind": "cox",
    "endpoints": ["os"],
    "univariable": ["age"],
    "multivariable": ["arm", "age"],
    "splines": {"age": [50, 65, 80]},
}


@pytest.fixture(scope="module")
def results(patients):
    study = patients.study(SITES, analyses={"cox": COX})
    dealt = patients.deal(patients.rows(3, 300), patients.sites(SITES, 300))
    return results_of(study, Rehearsal(study, dealt, is_gated=False).run(), SITES)


@pytest.fixture
def found(results, printed):
    return printed(results, Labels(plain={"age": "Age", "arm": "Arm"}, endpoints={"os": "Overall survival"}))


def figures_of(found):
    return found.blocks("cox", SplineFigure)


def drawn(plot, width=PAGE_MM):
    with house_style():
        return spline.draw(plot, width)


def test_each_model_with_a_curve_has_a_figure(found):
    assert [figure.title for figure in figures_of(found)] == [
        "Overall survival: hazard ratio by Age, univariable Cox model",
        "Overall survival: hazard ratio by Age, multivariable Cox model",
    ]


def test_the_curve_is_that_of_the_result(results, found):
    model = entry_json(results.entries[-1])
    curve = model["splines"][0]["curve"]
    plot = figures_of(found)[-1].plot(found.printer)
    for name in ("at", "hr", "lower", "upper"):
        assert np.allclose(getattr(plot, name), [point[name] for point in curve], rtol=1e-12)
    assert plot.hr[list(plot.at).index(65)] == 1
    (axes,) = drawn(plot).axes
    assert axes.get_yscale() == "log"
    (line,) = [line for line in axes.lines if len(line.get_xdata()) == len(curve)]
    assert line.get_ydata().tolist() == plot.hr.tolist()
    low, high = axes.get_ylim()
    assert low < plot.lower.min() < plot.upper.max() < high


def test_knots_are_ticks_and_the_reference_is_named(found):
    plot = figures_of(found)[-1].plot(found.printer)
    (axes,) = drawn(plot).axes
    ticks = [line.get_xdata()[0] for line in axes.lines if line.get_transform() == axes.get_xaxis_transform()]
    assert ticks == [50, 65, 80]
    assert plot.curve_label == "Hazard ratio (reference: Age 65)"
    assert plot.x_label == "Age"


def test_the_footnote_names_the_covariates_and_the_test(results, found):
    test = entry_json(results.entries[-1])["splines"][0]["linearity"]
    footnotes = figures_of(found)[-1].plot(found.printer).footnotes
    assert footnotes[0] == "Adjusted for Arm."
    assert footnotes[-1].startswith(f"Wald test that the effect is linear: χ² = {test['chi2']:.2f} (df 1, P ")
    assert not any("Adjusted" in note for note in figures_of(found)[0].plot(found.printer).footnotes)


def test_a_spline_without_a_curve_has_no_figure(results, printed):
    """Of a curved part without a coefficient there is no covariance."""
    entry = results.entries[-1]
    lost = entry.analysis.splines[0].parts[0]
    fit = replace(entry.result, terms=tuple(term for term in entry.result.terms if term.column != lost))
    entries = (*results.entries[:-1], replace(entry, result=fit))
    titles = [figure.title for figure in figures_of(printed(replace(results, entries=entries)))]
    assert len(titles) == 1
    assert "univariable" in titles[0]


def test_a_point_held_back_is_a_gap(found):
    figure = figures_of(found)[-1]
    id_ = Place(figure.result.partition("/spline/")[0], variable="age").of("splines.curve[7].hr").id
    plot = figure.plot(replace(found.printer, cells=found.report.cells.with_values({id_: SUPPRESSED})))
    assert np.flatnonzero(np.isnan(plot.hr)).tolist() == [7]
    assert plot.footnotes[-1] == "suppressed: fewer than 5 patients."


@pytest.mark.parametrize("width", [PAGE_MM, COLUMN_MM])
def test_no_file_depends_on_numbers_that_are_held_back(found, width):
    figure, files = figures_of(found)[-1], []
    for n in (0.5, 3.0):
        cells = found.report.cells.with_values(dict.fromkeys(figure.cells, n))
        cells = cells.with_values(dict.fromkeys(figure.cells, SUPPRESSED))
        files.append(figure.drawn(replace(found.printer, cells=cells), width))
    assert files[0] == files[1]


def test_a_limit_that_overflows_is_cut(found):
    plot = figures_of(found)[-1].plot(found.printer)
    wild = replace(
        plot, upper=np.where(plot.at > 70, 1e300, plot.upper), lower=np.where(plot.at > 75, np.nan, plot.lower)
    )
    (axes,) = drawn(wild).axes
    assert axes.get_ylim()[1] < 1e5


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.9, 1.1, [0.9, 0.95, 1.0, 1.05, 1.1]),
        (0.7, 1.3, [0.7, 0.8, 0.9, 1.0, 1.2]),
        (0.45, 2.2, [0.5, 0.7, 1.0, 1.5, 2.0]),
        (0.05, 30, [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]),
        (1e-4, 1e4, [10.0**p for p in range(-4, 5)]),
    ],
)
def test_ticks_of_a_ratio_are_round_and_have_1(low, high, expected):
    ticks = spline._ratio_ticks(low, high)
    assert ticks == pytest.approx(expected)
