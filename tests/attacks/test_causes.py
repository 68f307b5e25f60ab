"""Kinds of event on one clock: what counts of them, and a Fine-Gray model, tell of a patient.

Counts by kind tell of a patient who leaves alone which kind of event it was. They are compared with all other curves of
these patients as the curves of which they are the differences. A Fine-Gray model tells of the patients with a competing
event what they have, where they are few.
"""

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError
from tests.attacks.hospitals import ATTRIBUTES, SITES, THREE, Network, draw
from tests.attacks.test_curves_together import BOTH

from riskset.analyses.admission import own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods import fine_gray
from riskset.analyses.methods.cox import CoxModel
from riskset.disclosure.curves import Curve
from riskset.disclosure.exposure import Exposure
from riskset.rehearsal import Rehearsal
from riskset.stats.grid import Grid
from riskset.study.spec import Study

OF_CAUSES = dict.fromkeys(ATTRIBUTES, ("os", "dead"))
"""Endpoints on the days of survival, each with another attribute that "competes" with death."""

MODEL = "cumulative-incidence/os/all/fine-gray"
OTHER = "cumulative-incidence/other/all/fine-gray"


def also(*case):
    """A case that only `make test-all` tries."""
    return pytest.param(*case, marks=pytest.mark.exhaustive)


def ask(table, endpoints, competing, **more):
    return Network(table, endpoints, kinds=(), competing=competing, **{"grid": (30, 600), **more})


class TestAttributesAsKinds:
    def test_any_boolean_as_a_competing_event(self, no_rule):
        table, competing = draw(), {name: [name] for name in ATTRIBUTES}
        bare = ask(table, OF_CAUSES, competing, grid=(1, 500))
        assert bare.refused() == {}
        told = {name: bare.reads_causes(name) for name in ATTRIBUTES}
        alone = [at for at, counts in told["male"].items() if sum(counts) == 1 and counts[0] == 0]
        assert len(alone) > 20  # censored, and known by three attributes each
        for level, day in alone:
            (who,) = np.flatnonzero((table["arm"] == (level == "true")) & (table["os"] == day))
            assert {name: told[name][level, day][1] for name in told} == {name: table[name][who] for name in told}
        no_rule.undo()
        gated = ask(table, OF_CAUSES, competing)
        assert gated.refused() == {"causes of male": "R9", "causes of viral": "R9"}

    @pytest.mark.exhaustive
    def test_as_the_kinds_beside_survival_itself(self):
        """One is a part of "death or male", which a curve could ask for too; what a second one adds is refused."""
        table, of = draw(), {"os": ("os", "dead"), "x": ("os", "dead")}
        assert Network(table, of, competing={"x": ["male"]}, grid=(30, 600)).refused() == {}
        two = {"x": ["male"], "os": ["viral"]}
        assert Network(table, of, competing=two, grid=(30, 600)).refused() == {"causes of os": "R9"}

    def test_four_kinds_in_two_endpoints(self):
        """Nested kinds, as stages are: each of two endpoints has three of the four that can be told apart."""
        table, stage = draw(), np.random.default_rng(5).integers(0, 5, 120)
        table |= {f"stage_{i}": (stage == i).astype(float) for i in (1, 2, 3, 4)}
        table |= {"late": (stage >= 3).astype(float)}
        of = {"x": ("os", "stage_1"), "y": ("os", "stage_1")}
        competing = {"x": ["stage_2", "late"], "y": ["stage_2", "stage_3"]}
        assert ask(table, of, competing).refused() == {"causes of y": "R9"}

    def test_four_kinds_in_one_endpoint(self):
        study = ask(draw(), {"x": ("os", "dead")}, {"x": ["male"]}).study.model_dump(by_alias=True)
        study["endpoints"]["x"]["competing"] = list(ATTRIBUTES)
        with pytest.raises(ValidationError, match="at most 2 items"):
            Study.model_validate(study)

    @pytest.mark.parametrize(("event", "found"), [also("male", {}), ("viral", {"causes of y": "R9"})])
    def test_another_kind_in_a_later_version(self, event, found):
        """Most are censored early, so that the two endpoints differ in more patients than nearly all have alike."""
        table = draw()
        table["dead"] = table["dead"] & (table["number"] % 4 == 0)
        before = ask(table, {"x": ("os", "dead")}, {"x": ["male"]}, run="run1")
        assert before.refused() == {}
        later = ask(table, {"y": ("os", "dead")}, {"y": [event]}, run="run2").after(before)
        assert later.refused() == found

    def test_counts_of_all_patients_together_are_not_known_by_arm(self):
        """Two kinds without arms are as many numbers as one kind by arm."""
        grid = Grid(7, 70)
        curve = Curve("x", grid, np.array([7, 14]), np.array([True, False]), np.array([0, 1]))
        for kinds in (1, 2, 3):
            together = curve.opened_by((kinds + 1) * grid.n_steps, kinds)
            assert (together.level < 0).all()
            assert (curve.opened_by(2 * (kinds + 1) * grid.n_steps, kinds).level >= 0).all()


