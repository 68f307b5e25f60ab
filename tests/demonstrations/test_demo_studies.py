"""Every demonstration passes the rules, with no exception but those it names, and equals the pooled rows."""

from dataclasses import replace
from functools import cache

import pytest

from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.protocol.history import open_history
from riskset.results import results_json, results_of
from riskset.results.notices import notices
from riskset.study.propensity import ALL
from riskset_demo.comparison import compare
from riskset_demo.curve_comparison import compare_curves
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.studies.made_up import HCC, HCC_TWO
from riskset_report.labels import labels_of

CHILD_PUGH = tuple(f"cox/{endpoint}/all/univariable/child_pugh" for endpoint in ("pfs", "os"))
"""Three patients of the smaller of two hospitals are of class B."""
TTP = tuple(
    f"cox/ttp/all/univariable/{name}"
    for name in ("arm", "age", "sex", "hbv", "ecog", "child_pugh", "mvi", "ehs", "afp")
)
"""At one of two hospitals fewer than five patients have another event in time to progression than in survival without
it: the other hospital would know them."""
PH_TEST = "cox/os/all/multivariable/ph_test/rank"
"""A patient of one of two hospitals is a large part of a sum of squares."""
BY_SITE = ("response/all/recist/by-site", "response/all/mrecist/by-site")
"""Some hospital has fewer than five patients in a cell of its own table."""
ROBUST = "cox/pfs/match/univariable/arm/robust/arm = lenvatinib"
"""So is one of the few who are matched."""
OF_A_PAPER = ("flow", "table1/", "subgroup/", "propensity/preference")
"""With what the ids begin of the tables that a paper has besides: listed last, or told last, so that they take the
place of no model. Two hospitals refuse most: levels of few patients, and patients who stand out there."""
BALANCE = tuple(f"balance/match/{of}/{when}" for of in ("age", "ecog", "mvi", "afp") for when in ("before", "after"))
"""One hospital has six patients of an arm."""
CLASS_B = "balance/match/child_pugh/after"
"""6 of the matched patients are of class B."""
WEIGHED = tuple(f"balance/iptw/{name}/after" for name in ("age", "sex", "ecog", "child_pugh"))
TABLES_OF_TWO = (
    "propensity/preference",
    "table1/all/child_pugh",
    *(
        f"subgroup/{endpoint}/all/{by}/subgroup/{model}"
        for endpoint in ("pfs", "os")
        for by, levels in (("ecog", ("0", "1+")), ("mvi", ("false", "true")))
        for model in (*levels, "interaction")
    ),
)
"""Of these the report of two hospitals has the reason only, and of its other variables Table 1 without arms."""
PARTS = {
    HCC.name: ("table1/all/age/ranks", "table1/all/afp/ranks", CLASS_B, *WEIGHED),
    HCC_TWO.name: (PH_TEST, ROBUST, *BALANCE, *TABLES_OF_TWO),
}
"""What is refused alone, and reported in the object of its whole. Two of ten hospitals have three patients of an arm;
and a patient of one has a heavy weight (R8)."""
REFUSED = {HCC.name: BY_SITE, HCC_TWO.name: (*CHILD_PUGH, *TTP, *BY_SITE, "flow")}
WITHOUT_ARMS = ("response/all/recist", "response/all/mrecist", "adverse-events/safety")
"""For the same reason two hospitals count them in all patients only."""


def refused(outcome):
    return {id_: result.rule for id_, result in outcome.results.items() if isinstance(result, RefusedByRule)}


LARGEST = HCC.name
"""Nearly every kind of analysis in ten hospitals takes as long as all the others."""


