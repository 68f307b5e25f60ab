"""What must not change a Cox likelihood: laws over small random cohorts with ties, weights, entries and strata."""

from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from riskset.stats.cox import Derivatives, evaluate, risk_sets

TIES = st.sampled_from(["efron", "breslow"])


@dataclass(frozen=True)
class Rows:
    X: np.ndarray
    days: np.ndarray
    event: np.ndarray
    entry_days: np.ndarray | None
    weights: np.ndarray | None
    strata: np.ndarray | None

    def take(self, index):
        return Rows(*(None if v is None else v[index] for v in vars(self).values()))

    def at(self, beta, ties, **options):
        return evaluate(risk_sets(**vars(self), **options), beta, ties)


@st.composite
def cohorts(draw, max_rows=14, is_plain=False):
    n, p = draw(st.integers(0, max_rows)), draw(st.integers(1, 3))
    whole = lambda lowest, highest: draw(arrays(np.int64, n, elements=st.integers(lowest, highest)))  # noqa: E731
    X = draw(arrays(np.int64, (n, p), elements=st.integers(-4, 4))) / 2
    days, ahead = whole(0, 6), whole(1, 8)
    event = draw(arrays(np.bool_, n))
    has_entry, has_weights, has_strata = (not is_plain and draw(st.booleans()) for _ in range(3))
    return Rows(
        X,
        days,
        event,
        days - ahead if has_entry else None,
        whole(1, 12) / 4 if has_weights else None,
        whole(0, 3) if has_strata else None,
    )


def betas(rows):
    return np.array([0.7, -0.4, 0.2])[: rows.X.shape[1]]


def assert_same(a, b):
    """Sums of a few dozen terms of order 10: 1e-10 is far above rounding, far below any real difference."""
    for name in ("log_likelihood", "score", "information"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=1e-10, atol=1e-10, err_msg=name)


@given(cohorts(), TIES, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows, ties, random):
    order = list(range(len(rows.days)))
    random.shuffle(order)
    assert_same(rows.take(order).at(betas(rows), ties), rows.at(betas(rows), ties))


@given(cohorts(), TIES, st.data())
def test_hospitals_add_to_the_pooled_rows_stratified_by_hospital(rows, ties, data):
    site = data.draw(arrays(np.int64, len(rows.days), elements=st.integers(0, 3)))
    strata = np.zeros_like(site) if rows.strata is None else rows.strata
    parts = [rows.take(site == k).at(betas(rows), ties) for k in range(4)]  # some may be empty
    pooled = replace(rows, strata=site * 10 + strata).at(betas(rows), ties)
    assert_same(reduce(add, parts), pooled)
    assert_same(reduce(add, parts[::-1]), pooled)


@given(cohorts(), TIES)
def test_an_empty_hospital_adds_nothing(rows, ties):
    one = rows.at(betas(rows), ties)
    nothing = rows.take(np.zeros(len(rows.days), dtype=bool)).at(betas(rows), ties)
    p = rows.X.shape[1]
    assert_same(nothing, Derivatives(0.0, np.zeros(p), np.zeros((p, p))))
    assert_same(one + nothing, one)


@given(cohorts(), TIES, st.integers(2, 400))
def test_unit_of_time_changes_nothing(rows, ties, unit):
    entry = None if rows.entry_days is None else rows.entry_days * unit
    in_unit = replace(rows, days=rows.days * unit, entry_days=entry)
    assert_same(in_unit.at(betas(rows), ties), rows.at(betas(rows), ties))


@given(cohorts(), TIES, st.permutations(range(4)))
def test_names_of_strata_change_nothing(rows, ties, names):
    if rows.strata is not None:
        renamed = replace(rows, strata=np.array(names)[rows.strata] * 1000)
        assert_same(renamed.at(betas(rows), ties), rows.at(betas(rows), ties))


