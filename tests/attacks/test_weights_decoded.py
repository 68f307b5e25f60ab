"""One hospital's sums of products of weighted columns, as another of two knows them: from exact ones it finds which of
the weights that there may be are those of a level's patients, and so their covariates. Rounded ones leave many."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from tests.attacks.rogue import Rogue, exposure

from riskset.analyses.admission import of_columns
from riskset.analyses.admission.of_columns import Pairs, Products
from riskset.analyses.admission.step import Own
from riskset.analyses.cohort import AnalysisSet, Cohort, SetId
from riskset.analyses.design import Column
from riskset.analyses.weights import effective

N, HAVING, KINDS = 40, 5, 25
LEVEL = Column("rare", "true", "false", 1)
SET = SetId("os", weighted_by="w")
NAME = "rare = true (os weighted by w)"


@pytest.fixture
def hospital():
    """Returns a hospital's cohort, the weights that there may be, and those of its patients with the level."""
    random = np.random.default_rng(3)
    kinds = 1 / random.uniform(0.15, 0.95, KINDS)
    kinds /= kinds.mean()
    weights = kinds[random.integers(0, KINDS, N)]
    rare = (np.arange(N) < HAVING).astype(float)
    rows = AnalysisSet(np.arange(1, N + 1), np.ones(N, bool), None, {"rare": rare}, weights=weights)
    return Cohort("asan", {SET.name: rows}), kinds, np.sort(weights[:HAVING])


def told(cohort):
    model = Rogue(
        id="m", name="m", set_id=SET, opens=exposure(design=(LEVEL,), weights=True), sends=(), computes=None, waits=()
    )
    own = Own(cohort, {}, units={SET.name: 1.0})
    return {
        label.text: number
        for step in (Pairs(), Products())
        for label, number in zip(step.labels([model]), step.local(own, [model]), strict=True)
    }


def possible(told, kinds, error):
    """The lists of weights of the patients with the level that fit what is told, (lists, HAVING): with s and q the sum
    of their weights and of the squares, their share of the weight is (q - b) / (q + c), b and c being the sums of
    squares of the level and of its product with the weight; all weights follow, and the sum of squares of these is told
    as well. `error` is how far each number may be from the exact one."""
    lists = kinds[np.array(list(combinations_with_replacement(range(len(kinds)), HAVING)))]
    s, q = lists.sum(axis=1), (lists**2).sum(axis=1)
    a, b, c = (
        told[f"centred product of {one} and {other}"]
        for one, other in ((SET.name, SET.name), (NAME, NAME), (SET.name, NAME))
    )
    left = []
    for of_b, of_c in product((-error, error), repeat=2):
        share = (q - b - of_b) / (q + c + of_c)
        left.append(a - (q - c - of_c) / share + (s / share) ** 2 / N)
    tolerance = max(error, 1e-9)
    fits = (np.min(left, axis=0) <= tolerance) & (np.max(left, axis=0) >= -tolerance)
    eighths = np.rint(lists * 8) / 8  # as of a mean of about 1
    fits &= np.abs(eighths.sum(axis=1) - told[f"weights of {NAME}"]) < 0.5 + 1e-9  # told in whole units
    counts = np.array([effective(of) for of in eighths[fits]])
    return lists[fits][counts == told[f"effective patients with {NAME}"]]


def test_the_weights_of_a_few_patients_are_decoded_from_exact_sums(hospital, monkeypatch):
    cohort, kinds, truth = hospital
    monkeypatch.setattr(of_columns, "STEP", 2.0**-40)
    (read,) = possible(told(cohort), kinds, 2.0**-41)
    assert np.sort(read).tolist() == pytest.approx(truth.tolist(), rel=1e-12)
    monkeypatch.undo()
    left = possible(told(cohort), kinds, of_columns.STEP / 2)
    assert len(left) > 30
    assert any(np.allclose(np.sort(of), truth) for of in left)
