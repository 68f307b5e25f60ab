"""Patients' own weights: sums of w x beside sums of x, or of w x with another w, tell of whoever is weighted otherwise.
With the rule off the patient's row is read from the totals; with it on, no such sum leaves; the nearest honest question
is answered."""

import numpy as np
import pytest

from riskset.analyses.methods.cox_fit import CoxFit

BINARY = ("arm", "ecog", "mvi", "male")
SITE = "busan"
UNWEIGHTED, WEIGHTED = "cox/os/all/multivariable", "cox/os/all/multivariable/weighted"


def models(*names, beside=True, **weights):
    """Returns a model without weights, and one for each of the weights, by the name of its entry."""
    cox = {"kind": "cox", "endpoints": ["os"], "multivariable": list(names)}
    entries = {name: cox | {"weights": of, "robust": "none"} for name, of in weights.items()}
    return {"plain": cox, **entries} if beside else entries


def victim_of(table):
    return int(np.flatnonzero(table["site"] == SITE)[7])


def from_the_mean(table, victim, name):
    return table[name][victim] - table[name][table["site"] == SITE].mean()


def with_weights(table, weights):
    return table | {"w": np.round(weights, 6)}


def honest(table, seed=9):
    """Weights as of an inverse probability of the arm, cut at 0.5 and 2."""
    odds = np.exp(0.4 * table["ecog"] + 0.3 * table["mvi"] - 0.2)
    p = odds / (1 + odds)
    return np.where(table["arm"] == 1, 0.45 / p, 0.55 / (1 - p)) * np.random.default_rng(seed).uniform(0.8, 1.2, len(p))


class TestHonestWeights:
    def test_a_model_of_the_arm_is_answered_beside_one_of_all_covariates(self, network, patients):
        table = patients()
        plain = models("arm", "age", "ecog", "mvi", "male")
        arm = {"weighted": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "w"}}
        results = network(with_weights(table, honest(table)), plain | arm, arm="arm").run().results
        found = results[WEIGHTED]
        assert isinstance(found, CoxFit)
        w = honest(table)
        assert found.events is None
        assert found.weights.total == pytest.approx(w.sum(), rel=0.01)
        assert found.weights.effective == pytest.approx(w.sum() ** 2 / (w**2).sum(), rel=0.01)
        dead = w[table["dead"] == 1]
        assert found.weights_of_events.effective == pytest.approx(dead.sum() ** 2 / (dead**2).sum(), rel=0.02)
