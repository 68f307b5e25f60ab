"""What a site keeps of derived populations for later runs, and how it compares their sets."""

import json
from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.analyses.plan import plan
from riskset.protocol.derived_sets import derived_sets, population_to_keep, runs_of, set_to_keep
from riskset.protocol.derived_since import SetsSince, differing_in, members_of, otherwise
from riskset.protocol.journal import Begun, Exchange, RowMarks, Sent
from riskset.protocol.kept import KeptSet
from riskset.rehearsal import MemoryJournal
from riskset.secure.keys import new_identity
from riskset_site.data.holding import rows_of

KEY = new_identity()
EIGHT = np.arange(8)


def rows(patients, weights=None):
    patients = np.asarray(patients)
    days = 10 * (1 + patients)
    variables = {"arm": (patients % 2).astype(float)}
    weights = None if weights is None else np.asarray(weights, float)
    return AnalysisSet(days, patients % 3 == 0, None, variables, patients, weights)


def cohort(match=None, iptw=None, of_all=EIGHT):
    """A cohort of eight patients, with a matched and a weighted set where they are given."""
    sets = {"os": rows(of_all)}
    sets |= {} if match is None else {"os/match": rows(match)}
    sets |= {} if iptw is None else {"os/iptw": rows(list(iptw), list(iptw.values()))}
    return Cohort("asan", sets)


def marks(of=None, keys="abcdefgh"):
    return rows_of(of or cohort(), list(keys) if keys else None, KEY)


@pytest.fixture
def planned(patients):
    adjustments = {"match": {"method": "nearest"}, "iptw": {"method": "ate", "truncate": 3}}
    asked = {
        "score": {"kind": "propensity"},
        "km": {"kind": "km", "endpoints": ["os"], "populations": ["all", "match", "iptw"]},
        "cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "populations": ["match", "iptw"]},
    }
    score = {"covariates": ["age", "stage"], "adjustments": adjustments}
    return plan(patients.study(("asan", "kurume", "osaka"), analyses=asked, propensity=score)).reported


def journal_of(begun, kept):
    """A journal with one run, to which the site has contributed."""
    journal = MemoryJournal()
    head = {"type": "opened", "coordinator": ""}
    journal.begin("run", begun, Exchange(0, b"", b""), head)
    for population, content in kept.items():
        journal.keep_population("run", population, lambda content=content: content)
    journal.record("run", Exchange(1, b"", b""), Sent((), ()), head)
    return journal


class TestWhatIsKept:
    def test_has_members_weights_and_curves(self, planned):
        of = cohort(match=[1, 2, 5], iptw={0: 0.5, 3: 1.25})
        kept = {name: population_to_keep(name, marks(), of, planned) for name in ("match", "iptw")}
        begun = Begun("trial", ("asan",), marks(), b"", "", sets=("os",), derived=derived_sets(marks(), planned))
        (found,) = runs_of(journal_of(begun, kept)).values()
        assert begun.derived == ("os/iptw", "os/match")
        assert found.members["os/match"].patient.tolist() == [1, 2, 5]
        assert found.members["os/iptw"].patient.tolist() == [0, 3]
        assert found.members["os/iptw"].weights.tolist() == [0.5, 1.25]
        # weights in time are by who of all patients leaves when, and nobody counts events of weighted sets
        assert [curve.name for curve in found.curves] == ["km/os/match"]
        assert found.curves[0].day.tolist() == [-1, 20, 30, -1, -1, 60, -1, -1]
        assert [(outcome.rows, outcome.of.patients.tolist()) for outcome in found.outcomes] == [("os/match", [1, 2, 5])]
        assert members_of(found, 0).patient.tolist() == [*range(8)]
        assert members_of(found, 2).patient.tolist() == [1, 2, 5]

    def test_what_was_kept_first_remains(self):
        journal = journal_of(Begun("trial", ("asan",), marks(), b"", ""), {"match": b"first"})
        journal.keep_population("run", "match", lambda: b"second")
        assert journal.populations("run") == (b"first",)

    def test_a_run_of_an_earlier_version_kept_nothing(self):
        begun = Begun("trial", ("asan",), marks(), b"", "", sets=("os",))
        assert runs_of(journal_of(begun, {})) == {"run": begun}

    def test_nobody_is_recognised_without_marks(self, planned):
        none = RowMarks("", {})
        assert derived_sets(none, planned) == ()
        kept = json.loads(population_to_keep("match", none, cohort(match=[1]), planned))
        assert kept == {"sets": {}, "curves": [], "outcomes": [], "not_compared": []}


