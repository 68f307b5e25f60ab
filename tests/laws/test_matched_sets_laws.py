"""Laws of models by matched set: the two counts give the likelihood that the sums of a Cox model give with the sets as
strata, for any follow-up, ties and entries, by Efron as by Breslow; the order of rows and who is called what decide
nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.analyses.cohort import AnalysisSet
from riskset.analyses.within_sets import followed_together
from riskset.stats.cox import evaluate, risk_sets

patient = st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 5)).filter(lambda one: one[2] < one[0])
"""Day, event, and day of entry."""
pairs = st.lists(st.tuples(patient, patient), min_size=1, max_size=12)


def rows_of(drawn, has_entry):
    days, event, entry = map(np.array, zip(*(one for pair in drawn for one in pair), strict=True))
    arm, groups = np.tile([1.0, 0.0], len(drawn)), np.repeat(np.arange(len(drawn)), 2)
    return AnalysisSet(days, event, entry if has_entry else None, {"arm": arm}, groups=groups)


def counts(rows):
    together = followed_together(rows)
    arm = together.variables["arm"] == 1.0
    return int(together.event[arm].sum()), int(together.event[~arm].sum())


@given(pairs, st.booleans(), st.floats(-3, 3), st.sampled_from(["efron", "breslow"]))
def test_two_counts_are_the_likelihood_with_a_stratum_for_each_set(drawn, has_entry, beta, ties):
    rows = rows_of(drawn, has_entry)
    b, c = counts(rows)
    found = evaluate(
        risk_sets(
            rows.variables["arm"][:, None], rows.days, rows.event, entry_days=rows.entry_days, strata=rows.groups
        ),
        [beta],
        ties,
    )
    p = 1 / (1 + np.exp(-beta))
    # at most 24 terms of order 1
    assert found.score[0] == pytest.approx(b - (b + c) * p, abs=1e-12)
    assert found.information[0, 0] == pytest.approx((b + c) * p * (1 - p), abs=1e-12)


@given(pairs, st.booleans(), st.randoms(use_true_random=False))
def test_order_and_names_of_sets_change_nothing(drawn, has_entry, random):
    rows = rows_of(drawn, has_entry)
    order = np.array(random.sample(range(rows.n), rows.n))
    names = np.array(random.sample(range(1000), len(drawn)))
    shuffled = replace(
        rows,
        days=rows.days[order],
        event=rows.event[order],
        entry_days=None if rows.entry_days is None else rows.entry_days[order],
        variables={"arm": rows.variables["arm"][order]},
        groups=names[rows.groups[order]],
    )
    assert counts(shuffled) == counts(rows)
    swapped = replace(rows, variables={"arm": 1.0 - rows.variables["arm"]})
    assert counts(swapped) == counts(rows)[::-1]
