"""A robust error is a sum of squares over patients. Where one of the few patients with a level is followed much longer
than the others, the sum is that patient's: the root of what is left after the level's events is the hazard to which the
patient was exposed, which tells the length of follow-up.

In a test of proportional hazards each event counts with a function of its time. A single early event is far from all
others on a scale of logarithms, so the slope is that patient's values less their mean at risk: its sign tells yes or
no.

Concordance counts pairs. Where one event can be compared with anyone and the others with nobody, the tied pairs are the
patients of that hospital who share the patient's values: a count of one hospital, of the patient's own level."""

import math

import numpy as np

from riskset.analyses.admission import own_points
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.disclosure.finding import judge
from riskset.stats.cox import evaluate, risk_sets

FEW = ("busan", "daegu", "tokyo", "osaka")
MODEL = "cox/os/all/multivariable"
ROBUST = f"{MODEL}/robust/mvi = true"


def asked(*covariates):
    return {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": list(covariates), "robust": "patient"}}


def one_of_few(table):
    """Twelve patients have the level. Eleven leave within two days, three of them by an event; one of Tokyo stays."""
    sites = table["site"]
    having = np.concatenate([np.flatnonzero(sites == name)[:3] for name in FEW])
    table["mvi"][:] = 0
    table["mvi"][having] = 1
    table["days"][having], table["dead"][having] = 1 + np.arange(12) % 2, 0
    table["dead"][having[:3]] = 1
    (victim,) = having[sites[having] == "tokyo"][:1]
    table["days"][victim] = int(np.quantile(table["days"][sites == "tokyo"], 0.9))
    return victim


def exposed(table, victim):
    """The cumulative hazard (at hazard ratios of 1) of the victim's hospital while the victim is at risk."""
    here = table["site"] == table["site"][victim]
    days, dead = table["days"][here], table["dead"][here] == 1
    own = table["days"][victim]
    return sum((dead & (days == day)).sum() / (days >= day).sum() for day in np.unique(days[dead & (days <= own)]))


def asked_of_time(*covariates):
    entry = {"kind": "cox", "endpoints": ["os"], "multivariable": list(covariates), "ph_test": ["km", "log"]}
    return {"km": {"kind": "km", "endpoints": ["os"]}, "cox": entry}


def early(table):
    """One patient of Tokyo has an event on the first day, all others leave within a month of the second year."""
    victim = int(np.flatnonzero(table["site"] == "tokyo")[7])
    table["days"][:] = 400 + table["days"] % 30
    table["days"][victim], table["dead"][victim] = 1, 1
    return victim


def passing(policy, one):
    """Stands for rule R8 where it is off."""
    return judge(policy, "R8.influence", one.analysis.id, 0.0, own=True)


class TestOneOfFewWhoStaysLong:
    def test_is_read_off_the_robust_error_without_the_rule(self, network, patients, monkeypatch):
        table = patients(*FEW)
        victim = one_of_few(table)

        monkeypatch.setattr(own_points, "_own_squares", passing)
        bare = network(table, asked("mvi"))
        results = bare.run().results
        (in_variances,) = next(one.numbers[ROBUST] for one in bare.reads() if ROBUST in one.numbers).values()
        (term,) = results[MODEL].terms
        events = round(1 / term.se**2)  # a level of few has nearly as much information as events
        squares = in_variances / term.se**2
        read = math.sqrt(squares - events) / term.hr
        assert events == table["dead"][table["mvi"] == 1].sum()
        assert abs(read / exposed(table, victim) - 1) < 0.15

    def test_is_refused_by_the_rule_and_the_others_are_answered(self, network, patients):
        table = patients(*FEW)
        one_of_few(table)
        results = network(table, asked("mvi", "male")).run().results
        found = results[ROBUST]
        assert (found.rule, found.by, found.message.code) == ("R8", "a site", "rules.own.R8.influence")
        assert isinstance(results[MODEL], CoxFit)
        assert results[f"{MODEL}/robust/male = true"].se > 0


YES_NO = ("mvi", "male", "ecog", "arm")


class TestAnEarlyEvent:
    def test_tells_the_patients_values_without_the_rule(self, network, patients, monkeypatch):
        table = patients(*FEW)
        victim = early(table)
        monkeypatch.setattr(own_points, "_own_squares", passing)
        bare = network(table, asked_of_time(*YES_NO))
        bare.run()
        id_ = f"{MODEL}/ph_test/log"
        told = next(one.numbers[id_] for one in bare.reads() if id_ in one.numbers)
        read = [told[f"slope in {name} = true x log of time, {MODEL}"] < 0 for name in YES_NO]  # early is far below
        assert read == [table[name][victim] == 1 for name in YES_NO]

    def test_is_refused_alone_by_the_rule(self, network, patients):
        table = patients(*FEW)
        early(table)
        results = network(table, asked_of_time(*YES_NO)).run().results
        found = results[f"{MODEL}/ph_test/log"]
        assert (found.rule, found.by, found.message.code) == ("R8", "a site", "rules.own.R8.influence")
        assert results[f"{MODEL}/ph_test/km"].all_terms.df == len(YES_NO)


def alone(table):
    """One patient of Tokyo has an event on the first day; everyone else is censored on day 400 or dies on day 500."""
    victim = int(np.flatnonzero(table["site"] == "tokyo")[7])
    table["days"] = np.where(table["dead"] == 1, 500, 400)
    table["days"][victim], table["dead"][victim] = 1, 1
    return victim


COUNTED = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["mvi"], "concordance": True}}
PAIRS = f"{MODEL}/concordance"