def kept(of, name):
    return set_to_keep(marks(), of, name)


class TestPatientsWhoCountOtherwise:
    @pytest.mark.parametrize("keys", ["abcdefgh", None])
    def test_are_those_in_only_one_set(self, keys):
        before, now = cohort(match=[1, 2, 5, 6]), cohort(match=[1, 2, 4])
        state = marks(keys=keys)
        found = otherwise(state, kept(before, "os/match"), state, kept(now, "os/match"))
        assert found.patients == 3  # 4, 5 and 6
        assert found.weights.effective == 3

    def test_are_those_with_another_weight(self):
        before, now = cohort(iptw={0: 1.0, 1: 0.5, 2: 2.0}), cohort(iptw={0: 1.0, 1: 0.5 + 1e-12, 3: 2.0})
        found = otherwise(marks(), kept(before, "os/iptw"), marks(), kept(now, "os/iptw"))
        assert found.patients == 2  # 2 and 3, and not 1, whose sum was added up in another order

    def test_one_of_many_small_differences_is_one(self):
        before = cohort(iptw=dict.fromkeys(range(1, 8), 1.0) | {0: 4.0})
        now = cohort(iptw={patient: 1.0 + patient / 1000 for patient in range(1, 8)})
        found = otherwise(marks(), kept(before, "os/iptw"), marks(), kept(now, "os/iptw"))
        assert (found.patients, found.weights.effective) == (8, 1)

    def test_by_key_also_who_entered_or_left(self):
        fewer = rows_of(cohort(of_all=EIGHT[:7]), list("abcdefg"), KEY)
        before = KeptSet(np.array([0, 6]), np.ones(2))
        assert otherwise(fewer, before, marks(), kept(cohort(match=[0, 7]), "os/match")).patients == 2


class TestSetsOfARunBesideEarlierOnes:
    def case(self, before):
        begun = Begun("trial", ("asan",), marks(), b"", "", sets=("os",), derived=("os/iptw", "os/match"))
        members = {name: kept(before, name) for name in before.analysis_sets if name != "os"}
        runs = {"one": replace(begun, members=members)}
        return SetsSince([("one", 0), ("one", 1), ("one", 2)], runs, marks(), ["os"])

    def test_are_compared_each_with_each(self):
        before, now = cohort(match=[1, 2, 5]), cohort(match=[1, 2], iptw={1: 1.0, 2: 1.0, 3: 0.25})
        found = self.case(before).apart(now)
        assert found["one", 0] == {"os": 0, "os/match": 6, "os/iptw": 6}
        assert found["one", 2] == {"os": 5, "os/match": 1, "os/iptw": 2}
        assert ("one", 1) not in found  # its members were never fixed

    def test_weights_are_compared_where_both_have_them(self):
        before, now = cohort(match=[1, 2], iptw={1: 1.0, 2: 2.0}), cohort(match=[1], iptw={1: 1.0, 2: 1.5, 3: 0.5})
        found = self.case(before).weighed(now)
        assert list(found) == [("one", 1)]
        weights = found["one", 1]["os/iptw"]
        assert (weights.total, weights.squares) == (1.0, 0.5)

    def test_those_of_a_run_of_the_same_version_are_the_same_or_not(self):
        before, now = cohort(match=[1, 2], iptw={1: 1.0}), cohort(match=[1, 2], iptw={1: 1.5})
        (begun,) = self.case(before).runs.values()
        assert differing_in(begun, marks(), now, ["os/match", "os/iptw", "pfs/match"]) == {"os/iptw"}
