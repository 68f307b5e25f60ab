"""Laws of what follows from a Cox model, for any rows: ties, strata, late entry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.stats.at_events import AtEvents
from riskset.stats.concordance import pairs
from riskset.stats.cox import evaluate, risk_sets

ROW = st.tuples(st.integers(1, 12), st.booleans(), st.integers(0, 11), st.integers(-3, 3), st.integers(0, 1))


def rows_of(rows):
    days, event, entry, x, stratum = map(np.array, zip(*rows, strict=True))
    X = np.column_stack([x, x * x, days % 2])
    return risk_sets(X, days, event, entry_days=np.minimum(entry, days - 1), strata=stratum)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@given(st.lists(ROW, min_size=1, max_size=30), st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=3))
def test_what_patients_add_is_the_score_and_the_information(ties, rows, beta):
    found = rows_of(rows)
    events, truth = AtEvents.of(found, beta, ties), evaluate(found, beta, ties)
    v = np.ones(len(events.u))
    # sums of 30 rows of at most 9 whose hazards span less than e^4, rounded to 2^-53
    for own, of_all in (
        (events.score_residuals(v).sum(axis=1), truth.score),
        (events.parts_of_information(v).sum(axis=0), truth.information),
        (events.information(v), truth.information),
    ):
        np.testing.assert_allclose(own, of_all, rtol=0, atol=1e-11)


@given(st.lists(ROW, min_size=1, max_size=20), st.booleans())
def test_pairs_are_those_of_each_two_patients(rows, enters_late):
    days, event, entry, x, stratum = map(np.array, zip(*sorted(rows, key=as_sorted), strict=True))
    entry = np.minimum(entry, days - 1) if enters_late else np.full(len(days), -1)
    found = pairs(risk_sets(x[:, None], days, event, entry_days=entry, strata=stratum), x.astype(float))
    i, j = event[:, None] & (stratum[:, None] == stratum), (days[:, None] < days) | (days[:, None] == days) & ~event
    compared = i & j & (entry < days[:, None])
    higher, lower = compared & (x[:, None] > x), compared & (x[:, None] < x)
    for own, which in ((found.compared, compared), (found.concordant, higher), (found.discordant, lower)):
        assert own.tolist() == (which.sum(axis=0) + which.sum(axis=1)).tolist()


def as_sorted(row):
    """The order of `RiskSets`: by stratum and day, events first."""
    day, event, _, _, stratum = row
    return stratum, day, not event
