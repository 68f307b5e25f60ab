"""A rehearsal holds the study to what a real run would: each site's own limits, and analyses one after the other."""

import numpy as np

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal

BETWEEN_TWO = (ExceptionSigned("R12.contributors", "2", "a rehearsal"),)


def test_a_sites_own_limit_is_applied(patients):
    sites = ("asan", "kurume", "osaka")
    cohorts = patients.deal(patients.rows(seed=1, n=120), patients.sites(sites, 120))
    found = Rehearsal(patients.study(sites), cohorts, limits={"osaka": {"R1.population_rows": "200"}}).run()
    assert {result.rule for id_, result in found.results.items() if id_.startswith(("km", "cox"))} == {"R1"}


def test_what_one_rule_refused_is_not_held_against_others(patients):
    """Two sites, two columns that differ in four patients of each: the second is refused by R2, and a model of a number
    is not judged beside it."""
    sites, n = ("asan", "kurume"), 100
    rows = patients.rows(seed=3, n=n)
    many, most = np.zeros(n), np.zeros(n)
    many[:20], most[8:20] = 1.0, 1.0
    age = rows.variables["age"].copy()
    age[:8] = [99, 99, 42, 42, 42, 42, 42, 42]  # of each four one is old: a third of what all columns say together
    table = AnalysisSet(rows.days, rows.event, None, {**rows.variables, "many": many, "most": most, "age": age})
    cohorts = {
        name: Cohort(name, {"os": patients.choose(table, np.arange(n) % 2 == i)}) for i, name in enumerate(sites)
    }
    variables = patients.study(sites).model_dump(by_alias=True)["variables"]
    study = patients.study(
        sites,
        analyses={"m": {"kind": "cox", "endpoints": ["os"], "univariable": ["many", "most", "age"]}},
        variables=variables | {"many": {"type": "boolean"}, "most": {"type": "boolean"}},
        disclosure={"min_sites": 2},
    )
    found = Rehearsal(study, cohorts, exceptions=BETWEEN_TWO).run().results
    assert isinstance(found["cox/os/all/univariable/most"], RefusedByRule)
    assert isinstance(found["cox/os/all/univariable/many"], CoxFit)
    assert isinstance(found["cox/os/all/univariable/age"], CoxFit)


def test_each_vector_of_a_rehearsal_without_the_gate_can_be_watched(patients):
    sites, seen = ("asan", "kurume", "osaka"), []
    cohorts = patients.deal(patients.rows(seed=1, n=60), patients.sites(sites, 60))

    def watch(contributor, history, sent):
        seen.append((contributor.own.cohort.site, history.phase, sent))

    rehearsal = Rehearsal(patients.study(sites), cohorts, is_gated=False, watch=watch)
    rounds = rehearsal.run().rounds - 1  # the opening has no vector
    for site in sites:
        assert [sent for name, _, sent in seen if name == site] == rehearsal.journals[site].sent["rehearsal"]
        assert [phase for name, phase, _ in seen if name == site][-1] == "close"
    assert len(seen) == rounds * len(sites)


def test_a_rehearsal_with_the_gate_shows_its_vectors_to_nobody(patients):
    sites, seen = ("asan", "kurume", "osaka"), []
    cohorts = patients.deal(patients.rows(seed=1, n=60), patients.sites(sites, 60))
    Rehearsal(patients.study(sites), cohorts, watch=lambda *what: seen.append(what)).run()
    assert seen == []