class TestHonestKinds:
    @pytest.mark.parametrize("sites", [SITES, also(SITES[:2])])
    def test_progression_with_death_competing_beside_all_survival_curves(self, sites):
        more = {"exceptions": (BOTH,)} if len(sites) == 2 else {}
        network = Network(draw(sites=sites), THREE, competing={"ttp": ["dead"]}, grid=(30, 600), **more)
        assert network.refused() == {}

    @pytest.mark.exhaustive
    def test_two_causes_of_death(self):
        of = {"os": ("os", "dead"), "css": ("os", "of_cancer")}
        assert Network(draw(), of, competing={"css": ["of_other"]}, grid=(30, 600)).refused() == {}


class TestFineGray:
    """A score and information at 0 beside those of the cause-specific Cox model: they differ in the patients with a
    competing event alone."""

    COVARIATES = ("arm", "ecog", "male")

    def ask(self, chosen):
        """Asks for the model where the chosen ones of those who are censored early have a competing event instead."""
        table = draw(n=60)
        table["rare"] = np.zeros(180)
        table["rare"][np.flatnonzero(~table["dead"] & (table["os"] < 200))[chosen]] = 1
        of = {"kinds": (), "competing": {"os": ["rare"]}, "fine_gray": self.COVARIATES, "grid": (30, 600)}
        return Network(table, {"os": ("os", "dead")}, **of)

    def end(self, network):
        assert network.refused() == {}
        return network.outcome.results[MODEL]

    @pytest.mark.parametrize("chosen", [0, also(7)])
    def test_of_one_patient_with_a_competing_event(self, monkeypatch, chosen):
        """With the rule off the difference of the two scores at 0 has, in each column, the sign of the patient's value
        against the mean: all three attributes."""
        monkeypatch.setattr(fine_gray.FineGray, "exposure", property(without_conditions))
        network = self.ask([chosen])
        assert has_result(self.end(network))
        (who,) = np.flatnonzero(network.table["rare"])
        found = network.outcome.history.plan.by_id[MODEL]
        cox = CoxModel(**{of.name: getattr(found, of.name) for of in fields(CoxModel)})
        inputs = {id_: network.outcome.results[id_] for id_ in found.needs}
        state = found.start(inputs)
        both = [
            sum(one.local(one.prepare(cohort, inputs), state) for cohort in network.cohorts.values())
            for one in (found, cox)
        ]
        assert len(both[0]) == 1 + 3 + 6
        read = (both[0] - both[1])[1:4] < 0
        assert read.tolist() == [network.table[name][who] == 1 for name in self.COVARIATES]

    def test_few_are_refused_and_many_are_not(self):
        """Two of each hospital, then one of three of them."""
        early = self.ask([]).table
        censored = np.flatnonzero(~early["dead"] & (early["os"] < 200))
        two_each = [at for site in SITES for at in np.flatnonzero(early["site"][censored] == site)[:2]]
        few = self.end(self.ask(two_each))
        assert isinstance(few, RefusedByRule)
        assert few.rule == "R4"
        assert has_result(self.end(self.ask(slice(None, None, 3))))

    def ask_two(self, differing, seed=2):
        """Asks for the models of two endpoints, of which the second lacks the competing events of so many patients of a
        hospital. Returns the first of them too."""
        table = draw(n=60, seed=seed)
        early = np.flatnonzero(~table["dead"] & (table["os"] < 300))
        here = early[table["site"][early] == SITES[0]][:differing]
        table["both"] = np.isin(np.arange(180), early).astype(float)
        table["less"] = np.where(np.isin(np.arange(180), here), 0.0, table["both"])
        of, competing = {"os": ("os", "dead"), "other": ("os", "dead")}, {"os": ["both"], "other": ["less"]}
        return Network(table, of, kinds=(), competing=competing, fine_gray=self.COVARIATES, grid=(30, 600)), here[0]

    def scores(self, network):
        """The slopes at 0 of both, as everybody reads them."""
        self.end(network)
        told, outcome = [], network.outcome
        for id_ in (MODEL, OTHER):
            model = outcome.history.plan.by_id[id_]
            inputs = {of: outcome.results[of] for of in model.needs}
            state = model.start(inputs)
            told.append(sum(model.local(model.prepare(c, inputs), state) for c in network.cohorts.values())[1:4])
        return told

    def test_of_two_endpoints_whose_competing_events_differ_in_one_patient(self, monkeypatch):
        monkeypatch.setattr(own_rows, "own_outcomes", lambda policy, live, own, figures: iter(()))
        monkeypatch.setattr(own_rows, "_own_pairs", lambda policy, live, own, figures: iter(()))
        network, who = self.ask_two(1)
        one, other = self.scores(network)
        assert (one - other < 0).tolist() == [network.table[name][who] == 1 for name in self.COVARIATES]
        monkeypatch.undo()
        network, _ = self.ask_two(1)
        results = network.run().results
        assert has_result(results[MODEL])
        assert (results[OTHER].rule, results[OTHER].by) == ("R2", "a site")

    def test_of_two_endpoints_whose_competing_events_differ_in_enough(self):
        results = self.ask_two(9)[0].run().results
        assert all(has_result(results[id_]) for id_ in (MODEL, OTHER))

    @pytest.mark.exhaustive
    def test_of_kinds_that_no_curve_may_tell(self):
        table, competing = draw(), {name: [name] for name in ATTRIBUTES}
        network = ask(table, OF_CAUSES, competing, fine_gray=["arm"])
        assert network.refused() == {"causes of male": "R9", "causes of viral": "R9"}
        ends = {name: network.outcome.results[f"cumulative-incidence/{name}/all/fine-gray"] for name in ATTRIBUTES}
        assert not has_result(ends["male"])
        assert not has_result(ends["viral"])


