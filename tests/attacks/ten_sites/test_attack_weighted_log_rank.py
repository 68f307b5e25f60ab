"""The weighted log-rank test tells a sum of squares over patients, at a coefficient of 0. Where one of the few patients
of an arm is followed much longer than the others, the sum is that patient's: what is left after the arm's events is the
squared hazard to which the patient was exposed, times the squared weight."""

import numpy as np
import pytest

from riskset.analyses.admission import own_points
from riskset.analyses.methods.cox_fit import CoxFit, WeightedLogRank
from riskset.disclosure.finding import judge

FEW = ("busan", "daegu", "tokyo", "osaka")
MODEL = "cox/os/all/multivariable"
TEST = f"{MODEL}/robust_score"
ASKED = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "w"}}
EVENTS = 3


def with_weights(table):
    """Returns the table with a weight of .8 to 1.2 for each patient."""
    weights = np.random.default_rng(2).uniform(0.8, 1.2, len(table["days"]))
    return table | {"w": np.round(weights, 6)}


def one_who_stays(table):
    """Twenty-four patients have the arm. All but one leave within two days, three of them by an event."""
    sites = table["site"]
    having = np.concatenate([np.flatnonzero(sites == name)[:6] for name in FEW])
    table["arm"][:] = 0
    table["arm"][having] = 1
    table["days"][having], table["dead"][having] = 1 + np.arange(24) % 2, 0
    table["dead"][having[:EVENTS]] = 1
    victim = having[sites[having] == "tokyo"][0]
    table["days"][victim] = int(np.quantile(table["days"][sites == "tokyo"], 0.9))
    return victim


def exposed(table, victim):
    """The weighted cumulative hazard of the victim's hospital, at hazard ratios of 1, while the victim is at risk."""
    here = table["site"] == table["site"][victim]
    days, dead, w, own = table["days"][here], table["dead"][here] == 1, table["w"][here], table["days"][victim]
    times = np.unique(days[dead & (days <= own)])
    return sum(w[dead & (days == day)].sum() / w[days >= day].sum() for day in times)


def passing(policy, one):
    """Stands for rule R8 where it is off."""
    return judge(policy, "R8.influence", one.analysis.id, 0.0, own=True)


def test_without_the_rule_it_tells_how_long_one_patient_was_followed(network, patients, monkeypatch):
    table = with_weights(patients(*FEW))
    victim = one_who_stays(table)
    monkeypatch.setattr(own_points, "_own_squares", passing)
    bare = network(table, ASKED, arm="arm")
    results = bare.run().results
    (in_information,) = next(one.numbers[TEST] for one in bare.reads() if TEST in one.numbers).values()
    read = np.sqrt(in_information * results[MODEL].null_information - EVENTS)
    assert read == pytest.approx(table["w"][victim] * exposed(table, victim), rel=0.15)


def test_the_rule_refuses_it_and_the_model_is_told(network, patients):
    table = with_weights(patients(*FEW))
    one_who_stays(table)
    results = network(table, ASKED, arm="arm").run().results
    assert (results[TEST].rule, results[TEST].by, results[TEST].message.code) == (
        "R8",
        "a site",
        "rules.own.R8.influence",
    )
    assert isinstance(results[MODEL], CoxFit)


def test_an_honest_one_is_answered(network, patients):
    results = network(with_weights(patients(*FEW)), ASKED, arm="arm").run().results
    assert isinstance(results[TEST], WeightedLogRank)
