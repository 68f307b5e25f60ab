"""A model with a baseline hazard for each matched set, worked by hand for six patients of three sets.

    set       1          2          3
    arm       new  old   new  old   new  old
    day       3    5     7    4     6    6
    event     yes  yes   yes  yes   yes  yes

Set 1: new has the first event, on day 3; what old has later, nobody is left to compare with. Set 2: old has it, on day
4. Set 3: both on day 6, which counts for both. So b = 2 sets of new and c = 2 of old, and the hazard ratio is 1.

If old of set 2 is censored on day 4, that set tells nothing: new is alone when the event comes. Then b = 2 and c = 1:

    log hazard ratio            log 2              = 0.6931
    variance                    1/2 + 1/1          = 3/2
    log likelihood              2 log(2/3) + log(1/3), at 0 it is -3 log 2
    score test                  (2 - 1)^2 / 3      = 1/3, McNemar's
    likelihood ratio            2 log(32/27)       = 0.3398
    Wald                        (log 2)^2 / (3/2)  = 0.3203

With the events of set 1 alone, b = 1 and c = 0, there is no maximum. log(1 + 1/HR) is chi-square's 3.841 / 2 at
HR = 1 / (e^1.921 - 1) = 0.172.
"""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, SetId
from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import CoxFit, Separated
from riskset.analyses.methods.cox_matched_sets import Known, MatchedSetModel
from riskset.analyses.within_sets import followed_together

ARM = Column("arm", "new", "old", code=1)
ROWS = AnalysisSet(
    days=np.array([3, 5, 7, 4, 6, 6]),
    event=np.ones(6, bool),
    entry_days=None,
    variables={"arm": np.array([1.0, 0, 1, 0, 1, 0])},
    groups=np.array([1, 1, 2, 2, 3, 3]),
)
MODEL = MatchedSetModel(
    id="cox/os/match/univariable/arm",
    name="cox",
    set_id=SetId("os", "match", within_sets=True),
    design=(ARM,),
    ties="efron",
    model="univariable",
)


def counts(rows):
    """Returns b and c of some patients."""
    together = followed_together(rows)
    arm = together.variables["arm"] == 1.0
    return int(together.event[arm].sum()), int(together.event[~arm].sum())


def test_who_has_the_first_event():
    together = followed_together(ROWS)
    assert together.days.tolist() == [3, 3, 4, 4, 6, 6]
    assert together.event.tolist() == [True, False, False, True, True, True]
    assert counts(ROWS) == (2, 2)


def test_a_set_whose_first_leaves_without_an_event_tells_nothing():
    event = ROWS.event.copy()
    event[3] = False
    assert counts(replace(ROWS, event=event)) == (2, 1)


def test_a_censoring_on_the_day_of_the_others_event_comes_after_it():
    event = ROWS.event.copy()
    event[5] = False
    assert counts(replace(ROWS, event=event)) == (2, 1)


def test_nobody_is_compared_before_the_other_is_at_risk():
    """Old of set 1 comes under observation on day 3, after the event of new on that day; old of set 2 dies on day 4,
    while new is at risk from day 2 on."""
    assert counts(replace(ROWS, entry_days=np.array([0, 3, 2, 0, 0, 0]))) == (1, 2)


def test_a_patient_whose_other_is_not_here_is_not_compared():
    which = np.array([True, False, True, True, True, True])
    rows = replace(
        ROWS,
        days=ROWS.days[which],
        event=ROWS.event[which],
        variables={"arm": ROWS.variables["arm"][which]},
        groups=ROWS.groups[which],
    )
    assert counts(rows) == (1, 2)


def test_sets_of_three_are_not_offered():
    with pytest.raises(ValueError, match="sets of two"):
        followed_together(replace(ROWS, groups=np.array([1, 1, 1, 2, 2, 3])))
    with pytest.raises(ValueError, match="matched sets"):
        followed_together(replace(ROWS, groups=None))


def test_the_fit():
    fit = MODEL.combine([2.0], Known(n=6, events=3))
    assert isinstance(fit, CoxFit)
    (term,) = fit.terms
    assert (term.coef, term.se**2) == (pytest.approx(log(2)), pytest.approx(3 / 2))
    assert (fit.n, fit.events) == (6, 3)
    assert fit.null_log_likelihood == pytest.approx(-3 * log(2))
    assert fit.log_likelihood == pytest.approx(2 * log(2 / 3) + log(1 / 3))
    assert fit.score.chi2 == pytest.approx(1 / 3)
    assert fit.likelihood_ratio.chi2 == pytest.approx(2 * log(32 / 27))
    assert fit.wald.chi2 == pytest.approx(log(2) ** 2 / 1.5)


@pytest.mark.parametrize(("first", "side", "sign"), [(1.0, "lower", 1), (0.0, "upper", -1)])
def test_without_a_maximum(first, side, sign):
    end = MODEL.combine([first], Known(n=2, events=1))
    assert isinstance(end, Separated)
    assert (end.limit.side, end.events) == (side, 1)
    assert end.limit.hr**sign == pytest.approx(1 / (exp(3.841458820694124 / 2) - 1))
