"""The preference score in the report and among the results: as many intervals as the rules let be told."""

from dataclasses import replace

import numpy as np
import pytest
from tests.test_kinds import with_sets

from riskset.analyses.analysis import has_result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.preference import FORMS, PREFERENCE
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset_report import labels_of
from riskset_report.blocks import Box

SITES = ("asan", "kurume", "osaka")
N = 240


@pytest.fixture
def results(patients):
    """Returns the results of a study whose arm depends on the stage as much as `lean` says."""

    def results(lean, **more):
        score = {"covariates": ["age", "stage"], "preference": True}
        study = patients.study(SITES, analyses={"score": {"kind": "propensity"}}, propensity=score)
        rows, random = patients.rows(7, N), np.random.default_rng(1)
        stage = rows.variables["stage"]
        arm = (random.random(N) < 1 / (1 + np.exp(-lean * (stage - 1)))).astype(float)
        rows = replace(rows, variables=rows.variables | {"arm": arm})
        dealt = patients.deal(rows, patients.sites(SITES, N))
        cohorts = {name: with_sets(Cohort(name, of.analysis_sets), study) for name, of in dealt.items()}
        outcome = Rehearsal(study, cohorts, **more).run()
        return results_of(study, outcome, SITES)

    return results


def test_a_study_in_which_all_are_in_equipoise_says_so(results, printed):
    """Nobody is in the outer tenths: the table by arm tells no more than that."""
    found = results(0.0)
    preference = entry_json(found.entries[0])["preference"]
    assert [arm["percent"] for arm in preference["arms"]] == [100.0, 100.0]
    (_, table) = printed(found, labels_of(found.study)).tables("propensity")
    assert table.title == "Preference score"
    assert [arm["n"] for arm in preference["arms"]] == [int(cell) for cell in table.rows[0].cells]


def test_intervals_and_equipoise_are_rows_of_a_table(results, printed):
    found = results(1.0, is_gated=False)
    preference = entry_json(found.entries[0])["preference"]
    (_, table) = printed(found, labels_of(found.study)).tables("propensity")
    labels = [row.label for row in table.rows]
    assert labels[:3] == ["Patients with a score", "0.0–0.1", "0.1–0.2"]
    assert labels[-2:] == ["0.9–1.0", "In equipoise (0.3–0.7)"]
    shown = [f"{arm['equipoise']} ({arm['percent']:.1f})" for arm in preference["arms"]]
    assert [" ".join(cell.split()) for cell in table.rows[-1].cells] == shown
    assert not any("refused" in note for note in table.notes)


def test_coarser_intervals_say_which_rule_refused_finer_ones(results, printed):
    found = results(0.5)
    (_, table) = printed(found, labels_of(found.study)).tables("propensity")
    preference = entry_json(found.entries[0])["preference"]
    assert preference["form"] == "equipoise"
    assert [one["form"] for one in preference["refused"]] == [form.name for form in FORMS[:3]]
    assert [row.label for row in table.rows] == ["Patients with a score", "0.3–0.7", "0.0–0.3 and 0.7–1.0"]
    assert any("was refused by R12" in note for note in table.notes)


def test_a_table_that_is_refused_whole_has_a_box(results, printed):
    """Who is not in equipoise is nearly who has a stage: the two together tell the few in whom they differ."""
    found = results(1.0)
    preference = entry_json(found.entries[0])["preference"]
    assert (preference["arms"], preference["form"]) == ([], "equipoise")
    assert preference["reason"]["rule"] == "R2"
    assert has_result(found.entries[0].result)
    (box,) = printed(found, labels_of(found.study)).blocks("propensity", Box)
    assert box.title == "Preference score"


def test_it_is_judged_after_every_model(patients):
    score = {"covariates": ["age", "stage"], "preference": True, "adjustments": {"match": {"method": "nearest"}}}
    cox = {"kind": "cox", "endpoints": ["os"], "populations": ["all", "match"], "univariable": ["arm"]}
    study = patients.study(SITES, analyses={"score": {"kind": "propensity"}, "cox": cox}, propensity=score)
    order = [analysis.id for analysis in plan(study).judging_order]
    assert order.index(PREFERENCE) > max(at for at, id_ in enumerate(order) if id_.startswith("cox/"))
