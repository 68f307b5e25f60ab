"""Patients and events of each level in a Cox model, counted again in the rows."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort
from riskset.analyses.design import Column
from riskset.analyses.level_counts import all_events, level_counts
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of

SITES = ("asan", "kurume", "osaka")
ANALYSES = {
    "models": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage", "arm:age"]},
    "weighted": {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "weights": "w"},
    "curves": {"kind": "km", "endpoints": ["os"]},
}
WEIGHT = {"w": {"type": "number", "range": [0, 10]}}


@pytest.fixture(scope="module")
def found(patients):
    rows = patients.rows(seed=4, n=300)
    weights = np.random.default_rng(4).uniform(0.5, 2, rows.n)
    rows.variables["w"] = weights
    study = patients.study(SITES, variables={**patients.variables, **WEIGHT}, analyses=ANALYSES)
    site = patients.sites(SITES, rows.n)
    sets = {
        name: {"os": own, "os weighted by w": replace(own, weights=weights[site == name])}
        for name, own in ((name, patients.choose(rows, site == name)) for name in SITES)
    }
    outcome = Rehearsal(study, {name: Cohort(name, of) for name, of in sets.items()}).run()
    return rows, study, {r["id"]: r for r in results_json(results_of(study, outcome, SITES))["results"]}


def test_patients_of_each_level_and_events_where_curves_count_them(found):
    rows, study, results = found
    counts = {(of["variable"], of["level"]): of for of in results["cox/os/all/multivariable"]["levels"]}
    assert list(counts) == [("arm", level) for level in study.levels_of("arm")] + [
        ("stage", level) for level in study.levels_of("stage")
    ]
    for (variable, level), of in counts.items():
        having = rows.variables[variable] == study.levels_of(variable).index(level)
        assert of["n"] == having.sum()
        if variable == "arm":
            assert of["events"] == rows.event[having].sum()
        else:
            assert of["events"] is None
            assert of["events_reason"]["code"] == "not counted"


def test_patients_who_count_by_weights_are_not_counted(found):
    _, _, results = found
    assert results["cox/os/all/univariable/arm"]["status"] == "ok"
    assert "levels" not in results["cox/os/all/univariable/arm"]


def test_events_of_other_patients_are_not_taken():
    columns = [Column("arm", "new", "old", 1), Column("age"), Column("stage", "II", "I", 1)]
    events = {("arm", "old"): (6, 3), ("arm", "new"): (5, 2)}
    old, new = level_counts(columns, 10, {columns[0]: 4}, events)
    assert (old.level, old.n, old.events) == ("old", 6, 3)
    assert (new.level, new.n, new.events) == ("new", 4, None)


def test_nobody_of_a_level_has_the_event_where_nobody_has_the_level():
    columns = [Column("stage", "II", "I", 1), Column("stage", "III", "I", 2)]
    counts = level_counts(columns, 10, {columns[0]: 4, columns[1]: 0}, {})
    assert [(of.n, of.events) for of in counts] == [(6, None), (4, None), (0, 0)]


def test_curves_that_end_before_the_last_event_do_not_tell_a_model_its_events():
    """Of 12 events of the model, the curves up to the end of the grid have 5 + 6."""
    events = {("arm", "old"): (20, 5), ("arm", "new"): (20, 6)}
    assert all_events(events, 12) == {}
    assert all_events(events, None) == {}
    assert all_events(events, 11) == events


@pytest.mark.parametrize(("max_days", "is_known"), [(2520, True), (140, False)])
def test_events_later_than_the_grid(patients, max_days, is_known):
    rows = patients.rows(seed=4, n=300)
    time = {"unit": "month", "grid": {"width_days": 28, "max_days": max_days}}
    study = patients.study(SITES, analyses={k: ANALYSES[k] for k in ("models", "curves")}, time=time)
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES, rows.n))).run()
    results = {r["id"]: r for r in results_json(results_of(study, outcome, SITES))["results"]}
    model, curves = results["cox/os/all/multivariable"], results["km/os/all"]
    assert (curves["overall"]["events"] == rows.event.sum()) == is_known
    events = [of["events"] for of in model["levels"] if of["variable"] == "arm"]
    assert events == ([rows.event[rows.variables["arm"] == code].sum() for code in (0, 1)] if is_known else [None] * 2)
