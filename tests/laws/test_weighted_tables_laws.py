"""Laws of tables of weights: hospitals add up, the order of patients does not matter, and with weights of 1 the shares
are those of a plain table."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hand.test_weighted_tables_by_hand import ARMS, INPUTS, LEVELS, NUMBER, SET, X, ended

from riskset.analyses.admission.weighed_cells import largest_share, safe_spread
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.methods.weighted_tables import CELLS, SUMS
from riskset.analyses.weights import PARTS_IN_TABLES
from riskset.stats.balance import sums

PATIENTS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.floats(0.05, 8),
        st.floats(0, 4),
        st.integers(0, 1),
    ),
    min_size=2,
    max_size=30,
).filter(lambda rows: {row[0] for row in rows} == {0, 1})


def rows_of(patients, weights=None):
    arm, weight, x, y = np.array(patients, float).T
    own = weight if weights is None else weights
    return PatientSet({"arm": arm, "x": x, "y": y}, np.arange(len(arm)), own)


def local(analysis, rows):
    return analysis.local(analysis.prepare(Cohort("asan", {SET.name: rows}), INPUTS), analysis.start(INPUTS))


def some(rows, which):
    variables = {name: of[which] for name, of in rows.variables.items()}
    return replace(rows, variables=variables, patient=np.arange(len(which)), weights=rows.weights[which])


@given(PATIENTS, st.randoms())
def test_levels_add_up_but_for_one_rounding_at_each_hospital_and_in_any_order(patients, random):
    rows, order = rows_of(patients), list(range(len(patients)))
    random.shuffle(order)
    assert local(LEVELS, some(rows, np.array(order))).tolist() == local(LEVELS, rows).tolist()
    half = len(order) // 2
    parts = [local(LEVELS, some(rows, np.array(of, int))) for of in (order[:half], order[half:])]
    apart = np.abs(parts[0] + parts[1] - local(LEVELS, rows)).reshape(len(ARMS.columns), -1)
    assert not apart[:, :2].any()  # weights and squares
    assert apart[:, 2:].max() <= 1.5 * PARTS_IN_TABLES / CELLS


@given(PATIENTS)
def test_numbers_add_up_but_for_one_rounding_at_each_hospital(patients):
    rows, half = rows_of(patients), len(patients) // 2
    parts = [local(NUMBER, some(rows, np.arange(*of))) for of in ((0, half), (half, len(patients)))]
    assert np.abs(parts[0] + parts[1] - local(NUMBER, rows)).max() <= 1.5


@given(PATIENTS)
def test_weights_of_one_are_the_plain_table(patients):
    rows = rows_of(patients, np.ones(len(patients)))
    plain = sums(np.column_stack([rows.variables["y"], rows.variables["x"]]), rows.variables["arm"] == 1.0)
    for found, of in zip(ended(LEVELS, rows).groups("b")[::-1], plain, strict=True):
        assert found.n == of.n
        assert found.mean == pytest.approx(of.mean[0])
        assert found.variance == pytest.approx(of.variance[0], nan_ok=True)
    for found, of in zip(ended(NUMBER, rows).groups(None)[::-1], plain, strict=True):
        assert found.mean == pytest.approx(of.mean[1], abs=X.half_range / (2 * SUMS) / of.n + 1e-12)


@given(st.lists(st.floats(-4, 4), max_size=20))
def test_a_hospital_never_tells_more_than_the_whole_spread_and_of_no_patient_more_than_half(column):
    own = np.array(column)
    told, whole = safe_spread(own), float((own * own).sum())
    assert 0.0 <= told <= whole * (1 + 1e-12)
    if len(column) < 2:
        assert told == 0.0
    assert 0.0 <= largest_share(own, None) <= 1.0 + 1e-12
    assert largest_share(own, told + 3.0) <= largest_share(own, told) + 1e-12


def test_every_arm_has_a_row():
    assert len(local(LEVELS, rows_of([(0, 1, 1, 0), (1, 1, 1, 1)]))) == len(ARMS.columns) * 4
