"""Hospitals tell their own hazard ratios: who does not, is too small, or told one before, must not be read from that.

Six hospitals of sixty patients and one of eight. Every attack first succeeds with its rule off.
"""

from itertools import product

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.errors import Refused
from riskset.protocol.journal import ALONE
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.stats.cox import evaluate, risk_sets

SITES = ("asan", "busan", "chiba", "daegu", "ehime", "fukui")
ASKED = {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"], "leave_one_out": True}


@pytest.fixture(scope="module")
def trial(patients):
    rows = patients.rows(11, 360)
    return Trial(patients, patients.deal(rows, patients.sites(SITES, 360)))


class Trial:
    def __init__(self, patients, cohorts):
        self.patients, self.cohorts = patients, cohorts

    def study(self, sites):
        return self.patients.study(sites, analyses={"sites": ASKED})

    def rehearsal(self, told, more=None):
        cohorts = self.cohorts | (more or {})
        return Rehearsal(self.study(tuple(cohorts)), cohorts, told_alone=told)

    def run(self, told, more=None):
        return answered(self.rehearsal(told, more))


def answered(rehearsal):
    outcome = rehearsal.run()
    (entry,) = results_of(rehearsal.study, outcome, outcome.history.opening.participants).entries
    return entry_json(entry)


def told_in(result):
    return {one["site"]: one for one in result["sites"] if one["coef"] is not None}


@pytest.fixture(scope="module")
def together(trial):
    return trial.run(SITES)


@pytest.fixture(scope="module")
def all_but_one(trial):
    """The last one tells nothing."""
    rehearsal = trial.rehearsal(SITES[:5])
    return rehearsal, answered(rehearsal)


@pytest.fixture(scope="module")
def three(trial):
    """The last three tell nothing."""
    rehearsal = trial.rehearsal(SITES[:3])
    return rehearsal, answered(rehearsal)


def in_ledger(rehearsal, site):
    """Returns what the site's ledger says it told of itself in clear."""
    sent = rehearsal.journals[site].sent["rehearsal"]
    told = [of for one in sent for id_, *of in one.numbers if id_ == ALONE]
    return [pair for labels, numbers in told for pair in zip(labels, numbers, strict=True)]


@pytest.fixture(scope="module")
def truth(together):
    return told_in(together)


def test_all_tell(truth, together):
    assert set(truth) == set(SITES)
    assert all(one["coef"] is not None for one in together["leave_one_out"])


def by_subtraction(result):
    """Returns log hazard ratio and error of those who tell nothing: the information and the scores that the common
    model has beyond the told ones, to first order."""
    told = told_in(result).values()
    information = [1 / one["se"] ** 2 for one in told]
    of_all = 1 / result["common"]["se"] ** 2
    left = of_all - sum(information)
    score = of_all * result["common"]["coef"] - sum(w * one["coef"] for w, one in zip(information, told, strict=True))
    return score / left, left**-0.5


def test_the_last_hospital_is_the_difference(trial, truth, all_but_one, three, monkeypatch):
    *others, last = SITES
    with monkeypatch.context() as off:
        off.setattr("riskset.analyses.admission.judging._rest", lambda *_: None)
        result = trial.run(others)
        assert set(told_in(result)) == set(others)
        coef, se = by_subtraction(result)
        assert coef == pytest.approx(truth[last]["coef"], abs=0.5 * truth[last]["se"])
        assert se == pytest.approx(truth[last]["se"], rel=0.1)
    for refused in (all_but_one[1], trial.run(others[1:])):  # the last two together, as well
        assert told_in(refused) == {}
        assert refused["sites_reason"]["rule"] == "R13"
        assert refused["treatment_by_site"]["likelihood_ratio"]["chi2"] is not None
        assert refused["fixed"]["coef"] is None
    rehearsal, honest = three
    assert [bool(in_ledger(rehearsal, site)) for site in SITES] == [True] * 3 + [False] * 3
    labels, numbers = zip(*in_ledger(rehearsal, "asan"), strict=True)
    assert numbers == tuple(honest["sites"][0][key] for key in ("coef", "se", "n", "events"))
    assert labels[0] == "log hazard ratio of arm = new against old (site-heterogeneity/os/all)"
    assert set(told_in(honest)) == set(SITES[:3])
    assert "sites_reason" not in honest
    without = {one["without"]: one for one in honest["leave_one_out"]}
    assert [without[site]["coef"] is not None for site in SITES] == [True] * 3 + [False] * 3
    assert without[last]["reason"]["rule"] == "R13"


def small_site():
    """Eight patients whose days and events are known, as from a curve that they leave alone; their arms are not."""
    days = np.array([31, 45, 62, 80, 97, 120, 151, 190])
    variables = {name: np.zeros(8) for name in ("age", "stage")} | {"arm": np.array([1.0, 0, 1, 1, 0, 0, 1, 0])}
    return Cohort("gifu", {"os": AnalysisSet(days, np.arange(8) != 3, None, variables)})


def test_a_small_hospitals_arms_are_read_from_its_estimate(trial, monkeypatch):
    small = small_site()
    rows = small.outcomes("os")
    with monkeypatch.context() as off:
        off.setattr("riskset.protocol.contributing.own_findings_alone", lambda *_: iter(()))
        off.setitem(ASKED, "leave_one_out", False)
        told = told_in(trial.run((*SITES, small.site), {small.site: small}))[small.site]
        fitting = [arms for arms in product((0.0, 1.0), repeat=8) if solves(arms, rows, told)]
        assert fitting == [tuple(rows.variables["arm"].tolist())]
    honest = trial.run((*SITES[:3], small.site), {small.site: small})
    assert set(told_in(honest)) == set(SITES[:3])


def test_patients_of_the_last_hospital_are_not_counted(all_but_one, three):
    """They would be a sum of one hospital: first it is said how many hospitals there are."""
    for rehearsal, expected in ((all_but_one[0], []), (three[0], [60.0, 37.0])):
        sent = [of for one in rehearsal.journals["fukui"].sent["rehearsal"] for of in one.numbers]
        numbers = {label: x for _, labels, values in sent for label, x in zip(labels, values, strict=True)}
        assert [x for label, x in numbers.items() if "of hospitals that tell nothing" in label] == expected
        assert [x for label, x in numbers.items() if label.startswith("hospitals that tell nothing")] == [1.0]


@pytest.mark.exhaustive
def test_three_small_hospitals_do_not_hide_one_another(trial, monkeypatch):
    """What is left of the total are 24 patients, as if a study of them were made."""
    small = {site: Cohort(site, small_site().analysis_sets) for site in ("gifu", "hanoi", "iwaki")}
    with monkeypatch.context() as off:
        off.setattr("riskset.analyses.admission.judging._not_alone", lambda *_: iter(()))
        assert set(told_in(trial.run(SITES, small))) == set(SITES)
    refused = trial.run(SITES, small)
    assert told_in(refused) == {}
    assert refused["sites_reason"]["rule"] == "R1"


IMPOSSIBLE = [pytest.param((1e300, 0.2, 60.0, 40.0), marks=pytest.mark.exhaustive), (0.1, 0.0, 60.0, 40.0)]


@pytest.mark.parametrize("told", IMPOSSIBLE)
def test_a_hospital_that_tells_what_no_patients_have_ends_the_run(trial, told):
    rehearsal = trial.rehearsal(SITES)
    rehearsal.sites["asan"]._conditions.contributor = lying(rehearsal.sites["asan"]._conditions.contributor, told)
    with pytest.raises(Refused) as refused:
        rehearsal.run()
    assert refused.value.code == "totals"


def lying(make, told):
    def contributor(*arguments):
        honest = make(*arguments)
        honest._told = lambda question, history, refused: told
        return honest

    return contributor


def solves(arms, rows, told):
    found = evaluate(risk_sets(np.array([arms]).T, rows.days, rows.event), [told["coef"]])
    information = float(found.information[0, 0])
    return abs(found.score[0]) < 1e-6 and information > 0 and abs(information**-0.5 - told["se"]) < 1e-6


def second_run(trial, told, participants, now):
    """Runs all hospitals, of which some tell, and then others under new approvals."""
    rehearsal = trial.rehearsal(told)
    rehearsal.run()
    rehearsal.run_id, rehearsal.told_alone = "second", now
    for name in SITES:
        rehearsal.start_site(name)
    rehearsal.start_coordinator(participants, ["rehearsal"])
    return rehearsal


def test_a_later_run_counts_what_was_told(trial, monkeypatch):
    """All six, of whom A, B and C tell; then C, E and F: the difference is A, B and D, of which A and B are known."""
    first, later = SITES[:3], ("chiba", "ehime", "fukui")
    with monkeypatch.context() as off:
        off.setattr("riskset.protocol.parties.tellers_in", lambda *_: frozenset())
        assert answered(second_run(trial, first, later, ()))["common"]["coef"] is not None
    with pytest.raises(Refused, match="R13"):
        second_run(trial, first, later, ()).run()


@pytest.mark.exhaustive
def test_a_later_run_without_three_who_told_nothing_is_made(trial):
    assert answered(second_run(trial, SITES[:3], SITES[:3], ()))["common"]["coef"] is not None


@pytest.mark.exhaustive
def test_what_was_told_once_is_known(trial, monkeypatch):
    """A, B and C tell in the first run, D alone in the second: E and F are what is left of the total."""
    with monkeypatch.context() as off:
        off.setattr("riskset.protocol.remembered.has_told", lambda *_: False)
        assert set(told_in(answered(second_run(trial, SITES[:3], SITES, ("daegu",))))) == {"daegu"}
    refused = answered(second_run(trial, SITES[:3], SITES, ("daegu",)))
    assert refused["sites_reason"]["rule"] == "R13"


@pytest.mark.exhaustive
def test_who_told_once_may_tell_again(trial):
    assert set(told_in(answered(second_run(trial, SITES[:3], SITES, SITES[:2])))) == set(SITES[:2])


def after_a_run_of_three(trial):
    """Runs A, B and C, and then all, where A tells its own: B and C together are what is left of the first run."""
    rehearsal = trial.rehearsal(())
    rehearsal.start_coordinator(SITES[:3], ())
    rehearsal.run()
    rehearsal.run_id, rehearsal.told_alone = "second", SITES[:1]
    for name in SITES:
        rehearsal.start_site(name)
    rehearsal.start_coordinator(SITES, ["rehearsal"])
    return told_in(answered(rehearsal))


@pytest.mark.exhaustive
def test_nothing_is_told_after_a_run_of_others(trial, monkeypatch):
    with monkeypatch.context() as off:
        off.setattr("riskset.protocol.site.ran_otherwise", lambda *_: False)
        assert set(after_a_run_of_three(trial)) == {"asan"}
    assert after_a_run_of_three(trial) == {}
