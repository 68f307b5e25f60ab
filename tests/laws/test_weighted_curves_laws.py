"""Laws of curves by averaged weights: what blocks are, and that neither the order of rows, nor to which hospitals
patients are dealt, nor a hospital with nobody changes a bit."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.km_weighted import WeightedKaplanMeier
from riskset.analyses.moments import Moments, moments_id
from riskset.analyses.plan import plan
from riskset.analyses.weights import Weights
from riskset.stats.averaged_weights import IN_NONE, apart, averages, blocks, influences_on_mean
from riskset.stats.kaplan_meier import product_limit, restricted_mean

N = 200
counts = st.lists(st.integers(0, 9), min_size=1, max_size=30).map(lambda own: np.array([own]))


@given(counts, st.integers(1, 25))
def test_blocks_are_consecutive_and_have_enough(counts, least):
    found = blocks(counts, least)
    leaves = counts[0] > 0
    of = found.of[0][leaves]
    if counts.sum() < least:
        assert (found.of == IN_NONE).all()
        return
    assert [counts[found.of == block].sum() for block in range(len(found.sizes))] == list(found.sizes)
    assert min(found.sizes) >= least
    assert (np.diff(of) >= 0).all()
    assert (found.of[0][~leaves] == IN_NONE).all()


@given(counts.filter(lambda own: own.sum() >= 5), st.data())
def test_averages_keep_the_sum_of_weights(counts, data):
    found = blocks(counts, 5)
    totals = np.array(data.draw(st.lists(st.integers(0, 99), min_size=len(found.sizes), max_size=len(found.sizes))))
    assert (counts * averages(found, totals)).sum() == pytest.approx(totals.sum())


@given(st.lists(st.integers(0, 300), max_size=30).map(sorted), st.integers(1, 40))
def test_times_apart_have_enough_between_and_all_others_too_few(events, least):
    found = apart(events, least)
    assert found[:1] == [0][: len(events)]
    kept = [events[at] for at in found]
    assert all(after - before >= least for before, after in pairwise(kept))
    for at in set(range(len(events))) - set(found):
        assert events[at] - max(events[one] for one in found if one < at) < least


two_statuses = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=30)
two_statuses = two_statuses.map(lambda own: np.array([*own, (0, 5)], float).T)
"""Somebody is censored at the end."""


def mean_up_to(weighted, tau):
    return restricted_mean(product_limit(weighted[0], weighted[1], None, np.arange(weighted.shape[1])), tau)


@given(two_statuses, st.data())
def test_an_influence_on_the_mean_is_its_derivative(counts, data):
    tau = data.draw(st.floats(0.5, counts.shape[1] - 1.5))
    each = influences_on_mean(counts, np.arange(counts.shape[1]), tau)
    at, h = data.draw(st.sampled_from(np.argwhere(counts > 0).tolist())), 1e-5
    more, less = counts.copy(), counts.copy()
    more[tuple(at)] += h
    less[tuple(at)] -= h
    numeric = (mean_up_to(more, tau)[0] - mean_up_to(less, tau)[0]) / (2 * h)
    # the third derivative times h^2 is far below; what is lost to rounding is some 1e-16 tau / h
    assert each[tuple(at)] == pytest.approx(numeric, rel=1e-5, abs=1e-7)


def test_with_weights_of_1_the_error_of_the_mean_is_nearly_greenwoods():
    """Both estimate the same; they differ by terms of the order 1/n."""
    random = np.random.default_rng(5)
    counts = np.array(
        [random.multinomial(4000, np.full(40, 1 / 40)), random.multinomial(2000, np.full(40, 1 / 40))], float
    )
    mean, greenwood = mean_up_to(counts, 25)
    jackknife = np.sqrt((counts * influences_on_mean(counts, np.arange(40), 25) ** 2).sum())
    assert mean == pytest.approx(mean_up_to(3 * counts, 25)[0])  # a factor on all weights changes nothing
    assert jackknife == pytest.approx(greenwood, rel=1e-3)


@pytest.fixture(scope="module")
def curves(patients):
    """Returns the analysis, the patients of all hospitals with their weights, and what it needs of other results."""
    score = {"covariates": ["age"], "adjustments": {"iptw": {"method": "ate"}}}
    asked = {
        "score": {"kind": "propensity"},
        "curves": {"kind": "km", "endpoints": ["os"], "populations": ["all", "iptw"]},
    }
    by_id = plan(patients.study(["asan", "kurume"], analyses=asked, propensity=score)).by_id
    analysis, of_all = by_id["km/os/iptw"], by_id["km/os/all"]
    rows = patients.rows(4, N)
    rows = replace(rows, weights=np.random.default_rng(1).uniform(0, 3, N))
    total = of_all.prepare(Cohort("all", {"os": rows}), {})
    moments = Moments(N, 0, {}, Weights(float(rows.weights.sum()), 1.0), Weights(1.0, 1.0))
    inputs = {"km/os/all": of_all.combine(total, None), moments_id("os/iptw"): moments}
    assert isinstance(analysis, WeightedKaplanMeier)
    return analysis, rows, inputs


def summed(curves, which):
    """Returns the sums of a hospital that has these patients."""
    analysis, rows, inputs = curves
    own = replace(
        rows,
        days=rows.days[which],
        event=rows.event[which],
        variables={name: values[which] for name, values in rows.variables.items()},
        weights=rows.weights[which],
        cause=None,
    )
    state = analysis.start(inputs)
    return analysis.local(analysis.prepare(Cohort("own", {"os/iptw": own}), inputs), state)


@given(st.permutations(range(N)), st.integers(0, N))
def test_order_and_dealing_change_no_bit(curves, order, at):
    every = summed(curves, np.arange(N))
    one, other = (np.array(part, np.int64) for part in (order[:at], order[at:]))
    np.testing.assert_array_equal(summed(curves, one) + summed(curves, other), every)


def test_the_weights_of_all_are_in_the_curves(curves):
    analysis, rows, inputs = curves
    state = analysis.start(inputs)
    found = analysis.combine(summed(curves, np.arange(N)).tolist(), state)
    rounded = np.rint(rows.weights / state.mean * 8) * state.mean / 8
    for arm, curve in enumerate(found.arms):
        assert curve.curve.at_risk[0] == pytest.approx(rounded[rows.variables["arm"] == arm].sum())