@pytest.mark.parametrize(
    "demonstration",
    [
        pytest.param(of, id=name, marks=[pytest.mark.exhaustive] * (name in (LARGEST, "rotterdam-gbsg")))
        for name, of in DEMONSTRATIONS.items()
    ],
)
def test_every_analysis_passes_and_every_model_equals_that_of_the_pooled_rows(demonstration, prepared):
    """As against R: within 1e-9 standard errors, and standard errors within 1e-9 of themselves."""
    ready = prepared(demonstration.name)
    results = ready.results()
    ends = {result["id"]: result["status"] for result in results["results"] if result["status"] != "ok"}
    assert ends == dict.fromkeys(REFUSED.get(demonstration.name, ()), "refused")
    told = {id_ for id_ in refused(ready.outcome) if not id_.startswith("flow/")}  # whose end is told of the whole
    assert told == {*ends, *PARTS.get(demonstration.name, ())}  # and none of what follows from a model
    without_arms = [result["id"] for result in results["results"] if "arms_reason" in result]
    assert without_arms == [*(WITHOUT_ARMS if demonstration is HCC_TWO else ())]
    compared = compare(results, demonstration)
    models = [result for result in results["results"] if result["kind"] == "cox" and result["status"] == "ok"]
    asked = [
        (model["endpoint"], model["population"])
        for model in models
        if (model["model"] == "multivariable" or model["population"] != ALL) and not model.get("splines")
    ]
    assert [(model.endpoint, model.population) for model in compared] == asked
    for model in compared:
        assert model.largest_difference < 1e-9
        assert all(line.se == pytest.approx(line.other_se, rel=1e-9) for line in model.coefficients)
    curves = compare_curves(results, demonstration)
    of_kinds = [r for r in results["results"] if r["kind"] in ("km", "rmst") and r["arms"]]
    # weighted curves are by averages over blocks, and so equal none of the rows' own weights
    assert [one.id for one in curves] == [r["id"] for r in of_kinds if not ready.study.is_weighted(r["population"])]
    assert max(one.largest_difference for one in curves) < 1e-9


def test_results_of_made_up_data_begin_with_saying_so(prepared):
    ready = prepared(HCC_TWO.name)
    document = results_json(
        results_of(ready.study, ready.outcome, sorted(ready.cohorts), ["Nobody has released this."])
    )
    assert document["notices"] == [ready.study.header.notice, "Nobody has released this."]


def test_results_name_the_hospitals_that_told_numbers_of_their_own(prepared):
    ready = prepared(HCC_TWO.name)
    assert notices(ready.study, ready.outcome)[1:] == [
        "2 sites told their own hazard ratios besides, in clear, for which they had signed: seoul, tokyo.",
        "Not yet approved for release.",
    ]


def test_ten_hospitals_need_no_exception():
    assert HCC.exceptions == ()


def test_two_hospitals_are_refused_every_analysis_where_they_have_not_approved_each_other(prepared):
    _, *others = HCC_TWO.exceptions
    outcome = prepared(HCC_TWO.name).run(tuple(others))
    told = refused(outcome)
    assert not any(map(has_result, outcome.results.values()))
    assert {
        rule
        for id_, rule in told.items()
        if id_ not in (*REFUSED[HCC_TWO.name], *BALANCE) and not id_.startswith(OF_A_PAPER)
    } == {"R12"}


WITHOUT = {
    "R2.leverage": {"cox/pfs/all/multivariable", "cox/os/all/multivariable"},
    "R4.leverage": {"cox/pfs/all/univariable/hbv", "cox/os/all/univariable/hbv"},
    "R5.numbers": {"cox/os/all/multivariable"},
    "R6.parameters": {"cox/pfs/all/multivariable", "cox/os/all/multivariable"},
    "R3.events": {"propensity"},
    "R3.events_per_parameter": {"propensity"},
    "R5.fitted": {"propensity"},
    "R1.population_rows": {"km/pfs/match", "km/os/match", "cox/os/match/univariable/arm"},
}


