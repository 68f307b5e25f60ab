"""What waits for what: an analysis begins when what it needs has a result, and a derived population is admitted when
the results are there from which it follows."""

import json

import numpy as np
import pytest
from tests.attacks.rogue import Rogue, Sums, exposure

from riskset.analyses import plan as planning
from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.analyses.cohort import SetId
from riskset.analyses.design import Column
from riskset.analyses.plan import Plan
from riskset.analyses.populations import Members
from riskset.catalogue import say
from riskset.disclosure.exposure import EVENT, InTime, counted, total
from riskset.errors import DataError
from riskset.protocol.history import histories
from riskset.rehearsal import Rehearsal
from riskset.stats.grid import Grid

SITES = ("asan", "kurume", "osaka")
ARM, AGE = Column("arm", "new", "old", 1), Column("age", middle=50.0, half_range=50.0)
OS = SetId("os")
GRID = Grid(7, 5000)
COUNTS = exposure(in_time=InTime("os", (ARM,), frozenset({EVENT}), GRID))
EVENTS = (counted("events of new", EVENT, 3, ARM),)


def asks(id_, needs=(), opens=COUNTS, sends=EVENTS, computes=lambda *_: [1.0], set_id=OS, **more):
    return Rogue(
        id=id_, name="rogue", set_id=set_id, opens=opens, sends=sends, computes=computes, waits=tuple(needs), **more
    )


def model(id_, needs=(), rounds=2):
    opens = exposure(design=(ARM, AGE), is_iterative=True)
    return asks(id_, needs, opens, (total("a sum", AGE),), rounds=rounds)


@pytest.fixture
def network(patients, monkeypatch):
    """Returns a rehearsal of these analyses over 240 patients in three sites."""

    def network(*analyses, populations=None, **more):
        study = patients.study(SITES, analyses={"rogue": {"kind": "km", "endpoints": ["os"]}})
        cohorts = patients.deal(patients.rows(3, 240), patients.sites(SITES, 240))
        monkeypatch.setattr(planning, "PLANNERS", {"km": lambda *_: iter(analyses)})
        monkeypatch.setattr(planning, "POPULATIONS", [lambda _: populations or {}])
        return Rehearsal(study, cohorts, **more)

    return network


def asked_by_round(outcome):
    """Returns by round, after the opening, which step or analyses asked for numbers."""
    head = outcome.replies[0][0].head
    *before, _ = histories(outcome.history.plan, head.study, head.roster, head.run, outcome.replies)
    return [[id_ for id_, _ in history.labels()] for history in before]


class TestNeeds:
    def test_what_is_needed_is_asked_first_and_its_result_is_there(self, network):
        seen = []
        later = asks("later", ["first"], computes=lambda rows, inputs: seen.append(inputs["first"]) or [2.0])
        outcome = network(later, asks("first")).run()
        assert asked_by_round(outcome)[-2:] == [["first"], ["later"]]
        assert outcome.results["later"] == Sums((6.0,))
        assert seen == [Sums((3.0,))] * 3

    def test_what_nothing_waits_for_is_asked_in_the_closing_round(self, network):
        outcome = network(asks("alone"), asks("later", ["first"]), asks("first")).run()
        assert asked_by_round(outcome)[-2:] == [["first"], ["alone", "later"]]

    def test_all_that_is_ready_is_asked_together(self, network):
        outcome = network(model("cox"), asks("first"), model("after", ["first"], rounds=3)).run()
        assert asked_by_round(outcome)[4:] == [["cox", "first"], ["cox", "after"], ["after"], ["after"], []]

    def test_an_analysis_of_several_rounds_may_be_needed(self, network):
        outcome = network(asks("later", ["cox"]), model("cox", rounds=3)).run()
        assert asked_by_round(outcome)[4:] == [["cox"], ["cox"], ["cox"], ["later"]]

    def test_an_analysis_ends_where_what_it_needs_was_refused(self, network):
        weighted = asks("score", opens=exposure(tables=(ARM,), weights=True))
        results = network(asks("last", ["later"]), asks("later", ["score"]), weighted, asks("alone")).run().results
        assert isinstance(results["score"], RefusedByRule)
        assert results["later"] == NotEstimable("needs", say("protocol.needs.refused", analysis="score", rule="R8"))
        assert results["last"] == NotEstimable(
            "needs", say("protocol.needs.not_estimable", analysis="later", code="needs")
        )
        assert results["alone"] == Sums((3.0,))

    def test_it_ends_too_where_a_site_refuses_in_the_middle(self, network):
        class Extreme(Rogue):
            def linear_predictor(self, prepared, state):
                return np.linspace(-40, 40, prepared[0].n)

        opens = exposure(design=(ARM, AGE), is_iterative=True)
        score = Extreme(
            id="score",
            name="rogue",
            set_id=OS,
            opens=opens,
            sends=(total("a sum", AGE),),
            computes=lambda *_: [1.0],
            rounds=3,
        )
        results = network(score, asks("later", ["score"])).run().results
        assert (results["score"].rule, results["score"].by) == ("R7", "a site")
        assert str(results["later"].message) == "needs score, which was refused by R7"


