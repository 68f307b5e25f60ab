"""What is said where a site's own patients do not pass, in a population whose weights follow from the score: no level
can be merged, and no weight be divided, that would change it."""

import numpy as np
import pytest

from riskset.analyses.admission.causes import refusal_by_a_site
from riskset.analyses.plan import plan
from riskset.disclosure import models, span
from riskset.disclosure.policy import default_policy

POLICY = default_policy("pooled", 5)
SCORE = {
    "covariates": ["age", "stage"],
    "adjustments": {
        "iptw": {"method": "overlap"},
        "two": {"method": "nearest", "ratio": 2},
        "pairs": {"method": "nearest"},
    },
}
OS = {"endpoints": ["os"]}
ASKED = {
    "score": {"kind": "propensity"},
    "curves": {"kind": "km", **OS, "populations": ["all", "iptw"]},
    "models": {"kind": "cox", **OS, "univariable": ["arm"], "populations": ["all", "iptw", "two", "pairs"]},
}


@pytest.fixture
def by_id(patients):
    return plan(patients.study(("asan", "kurume", "osaka"), analyses=ASKED, propensity=SCORE)).by_id


@pytest.mark.parametrize("population", ["iptw", "two"])
@pytest.mark.parametrize(("phase", "cause"), [("admission/pairs", "R4.column"), ("first", "R4.leverage")])
def test_leverage(by_id, population, phase, cause):
    def remedy(of):
        return str(refusal_by_a_site(POLICY, phase, cause, by_id[f"cox/os/{of}/univariable/arm"]).remedy)

    assert 'method = "ate", truncate = 3' in remedy(population)
    assert "until" not in remedy(population)
    assert "merge rare levels until" in remedy("all")
    assert "merge rare levels until" in remedy("pairs")


def test_share_of_a_site(by_id):
    def remedy(of):
        return str(refusal_by_a_site(POLICY, "admission/pairs", "R8.site_weight", by_id[of]).remedy)

    assert "truncate" in remedy("cox/os/iptw/univariable/arm")
    assert "divide" not in remedy("cox/os/iptw/univariable/arm")
    assert "divide each by its hospital's mean" in str(models.site_weight(POLICY, "a", 0.9).remedy)
    assert "truncate" in str(models.site_weight(POLICY, "a", 0.9, follows=True).remedy)


def test_in_the_ledger_of_the_site():
    """One of two patients, with a column of their own: each has a leverage of one half."""
    rows = np.array([[1.0], [1.0]])
    users = [("weighted", [0])]
    (plain,) = span.design(POLICY, "R4.leverage", rows, rows.T @ rows, users)
    (by_score,) = span.design(POLICY, "R4.leverage", rows, rows.T @ rows, users, following={"weighted"})
    assert not plain.passes
    assert "merge rare levels until" in str(plain.remedy)
    assert "truncate = 3" in str(by_score.remedy)


def test_a_curve_is_no_model(by_id):
    said = str(refusal_by_a_site(POLICY, "admission/pairs", "R4.column", by_id["km/os/iptw"]).message)
    assert "model" not in said
    assert "weights" in said
    plain = refusal_by_a_site(POLICY, "admission/pairs", "R4.column", by_id["cox/os/all/univariable/arm"])
    assert "this model" in str(plain.message)


def test_another_curve_may_be_of_the_same_study(by_id):
    refusal = refusal_by_a_site(POLICY, "admission/counts", "R9.other_patients", by_id["km/os/all"])
    assert "of this study or of an earlier run" in str(refusal.message)
    assert "one matched population" in str(refusal.remedy)
