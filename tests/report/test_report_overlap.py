"""Overlap of the preference scores as a figure: four tables of 150 patients, the last without a figure."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.test_kinds import with_sets

from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.preference import FORMS, Preferences, PreferenceScore, indicators_of
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset_report.blocks import COLUMN_MM, PAGE_MM
from riskset_report.cells import Mark, Place
from riskset_report.figures import overlap
from riskset_report.figures.overlap_figure import OverlapFigure
from riskset_report.figures.style import house_style

SITES = ("asan", "kurume", "osaka")
TENTHS, OF_EQUIPOISE, THREE, EQUIPOISE = FORMS
SUPPRESSED = Mark("suppressed", "fewer than 5 patients")
BY_ARM = {
    TENTHS: ((20, 10, 0, 10, 20, 20, 10, 10, 0, 0), (0, 5, 5, 5, 5, 10, 5, 5, 5, 5)),
    OF_EQUIPOISE: ((30, 10, 20, 20, 10, 10), (10, 5, 5, 10, 5, 15)),
    THREE: ((30, 60, 10), (10, 25, 15)),
    EQUIPOISE: ((60, 40), (25, 25)),
}
"""100 patients of the reference, which comes first, and 50 of the other arm."""


@pytest.fixture(scope="module")
def rehearsed(patients):
    """The results of a study with a preference score in tenths."""
    score = {"covariates": ["age", "stage"], "preference": True}
    study = patients.study(SITES, analyses={"score": {"kind": "propensity"}}, propensity=score)
    rows = patients.rows(7, 240)
    dealt = patients.deal(rows, patients.sites(SITES, 240))
    cohorts = {name: with_sets(Cohort(name, of.analysis_sets), study) for name, of in dealt.items()}
    return results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES)


@pytest.fixture
def found_with(rehearsed, printed):
    """Returns the report of the study, with a table of `BY_ARM` in place of its own."""

    def found_with(form):
        (entry,) = rehearsed.entries
        (part,) = (part for part in entry.parts if isinstance(part.analysis, PreferenceScore))
        analysis = replace(part.analysis, form=form, levels=indicators_of(form))
        other = replace(part, analysis=analysis, result=Preferences(form, BY_ARM[form]))
        parts = tuple(other if one is part else one for one in entry.parts)
        return printed(replace(rehearsed, entries=(replace(entry, parts=parts),)))

    return found_with


def figure_of(found):
    (figure,) = found.blocks("propensity", OverlapFigure)
    return figure


def drawn(plot, width=PAGE_MM):
    with house_style():
        return overlap.draw(plot, width)


def bars(figure):
    """(left, width, height) of each bar of each arm, of the upper one first."""
    (axes,) = figure.axes
    boxes = [patch for container in axes.containers for patch in container]
    rounded = [tuple(round(x, 6) for x in (box.get_x(), box.get_width(), box.get_height())) for box in boxes]
    return rounded[: len(rounded) // 2], rounded[len(rounded) // 2 :]


def test_tenths_are_bars_as_high_as_their_share_of_the_arm(found_with):
    found = found_with(TENTHS)
    plot = figure_of(found).plot(found.printer)
    labels = (arm.label.replace("\N{NO-BREAK SPACE}", " ") for arm in (plot.upper, plot.lower))
    assert tuple(labels) == (
        "new (n = 50), in equipoise 50.0%",
        "old (n = 100), in equipoise 60.0%",
    )
    assert plot.upper.counts == ("0", "5", "5", "5", "5", "10", "5", "5", "5", "5")
    upper, lower = bars(drawn(plot))
    assert [height for _, _, height in upper] == [0, 10, 10, 10, 10, 20, 10, 10, 10, 10]
    assert [height for _, _, height in lower] == [-20, -10, 0, -10, -20, -20, -10, -10, 0, 0]
    assert [round(left, 6) for left, _, _ in upper] == [i / 10 for i in range(10)]
    assert plot.y_label == "Patients of the arm, %"


@pytest.mark.parametrize(
    ("form", "upper", "lower"),
    [
        (OF_EQUIPOISE, [20 / 3, 10, 10, 20, 10, 10], [-10, -10, -20, -20, -10, -10 / 3]),
        (THREE, [20 / 3, 12.5, 10], [-10, -15, -10 / 3]),
    ],
)
def test_the_area_of_a_coarser_interval_is_its_share(found_with, form, upper, lower):
    """20% of an arm over three tenths are as high as 6.7% over one."""
    found = found_with(form)
    plot = figure_of(found).plot(found.printer)
    found_bars = bars(drawn(plot))
    assert [height for _, _, height in found_bars[0]] == pytest.approx(upper, abs=1e-5)
    assert [height for _, _, height in found_bars[1]] == pytest.approx(lower, abs=1e-5)
    assert sum(width * height for _, width, height in found_bars[0]) == pytest.approx(10, abs=1e-4)
    assert plot.y_label == "Patients of the arm, % for each 0.1 of the score"


def test_the_share_in_equipoise_alone_has_no_figure_and_the_table_says_so(found_with):
    found = found_with(EQUIPOISE)
    assert not found.blocks("propensity", OverlapFigure)
    notes = found.tables("propensity")[1].notes
    assert "No figure: the rules allow no more to be told than the share in equipoise." in notes
    assert not any("No figure" in note for note in found_with(THREE).tables("propensity")[1].notes)


def test_equipoise_is_shaded_and_named(found_with):
    found = found_with(TENTHS)
    figure = drawn(figure_of(found).plot(found.printer))
    (axes,) = figure.axes
    assert "Equipoise" in {text.get_text() for text in axes.texts}
    shaded = [patch for patch in axes.patches if patch.get_width() == pytest.approx(0.4)]
    assert [round(patch.get_x(), 6) for patch in shaded] == [0.3]


def test_the_arms_differ_in_grey_too(found_with):
    found = found_with(TENTHS)
    (axes,) = drawn(figure_of(found).plot(found.printer)).axes
    hatches = [{patch.get_hatch() for patch in container} for container in axes.containers]
    assert hatches == [{None}] * 10 + [{"////"}] * 10


def test_a_bar_held_back_is_a_mark_with_a_footnote(found_with):
    found = found_with(TENTHS)
    figure, place = figure_of(found), Place("propensity")
    id_ = place.of("preference.arms.intervals.n", level="new / 0.1 to 0.2").id
    cells = found.report.cells.with_values({id_: SUPPRESSED})
    plot = figure.plot(replace(found.printer, cells=cells))
    assert plot.upper.counts[:3] == ("0", "*", "5")
    assert plot.upper.percents[:3] == (0.0, None, 10.0)
    assert plot.footnotes[-1] == "* suppressed: fewer than 5 patients."
    assert bars(drawn(plot))[0][1][2] == 0


@pytest.mark.parametrize("width", [PAGE_MM, COLUMN_MM])
def test_no_file_depends_on_a_number_that_is_held_back(found_with, width):
    found = found_with(TENTHS)
    figure = figure_of(found)
    files = []
    for n in (7, 90):
        other = found.report.cells.with_values(dict.fromkeys(figure.cells, n))
        cells = other.with_values(dict.fromkeys(figure.cells, SUPPRESSED))
        files.append(figure.drawn(replace(found.printer, cells=cells), width))
    assert files[0] == files[1]
    assert not re.search(r"n\s=\s\d", files[0].svg.decode())


def test_an_arm_with_nobody_is_drawn(found_with, monkeypatch):
    monkeypatch.setitem(BY_ARM, TENTHS, (BY_ARM[TENTHS][0], (0,) * 10))
    found = found_with(TENTHS)
    plot = figure_of(found).plot(found.printer)
    assert plot.upper.percents == (None,) * 10
    assert plot.upper.counts == ("0",) * 10
    assert not np.any([height for _, _, height in bars(drawn(plot))[0]])
