"""Length of follow-up of six patients, by hand.

Days 1+ 2 3+ 3 5+ 8+ (+ is censored). The end of follow-up is what is counted: at day 1 one of 6 (5/6), at day 3 one of
4 at risk, since the death of day 3 comes after it (5/8), at day 5 one of 2 (5/16), at day 8 the last (0).
"""

import numpy as np
import pytest

from riskset.analyses.analysis import NotEstimable
from riskset.analyses.cohort import AnalysisSet, Cohort, SetId
from riskset.analyses.counts_in_time import CountsInTime
from riskset.analyses.methods.follow_up import ReverseKaplanMeier
from riskset.stats.grid import Grid

DAYS, DEAD = np.array([1, 2, 3, 3, 5, 8]), np.array([0, 1, 0, 1, 0, 0], bool)


def followed(max_days, days=DAYS, dead=DEAD):
    analysis = ReverseKaplanMeier(
        id="follow-up/os",
        name="follow",
        set_id=SetId("os"),
        counts=CountsInTime((), Grid(1, max_days), has_entry=False),
        limits_kind="log-log",
    )
    rows = AnalysisSet(days, dead, None, {})
    total = analysis.local(analysis.prepare(Cohort("asan", {"os": rows}), {}), None)
    return analysis.combine(total.tolist(), None)


def test_quartiles():
    overall = followed(10).overall
    assert (overall.n, overall.censored) == (6, 4)
    assert [quartile.estimate for quartile in overall.quartiles] == [3.0, 5.0, 8.0]


@pytest.mark.parametrize("max_days", [8, 6])
def test_a_quartile_at_the_end_of_the_grid_is_not_reached(max_days):
    """Who is still followed at the end of the grid is followed at least until then."""
    overall = followed(max_days).overall
    assert (overall.n, overall.censored) == (6, 4)
    assert [quartile.estimate for quartile in overall.quartiles] == [3.0, 5.0, None]


def test_nobody_has_no_follow_up():
    nobody = followed(10, DAYS[:0], DEAD[:0])
    assert isinstance(nobody, NotEstimable)
    assert nobody.code == "no patients"