class TestTheOnlyEventThatCanBeCompared:
    def test_tells_how_many_of_one_hospital_share_the_patients_level_without_the_rule(
        self, network, patients, monkeypatch
    ):
        table = patients(*FEW)
        victim = alone(table)
        monkeypatch.setattr(own_points, "_own_squares", passing)
        bare = network(table, COUNTED)
        bare.run()
        told = next(one.numbers[PAIRS] for one in bare.reads() if PAIRS in one.numbers)
        alike = (table["site"] == "tokyo") & (table["mvi"] == table["mvi"][victim])
        assert told[f"tied pairs in {MODEL}"] == alike.sum() - 1

    def test_is_refused_by_the_rule_and_an_honest_model_is_answered(self, network, patients):
        table = patients(*FEW)
        alone(table)
        found = network(table, COUNTED).run().results[PAIRS]
        assert (found.rule, found.by, found.message.code) == ("R8", "a site", "rules.own.R8.influence")
        assert network(patients(*FEW), COUNTED).run().results[PAIRS].pairs > 1000


def clustered(*covariates):
    return {"cox": asked(*covariates)["cox"] | {"robust": "site"}}


def another_effect(table):
    """Patients of Tokyo with the level live long, those of the other hospitals as without it."""
    here = (table["site"] == "tokyo") & (table["mvi"] == 1)
    table["days"][here] *= 6


def score_of(network, table, site, coef):
    """The slope of one hospital's own likelihood at the pooled coefficient."""
    rows = network.cohorts[site].analysis_sets["os"]
    own = risk_sets(rows.variables["mvi"][:, None], rows.days, rows.event)
    return evaluate(own, [coef]).score[0]


class TestOneHospitalOfAnotherEffect:
    def test_is_read_off_the_error_clustered_by_site_without_the_rule(self, network, patients, monkeypatch):
        table = patients(*FEW)
        another_effect(table)
        monkeypatch.setattr(own_points, "_own_squares", passing)
        bare = network(table, clustered("mvi"))
        (term,) = bare.run().results[MODEL].terms
        (in_variances,) = next(one.numbers[ROBUST] for one in bare.reads() if ROBUST in one.numbers).values()
        # the slopes add up to 0: the other three share what Tokyo lacks, by their size
        sizes = np.array([(table["site"] == site).sum() for site in FEW if site != "tokyo"])
        others = float(((sizes / sizes.sum()) ** 2).sum())
        read = -math.sqrt(in_variances / (1 + others)) / term.se
        assert abs(read / score_of(bare, table, "tokyo", term.coef) - 1) < 0.15

    def test_is_refused_by_the_rule_and_the_others_are_answered(self, network, patients):
        table = patients(*FEW)
        another_effect(table)
        results = network(table, clustered("mvi", "male", "ecog", "arm")).run().results
        found = results[ROBUST]
        assert (found.rule, found.by, found.message.code) == ("R8", "a site", "rules.own.R8.site_influence")
        assert results[f"{MODEL}/robust/male = true"].se > 0
