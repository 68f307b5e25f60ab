"""What a report says of a model with a baseline hazard for each matched set."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report.labels import Labels

SITES = ("asan", "kurume", "osaka")
N = 240
COX = {"kind": "cox", "endpoints": ["os"], "populations": ["match"], "univariable": ["arm"], "baseline": "matched-set"}
ANALYSES = {
    "score": {"kind": "propensity"},
    "curves": {"kind": "km", "endpoints": ["os"], "populations": ["match"]},
    "cox": COX,
}


@pytest.fixture
def run(patients):
    """Returns a function that runs the study on patients who may be changed."""

    def run(change=lambda rows: rows):
        score = {"covariates": ["age"], "site": "none", "adjustments": {"match": {"method": "nearest"}}}
        study = patients.study(SITES, analyses=ANALYSES, propensity=score)
        of = [one.name for one in plan(study).sets if one.endpoint is None]
        cohorts = {}
        for name, cohort in patients.deal(change(patients.rows(seed=5, n=N)), patients.sites(SITES, N)).items():
            rows = cohort.analysis_sets["os"]
            cohorts[name] = Cohort(name, {"os": rows} | dict.fromkeys(of, PatientSet(rows.variables, rows.patients)))
        return results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES, [], is_gated=False)

    return run


def model_of(results):
    (entry,) = (entry for entry in results.entries if entry.kind == "cox")
    return entry_json(entry)


def test_its_table_says_what_has_a_baseline_hazard(run, printed):
    results = run()
    model, page = model_of(results), printed(results, Labels())
    (table,) = page.tables("cox")
    assert any("One baseline hazard per matched set" in note for note in table.notes)
    assert not any("per site" in note for note in table.notes)
    assert f"{model['n']} ({model['events']})" in {cell for row in table.rows for cell in row.cells}
    # the hazard ratio beside curves is of a model by site
    assert not any("HR" in text for plot in page.plots() for text in plot.statistics)


def test_one_that_is_separated_has_a_limit(run, printed):
    results = run(lambda rows: replace(rows, event=rows.event & (rows.variables["arm"] == 1.0)))
    model = model_of(results)
    assert model["status"] == "not estimable"
    assert model["reason"]["limit"]["hr"] == pytest.approx(1 / np.expm1(3.841458820694124 / 2 / model["events"]))
    (table,) = printed(results, Labels()).tables("cox")
    assert any("(separated)" in cell for row in table.rows for cell in row.cells)
