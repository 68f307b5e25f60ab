"""Laws of what a model may be made of: splines, interactions, further strata, a landmark, and their tests."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.analyses.cohort import Cohort
from riskset.disclosure.composed import product, restricted_cubic
from riskset.disclosure.exposure import Column
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.stats.cox import evaluate, fit, risk_sets

KNOTS = st.lists(st.integers(-20, 20), min_size=3, max_size=7, unique=True).map(sorted)
UNITS = st.tuples(st.floats(0.01, 100.0), st.floats(-50.0, 50.0))


def parts(x, knots):
    return [restricted_cubic(np.asarray(x, float), tuple(map(float, knots)), i) for i in range(len(knots) - 2)]


class TestSplines:
    @given(KNOTS)
    def test_a_part_begins_at_its_knot_and_rises_to_a_straight_line(self, knots):
        steps = np.linspace(knots[0], knots[-1], 41)
        for knot, before, inside, after in zip(
            knots,
            parts([knots[0] - 5, knots[0]], knots),
            parts(steps, knots),
            parts(knots[-1] + np.arange(4.0), knots),
            strict=False,
        ):
            size = after[-1]
            assert before.tolist() == [0.0, 0.0]
            assert (inside[steps <= knot] == 0).all()
            # cubes of at most 43 that cancel: 1e-16 of them over the square of the distance of the knots
            assert (np.diff(inside) >= -1e-10 * size).all()
            np.testing.assert_allclose(np.diff(after, 2), 0, atol=1e-9 * size)
            assert size > 0

    @given(KNOTS, UNITS)
    def test_in_another_unit_it_is_the_same_curve(self, knots, unit):
        factor, shift = unit
        x = np.linspace(knots[0] - 3, knots[-1] + 3, 17)
        for own, other in zip(
            parts(x, knots), parts(factor * x + shift, [factor * k + shift for k in knots]), strict=True
        ):
            np.testing.assert_allclose(other, factor * own, rtol=0, atol=1e-7 * factor * max(own.max(), 1.0))

    @given(st.integers(0, 2**32), st.sampled_from(["efron", "breslow"]))
    def test_the_likelihood_depends_on_no_unit(self, patients, seed, ties):
        rows = patients.rows(seed, 60)
        at = [0.02, 0.5, -0.3]
        for factor in (1.0, 12.0):
            age = rows.variables["age"] / factor
            X = np.column_stack([age, *parts(age, [50 / factor, 60 / factor, 70 / factor]), rows.variables["arm"]])
            scaled = np.array(at) * [factor, factor, 1.0]
            found = evaluate(risk_sets(X, rows.days, rows.event, entry_days=None), scaled, ties)
            if factor == 1.0:
                first = found
        assert found.log_likelihood == pytest.approx(first.log_likelihood, rel=1e-10)


class TestInteractions:
    @given(st.integers(0, 2**32))
    def test_the_other_reference_turns_the_effects_and_leaves_the_likelihood(self, patients, seed):
        """b_arm, b_age, b_both of arm; with the other arm as reference -b_arm, b_age + b_both, -b_both."""
        rows = patients.rows(seed, 200)
        arm, age = rows.variables["arm"], rows.variables["age"] / 10 - 6
        one, other = (
            fit([risk_sets(np.column_stack([a, age, a * age]), rows.days, rows.event, entry_days=None)], "efron")
            for a in (arm, 1 - arm)
        )
        assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)
        b = np.array(one.beta)
        np.testing.assert_allclose(other.beta, [-b[0], b[1] + b[2], -b[2]], rtol=1e-6, atol=1e-6)

    @given(st.integers(0, 2**32), st.integers(1, 40))
    def test_its_values_are_products_within_their_limits(self, patients, seed, n):
        rows = patients.rows(seed, n)
        age = Column("age", middle=50.0, half_range=50.0)
        level = Column("stage", level="II", reference="I", code=1)
        found = product(age, level)
        assert found.values(rows).tolist() == (rows.variables["age"] * (rows.variables["stage"] == 1)).tolist()
        assert (np.abs(found.values(rows) - found.middle) <= found.half_range).all()


SITES = ("asan", "kurume", "osaka")
ALL_AT_ONCE = {
    "survival": {"kind": "km", "endpoints": ["os"]},
    "cox": {
        "kind": "cox",
        "endpoints": ["os"],
        "multivariable": ["arm", "age", "arm:age"],
        "splines": {"age": [50, 65, 80]},
        "linearity": "likelihood_ratio",
        "strata": ["stage"],
        "robust": "patient",
        "ph_test": ["km", "identity", "rank"],
        "concordance": True,
    },
}


def answered(patients, cohorts, width_days=28):
    study = patients.study(tuple(cohorts), analyses=ALL_AT_ONCE, width_days=width_days, max_days=90 * width_days)
    outcome = Rehearsal(study, cohorts, is_gated=False).run()
    found = {entry.id: entry_json(entry) for entry in results_of(study, outcome, tuple(cohorts)).entries}
    return found["cox/os/all/multivariable"]


@pytest.fixture(scope="module")
def rows(patients):
    return patients.rows(11, 200)


@pytest.fixture(scope="module")
def truth(patients, rows):
    return answered(patients, patients.deal(rows, patients.sites(SITES, 200)))


class TestAllAtOnce:
    """One model of everything, over three sites."""

    def test_the_order_of_sites_and_an_empty_one_change_no_bit(self, patients, rows, truth):
        cohorts = patients.deal(rows, patients.sites(SITES, 200))
        nobody = Cohort("busan", {"os": patients.choose(rows, slice(0))})
        assert answered(patients, {"busan": nobody, **dict(reversed(cohorts.items()))}) == truth
        assert truth["status"] == "ok"
        assert all(test["global"] for test in truth["ph_test"].values())

    def test_neither_the_order_of_rows_nor_the_unit_of_time_changes_anything(self, patients, rows, truth):
        order = np.random.default_rng(3).permutation(200)
        weeks = replace(rows, days=rows.days * 7)
        dealt = patients.deal(patients.choose(weeks, order), patients.sites(SITES, 200)[order])
        found = answered(patients, dealt, width_days=7 * 28)
        assert patients.numbers(found) == pytest.approx(patients.numbers(truth), rel=1e-8, abs=1e-9)


LANDMARK = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "Trial"
[sites]
asan = { name = "Asan" }
osaka = { name = "Osaka" }
[variables]
arm   = { type = "boolean" }
days  = { type = "number", range = [0, 1000], step = 1 }
later = { type = "number", range = [0, 1000], step = 1, required = false }
dead  = { type = "boolean" }
[comparison]
arm = "arm"
reference = "false"
[time]
unit = "week"
grid = { width_days = 7, max_days = 700 }
[endpoints]
os    = { days = "days", event = "dead" }
later = { days = "later", event = "dead" }
[analyses]
after = { kind = "cox", endpoint = "os", univariable = ["arm"], landmark = 5.2 }
moved = { kind = "cox", endpoint = "later", univariable = ["arm"] }
"""


def test_a_landmark_is_a_clock_that_begins_there_for_those_still_at_risk(desk):
    """5.2 weeks are 36.4 days, so the clock begins at day 36. A patient who leaves on it, or before, is not there."""
    drawn = random.Random(4)
    desk.writes_study(LANDMARK)
    for site in ("asan", "osaka"):
        rows = [{"days": drawn.choice([20, 35, 36, 37, 60, 90, 200]), "arm": i % 2} for i in range(40)]
        later = [str(row["days"] - 36) if row["days"] > 36 else "" for row in rows]
        desk.adds_site(
            site,
            [
                {"patient": i, "dead": drawn.randint(0, 1), "later": until, **row}
                for i, (row, until) in enumerate(zip(rows, later, strict=True))
            ],
        )
    results = desk.tries()
    after, moved = (results[f"cox/{endpoint}/all/univariable/arm"] for endpoint in ("os", "later"))
    for key in ("n", "events", "terms", "log_likelihood", "covariance", "tests"):
        assert after[key] == moved[key]
    assert 0 < after["events"] < after["n"] < 80
