"""Counts that close in on quartiles. An analysis that goes on to the end counts patients who are alone in an interval;
so does a second number that is the first on another scale. Both are stopped, and honest quartiles are given."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses import plan as planning
from riskset.analyses.admission import judge, own_numbers
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import AnalysisSet, Cohort, PatientSet
from riskset.analyses.methods.table1_quartiles import Quartiles, QuartilesOfNumber
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
N = 530
VARIABLES = {
    "arm": {"type": "category", "levels": ["old", "new"]},
    "afp": {"type": "number", "range": [0, 1e7], "step": 0.1, "transform": "log10p1"},
    "again": {"type": "number", "range": [0, 3.3e6], "step": 0.1, "transform": "log10p1"},
    "age": {"type": "number", "range": [18, 100], "step": 1},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
}
AFP, AGAIN, AGE = (f"table1/all/{name}/quartiles" for name in ("afp", "again", "age"))


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(8)
    afp = np.round(10 ** random.normal(2, 1.2, N), 1)
    return {
        "arm": np.arange(N) // len(SITES) % 2.0,
        "afp": np.log10(afp + 1),
        "again": np.log10(np.round(afp / 3.1, 1) + 1),
        "age": np.round(random.normal(64, 10, N)).clip(18, 100),
    }


def network(patients, table, names, **more):
    study = patients.study(
        SITES, analyses={"table": {"kind": "table1", "variables": names, "tests": False}}, variables=VARIABLES, **more
    )
    return Rehearsal(study, {site: Cohort(site, sets_of(study, table, i)) for i, site in enumerate(SITES)})


def sets_of(study, table, site):
    here = np.arange(N) % len(SITES) == site
    numbers = np.arange(N)[here]
    none = AnalysisSet(np.zeros(0, np.int64), np.zeros(0, bool), None, {"arm": np.zeros(0)}, np.zeros(0, np.int64))
    return {"os": none} | {
        set_id.name: PatientSet({name: table[name][here] for name in set_id.complete_in}, numbers)
        for set_id in plan(study).sets
    }


def alone(result, arms=2):
    """Returns how many patients the counts leave alone in an interval of their arm."""
    return sum(one.inside == 1 for search in result.searches[:arms] for one in set(search.intervals.values()))


@pytest.fixture
def goes_on(monkeypatch):
    """Lets quartiles be looked for until one patient is left."""
    honest = planning.PLANNERS["table1"]

    def planned(*asked):
        for analysis in honest(*asked):
            yield replace(analysis, least=2) if isinstance(analysis, QuartilesOfNumber) else analysis

    monkeypatch.setattr(planning, "PLANNERS", {"table1": planned})


class TestAnAnalysisThatGoesOn:
    def test_counts_patients_who_are_alone_where_the_rule_is_off(self, patients, table, goes_on, monkeypatch):
        monkeypatch.setattr(judge.Judge, "halved", lambda *_: None)
        found = network(patients, table, ["afp"]).run().results[AFP]
        assert alone(found) >= 4

    def test_ends_where_ten_are_left(self, patients, table, goes_on):
        found = network(patients, table, ["afp"]).run().results[AFP]
        assert isinstance(found, Quartiles)
        assert alone(found) <= 2
        assert all(search.quartile(found.scale, 0.5)[1] > 0 for search in found.searches)

    def test_must_say_how_many_are_in_the_interval(self, patients, table, goes_on, monkeypatch):
        monkeypatch.setattr(QuartilesOfNumber, "halved", lambda *_: ())
        result = network(patients, table, ["afp"]).run().results[AFP]
        assert isinstance(result, Quartiles)
        assert {search.asked(2) for search in result.searches} != {()}  # refused before the first half


@pytest.fixture(scope="module")
def honest(patients, table):
    return network(patients, table, ["afp", "again", "age"]).run().results


class TestTheSameNumberAgain:
    @pytest.mark.exhaustive
    def test_is_halved_at_other_places_where_the_rule_is_off(self, patients, table, monkeypatch):
        monkeypatch.setattr(own_numbers, "orders", lambda *_: iter(()))
        results = network(patients, table, ["afp", "again"]).run().results
        assert isinstance(results[AFP], Quartiles)
        assert isinstance(results[AGAIN], Quartiles)

    def test_is_refused(self, honest):
        assert isinstance(honest[AGAIN], RefusedByRule)
        assert (honest[AGAIN].rule, honest[AGAIN].by) == ("R4", "a site")
        assert isinstance(honest[AFP], Quartiles)
        assert isinstance(honest[AGE], Quartiles)


def test_honest_quartiles_leave_hardly_anybody_alone(honest, table):
    assert alone(honest[AFP]) + alone(honest[AGE]) <= 2
    for arm in (0, 1):
        value, width = honest[AFP].searches[arm].quartile(honest[AFP].scale, 0.5)
        truth = 10 ** np.median(table["afp"][table["arm"] == arm]) - 1
        assert abs(value - truth) <= width
        assert value == pytest.approx(truth, rel=0.1)


@pytest.mark.exhaustive
def test_where_others_see_a_hospitals_own_counts_each_judges_its_own_patients(patients, table):
    """Halving ends where one of three hospitals has fewer than ten of an arm in an interval, not where all have."""
    masked, clear = (
        network(patients, table, ["afp"], disclosure={"secure_sum": way}).run().results[AFP]
        for way in ("required", "off")
    )
    fewest = [
        min(one.inside for search in found.searches for one in search.intervals.values()) for found in (masked, clear)
    ]
    assert fewest[0] < 10 < fewest[1]