@pytest.mark.parametrize(
    "limit", [of if of == "R5.fitted" else pytest.param(of, marks=pytest.mark.exhaustive) for of in WITHOUT]
)
def test_two_hospitals_sign_no_exception_that_they_do_not_need(prepared, limit):
    """A site says under the sum that it refuses, and for which limit."""
    signed = tuple(one for one in HCC_TWO.exceptions if one.limit != limit)
    told = refused(prepared(HCC_TWO.name).run(signed))
    rule, _, _ = limit.partition(".")
    assert {told[id_] for id_ in WITHOUT[limit]} == {rule}
    assert {told.pop(id_) for id_ in TTP} <= {"R2", "R4", rule}
    assert {told.pop(id_) for id_ in (*CHILD_PUGH, *BY_SITE)} == {"R4"}
    for part in (PH_TEST, ROBUST, *BALANCE):
        told.pop(part, None)
    assert {of for id_, of in told.items() if not id_.startswith(OF_A_PAPER)} == {rule}


def test_the_report_of_two_hospitals_names_the_covariates_that_it_does_not_have(prepared, printed):
    """By label, with the reason, below the table; and the ids among the results that are not reported."""
    ready = prepared(HCC_TWO.name)
    page = printed(results_of(ready.study, ready.outcome, sorted(ready.cohorts)), labels_of(ready.study))
    asked = [(table, row) for table in page.tables("cox") for row in table.rows if str(row.label) == "Child-Pugh class"]
    assert len(asked) == len(CHILD_PUGH)
    for table, row in asked:
        assert "refused (R4)*" in row.cells
        notes = " ".join(map(str, table.notes))
        assert "* R4: at a site, too few patients have a level" in notes
        assert "multivariable model with Sex, Aetiology HBV and Child-Pugh class." in notes


def test_the_report_of_two_hospitals_names_the_test_that_it_does_not_have(prepared, printed):
    ready = prepared(HCC_TWO.name)
    page = printed(results_of(ready.study, ready.outcome, sorted(ready.cohorts)), labels_of(ready.study))
    title = "Overall survival, complete cases: Cox models (cox), tests of proportional hazards"
    (table,) = [table for table in page.tables("cox") if table.title == title]
    assert any(str(note).startswith("* R8: ") for note in table.notes)
    assert any("refused (R8)*" in cell for row in table.rows for cell in row.cells)


def test_one_patient_more_or_less_is_seen(prepared):
    fewer = replace(HCC_TWO, hospitals={"seoul": 80, "tokyo": 42})
    compared = compare(prepared(HCC_TWO.name).results(), fewer)
    assert len(compared) == 4
    assert all(model.largest_difference > 1e-3 for model in compared)


@pytest.mark.parametrize("name", [HCC_TWO.name, pytest.param(LARGEST, marks=pytest.mark.exhaustive)])
def test_all_analyses_are_asked_in_as_many_rounds_as_the_longest_chain_of_needs(prepared, name):
    """The opening, one admission, the rounds of the longest chain, each analysis in as many as it was evaluated, and
    those of adjusted populations with an admission of their own; and the closing message, which asks what is asked once
    and awaited by no other."""
    outcome = prepared(name).outcome
    history, plan = outcome.history, outcome.history.plan
    opened = open_history(plan, "", "", outcome.run, outcome.replies[0])
    awaited = {id_ for analysis in plan.reported for id_ in plan.waits_for(analysis)}

    @cache
    def ends_after(id_):
        analysis = plan.by_id.get(id_)
        if analysis is None:  # moments, from admission
            return 0
        closes = not analysis.exposure.is_iterative and id_ not in awaited
        own, before = 0 if closes else history.asked.get(id_, 0), plan.waits_for(analysis)
        populations = {plan.by_id[one].set_id.population for one in before if one in plan.by_id}
        if analysis.set_id.population not in (ALL, *populations):
            own += len(history.steps)
        return own + max(map(ends_after, before), default=0)

    assert outcome.rounds == 1 + len(opened.steps) + max(map(ends_after, plan.by_id)) + 1
    assert outcome.rounds < sum(history.asked.values()) / 5
