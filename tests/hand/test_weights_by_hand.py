"""Patients with weights of their own, worked by hand for the six patients of Therneau and Grambsch (2000), appendix
E.1, at a coefficient of 0, where patient 3 counts twice.

    patient    1    2    3    4    5    6
    day        1    1    6    6    8    9
    event      1    0    1    1    0    1
    x          1    1    1    0    0    0
    w          1    1    2    1    1    1

Day 1: weight 7 at risk, mean of x 4/7, hazard 1/7. Day 6: weight 5, mean 2/5; two events of mean weight 3/2, hazard 3/5
(Breslow). Day 9: one at risk.

Score residuals, w times that of the patient, in 1225ths:
    1:     (1 - 4/7) - (3/7)(1/7)                     450
    2:               - (3/7)(1/7)                     -75
    3: 2 [ (1 - 2/5) - (3/7)(1/7) - (3/5)(3/5) ]      438
    4:     (0 - 2/5) + (4/7)(1/7) + (2/5)(3/5)        -96
    5 and 6:           (4/7)(1/7) + (2/5)(3/5)        394
Their sum is 1505/1225 = 43/35, the score: 1 + 2 - 4/7 - 3 (2/5).

Their squares add up to (450^2 + 75^2 + 438^2 + 96^2 + 2 394^2) / 1225^2 = 719,657 / 1225^2, so that the robust score
test is 1505^2 / 719,657 = 3.147, on one degree of freedom; of two hospitals with these patients each it is twice that.

The weights count as 7^2 / 9 = 5.4 patients, those with an event (1, 2, 1, 1) as 25/7 = 3.6, those with x as 16/6 = 2.7
and those without as 3. Patient 3 has 2/7 of all weight, and 2/4 of that of those with x.

Their mean is 7/6, next to 1 of all powers of two: weights are rounded to eighths.
"""

from dataclasses import replace

import numpy as np
import pytest
from tests.attacks.rogue import Rogue, exposure

from riskset.analyses.admission import weighings
from riskset.analyses.admission.weighings import Weighed
from riskset.analyses.cohort import AnalysisSet, Cohort, SetId
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.weights import Weights, effective, largest_share, rounded, unit
from riskset.rehearsal import Rehearsal
from riskset.stats.at_events import AtEvents
from riskset.stats.cox import evaluate, risk_sets

DAYS, EVENT, X = [1, 1, 6, 6, 8, 9], [True, False, True, True, False, True], [[1], [1], [1], [0], [0], [0]]
W = np.array([1.0, 1, 2, 1, 1, 1])
HAS = np.array([1, 1, 1, 0, 0, 0], bool)


def test_score_residuals_are_those_by_hand():
    rows = risk_sets(np.array(X, float), np.array(DAYS), np.array(EVENT), weights=W)
    found = AtEvents.of(rows, [0.0], "breslow").score_residuals(np.ones(4))[0]
    # events of a day come before its censorings
    assert found * 1225 == pytest.approx([450, -75, 438, -96, 394, 394], abs=1e-9)
    assert found.sum() == pytest.approx(evaluate(rows, [0.0], "breslow").score[0], abs=1e-12) == pytest.approx(43 / 35)


def test_the_weighted_log_rank_test_of_two_such_hospitals(patients):
    sites = ("asan", "kurume")
    cox = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "age", "ties": "breslow"}
    rows = patients.rows(1, 6)
    values = {"arm": np.array(X, float)[:, 0], "age": W, "stage": np.zeros(6)}
    rows = replace(rows, days=np.array(DAYS), event=np.array(EVENT), variables=values)
    cohorts = {name: Cohort(name, {"os": rows, "os weighted by age": replace(rows, weights=W)}) for name in sites}
    results = Rehearsal(patients.study(sites, analyses={"cox": cox}), cohorts, is_gated=False).run().results
    fit = results["cox/os/all/multivariable"]
    assert isinstance(fit, CoxFit)
    found = results["cox/os/all/multivariable/robust_score"].test
    assert found.chi2 == pytest.approx(2 * 1505**2 / 719657, rel=1e-9)
    assert found.df == 1
    # the ordinary score test divides by the information: 12/49 and, twice, 3/2 times 6/25
    assert fit.score.chi2 == pytest.approx(2 * (43 / 35) ** 2 / (12 / 49 + 18 / 25), rel=1e-9)


