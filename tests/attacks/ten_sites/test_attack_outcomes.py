"""Two endpoints whose outcomes differ in one patient: the scores of a model at 0 differ by that patient's columns, less
their means at risk, so that the sign of each difference is a yes or a no."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission import own_outcomes
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


class TestTwoWaysToCountTies:
    """All patients leave on days of their own, but two of Tokyo who die on one. Efron's and Breslow's scores at 0
    differ by half of the two's columns, less the mean at risk, over the number at risk but one."""

    IDS = (OS, f"{OS}/breslow")

    def asked(self, network, patients, tied):
        table = patients(*FEW)
        n = len(table["site"])
        table["days"] = 1 + np.random.default_rng(3).permutation(3 * n)[:n]
        dying = np.flatnonzero((table["dead"] == 1) & (table["site"] == "tokyo"))[:tied]
        table["days"][dying[1::2]] = table["days"][dying[::2]]
        entry = {"kind": "cox", "endpoints": ["os"], "multivariable": list(BINARY)}
        return network(table, {ties: entry | {"ties": ties} for ties in ("efron", "breslow")}), table, dying

    def test_of_two_deaths_on_one_day(self, network, patients, monkeypatch):
        monkeypatch.setattr(own_outcomes, "_is_tied", lambda rows, i, strata: np.zeros(len(i), bool))
        bare, table, pair = self.asked(network, patients, 2)
        bare.run()
        sd = {of.variable: x.sd for of, x in bare.history().results["moments/os"].columns.items()}
        half = np.array([table[name][pair].mean() for name in BINARY])
        here = (table["site"] == "tokyo") & (table["days"] >= table["days"][pair[0]])
        at_risk = np.array([table[name][here].mean() for name in BINARY])
        told = (scores(bare, self.IDS[0]) - scores(bare, self.IDS[1])) * [sd[name] for name in BINARY]
        np.testing.assert_allclose(told * (here.sum() - 1), half - at_risk, atol=1e-9)
        monkeypatch.undo()
        results = self.asked(network, patients, 2)[0].run().results
        assert isinstance(results[OS], CoxFit)
        assert (results[self.IDS[1]].rule, results[self.IDS[1]].by) == ("R2", "a site")

    @pytest.mark.exhaustive
    def test_of_enough_pass(self, network, patients):
        results = self.asked(network, patients, 6)[0].run().results
        assert all(isinstance(results[id_], CoxFit) for id_ in self.IDS)