def without_conditions(model) -> Exposure:
    return replace(super(fine_gray.FineGray, model).exposure, conditions=())


class TestLateEntry:
    """A day of entry is a number of the export, and is counted by arm and step beside the kinds of event."""

    ENTRIES = ("entry", "other")

    def ask(self, patients, *, is_gated, entries=ENTRIES):
        rows, names = patients.rows(5, 400, entry=True), ("asan", "busan", "chiba")
        endpoints = {f"of_{e}": {"days": "days", "event": "dead", "competing": ["lost"], "entry": e} for e in entries}
        more = {"lost": {"type": "boolean"}, "other": patients.variables["entry"]}
        asked = {
            "cif": {"kind": "cumulative-incidence", "endpoints": [*endpoints]},
            "km": {"kind": "km", "endpoints": [*endpoints]},
        }
        study = patients.study(names, analyses=asked, endpoints=endpoints, variables=patients.variables | more)
        days = {"entry": rows.entry_days, "other": np.minimum(rows.variables["age"].astype(np.int64), rows.days - 1)}
        at = patients.sites(names, 400)
        cohorts = {}
        for site in names:
            own = patients.choose(rows, at == site)
            cohorts[site] = Cohort(site, {f"of_{e}": replace(own, entry_days=days[e][at == site]) for e in entries})
        return Rehearsal(study, cohorts, is_gated=is_gated).run().results, days["other"] // 28 * 28

    def test_another_number_as_the_day_of_entry(self, patients):
        """Beside the counts of one day of entry, those of another on the same days tell how many have which age."""
        found, ages = self.ask(patients, is_gated=False)
        curve = found["km/of_other/all"].overall.curve
        told = np.diff(curve.at_risk) + (curve.events + curve.censored)[:-1]
        assert told.tolist() == [((ages >= a) & (ages < b)).sum() for a, b in pairwise(curve.day)]
        assert told.any()
        assert not isinstance(found["cumulative-incidence/of_other/all"], RefusedByRule)
        gated, *_ = self.ask(patients, is_gated=True)
        assert {id_: end.rule for id_, end in gated.items() if isinstance(end, RefusedByRule)} == {
            "cumulative-incidence/of_other/all": "R9",
            "km/of_other/all": "R9",
        }

    def test_the_kinds_of_event_beside_the_curve_with_one_day_of_entry(self, patients):
        found, *_ = self.ask(patients, is_gated=True, entries=("entry",))
        assert all(has_result(end) for end in found.values())
        assert found["cumulative-incidence/of_entry/all"].gray is None
