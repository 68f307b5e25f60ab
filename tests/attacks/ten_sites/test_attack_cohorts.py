"""Two populations, or more, that differ in one patient or in one site, and curves by many subgroups. With the rule off
the difference of totals is read; with it on it is refused; the nearest honest question is answered."""

import numpy as np
import pytest

from riskset.analyses import plan as planning
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import SetId
from riskset.analyses.counts_in_time import CountsInTime
from riskset.analyses.design import level_columns
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.km import KaplanMeier, SurvivalCurves
from riskset.analyses.plan import Plan
from riskset.protocol import coordinator, site
from riskset.stats.grid import Grid

FEW = ("busan", "daegu", "tokyo", "osaka", "gwangju")
COLUMNS = ("ecog", "mvi", "male")


def cox(*endpoints):
    return {name: {"kind": "cox", "endpoints": [name], "multivariable": list(COLUMNS)} for name in endpoints}


def curves(*endpoints):
    return {name: {"kind": "km", "endpoints": [name]} for name in endpoints}


def person(table, hospital, number):
    """Returns the mask of one patient."""
    return np.arange(len(table["site"])) == np.flatnonzero(table["site"] == hospital)[number]


def column(pairs, endpoint, name):
    return pairs[f"patients with {endpoint} and {name} = true ({endpoint})"]


def counted(network, endpoint):
    """The events and censorings by step, (2, steps), that the curve of an endpoint is made of."""
    numbers = network.told("close", f"km/{endpoint}/all")
    return np.array([x for label, x in numbers.items() if "log-rank" not in label]).reshape(2, -1)


def refusal(network, id_):
    result = network.run().results[id_]
    assert isinstance(result, RefusedByRule), result
    return result


