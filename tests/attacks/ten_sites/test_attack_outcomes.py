"""Two endpoints whose outcomes differ in one patient: the scores of a model at 0 differ by that patient's columns, less
their means at risk, so that the sign of each difference is a yes or a no."""

from dataclasses import replace

import numpy as np

from riskset.analyses.methods.cox_fit import CoxFit

FEW = ("busan", "daegu", "tokyo", "osaka")
BINARY = ("ecog", "mvi", "male", "viral")
OS, OTHER = "cox/os/all/multivariable", "cox/other/all/multivariable"


def asked(network, table, differing, **more):
    """A study of two endpoints; the second lacks the events of so many patients who died in Tokyo."""
    everybody = np.ones(len(table["site"]), bool)
    analyses = {name: {"kind": "cox", "endpoints": [name], "multivariable": list(BINARY)} for name in ("os", "other")}
    analyses["os"] |= more
    made = network(table, analyses, {"os": everybody, "other": everybody})
    rows = made.cohorts["tokyo"].analysis_sets["other"]
    censored = np.flatnonzero(rows.event)[:differing]
    event = rows.event.copy()
    event[censored] = False
    sets = made.cohorts["tokyo"].analysis_sets | {"other": replace(rows, event=event)}
    made.cohorts["tokyo"] = replace(made.cohorts["tokyo"], analysis_sets=sets)
    made.rows["tokyo"] = made.marks("tokyo")
    made.start_site("tokyo")
    return made, [[int(rows.variables[name][one]) for name in BINARY] for one in censored]


def scores(network, id_):
    """The slopes at 0, by column, as everybody reads them."""
    first = next(one.numbers[id_] for one in network.reads() if id_ in one.numbers)
    return np.array([first[f"slope in {name} = true"] for name in BINARY])


class TestTheEventsOfTwoEndpoints:
    def test_of_one_patient(self, network, patients, monkeypatch):
        table = patients(*FEW)
        monkeypatch.setattr(
            "riskset.analyses.admission.own_rows.own_outcomes", lambda policy, live, own, figures: iter(())
        )
        bare, (row,) = asked(network, table, 1)
        bare.run()
        assert (scores(bare, OS) - scores(bare, OTHER) > 0).astype(int).tolist() == row
        monkeypatch.undo()
        gated, _ = asked(network, table, 1)
        results = gated.run().results
        assert isinstance(results[OS], CoxFit)
        assert (results[OTHER].rule, results[OTHER].by) == ("R2", "a site")

    def test_later_analyses_of_the_first_endpoint_pass(self, network, patients):
        honest, _ = asked(network, patients(*FEW), 1, univariable=["mvi"])
        results = honest.run().results
        fitted = {id_: isinstance(found, CoxFit) for id_, found in results.items() if id_.startswith("cox/")}
        assert fitted == {OS: True, OTHER: False, "cox/os/all/univariable/mvi": True}

    def test_endpoints_that_differ_in_enough_events_pass(self, network, patients):
        honest, _ = asked(network, patients(*FEW), 5)
        results = honest.run().results
        assert all(isinstance(results[id_], CoxFit) for id_ in (OS, OTHER))


class TestTheDaysOfEntry:
    """The second endpoint counts some patients of Tokyo from the day before they leave it only: they are missing in all
    risk sets before."""

    def asked(self, network, table, differing):
        made, _ = asked(network, table, 0)
        for site, cohort in made.cohorts.items():
            sets = {}
            for name, rows in cohort.analysis_sets.items():
                late = np.argsort(rows.days)[-differing:] if (site, name) == ("tokyo", "other") else np.zeros(0, int)
                entry = np.where(np.isin(np.arange(rows.n), late), rows.days - 1, 0)
                sets[name] = replace(rows, entry_days=entry)
            made.cohorts[site] = replace(cohort, analysis_sets=sets)
            made.rows[site] = made.marks(site)
            made.start_site(site)
        rows = made.cohorts["tokyo"].analysis_sets["os"]
        return made, [int(rows.variables[name][rows.days.argmax()]) for name in BINARY]

    def test_of_one_patient(self, network, patients, monkeypatch):
        table = patients(*FEW)
        monkeypatch.setattr(
            "riskset.analyses.admission.own_rows.own_outcomes", lambda policy, live, own, figures: iter(())
        )
        bare, row = self.asked(network, table, 1)
        bare.run()
        assert (scores(bare, OTHER) - scores(bare, OS) > 0).astype(int).tolist() == row
        monkeypatch.undo()
        gated, _ = self.asked(network, table, 1)
        results = gated.run().results
        assert isinstance(results[OS], CoxFit)
        assert (results[OTHER].rule, results[OTHER].by) == ("R2", "a site")

    def test_of_enough_patients_pass(self, network, patients):
        honest, _ = self.asked(network, patients(*FEW), 5)
        results = honest.run().results
        assert all(isinstance(results[id_], CoxFit) for id_ in (OS, OTHER))