class TestWhatCanNeverBegin:
    def problems(self, *analyses, populations=None):
        return [str(problem) for problem in Plan(analyses, None, populations or {}).problems()]

    def test_an_unknown_id_is_a_problem(self):
        (problem,) = self.problems(asks("later", ["frist"]))
        assert "later needs 'frist', but no analysis of the study has this id" in problem

    def test_a_cycle_is_a_problem_of_each_that_is_in_it(self):
        found = self.problems(asks("a", ["b"]), asks("b", ["c"]), asks("c", ["a"]), asks("d", ["a"]))
        assert [one.partition(": ")[2] for one in found] == [
            "a needs b needs c needs a: none of them can begin",
            "b needs c needs a needs b: none of them can begin",
            "c needs a needs b needs c: none of them can begin",
        ]

    def test_so_is_one_through_a_population(self):
        populations = {"match": Half(needs=("a",))}
        (problem,) = self.problems(asks("a", set_id=SetId("os", "match")), populations=populations)
        assert "a needs a" in problem

    def test_an_unknown_population_is_a_problem(self):
        (problem,) = self.problems(asks("a", set_id=SetId("os", "match")))
        assert "unknown population 'match'" in problem

    def test_a_study_with_one_is_refused_whole(self, network):
        with pytest.raises(DataError, match="can never begin"):
            network(asks("a", ["b"]), asks("b", ["a"]))

    def test_the_longest_chain_is_the_one_of_most_rounds(self):
        chain = Plan((asks("a"), asks("b", ["a"]), model("cox"), asks("c", ["cox"]))).longest_chain()
        assert [analysis.id for analysis in chain.analyses] == ["cox", "c"]
        assert [analysis.id for analysis in chain.iterative] == ["cox"]

    def test_a_run_takes_as_many_rounds_as_its_longest_chain(self, network):
        for analyses in (
            [asks("a")],
            [asks("a"), asks("b", ["a"]), asks("c", ["b"])],
            [asks("score"), matched()],
            [model("cox", rounds=1)],
            [model("cox", rounds=1), asks("c", ["cox"])],
        ):
            run = network(*analyses, populations={"match": Half()})
            assert run.run().rounds == run.coordinator.plan.longest_chain().rounds


class Half:
    """A population for tests: patients of an arm up to an age that follows from a result."""

    def __init__(self, needs=("score",), without=()):
        self.needs, self.without, self.made = needs, without, 0

    def members(self, cohort, inputs):
        self.made += 1
        rows = cohort.analysis_sets["os"]
        (weight,) = inputs["score"].values
        patients = rows.patients[rows.variables["arm"] == 1]
        patients = np.setdiff1d(patients, self.without)
        return Members(patients, np.full(len(patients), weight + self.made / 10))


