"""Every demonstration passes the rules, with no exception but those it names, and equals the pooled rows."""

from dataclasses import replace

import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.results import results_json, results_of
from riskset_demo.comparison import compare
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.studies.made_up import HCC, HCC_TWO


def refused(outcome):
    return {id_: result.rule for id_, result in outcome.results.items() if isinstance(result, RefusedByRule)}


@pytest.mark.parametrize("demonstration", DEMONSTRATIONS.values(), ids=DEMONSTRATIONS.keys())
def test_every_analysis_passes_and_every_model_equals_that_of_the_pooled_rows(demonstration, prepared):
    """As against R: within 1e-9 standard errors, and standard errors within 1e-9 of themselves."""
    ready = prepared(demonstration.name)
    results = ready.results()
    assert {result["status"] for result in results["results"]} == {"ok"}
    compared = compare(results, demonstration)
    assert [model.endpoint for model in compared] == list(ready.study.endpoints)
    for model in compared:
        assert model.largest_difference < 1e-9
        assert all(line.se == pytest.approx(line.other_se, rel=1e-9) for line in model.coefficients)


def test_results_of_made_up_data_begin_with_saying_so(prepared):
    ready = prepared(HCC_TWO.name)
    document = results_json(
        results_of(ready.study, ready.outcome, sorted(ready.cohorts), ["Nobody has released this."])
    )
    assert document["notices"] == [ready.study.header.notice, "Nobody has released this."]


def test_ten_hospitals_need_no_exception():
    assert HCC.exceptions == ()


def test_two_hospitals_are_refused_every_analysis_where_they_have_not_approved_each_other(prepared):
    _, parameters = HCC_TWO.exceptions
    outcome = prepared(HCC_TWO.name).run((parameters,))
    assert set(refused(outcome).values()) == {"R12"}


def test_the_smaller_of_two_hospitals_refuses_five_columns_without_an_exception(prepared):
    """It says so under the sum: the limit is shown, and not where it is not met."""
    two, _ = HCC_TWO.exceptions
    told = refused(prepared(HCC_TWO.name).run((two,)))
    assert set(told) == {"cox/pfs/all/multivariable", "cox/os/all/multivariable"}
    assert set(told.values()) == {"R6"}


def test_one_patient_more_or_less_is_seen(prepared):
    fewer = replace(HCC_TWO, hospitals={"seoul": 80, "tokyo": 42})
    compared = compare(prepared(HCC_TWO.name).results(), fewer)
    assert len(compared) == 2
    assert all(model.largest_difference > 1e-3 for model in compared)
