"""The declared range of a number: refused where the differences between patients would be lost, exact below that."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.design import columns_of
from riskset.analyses.moments import SMALLEST, pooled, summary
from riskset.catalogue import say
from riskset.disclosure import span
from riskset.rehearsal import Rehearsal
from riskset.secure import fixed_point
from riskset.study.spec import NumberVariable
from riskset.study.variables import FURTHEST, WIDEST

SITES = ("north", "south", "west")


def number(lowest, highest, **more):
    return NumberVariable.model_validate({"type": "number", "range": [lowest, highest], **more})


def rows_of(values):
    n = len(values)
    return AnalysisSet(np.ones(n, np.int64), np.ones(n, bool), None, {"age": np.array(values, float)})


def ranged(patients, lowest, highest, analyses=None):
    """A study whose `age` has this range, and the site-wise sums of one column of it."""
    variables = {**patients.study(SITES).model_dump(mode="json", by_alias=True)["variables"]}
    variables["age"] = {"type": "number", "range": [lowest, highest]}
    more = {} if analyses is None else {"analyses": analyses}
    return patients.study(SITES, variables=variables, **more)


@pytest.mark.parametrize("highest", [1e8, 1e9, 1e15, 1e300])
def test_a_range_in_which_units_are_lost_is_refused_with_the_reason(highest):
    with pytest.raises(ValidationError, match="is too wide: within it, a difference of one unit would be lost"):
        number(0, highest)


@pytest.mark.parametrize(
    ("lowest", "highest", "more"),
    [
        (0, WIDEST, {}),
        (0, 1e10, {"transform": "log1p"}),
        (0, 1e10, {"step": 1000}),
        (0, 1e-6, {}),
        (FURTHEST - 10, FURTHEST, {}),
    ],
)
def test_a_range_in_which_units_are_kept_passes(lowest, highest, more):
    assert number(lowest, highest, **more).range == (lowest, highest)


def test_a_range_too_far_from_0_is_refused():
    with pytest.raises(ValidationError, match="is too far from 0"):
        number(1e13, 1e13 + 10)


@given(
    st.lists(st.lists(st.integers(0, 120), min_size=1, max_size=20), min_size=3, max_size=6),
    st.floats(1, WIDEST - 121),
    st.floats(0, FURTHEST - WIDEST - 1).map(round),
)
def test_below_the_bound_the_pooled_spread_is_as_exact_as_promised(patients, sites, above, lowest):
    study = ranged(patients, lowest, lowest + 121 + above)
    (age,) = columns_of(study, ["age"])
    parts = [fixed_point.encode(summary([age], rows_of([lowest + v for v in values])), len(sites)) for values in sites]
    found = pooled(sum(map(len, sites)), 1, {age: fixed_point.decode(fixed_point.total(parts))}, [age]).columns[age]
    half = Fraction(age.half_range)
    exact = sum(
        (sum((Fraction(v) - Fraction(sum(of), len(of))) ** 2 for v in of) / half**2 for of in sites), Fraction(0)
    )
    if exact >= SMALLEST * 2:
        assert not found.is_lost
        assert abs(Fraction(found.within) - exact) <= exact * Fraction(len(sites) * 6e-8 + 1e-8)
    elif exact <= SMALLEST / 2:
        assert found.is_lost  # told to be varying, and not told how much
    # 30 patients with a standard deviation of one unit are never lost
    if exact * half**2 >= 30:
        assert exact >= SMALLEST


def spread_by(patients, width):
    """Cohorts in which age differs by less than rounding keeps, in a range of this width."""
    rows = patients.rows(5, 240)
    age = rows.variables["age"]
    closer = {**rows.variables, "age": 50 + (age - 65) * 1e-9}
    close = AnalysisSet(rows.days, rows.event, None, closer)
    return ranged(patients, 0, width, {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"]}}), {
        name: Cohort(name, {"os": patients.choose(close, patients.sites(SITES, 240) == name)}) for name in SITES
    }


def test_no_result_is_ok_without_a_covariate_that_rounding_lost(patients):
    study, cohorts = spread_by(patients, WIDEST)
    result = Rehearsal(study, cohorts, is_gated=False).run().results["cox/os/all/multivariable"]
    assert result.code == "range"
    assert "age" in str(result.message)


def test_the_rule_blames_the_range_and_no_patient(patients):
    study, cohorts = spread_by(patients, WIDEST)
    refused = Rehearsal(study, cohorts).run().results["cox/os/all/multivariable"]
    assert (refused.rule, refused.by) == ("R4", "all")
    assert str(refused.message).endswith(str(say("rules.beyond.lost_in_range", columns=("age",))))
    assert refused.remedy == say("rules.instead.narrower_range", columns=("age",))
    honest = ranged(patients, 0, 1e5, study.model_dump(mode="json", by_alias=True)["analyses"])
    rows = patients.rows(5, 240)
    found = Rehearsal(honest, patients.deal(rows, patients.sites(SITES, 240))).run().results
    assert [term.column.variable for term in found["cox/os/all/multivariable"].terms] == ["arm", "age"]


def test_with_two_sites_each_finds_the_range_in_its_own_rows(patients):
    study, cohorts = spread_by(patients, WIDEST)
    two = {name: cohorts[name] for name in SITES[:2]}
    rehearsal = Rehearsal(study, two)
    assert rehearsal.run().results["cox/os/all/multivariable"].by == "a site"
    why = str(say("rules.beyond.lost_in_range", columns=("age",)))
    for name in two:
        found = [verdict for sent in rehearsal.journals[name].sent["rehearsal"] for verdict in sent.verdicts]
        assert any(v["limit_name"] == "R4" and v["message"].endswith(why) for v in found)


def test_the_threshold_is_the_one_below_which_no_leverage_is_judged():
    assert SMALLEST == span.SMALL
