"""Models with a baseline hazard for each matched set tell two counts: sets in which either arm has the first event. Of
two endpoints that differ in one patient the difference is one set's, and tells the arm of who has that event; of two
hospitals the other one's counts are known by subtraction."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.plan import plan
from riskset.analyses.populations import with_population
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
N = 530
COX = {"kind": "cox", "populations": ["match"], "univariable": ["arm"], "baseline": "matched-set"}


def model(endpoint):
    return f"cox/{endpoint}/match/univariable/arm"


@pytest.fixture(scope="module")
def rows(patients):
    random, found = np.random.default_rng(3), patients.rows(5, N)
    age = found.variables["age"] + np.arange(N) / 10_000  # no two scores are equal
    arm = random.random(N) < 1 / (1 + np.exp(-0.03 * (age - 65)))
    return replace(found, variables=found.variables | {"age": age, "arm": arm.astype(float)})


@pytest.fixture(scope="module")
def made(patients, rows):
    """Returns a rehearsal of models of these endpoints, each as a function of the patients has them, who have their
    numbers among all."""

    def made(outcomes, sites=SITES, cox=COX, **how):
        score = {"covariates": ["age"], "site": "none", "adjustments": {"match": {"method": "nearest"}}}
        ends = {name: {"days": "days", "event": "dead"} for name in outcomes}
        asked = {"score": {"kind": "propensity"}, "cox": cox | {"endpoints": list(outcomes)}}
        variables = patients.variables | {"age": {"type": "number", "range": [0, 100], "step": 0.1}}
        more = {} if len(sites) > 2 else {"disclosure": {"secure_sum": "off"}}
        study = patients.study(sites, analyses=asked, propensity=score, endpoints=ends, variables=variables, **more)
        cohorts = {}
        of_sites = patients.sites(sites, N)
        for name in sites:
            own = replace(patients.choose(rows, of_sites == name), patient=np.flatnonzero(of_sites == name))
            sets = {end: replace(change(own), patient=np.arange(own.n)) for end, change in outcomes.items()}
            everybody = PatientSet(own.variables, np.arange(own.n))
            sets |= dict.fromkeys((s.name for s in plan(study).sets if s.endpoint is None), everybody)
            cohorts[name] = Cohort(name, sets)
        return Rehearsal(study, cohorts, **how)

    return made


def as_they_are(own):
    return own


def without_the_event_of(who):
    """Returns the outcomes in which one or several patients, by number among all, are censored."""
    return lambda own: replace(own, event=own.event & ~np.isin(own.patients, who))


def counts(results, endpoint):
    """Returns the sets in which either arm has the first event, from the hazard ratio and their number."""
    fit = results[model(endpoint)]
    share = 1 / (1 + np.exp(-fit.terms[0].coef))
    return fit.events * share, fit.events * (1 - share)


def test_without_the_rule_two_endpoints_tell_the_arm_of_one_patient(made, rows):
    read, of = 0, 0
    for who in np.flatnonzero(rows.event)[:12]:
        results = made({"os": as_they_are, "pfs": without_the_event_of(who)}, is_gated=False).run().results
        (new, old), (new_less, old_less) = (counts(results, endpoint) for endpoint in ("os", "pfs"))
        if round(new + old) != round(new_less + old_less) + 1:
            continue  # the patient is not matched, or the other of the set left before, or comes next
        of += 1
        read += (round(new - new_less) == 1) == (rows.variables["arm"][who] == 1.0)
    assert of >= 3
    assert read == of


def test_the_rule_refuses_the_second_endpoint(made, rows):
    who = int(np.flatnonzero(rows.event)[0])
    results = made({"os": as_they_are, "pfs": without_the_event_of(who)}).run().results
    assert isinstance(results[model("os")], CoxFit)
    assert results[model("pfs")].rule == "R2"


def test_one_patient_is_not_hidden_by_others_of_whom_nothing_is_told(made, rows, patients):
    """The endpoints differ in one patient whose event counts, and in many whose other had left before. As models by
    site, which tell of all of them, both are answered."""
    ran = made({"os": as_they_are}, is_gated=False)
    results, planned = ran.run().results, plan(ran.study)
    counted, not_counted = [], []
    for name, cohort in ran.cohorts.items():
        members = planned.populations["match"].members(cohort, results)
        sets = [one.set_id for one in planned.reported if one.population == "match"]
        together = with_population(cohort, members, sets).outcomes("os/match within matched sets")
        number = np.flatnonzero(patients.sites(SITES, N) == name)[together.patients]
        counted += number[together.event].tolist()
        not_counted += number[~together.event & rows.event[number]].tolist()
    assert len(not_counted) > 20
    other = {"os": as_they_are, "pfs": without_the_event_of([counted[0], *not_counted])}
    by_set, by_site = (made(other, cox=COX | {"baseline": of}).run().results for of in ("matched-set", "site"))
    assert isinstance(by_set[model("os")], CoxFit)
    assert by_set[model("pfs")].rule == "R2"
    assert all(isinstance(by_site[model(endpoint)], CoxFit) for endpoint in ("os", "pfs"))


def test_endpoints_that_differ_in_many_are_answered(made):
    def earlier(own):
        early = own.patients % 2 == 0
        return replace(own, days=np.where(early, 1 + own.days // 2, own.days), event=own.event | early)

    results = made({"os": as_they_are, "pfs": earlier}).run().results
    assert all(isinstance(results[model(name)], CoxFit) for name in ("os", "pfs"))


def with_events_of(rate):
    """Returns the outcomes in which a share of the patients of the reference has no event."""

    def changed(own):
        spared = (own.variables["arm"] == 0.0) & (own.patients % 100 >= rate)
        return replace(own, event=own.event & ~spared)

    return changed


AGREED = {"R12.contributors": "2", "R5.fitted": "3", "R2.leverage": "49/100"}
EXCEPTIONS = tuple(ExceptionSigned(limit, value, "both agreed") for limit, value in AGREED.items())
TWO = SITES[:2]


def sent_by(ran, site):
    """Returns what a hospital sent for the model, from its journal."""
    (number,) = (
        value
        for sent in ran.journals[site].sent_in("rehearsal")
        for id_, _, values in sent.numbers
        if id_ == model("os")
        for value in values
    )
    return float(number)


def test_without_the_rule_one_of_two_hospitals_subtracts_its_own_count(made):
    ran = made({"os": with_events_of(10)}, TWO, is_gated=False)
    new, old = counts(ran.run().results, "os")
    assert 1 <= round(old) < 10
    assert round(new - sent_by(ran, TWO[0])) == sent_by(ran, TWO[1])


def test_of_two_hospitals_a_count_of_few_is_refused_and_others_are_answered(made):
    refused = made({"os": with_events_of(10)}, TWO, exceptions=EXCEPTIONS).run().results[model("os")]
    assert isinstance(refused, RefusedByRule)
    assert (refused.rule, refused.by, refused.message.code) == ("R4", "a site", "rules.own.R4.cell")
    answered = made({"os": as_they_are}, TWO, exceptions=EXCEPTIONS).run().results[model("os")]
    assert isinstance(answered, CoxFit)


def test_few_sets_are_refused(made):
    few = made({"os": lambda own: replace(own, event=own.event & (own.patients % 20 == 0))}).run().results[model("os")]
    assert few.limit_name.startswith("R3.events")
