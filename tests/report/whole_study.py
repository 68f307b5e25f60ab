"""A small study with every kind of analysis, rehearsed: the report that has every kind of section."""

from functools import cache

from tests.conftest import VARIABLES, deal, in_turn, make_rows, make_study
from tests.test_kinds import EXAMPLES, GRADES, with_sets

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.rehearsal import Rehearsal
from riskset.results import results_of

SITES = ("asan", "kurume", "osaka")
CURVED = {
    "kind": "cox",
    "endpoints": ["os"],
    "multivariable": ["arm", "age"],
    "splines": {"age": [50, 65, 80]},
    "ph_test": ["km"],
}
TOXICITIES = ("pain", "skin", "nails")


@cache
def whole_results(n=300, is_gated=False):
    """Returns the results of every kind of analysis on n patients; with the gate, most are refused on few."""
    study = make_study(
        SITES,
        analyses=EXAMPLES | {"curved": CURVED},
        variables=VARIABLES | {"lost": {"type": "boolean"}} | dict.fromkeys(TOXICITIES, GRADES),
        endpoints={"os": {"days": "days", "event": "dead", "competing": ["lost"]}},
        eligibility=[{"id": "adults", "rule": "age >= 18"}],
        propensity={"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}},
        adverse_events={
            "grading": "CTCAE 5.0",
            "safety_population": "arm",
            "terms": {"pain": {"from": ["pain"]}, "itch": {"from": ["skin", "nails"], "grades": ["any"]}},
        },
    )
    cohorts = {name: _with_toxicities(cohort) for name, cohort in deal(make_rows(7, n), in_turn(SITES, n)).items()}
    cohorts = {name: _in_all_sets(with_sets(cohort, study), study) for name, cohort in cohorts.items()}
    outcome = Rehearsal(study, cohorts, is_gated=is_gated).run()
    notices = [say("run.rehearsal.notice")]
    return results_of(study, outcome, SITES, notices, is_gated=is_gated)


def _with_toxicities(cohort):
    rows = cohort.analysis_sets["os"]
    age = rows.variables["age"]
    variables = rows.variables | {"pain": age % 3, "skin": age // 2 % 3, "nails": 2.0 * (age > 80)}
    more = AnalysisSet(rows.days, rows.event, rows.entry_days, variables, cause=rows.cause)
    return Cohort(cohort.site, {"os": more})


def _in_all_sets(cohort, study):
    """Returns the cohort with the same patients in each set of an endpoint, too: no value of theirs is missing."""
    rows = cohort.analysis_sets["os"]
    of_endpoints = {set_id.name: rows for set_id in plan(study).sets if set_id.endpoint is not None}
    return Cohort(cohort.site, of_endpoints | cohort.analysis_sets)
