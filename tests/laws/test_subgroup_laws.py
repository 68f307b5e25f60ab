"""Laws of subgroups: levels are parts of all patients, and exchanged arms turn every effect."""

import numpy as np
import pytest

from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of

SITES = ("asan", "kurume", "osaka")
ASKED = {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"], "adjusted": ["age"]}


@pytest.fixture(scope="module")
def rows(patients):
    return patients.rows(8, 240)


def answered(patients, rows, reference="old"):
    study = patients.study(SITES, analyses={"sub": ASKED}, comparison={"arm": "arm", "reference": reference})
    cohorts = patients.deal(rows, patients.sites(SITES, 240))
    (entry,) = results_of(study, Rehearsal(study, cohorts, is_gated=False).run(), SITES).entries
    return entry_json(entry)


@pytest.fixture(scope="module")
def truth(patients, rows):
    return answered(patients, rows)


def test_the_levels_are_parts_of_all_patients(truth, rows):
    for key, whole in (("n", 240), ("events", int(np.sum(rows.event)))):
        assert sum(level[key] for level in truth["levels"]) == truth["overall"][key] == whole
    for level in (truth["overall"], *truth["levels"]):
        assert [sum(arm[key] for arm in level["by_arm"]) for key in ("n", "events")] == [level["n"], level["events"]]


@pytest.mark.exhaustive
def test_the_other_reference_turns_every_effect_and_no_test(patients, rows, truth):
    found = answered(patients, rows, reference="new")
    for one, other in zip((truth["overall"], *truth["levels"]), (found["overall"], *found["levels"]), strict=True):
        models = [(one, other)]
        if "interaction_model" in one:
            models.append((one["interaction_model"], other["interaction_model"]))
        for before, after in models:
            assert after["coef"] == pytest.approx(-before["coef"], abs=1e-8 * before["se"])
            assert after["se"] == pytest.approx(before["se"], rel=1e-8)
    for test in ("likelihood_ratio", "wald"):
        assert found["interaction"][test]["df"] == truth["interaction"][test]["df"] == 2
        assert found["interaction"][test]["chi2"] == pytest.approx(truth["interaction"][test]["chi2"], abs=1e-6)
