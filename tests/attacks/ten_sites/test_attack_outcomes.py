"""Two endpoints whose outcomes differ in one patient: the scores of a model at 0 differ by that patient's columns, less
their means at risk, so that the sign of each difference is a yes or a no."""

from dataclasses import replace

import numpy as np
import pytest

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


class TestOutcomesOverVersions:
    """The second version's endpoint lacks the event of a patient who died in Tokyo. The first one's is named still, in
    a model that is refused, so that R14 finds nobody who changed, and R2 no other endpoint that is told."""

    def second(self, network, table, differing, days=0):
        everybody = np.ones(len(table["site"]), bool)
        one = network(table, {"os": {"kind": "cox", "endpoints": ["os"], "multivariable": list(BINARY)}}, run="one")
        one.until("later")
        rare = (np.arange(len(table["site"])) < 2).astype(float)
        analyses = {
            "few": {"kind": "cox", "endpoints": ["os"], "multivariable": ["rare"]},
            "m": {"kind": "cox", "endpoints": ["other"], "multivariable": list(BINARY)},
        }
        both = {"os": everybody, "other": everybody}
        two = network({**table, "rare": rare}, analyses, both, run="two", version="2").inherits(one)
        rows = two.cohorts["tokyo"].analysis_sets["other"]
        censored = np.flatnonzero(rows.event)[:differing]
        event = rows.event & ~np.isin(np.arange(rows.n), censored)
        for site, cohort in two.cohorts.items():
            other = cohort.analysis_sets["other"]
            changed = {"days": other.days + days} | ({"event": event} if site == "tokyo" else {})
            two.cohorts[site] = replace(
                cohort, analysis_sets=cohort.analysis_sets | {"other": replace(other, **changed)}
            )
            two.rows[site] = two.marks(site)
            two.start_site(site)
        row = [[int(rows.variables[name][one]) for name in BINARY] for one in censored]
        return scores(one, OS), two.again("two", earlier=["one"]), row

    @pytest.mark.parametrize("days", [0, pytest.param(3, marks=pytest.mark.exhaustive)])
    def test_of_one_patient(self, network, patients, monkeypatch, days):
        table = patients(*FEW)
        monkeypatch.setattr("riskset.protocol.contributing.own_outcomes_since", lambda *_: iter(()))
        told, bare, (row,) = self.second(network, table, 1, days)
        bare.run()
        assert (told - scores(bare, OTHER) > 0).astype(int).tolist() == row
        monkeypatch.undo()
        _, gated, _ = self.second(network, table, 1, days)
        found = gated.run().results[OTHER]
        assert (found.rule, found.by) == ("R14", "a site")

    @pytest.mark.parametrize("differing", [pytest.param(0, marks=pytest.mark.exhaustive), 5])
    def test_the_same_and_another_outcome_pass(self, network, patients, differing):
        _, honest, _ = self.second(network, patients(*FEW), differing)
        assert isinstance(honest.run().results[OTHER], CoxFit)


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