class TestOnePatientApart:
    """Two endpoints whose analysis sets differ in one patient: he lacks a covariate in one of them."""

    def case(self, network, patients, apart, make=cox):
        table = patients(*FEW)
        victim = person(table, "tokyo", 5)
        missing = apart(table, victim)
        everybody = np.ones(len(table["site"]), bool)
        return network(table, make("os", "pfs"), {"os": everybody, "pfs": ~missing}), table, victim

    def test_two_cohorts_differing_by_one_patient(self, network, patients, rules):
        rules.off("R2", "R4")
        bare, table, victim = self.case(network, patients, lambda table, victim: victim)
        bare.until("first")
        pairs = bare.told("admission/pairs")
        seen = [column(pairs, "os", name) - column(pairs, "pfs", name) for name in COLUMNS]
        assert seen == [table[name][victim][0] for name in COLUMNS]
        events = bare.told("admission/counts")
        assert events["events of os"] - events["events of pfs"] == table["dead"][victim][0]
        rules.on()
        gated, *_ = self.case(network, patients, lambda table, victim: victim)
        found = refusal(gated, "cox/pfs/all/multivariable")
        assert (found.rule, found.by) == ("R2", "all")
        assert "found 1" in str(found.message)
        assert "events of pfs" not in gated.told("admission/counts")  # of the second cohort nothing but its size
        assert isinstance(gated.coordinator.outcome().results["cox/os/all/multivariable"], CoxFit)

    def test_their_curves(self, network, patients, rules):
        """No model at all: the counts of two curves differ in one patient's day and event."""
        rules.off("R2")
        bare, table, victim = self.case(network, patients, lambda table, victim: victim, curves)
        bare.run()
        (kind,), (step,) = np.nonzero(counted(bare, "os") - counted(bare, "pfs"))
        assert (kind == 0) == table["dead"][victim][0]
        assert step == -(-table["days"][victim][0] // 30)
        rules.on()
        gated, *_ = self.case(network, patients, lambda table, victim: victim, curves)
        assert refusal(gated, "km/pfs/all").rule == "R2"

    def test_cohorts_that_differ_in_many_patients_of_many_sites_pass(self, network, patients):
        many = lambda table, victim: np.random.default_rng(2).random(len(table["site"])) < 0.4  # noqa: E731
        honest, *_ = self.case(network, patients, many)
        results = honest.run().results
        assert isinstance(results["cox/os/all/multivariable"], CoxFit)
        assert isinstance(results["cox/pfs/all/multivariable"], CoxFit)

    def test_the_same_cohort_twice_passes(self, network, patients):
        honest, *_ = self.case(network, patients, lambda table, victim: victim & False, curves)
        assert isinstance(honest.run().results["km/pfs/all"], SurvivalCurves)


class TestThroughThreeCohorts:
    """Each two differ in a hundred patients; all = one half + the other half + the victim."""

    def case(self, network, patients, make, honest=False):
        table = patients(*FEW)
        half = np.random.default_rng(1).random(len(table["site"])) < 0.5
        victim = person(table, "tokyo", 5)
        rest = half & False if honest else victim
        sets = {"all": half | ~half, "half": half & ~rest, "other": ~half & ~rest}
        return network(table, make(*sets), sets), table, victim

    def test_two_cohorts_through_three(self, network, patients, rules):
        rules.off("R2", "R4")
        bare, table, victim = self.case(network, patients, cox)
        bare.until("first")
        pairs = bare.told("admission/pairs")
        seen = [column(pairs, "all", n) - column(pairs, "half", n) - column(pairs, "other", n) for n in COLUMNS]
        assert seen == [table[name][victim][0] for name in COLUMNS]
        rules.on()
        gated, *_ = self.case(network, patients, cox)
        found = refusal(gated, "cox/other/all/multivariable")
        assert (found.rule, found.by) == ("R2", "a site")
        rounds = [one.numbers for one in gated.reads() if one.phase in ("first", "later")]
        assert rounds
        assert not any("cox/other/all/multivariable" in numbers for numbers in rounds)

    def test_their_curves(self, network, patients, rules):
        """A study of curves alone has no columns whose spread is asked, and its sites judge R2 all the same."""
        rules.off("R2")
        bare, table, victim = self.case(network, patients, curves)
        bare.run()
        (kind,), (step,) = np.nonzero(counted(bare, "all") - counted(bare, "half") - counted(bare, "other"))
        assert (kind == 0) == table["dead"][victim][0]
        assert step == -(-table["days"][victim][0] // 30)
        rules.on()
        gated, *_ = self.case(network, patients, curves)
        found = refusal(gated, "km/other/all")
        assert (found.rule, found.by) == ("R2", "a site")
        assert "km/other/all" not in gated.reads()[-1].numbers

    @pytest.mark.parametrize("make", [cox, curves])
    def test_halves_that_make_the_whole_pass(self, network, patients, make):
        honest, *_ = self.case(network, patients, make, honest=True)
        assert not any(isinstance(result, RefusedByRule) for result in honest.run().results.values())


class TestOneSiteApart:
    """All patients, and a subgroup that lacks one site's: the difference of the two is that site."""

    def case(self, network, patients, sites):
        table = patients(*FEW)
        subgroup = ~(np.isin(table["site"], sites) & (table["viral"] == 0))
        return network(table, cox("all", "some"), {"all": subgroup | ~subgroup, "some": subgroup}), table, ~subgroup

    def test_all_minus_a_subgroup_that_is_one_site(self, network, patients, rules):
        rules.off("R2", "R4")
        bare, table, apart = self.case(network, patients, ["busan"])
        bare.until("first")
        pairs, events = bare.told("admission/pairs"), bare.told("admission/counts")
        seen = [column(pairs, "all", name) - column(pairs, "some", name) for name in COLUMNS]
        assert seen == [table[name][apart].sum() for name in COLUMNS]
        assert events["events of all"] - events["events of some"] == table["dead"][apart].sum()
        rules.on()
        gated, *_ = self.case(network, patients, ["busan"])
        found = refusal(gated, "cox/some/all/multivariable")
        assert found.rule == "R2"
        assert "3 or more sites" in str(found.remedy)

    def test_a_subgroup_that_differs_at_three_sites_passes(self, network, patients):
        honest, *_ = self.case(network, patients, ["busan", "tokyo", "osaka"])
        assert isinstance(honest.run().results["cox/some/all/multivariable"], CoxFit)


class TestCurvesBySubgroups:
    """Not possible in a study file: curves by five subgroups on a fine grid, which amount to the patient-level data."""

    def asks(self, monkeypatch, variables, arm):
        """All parties' plan asks for a curve by each of these variables."""

        def by(study, variable):
            return KaplanMeier(
                id=f"km/os/{variable}",
                name="curves",
                set_id=SetId("os"),
                counts=CountsInTime(level_columns(study, variable), Grid(1, 4000), has_entry=False),
                limits_kind="log-log",
                landmarks=(),
            )

        def plan(study):
            return Plan(tuple(by(study, name) for name in variables), arm, fields={"os": ("days", "dead")})

        for module in (planning, coordinator, site):
            monkeypatch.setattr(module, "plan", plan)

    def case(self, network, patients):
        table = patients("seoul", "tokyo", "osaka")
        return network(table, curves("os"), arm="arm"), table

    def test_curves_by_five_subgroups(self, network, patients, rules, monkeypatch):
        """For a patient who dies alone on a day, the curves that step on that day show each attribute."""
        variables = ("arm", "ecog", "mvi", "male", "viral")
        self.asks(monkeypatch, variables, "arm")
        rules.off("R9", "R11")
        bare, table = self.case(network, patients)
        outcome = bare.run()
        alone = [i for i in np.flatnonzero(table["dead"]) if (table["days"] == table["days"][i]).sum() == 1]
        read = []
        for i in alone:
            of_day = {}
            for name in variables:
                curve = outcome.results[f"km/os/{name}"]
                of_day[name] = next(j for j, arm in enumerate(curve.arms) if died(arm.curve, table["days"][i]))
            read.append([of_day[name] for name in variables])
        assert len(alone) > 50  # patients, one after the other, with five attributes
        assert read == [[table[name][i] for name in variables] for i in alone]
        rules.on()
        self.asks(monkeypatch, variables, "arm")
        gated, _ = self.case(network, patients)
        results = gated.run().results
        assert {id_: result.rule for id_, result in results.items() if isinstance(result, RefusedByRule)} == {
            f"km/os/{name}": "R11" for name in variables[1:]
        }

    def test_curves_by_the_arms_of_the_study_pass(self, network, patients):
        honest, _ = self.case(network, patients)
        curve = honest.run().results["km/os/all"]
        assert [arm.level for arm in curve.arms] == ["false", "true"]


def died(curve, day):
    """Whether a curve has a death on the day."""
    return bool(curve.events[np.flatnonzero(curve.day == day)].any())
