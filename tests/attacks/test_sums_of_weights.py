"""Sums of weights that are told before a model is judged, of two sets that differ in one patient: all patients and
those with an event, two levels, weights before and after their limit. Whoever subtracts them has that patient's weight,
and by the coefficients of the score nearly the row. So a hospital's sums are rounded by more than one weight."""

import numpy as np
import pytest
from tests.attacks.rogue import Rogue, exposure

from riskset.analyses import weights as of_weights
from riskset.analyses.admission import weighings
from riskset.analyses.admission.weighings import Weighed
from riskset.analyses.cohort import AnalysisSet, Cohort, SetId
from riskset.analyses.design import Column
from riskset.analyses.methods import propensity_sums
from riskset.analyses.weights import n_means, rounded

N, ONE = 40, 7
SET = SetId("os", weighted_by="w")
A, B = (Column(name, "true", "false", 1) for name in "ab")


def hospital(seed):
    """Returns a hospital where everybody but one has the event, and has a if b, but for that one; and the weights."""
    random = np.random.default_rng(seed)
    a, is_one = (random.random(N) < 0.5).astype(float), np.arange(N) == ONE
    a[ONE] = 0.0
    weights = random.uniform(0.4, 2.5, N)
    weights /= weights.mean()
    variables = {"a": a, "b": np.where(is_one, 1.0, a)}
    rows = AnalysisSet(np.arange(1, N + 1), ~is_one, None, variables, weights=weights)
    return Cohort("asan", {SET.name: rows}), weights


def told(cohort):
    """Returns what is told of the weights of all, of those with the event, and of those with each level."""
    model = Rogue(
        id="m", name="m", set_id=SET, opens=exposure(design=(A, B), weights=True), sends=(), computes=None, waits=()
    )
    whole, _ = weighings.combined([model], weighings.local(cohort, [model]))
    levels = weighings.combined_levels([model], weighings.local_levels(cohort, [model]))
    of = {level.column.name: known.total for level, known in levels.items() if level.column and not level.is_rest}
    events = whole[Weighed(SET.name, with_event=True)]
    return whole[Weighed(SET.name)].total - events.total, of[B.name] - of[A.name]


@pytest.mark.parametrize("of", [0, 1], ids=["without the event", "with one level only"])
def test_the_difference_is_the_weight_by_sums_of_rounded_weights_and_not_by_what_is_told(of, monkeypatch):
    every = [hospital(seed) for seed in range(20)]
    monkeypatch.setattr(weighings, "in_units", lambda sums, *_: sums)
    read = np.array([told(cohort)[of] for cohort, _ in every])
    truth = np.array([weights[ONE] for _, weights in every])
    assert np.abs(read - truth).max() < 0.07  # half an eighth
    monkeypatch.undo()
    uncertain = np.abs(np.array([told(cohort)[of] for cohort, _ in every]) - truth)
    assert np.quantile(uncertain, 0.5) > 0.2
    assert uncertain.max() > 0.4


def test_of_the_one_above_the_limit_the_mean_tells_nothing():
    """The sum of all weights before the limit, less that after it, which admission tells in eighths."""
    read, hidden = [], []
    for seed in range(20):
        _, weights = hospital(seed)
        weights = weights * np.random.default_rng(seed).uniform(0.9, 1.3)
        weights[ONE] = 6.0
        after = rounded(np.minimum(weights, 3.0)).sum()
        read.append(rounded(weights).sum() - after - 3.0)
        hidden.append(n_means(weights) - after - 3.0)
    assert np.abs(np.array(read)).max() < 0.3
    assert np.abs(np.array(hidden)).max() > 1.0
    assert propensity_sums.n_means is of_weights.n_means
