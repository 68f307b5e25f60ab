"""Competing risks in the report, and what it says of tests by further strata."""

from dataclasses import replace

import numpy as np
import pytest
from tests.conftest import VARIABLES

from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset_report import labels_of
from riskset_report.blocks import Figure

SITES = ("asan", "kurume", "osaka")
ASKED = {
    "survival": {"kind": "km", "endpoints": ["os"], "strata": ["stage"], "rho": 0.5},
    "incidence": {
        "kind": "cumulative-incidence",
        "endpoints": ["os"],
        "landmarks": [12],
        "fine_gray": ["arm", "age", "stage"],
    },
}


def rehearsed(patients, rows):
    study = patients.study(
        SITES,
        analyses=ASKED,
        endpoints={"os": {"days": "days", "event": "dead", "competing": ["lost"]}},
        variables={**VARIABLES, "lost": {"type": "boolean", "label": "Loss"}},
    )
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES, 240))).run()
    return results_of(study, outcome, SITES)


@pytest.fixture(scope="module")
def results(patients):
    return rehearsed(patients, patients.rows(7, 240))


@pytest.fixture
def report(results, printed):
    return printed(results, labels_of(results.study))


def test_a_table_by_kind_of_event(report):
    table, _ = report.tables("cumulative-incidence")
    assert [row.label for row in table.rows] == [
        "Patients",
        "dead",
        "Events",
        "Incidence at 12 months, % (95% CI)",
        "Loss",
        "Events",
        "Incidence at 12 months, % (95% CI)",
    ]
    assert len(table.columns) == 3
    assert any(note.startswith("Gray's test of Loss: χ² = ") for note in table.notes)
    assert not any("Competing events" in note for note in table.notes)


def test_a_fine_gray_model_is_a_table_of_its_own(report):
    _, table = report.tables("cumulative-incidence")
    assert table.title == "os, all patients: Fine-Gray model"
    assert [row.label for row in table.rows] == [
        "arm: new against old",
        "age",
        "stage: II against I",
        "stage: III against I",
    ]
    assert "Subdistribution hazard ratio of dead" in table.notes[0]


def test_a_figure_of_each_kind_rises_from_0(report):
    figures = report.blocks("cumulative-incidence", Figure)
    plots = [figure.plot(report.printer) for figure in figures]
    assert [plot.y_label for plot in plots] == ["Cumulative incidence of dead (%)", "Cumulative incidence of Loss (%)"]
    for plot in plots:
        assert [curve.label for curve in plot.curves] == ["old", "new"]
        assert plot.statistics[0].startswith("Gray's test P")
        for curve in plot.curves:
            heights = curve.steps(curve.survival)[:, 1]
            assert heights[0] == 0
            assert (np.diff(heights) >= 0).all()


def test_survival_says_that_competing_events_are_censored_and_what_the_tests_are(report):
    (table,) = report.tables("km")
    said = " ".join(table.notes)
    assert "Competing events (Loss) are censored" in said
    assert "Log-rank test stratified by site and stage: χ² = " in said
    assert "weighted by S(t-) to the power of 0.5" in said


@pytest.mark.exhaustive
def test_a_test_by_strata_that_a_rule_forbids_is_said_to_be(patients, printed):
    rows = patients.rows(7, 240)
    stage = np.minimum(rows.variables["stage"], 1.0)
    stage[:4] = 2.0
    rare = replace(rows, variables={**rows.variables, "stage": stage})
    (table,) = printed(rehearsed(patients, rare)).tables("km")
    assert any(note.startswith("No log-rank test by further strata: refused by R4") for note in table.notes)
