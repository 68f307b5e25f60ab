"""Lists of questions that together open more numbers than the patients consist of; each passes by itself (R5)."""

from itertools import combinations

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.methods.km import SurvivalCurves
from riskset.errors import Refused
from riskset.protocol.earlier_runs import opened_in

SMALL = ("gwangju", "jeju", "sapporo")
COLUMNS = ("arm", "ecog", "mvi", "viral", "x1", "x2")
BY_ITSELF = {"kind": "cox", "endpoints": ["os"]}


def table_of(patients, *sites, more=2):
    """Returns the patients with `more` yes-no columns."""
    table, random = patients(*sites), np.random.default_rng(7)
    for j in range(1, more + 1):
        table[f"x{j}"] = (random.random(len(table["site"])) < 0.5).astype(float)
    return table


def models(columns, p, many):
    """Returns so many models of p of the columns, each another choice."""
    chosen = list(combinations(columns, p))[:many]
    assert len(chosen) == many
    return {f"m{i:02}": BY_ITSELF | {"multivariable": list(names)} for i, names in enumerate(chosen)}


def ends(network):
    """Returns for each model whether it was made, in the study's order; what is refused is refused by R5."""
    results = network.coordinator.outcome().results
    ends = [results[analysis.id] for analysis in network.plan(network.study).reported]
    assert {end.rule for end in ends if isinstance(end, RefusedByRule)} <= {"R5"}
    return [isinstance(end, CoxFit) for end in ends]


def spent(network):
    """How many numbers were opened for each that the patients consist of."""
    opened = network.history().opened_numbers
    return opened.numbers / (opened.patients * opened.columns)


def limited(network, to):
    """Every site allows fewer numbers than the rule does, so that few models show it."""
    network.limits = {name: {"R5.opened": to} for name in network.cohorts}
    for name in network.cohorts:
        network.start_site(name)
    return network


class TestManyModels:
    def test_a_list_of_models_that_each_pass(self, network, patients, rules):
        """60 patients; a model may send half of what its patients consist of, and so may every other."""
        asked = models(COLUMNS, 4, 12)
        rules.off("R5", "R4", "R2")
        bare = network(table_of(patients, *SMALL), asked)
        bare.run()
        assert all(ends(bare))
        assert spent(bare) > 1  # more numbers than the patients consist of
        rules.on()
        rules.off("R4", "R2")
        gated = limited(network(table_of(patients, *SMALL), asked), "1")
        gated.run()
        made = ends(gated)
        assert made == sorted(made, reverse=True)  # the first are made, in the study's order; the rest are not
        assert 0 < sum(made) < len(made)
        assert spent(gated) <= 1
        assert not any("m11" in id_ for one in gated.reads() for id_ in one.numbers)
        rules.on()

    def test_a_few_of_them_pass(self, network, patients, rules):
        rules.off("R4", "R2")
        honest = limited(network(table_of(patients, *SMALL), models(COLUMNS, 4, 2)), "1")
        honest.run()
        assert all(ends(honest))

    @pytest.mark.exhaustive
    def test_forty_models_of_ten_columns(self, network, patients):
        """530 patients, with the limits as they are."""
        table = table_of(patients, more=7)
        names = ("arm", "ecog", "mvi", "male", "viral", *(f"x{j}" for j in range(1, 8)))
        gated = network(table, models(names, 10, 40))
        gated.run()
        made = ends(gated)
        assert made == sorted(made, reverse=True)
        assert 20 < sum(made) < 40

    def test_two_sites_each_judge_their_own_patients(self, network, patients, rules):
        rules.off("R1", "R2", "R3", "R4", "R6", "R12")
        two = {"min_sites": 2, "secure_sum": "required"}
        gated = limited(network(table_of(patients, "incheon", "gwangju"), models(COLUMNS, 3, 8), disclosure=two), "1")
        results = gated.run().results
        made = ends(gated)
        assert made == sorted(made, reverse=True)
        assert 0 < sum(made) < len(made)
        refused = next(result for result in results.values() if isinstance(result, RefusedByRule))
        assert refused.by == "a site"
        assert "too many numbers" in str(refused.message)


class TestCurves:
    """What curves tell together, R9 judges: they are no part of the budget, however fine their grid and however many
    runs count them."""

    def test_curves_open_none_of_the_numbers(self, network, patients):
        asked = {"km": {"kind": "km", "endpoints": ["os"]}, "follow": {"kind": "follow-up", "endpoints": ["os"]}}
        means = {"rmst": {"kind": "rmst", "endpoints": ["os"], "tau": [12]}}
        day = {"time": {"unit": "month", "grid": {"width_days": 1, "max_days": 4000}}}
        curves = network(table_of(patients, *SMALL), asked | means, arm="arm", **day)
        assert isinstance(curves.run().results["km/os/all"], SurvivalCurves)
        assert curves.history().opened_numbers.numbers == 0
        assert opened_in(curves.journals["jeju"].sent["run"]) == 0  # as the site's own journal says


class TestOverRuns:
    """What one study may not open, two versions of it, or ten runs, may not either."""

    FIRST, SECOND = models(COLUMNS, 4, 2), models(COLUMNS[::-1], 4, 2)

    def case(self, network, patients):
        first = limited(network(table_of(patients, *SMALL), self.FIRST, run="one"), "1")
        first.run()
        assert all(ends(first))
        second = network(table_of(patients, *SMALL), self.SECOND, run="two", version="2").inherits(first)
        return limited(second, "1").again("two", earlier=["one"])

    def test_another_version_of_the_study(self, network, patients, rules, monkeypatch):
        rules.off("R2", "R4")
        with monkeypatch.context() as forgets:
            forgets.setattr("riskset.protocol.site.opened_in", lambda sent: 0)
            bare = self.case(network, patients)
            bare.run()
            assert all(ends(bare))
        gated = self.case(network, patients)
        gated.run()
        assert ends(gated) == [True, False]
        assert "found" in str(gated.history().results[gated.history().plan.reported[1].id].message)

    def test_the_same_run_again_opens_nothing(self, network, patients, rules):
        rules.off("R2", "R4")
        first = network(table_of(patients, *SMALL), self.FIRST, run="one")
        first.run()
        first.again("two").run()
        sent = first.journals["jeju"].sent
        assert opened_in([*sent["one"], *sent["two"]]) == opened_in(sent["one"]) > 0
        assert {said.opened for said in first.history().opened.values()} == {opened_in(sent["one"])}

    def test_runs_that_are_opened_at_once(self, network, patients, rules):
        """Each was judged without the other: the second to send a model's numbers is refused."""
        rules.off("R2", "R4")
        two = network(table_of(patients, *SMALL), self.FIRST, run="one").goes(1)
        two.again("two", earlier=[]).goes(1)
        two.run()
        two.run_id = "one"
        two.start_coordinator(earlier=[])
        with pytest.raises(Refused) as no:
            two.run()
        assert no.value.code == "opened_since"