@given(cohorts(), TIES)
def test_a_shift_within_a_stratum_changes_nothing(rows, ties):
    """So there is nothing to centre, and a term constant within every hospital cannot be estimated."""
    strata = np.zeros(len(rows.days)) if rows.strata is None else rows.strata
    shifted = replace(rows, X=rows.X + 3 * strata[:, None] - 50)
    assert_same(shifted.at(betas(rows), ties), rows.at(betas(rows), ties))


@given(cohorts(), TIES)
def test_scale_divides_the_columns(rows, ties):
    beta = betas(rows)
    scale = np.array([4.0, 0.5, 2.0])[: len(beta)]
    own = rows.at(beta, ties)
    scaled = rows.at(beta * scale, ties, scale=scale)
    expected = Derivatives(own.log_likelihood, own.score / scale, own.information / np.outer(scale, scale))
    assert_same(scaled, expected)


@given(cohorts(is_plain=True), st.data())
def test_whole_weights_are_repeated_rows_for_breslow(rows, data):
    repeats = data.draw(arrays(np.int64, len(rows.days), elements=st.integers(1, 3)))
    weighted = replace(rows, weights=repeats.astype(float)).at(betas(rows), "breslow")
    repeated = rows.take(np.repeat(np.arange(len(repeats)), repeats)).at(betas(rows), "breslow")
    assert_same(weighted, repeated)


@given(cohorts())
def test_without_ties_efron_is_breslow(rows):
    distinct = replace(rows, days=rows.days * 100 + np.arange(len(rows.days)))
    assert_same(distinct.at(betas(rows), "efron"), distinct.at(betas(rows), "breslow"))


@given(cohorts(), TIES)
def test_score_and_information_are_the_slopes(rows, ties):
    """Central differences with h = 1e-4: their own error is about h^2 times a third derivative, some 1e-6."""
    beta, h = betas(rows), 1e-4
    sets = risk_sets(**vars(rows))
    here = evaluate(sets, beta, ties)
    for j in range(len(beta)):
        e = np.zeros(len(beta))
        e[j] = h
        ahead, behind = evaluate(sets, beta + e, ties), evaluate(sets, beta - e, ties)
        slope = (ahead.log_likelihood - behind.log_likelihood) / (2 * h)
        assert slope == pytest.approx(here.score[j], abs=1e-5, rel=1e-6)
        np.testing.assert_allclose((behind.score - ahead.score) / (2 * h), here.information[j], atol=1e-5, rtol=1e-6)


@given(cohorts(), TIES)
def test_information_is_symmetric_and_not_negative(rows, ties):
    information = rows.at(betas(rows), ties).information
    assert (information == information.T).all()
    assert np.linalg.eigvalsh(information).min() > -1e-9


@given(cohorts(), TIES)
def test_the_sums_are_those_of_the_definition(rows, ties):
    assert_same(rows.at(betas(rows), ties), by_definition(rows, betas(rows), ties))


def by_definition(rows, beta, ties):
    """The formulas as they stand in the literature, a risk set at a time."""
    n, p = rows.X.shape
    w = np.ones(n) if rows.weights is None else rows.weights
    s = np.zeros(n) if rows.strata is None else rows.strata
    entry = np.full(n, -np.inf) if rows.entry_days is None else rows.entry_days
    r, total = w * np.exp(rows.X @ beta), Derivatives(0.0, np.zeros(p), np.zeros((p, p)))
    for stratum, day in {(s[i], rows.days[i]) for i in range(n) if rows.event[i]}:
        at_risk = (s == stratum) & (entry < day) & (rows.days >= day)
        events = at_risk & rows.event & (rows.days == day)
        m = int(events.sum())
        total += Derivatives(w[events] @ (rows.X[events] @ beta), w[events] @ rows.X[events], np.zeros((p, p)))
        for l in range(m):  # noqa: E741
            share = r * (at_risk - (l / m if ties == "efron" else 0) * events)
            mean = share @ rows.X / share.sum()
            spread = (rows.X.T * share) @ rows.X / share.sum() - np.outer(mean, mean)
            wbar = w[events].mean()
            total += Derivatives(-wbar * np.log(share.sum()), -wbar * mean, wbar * spread)
    return total