@pytest.mark.parametrize("beta", [0.0, -0.4])
def test_a_patient_who_counts_twice_is_two_patients(beta):
    twice = np.repeat(np.arange(6), W.astype(int))
    weighted = risk_sets(np.array(X, float), np.array(DAYS), np.array(EVENT), weights=W)
    copied = risk_sets(np.array(X, float)[twice], np.array(DAYS)[twice], np.array(EVENT)[twice])
    one, other = (AtEvents.of(rows, [beta], "breslow") for rows in (weighted, copied))
    g, events = np.array([1.0, 6, 6, 9]), np.array([1.0, 6, 6, 6, 9])
    assert one.information(g) == pytest.approx(other.information(events), rel=1e-12)
    assert one.score_residuals(g).sum() == pytest.approx(other.score_residuals(events).sum(), rel=1e-12)


def test_effective_numbers_and_shares_are_those_by_hand():
    assert [effective(W), effective(W[EVENT]), effective(W[HAS]), effective(W[~HAS])] == [5, 3, 2, 3]
    assert (largest_share(W), largest_share(W[HAS]), largest_share(W[HAS], 8.0)) == pytest.approx((2 / 7, 1 / 2, 1 / 4))
    assert (effective(np.zeros(0)), largest_share(np.zeros(0)), Weights(0.0, 0.0).effective) == (0, 0.0, 0)
    assert Weights(7.0, 9.0).effective == 5


def test_equal_weights_count_as_the_patients():
    """Also of a size at which squares lose digits: never one fewer."""
    for n in (1, 3, 7, 49, 530):
        for w in (1e-3, 1 / 3, 1e3):
            assert effective(np.full(n, w)) == n


def test_weights_are_rounded_by_the_mean_of_the_hospital():
    assert [unit(mean) for mean in (7 / 6, 1.5, 0.3, 600.0)] == [1.0, 2.0, 0.25, 512.0]
    assert rounded(np.array([1.03, 0.9, 1.2])).tolist() == [1.0, 0.875, 1.25]
    assert rounded(np.array([0.26, 0.3])).tolist() == [0.25, 0.3125]
    assert rounded(np.zeros(0)).tolist() == []


def test_sums_of_those_with_the_event_are_in_units_of_which_each_weight_is_rounded_to_eighths():
    """1.45, 1.37 and 1.41 have a mean of 1.41, which is nearer to 1 than to 2, since 1.41^2 is below 2. In eighths they
    are 1.5, 1.375 and 1.375, with a mean above the root of 2. The first two have the event: 2.875 is 3, and the sum of
    squares, 2.25 + 1.89 = 4.14, is 4. They count as 9/4 patients."""
    weights, event = np.array([1.45, 1.37, 1.41]), np.array([True, True, False])
    rows = AnalysisSet(np.array([1, 2, 3]), event, None, {}, weights=weights)
    of = Rogue(
        id="m",
        name="m",
        set_id=SetId("os", weighted_by="w"),
        opens=exposure(design=(), weights=True),
        sends=(),
        computes=None,
        waits=(),
    )
    name = of.analysis_set
    found, _ = weighings.combined([of], weighings.local(Cohort("asan", {name: rows}), [of]))
    assert found[Weighed(name)] == Weights(4.25, 1.5**2 + 2 * 1.375**2)
    assert found[Weighed(name, with_event=True)] == Weights(3.0, 4.0)
    assert found[Weighed(name, with_event=True)].effective == 2