MATCHED = SetId("os", "match")


def matched(id_="matched", **more):
    stage = Column("stage", "II", "I", 1)
    opens = exposure(in_time=InTime("os", (), frozenset({EVENT}), GRID), tables=(stage,))
    return asks(id_, (), opens, (total("stage II", stage),), lambda rows, _: [(rows.variables["stage"] == 1).sum()],
                set_id=MATCHED, **more)  # fmt: skip


class TestADerivedPopulation:
    def test_is_admitted_when_its_result_is_there(self, network):
        run = network(matched(), asks("score"), populations={"match": Half()})
        outcome = run.run()
        steps = ["admission/cohorts", "admission/counts", "admission/pairs", "admission/products"]
        assert asked_by_round(outcome) == [*([step] for step in steps), ["score"], *([s] for s in steps), ["matched"]]
        rows = [cohort.analysis_sets["os"] for cohort in run.cohorts.values()]
        expected = sum(((r.variables["arm"] == 1) & (r.variables["stage"] == 1)).sum() for r in rows)
        assert outcome.results["matched"] == Sums((float(expected),))

    def test_ends_where_its_result_is_missing(self, network):
        score = asks("score", opens=exposure(tables=(ARM,), weights=True))
        results = network(matched(), score, populations={"match": Half()}).run().results
        assert results["matched"] == NotEstimable("needs", say("protocol.needs.refused", analysis="score", rule="R8"))

    def test_is_admitted_beside_what_goes_on(self, network):
        outcome = network(matched(), asks("score"), model("cox", rounds=4), populations={"match": Half()}).run()
        assert asked_by_round(outcome)[5:8] == [
            ["admission/cohorts", "cox"],
            ["admission/counts", "cox"],
            ["admission/pairs", "cox"],
        ]
        assert outcome.results["cox"] == Sums((3.0,))

    def test_that_differs_from_all_in_one_patient_is_refused(self, network):
        class AllButOne(Half):
            def members(self, cohort, inputs):
                patients = cohort.analysis_sets["os"].patients
                return Members(patients[1:] if cohort.site == "asan" else patients, None)

        ungated = network(asks("score"), matched(), populations={"match": AllButOne()}, is_gated=False)
        assert isinstance(ungated.run().results["matched"], Sums)
        gated = network(asks("score"), matched(), populations={"match": AllButOne()})
        found = gated.run().results["matched"]
        assert found.rule == "R2"
        assert "os/match" in found.message

    def test_of_too_few_patients_is_refused(self, network):
        class Few(Half):
            def members(self, cohort, inputs):
                return Members(cohort.analysis_sets["os"].patients[:4], None)

        assert network(asks("score"), matched(), populations={"match": Few()}).run().results["matched"].rule == "R1"

    def test_is_frozen_once_a_run_and_the_same_after_a_restart(self, network):
        """A population that would come out otherwise when it is made again."""
        weights = []

        def computes(rows, _):
            weights.append(rows.weights[0])
            return [0.0]

        population = Half()
        counts = asks("matched", (), exposure(in_time=InTime("os", (), frozenset({EVENT}), GRID)),
                      (counted("events", EVENT, 3),), computes, set_id=MATCHED)  # fmt: skip
        run = network(asks("score"), counts, populations={"match": population})
        while not run.coordinator.is_finished:
            for site in SITES:
                run.start_site(site)
            run.step()
        assert population.made == len(SITES)
        assert len(set(weights)) == len(SITES)

    def test_leaves_the_journal_sealed_with_the_members(self):
        members = Members(np.array([1, 5, 9]), np.array([0.1, 1 / 3, 2.0]))
        again = Members.from_bytes(members.to_bytes())
        assert (again.patients.tolist(), again.weights.tolist()) == ([1, 5, 9], [0.1, 1 / 3, 2.0])
        assert json.loads(Members(np.array([2]), None).to_bytes()) == {"patients": [2], "weights": None, "groups": None}
