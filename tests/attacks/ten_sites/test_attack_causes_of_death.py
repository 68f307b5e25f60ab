"""Three endpoints on the same days, each two of which differ in many events: all deaths, less those of cancer, less
those of other causes, are the deaths of unknown cause. At 0 the scores of their models add up as events do, so that of
one such patient each sign is a yes or a no."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission import own_rows
from riskset.analyses.methods.cox_fit import CoxFit

FEW = ("busan", "daegu", "tokyo", "osaka")
BINARY = ("ecog", "mvi", "male", "viral")
IDS = {name: f"cox/{name}/all/multivariable" for name in ("os", "cancer", "other")}


def causes(table, unknown):
    """Returns the events of each endpoint, and who died of unknown cause: so many of Tokyo."""
    dead = table["dead"] == 1
    who = np.flatnonzero(dead & (table["site"] == "tokyo"))[3 : 3 + unknown]
    of_cancer = dead & (np.random.default_rng(3).random(len(dead)) < 0.6)
    of_other = dead & ~of_cancer
    of_cancer[who] = of_other[who] = False
    return {"os": dead, "cancer": of_cancer, "other": of_other}, who


def asked(network, table, unknown):
    events, who = causes(table, unknown)
    analyses = {name: {"kind": "cox", "endpoints": [name], "multivariable": list(BINARY)} for name in events}
    made = network(table, analyses, dict.fromkeys(events, np.ones(len(table["site"]), bool)))
    for site, cohort in made.cohorts.items():
        here = table["site"] == site
        sets = {name: replace(rows, event=events[name][here]) for name, rows in cohort.analysis_sets.items()}
        made.cohorts[site] = replace(cohort, analysis_sets=sets)
        made.rows[site] = made.marks(site)
        made.start_site(site)
    return made, who


def scores(network, name):
    first = next(one.numbers[IDS[name]] for one in network.reads() if IDS[name] in one.numbers)
    return np.array([first[f"slope in {of} = true"] for of in BINARY])


def test_of_one_patient_of_unknown_cause(network, patients, monkeypatch):
    monkeypatch.setattr(own_rows, "own_sums", lambda *_: iter(()))
    table = patients(*FEW)
    bare, (victim,) = asked(network, table, 1)
    bare.run()
    read = scores(bare, "os") - scores(bare, "cancer") - scores(bare, "other") > 0
    assert read.tolist() == [table[name][victim] == 1 for name in BINARY]
    monkeypatch.undo()
    gated, _ = asked(network, table, 1)
    results = gated.run().results
    refused = results[IDS["other"]]
    assert (refused.rule, refused.by, refused.message.code) == ("R2", "a site", "rules.own.R2.outcomes")
    assert all(isinstance(results[IDS[name]], CoxFit) for name in ("os", "cancer"))


@pytest.mark.parametrize("unknown", [pytest.param(0, marks=pytest.mark.exhaustive), 5])
def test_of_none_or_of_enough_passes(network, patients, unknown):
    results = asked(network, patients(*FEW), unknown)[0].run().results
    assert all(isinstance(results[id_], CoxFit) for id_ in IDS.values())
