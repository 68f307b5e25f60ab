"""Two versions of a study with nearly the same adjusted population: another caliper leaves out one pair, another trim
one patient. What the versions told, subtracted, is those rows. With the rule off they are read; with it the later
version is refused; where the members are the same, or many differ, it is answered."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from tests.attacks.test_adjusted_populations import A_THIRD, COVARIATES, SITES, confounded
from tests.attacks.test_scores_of_few import COMBINED, EXCEPTIONS
from tests.attacks.test_scores_of_few import VARIABLES as OF_SCORE
from tests.attacks.test_scores_of_few import cohort as with_scores

from riskset.analyses.admission import judging, openings, own_rows, weighings
from riskset.analyses.admission.features import Feature
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.errors import DataError, Refused
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset_site.data.holding import rows_of

N = 90
"""Patients of each hospital."""
MATCHED, WEIGHTED = "cox/os/match/multivariable", "cox/os/weighted/multivariable"
READ = ("arm", *COMBINED)
ATE = {"method": "ate", "truncate": 3}
VARIABLES = OF_SCORE | {"pfs_days": OF_SCORE["days"], "first": OF_SCORE["dead"]}


@pytest.fixture(scope="module")
def table():
    return confounded(N)


class Versions:
    """Three hospitals that keep their journals and keys over versions of a study."""

    def __init__(self, patients, table, sites=SITES):
        self.patients, self.table, self.sites, self.runs = patients, table, sites, {}
        self.endpoints = {"os": ("days", "dead")}

    def opens(self, adjustments, analyses, covariates=COVARIATES, **more):
        """Returns a run of another version, honest about the earlier ones, before its first round."""
        propensity = {"covariates": list(covariates), "adjustments": adjustments}
        disclosure = {"min_sites": min(3, len(self.sites)), "secure_sum": "required"}
        asked = {"score": {"kind": "propensity"}} | analyses
        endpoints = {name: {"days": days, "event": event} for name, (days, event) in self.endpoints.items()}
        of = {"analyses": asked, "variables": VARIABLES, "propensity": propensity, "disclosure": disclosure}
        study = self.patients.study(tuple(self.sites), endpoints=endpoints, **of)
        run, at = f"run{len(self.runs) + 1}", np.repeat(self.sites, len(self.table["arm"]) // len(self.sites))
        cohorts = {name: self.cohort(study, name, at == name) for name in self.sites}
        new = Rehearsal(study, cohorts, run, **more)
        for before in list(self.runs.values())[-1:]:
            new.coordinator_key, new.keys, new.roster = before.coordinator_key, before.keys, before.roster
            new.journals, new.record = before.journals, before.record
        for name, cohort in new.cohorts.items():
            numbers = (number - cohort.counted[0] for number in range(cohort.n_patients))
            new.rows[name] = rows_of(cohort, [f"patient {number}" for number in numbers], new.keys[name])
            new.start_site(name)
        new.start_coordinator(earlier=list(self.runs))
        self.runs[run] = new
        return new

    def cohort(self, study, name, here):
        """Returns a hospital's patients, who are followed to each endpoint by its own days and events."""
        found = dict(with_scores(study, name, self.table, here).analysis_sets)
        for set_id in plan(study).sets:
            if set_id.endpoint is not None and set_id.name in found:
                days, event = (self.table[of][here] for of in self.endpoints[set_id.endpoint])
                found[set_id.name] = replace(found[set_id.name], days=days, event=event)
        return Cohort(name, found)

    def asks(self, *version, **more):
        """Returns such a run after its end."""
        new = self.opens(*version, **more)
        new.outcome = new.run()
        return new


def cox(population, covariates=READ, endpoint="os"):
    model = {"kind": "cox", "endpoints": [endpoint], "multivariable": list(covariates)}
    return {population: model | {"populations": [population]}}


def nearest(caliper):
    return {"match": {"method": "nearest", "caliper_sd": caliper}}


def members_of(run, population):
    """Returns who is in a population, and with what weight."""
    known, results = run.outcome.history.plan.populations[population], run.outcome.results
    found = [known.members(cohort, results) for cohort in run.cohorts.values()]
    weights = [np.ones(len(of.patients)) if of.weights is None else of.weights for of in found]
    return dict(zip(np.concatenate([of.patients for of in found]), np.concatenate(weights), strict=True))


def told(figures, set_name):
    """What everybody reads of a run: patients with each two of these columns, (m, m); the first is the set itself."""
    columns = {feature.column.variable: feature for feature in figures.columns if feature.cohort == set_name}
    return np.rint(figures.pairs.of([Feature(set_name), *(columns[name] for name in READ)])).astype(int)


def refusal(run, id_):
    found = run.outcome.results[id_]
    assert isinstance(found, RefusedByRule)
    return found.limit_name or found.rule, found.by


class TestOnePairLess:
    """The caliper of the second version is .319 in place of .32: one pair of a hospital is further apart."""

    PAIR = (34, 45)
    """Of the reference, and of the arm."""

    def both(self, patients, table, **more):
        versions = Versions(patients, table)
        return [versions.asks(nearest(caliper), cox("match"), **more) for caliper in (0.32, 0.319)]

    def test_without_the_rule_their_rows_are_the_difference(self, patients, table, monkeypatch):
        monkeypatch.setattr(judging, "apart_since", lambda *_: iter(()))
        one, other = self.both(patients, table)
        assert has_result(other.outcome.results[MATCHED])
        of_pair = np.subtract(*(told(run.outcome.history.figures, "os/match") for run in (one, other)))
        rows = [[1, *(int(table[name][who]) for name in READ)] for who in self.PAIR]
        assert (rows[0][1], rows[1][1]) == (0, 1)
        # of the arm, as the pairs with the arm say; and the rest, of the other
        assert of_pair[1].tolist() == rows[1]
        assert (of_pair[0] - of_pair[1]).tolist() == rows[0]

    def test_it_is_refused(self, patients, table):
        one, other = self.both(patients, table)
        assert has_result(one.outcome.results[MATCHED])
        assert refusal(other, MATCHED) == ("R14.entered_rows", "all")
        assert not any(feature.cohort == "os/match" for feature in other.outcome.history.figures.columns)

    def test_a_hospital_without_keys_finds_it_too(self, patients, table, monkeypatch):
        monkeypatch.setattr(Versions, "opens", without_keys(Versions.opens))
        _, other = self.both(patients, table)
        assert refusal(other, MATCHED) == ("R14.entered_rows", "all")


def without_keys(opens):
    def opened(self, *version, **more):
        new = opens(self, *version, **more)
        for name, cohort in new.cohorts.items():
            new.rows[name] = rows_of(cohort, None, new.keys[name])
            new.start_site(name)
        return new

    return opened


class TestOfTwoHospitals:
    """With two hospitals each can subtract its own patients: each judges its own before anything leaves."""

    def runs(self, patients, table, exceptions):
        """Returns three runs, of which the last is of a caliper by which 16 patients differ."""
        versions = Versions(patients, {name: of[: 2 * N] for name, of in table.items()}, SITES[:2])
        runs = [versions.asks(nearest(c), cox("match", ["arm"]), exceptions=exceptions) for c in (0.4, 0.4, 0.36)]
        members = [members_of(run, "match").keys() for run in runs]
        assert [len(members[0] ^ of) for of in members] == [0, 0, 16]
        return runs

    def test_the_hospitals_refuse(self, patients, table):
        signed = tuple(one for one in EXCEPTIONS if one.limit != "R14.entered_rows")
        one, same, other = self.runs(patients, table, signed)
        assert has_result(one.outcome.results[MATCHED])
        assert has_result(same.outcome.results[MATCHED])
        assert refusal(other, MATCHED) == ("R14", "a site")

    def test_unless_they_signed_that_a_few_may_leave(self, patients, table):
        *_, other = self.runs(patients, table, EXCEPTIONS)
        assert has_result(other.outcome.results[MATCHED])


class TestOneTrimmed:
    """The weights of both versions are by one method. The second one trims the patient with the highest score."""

    @pytest.fixture(autouse=True)
    def any_cut(self, monkeypatch):
        """A score may be cut anywhere: what `test_places_of_cuts` attacks is off."""
        monkeypatch.setattr(openings, "_combined", lambda *_: iter(()))

    def both(self, patients, table, covariates=("arm",), is_trimmed=True, then=None):
        """Returns the runs, and who is trimmed in the second."""
        versions, asked = Versions(patients, table), cox("weighted", covariates)
        one = versions.asks({"weighted": ATE}, asked, exceptions=A_THIRD)
        fit, scores = one.outcome.results["propensity"], np.zeros(3 * N)
        for cohort in one.cohorts.values():
            rows = next(of for of in cohort.analysis_sets.values() if "age" in of.variables)
            scores[rows.patients] = fit.scores(rows).probability
        *_, second, highest = np.argsort(scores)
        trim = {"trim": [0.0, float(scores[second] + scores[highest]) / 2]} if is_trimmed else {}
        versions.table = table if then is None else then
        other = versions.asks({"weighted": ATE | trim}, asked, exceptions=A_THIRD)
        return one, other, highest

    def test_without_the_rule_weight_and_row_are_the_difference(self, patients, table, monkeypatch):
        monkeypatch.setattr(judging, "apart_since", lambda *_: iter(()))
        monkeypatch.setattr(judging, "weighed_since", lambda *_: iter(()))
        monkeypatch.setattr(weighings, "in_units", lambda sums, *_: sums)
        one, other, who = self.both(patients, table, READ)
        figures = [run.outcome.history.figures for run in (one, other)]
        whole, less = ({w.cohort: of.total for w, of in f.weights.items() if not w.with_event} for f in figures)
        assert whole["os/weighted"] - less["os/weighted"] == pytest.approx(members_of(one, "weighted")[who], abs=1 / 8)
        levels, fewer = ({w.column.variable: of.total for w, of in f.levels.items()} for f in figures)
        assert [levels[name] > fewer[name] for name in READ] == [table[name][who] == 1 for name in READ]

    def test_it_is_refused(self, patients, table):
        _, other, _ = self.both(patients, table)
        assert refusal(other, WEIGHTED) == ("R14.entered_rows", "all")

    def test_nor_is_it_hidden_by_small_changes_of_all_weights(self, patients, table):
        """Two patients of each hospital have another age since, which changes the score, and the weights, a little."""
        one, other, who = self.both(patients, table, then=corrected(table))
        before, now = (members_of(run, "weighted") for run in (one, other))
        others = np.array([abs(before[i] - now[i]) for i in now])
        assert (others > 1e-9).sum() > 250
        assert before[who] > others.sum() / 2
        assert refusal(other, WEIGHTED) == ("R14.changed_rows", "all")

    def test_small_changes_of_all_weights_are_answered(self, patients, table):
        _, other, _ = self.both(patients, table, is_trimmed=False, then=corrected(table))
        assert has_result(other.outcome.results[WEIGHTED])


def corrected(table):
    """Returns the patients, of whom two of each hospital are a year older."""
    return table | {"age": table["age"] + (np.arange(len(table["age"])) % N < 2)}


class TestCurvesOfASecondMatching:
    """Each version has curves of all and of the matched patients; the second one matches by a score of fewer
    covariates, so that many differ. Of whoever leaves alone among all patients, the curves tell both times whether the
    patient was matched."""

    CURVES = "km/os/match"

    def both(self, patients, table, **more):
        versions = Versions(patients, table)
        km = {"km": {"kind": "km", "endpoints": ["os"], "populations": ["all", "match"]}}
        first = versions.asks(nearest(0.32), km, **more)
        return first, versions.asks(nearest(0.32), km, covariates=("male", "age"), **more)

    def test_without_the_rule_they_tell_both_times_who_was_matched(self, patients, table, no_rule):
        runs = self.both(patients, table)
        lone = [(at, who[0]) for at, who in by_step(table).items() if len(who) == 1]
        of_all = leaving(runs[0], "km/os/all")
        assert len(lone) > 5
        assert all(of_all[at] == 1 for at, _ in lone)
        for run in runs:
            curve, members = leaving(run, self.CURVES), members_of(run, "match")
            assert all((at in curve) == (who in members) for at, who in lone)

    def test_is_refused(self, patients, table):
        one, other = self.both(patients, table)
        assert has_result(one.outcome.results[self.CURVES])
        assert has_result(other.outcome.results["km/os/all"])
        assert refusal(other, self.CURVES) == ("R9", "a site")

    def test_by_an_exception(self, patients, table):
        signed = ExceptionSigned("R9.populations", "3", "the second score was planned")
        _, other = self.both(patients, table, exceptions=(signed,))
        assert has_result(other.outcome.results[self.CURVES])


def by_step(table):
    """Returns who leaves, by level of the arm and step."""
    found = defaultdict(list)
    steps = -(-table["days"] // 28) * 28
    for who, (arm, day) in enumerate(zip(table["arm"], steps, strict=True)):
        found[("old", "new")[int(arm)], int(day)].append(who)
    return found


def leaving(run, id_):
    """What everybody reads of curves: how many leave, by level of the arm and step."""
    curves = {arm.level: arm.curve for arm in run.outcome.results[id_].arms}
    return {
        (level, int(day)): round(events + censored)
        for level, curve in curves.items()
        for day, events, censored in zip(curve.day, curve.events, curve.censored, strict=True)
        if round(events + censored)
    }


class TestTheSameMembers:
    """What was told once is told again: nobody differs."""

    def test_the_same_study_twice(self, patients, table):
        versions = Versions(patients, table)
        asked = cox("match") | {"km": {"kind": "km", "endpoints": ["os"], "populations": ["all", "match"]}}
        for _ in range(2):
            run = versions.asks(nearest(0.32), asked)
            assert all(map(has_result, run.outcome.results.values()))

    def test_a_further_analysis_of_the_same_matching(self, patients, table):
        versions = Versions(patients, table)
        versions.asks(nearest(0.32), cox("match"))
        more = {"table1": {"kind": "table1", "variables": ["age"], "populations": ["match"]}}
        run = versions.asks(nearest(0.32), cox("match", ["arm", "age"]) | more)
        assert all(map(has_result, run.outcome.results.values()))

    @pytest.mark.parametrize("of", ["match", "weighted"])
    def test_another_endpoint(self, patients, table, of):
        """Half of the patients progress, and that before they die. No two scores are equal: of patients who have equal
        ones, all that the study knows of them decides who is matched, the further endpoint too."""
        random = np.random.default_rng(2)
        table = table | {"age": table["age"] + random.uniform(-0.5, 0.5, 3 * N)}
        has_progressed = random.random(3 * N) < 0.5
        earlier = 1 + (table["days"] * random.random(3 * N)).astype(int)
        table = table | {"pfs_days": np.where(has_progressed, np.minimum(earlier, table["days"]), table["days"])}
        versions = Versions(patients, table | {"first": has_progressed | table["dead"]})
        adjustments, covariates = nearest(0.32) | {"weighted": ATE}, ["arm"]
        first = versions.asks(adjustments, cox(of, covariates), exceptions=A_THIRD)
        versions.endpoints = {"os": ("days", "dead"), "pfs": ("pfs_days", "first")}
        other = versions.asks(adjustments, cox(of, covariates, "pfs"), exceptions=A_THIRD)
        assert has_result(first.outcome.results[f"cox/os/{of}/multivariable"])
        assert has_result(other.outcome.results[f"cox/pfs/{of}/multivariable"])


class TestManyWhoDiffer:
    """Sixty patients more, twenty at each hospital, and with them another score and other pairs."""

    def test_are_answered(self, patients):
        every = confounded(N + 20)
        versions = Versions(patients, {name: of[np.arange(len(of)) % (N + 20) < N] for name, of in every.items()})
        one = versions.asks(nearest(0.32), cox("match"))
        versions.table = every
        other = versions.asks(nearest(0.32), cox("match"))
        assert has_result(one.outcome.results[MATCHED])
        assert has_result(other.outcome.results[MATCHED])


def test_nothing_leaves_where_it_cannot_be_kept(patients, table, monkeypatch):
    run = Versions(patients, table).opens(nearest(0.32), cox("match"))
    while run.coordinator._history is None or not run.coordinator._history.populations:
        run.step()
    site, journal, request = run.sites["asan"], run.journals["asan"], run.coordinator.request()

    def fail(*_):
        raise DataError(say("protocol.journal.begun", run="run1"))

    with monkeypatch.context() as full:
        full.setattr(journal, "keep_population", fail)
        for _ in range(2):
            with pytest.raises(DataError):
                site.answer(request)
    rounds = len(journal.kept["run1"])
    site.answer(request)
    assert len(journal.populations("run1")) == 1
    assert len(journal.kept["run1"]) == rounds + 1


class TestTwoRunsAtOnce:
    """The second version is opened, and ends, when the first has matched nobody yet."""

    def both(self, patients, table, caliper, analyses):
        versions = Versions(patients, table)
        one = versions.opens(nearest(0.32), analyses)
        while one.coordinator._history is None or not one.coordinator._history.populations:
            one.step()
        return one, versions.asks(nearest(caliper), analyses)

    def test_without_the_rule_their_rows_are_the_difference(self, patients, table, monkeypatch):
        monkeypatch.setattr(own_rows, "own_not_compared", lambda *_: iter(()))
        one, other = self.both(patients, table, 0.319, cox("match"))
        with pytest.raises(Refused, match="has sent numbers of models in another run"):  # after they are counted
            one.run()
        figures = one.coordinator._history.figures, other.outcome.history.figures
        of_pair = np.subtract(*(told(of, "os/match") for of in figures))
        assert of_pair[1].tolist() == [1, *(int(table[name][TestOnePairLess.PAIR[1]]) for name in READ)]

    def test_it_is_refused(self, patients, table):
        one, other = self.both(patients, table, 0.319, cox("match"))
        assert has_result(other.outcome.results[MATCHED])
        one.outcome = one.run()
        assert refusal(one, MATCHED) == ("R14", "a site")
        assert not any(feature.cohort == "os/match" for feature in one.outcome.history.figures.columns)

    def test_two_of_one_version_tell_of_the_same_set(self, patients, table):
        """What ends the first is that the other has opened numbers meanwhile (R5), not its set."""
        one, other = self.both(patients, table, 0.32, cox("match"))
        with pytest.raises(Refused, match="has sent numbers of models in another run"):
            one.run()
        assert MATCHED not in one.coordinator._history.results
        figures = one.coordinator._history.figures, other.outcome.history.figures
        assert not np.subtract(*(told(of, "os/match") for of in figures)).any()

    def test_a_site_that_starts_again_finds_the_same(self, patients, table):
        """The first has its members, and asks for the counts of pairs, when the second tells of others and ends."""
        versions = Versions(patients, table)
        one = versions.opens(nearest(0.32), {"km": {"kind": "km", "endpoints": ["os"], "populations": ["match"]}})
        while (
            one.coordinator._history is None
            or one.coordinator._history.phase != "admission/pairs"
            or (not one.coordinator._history.populations)
        ):
            one.step()
        other = versions.asks(nearest(0.319), cox("match"))
        assert refusal(other, MATCHED) == ("R14.entered_rows", "all")
        for name in SITES:
            one.start_site(name)
        one.step()
        assert "km/os/match" not in one.coordinator._history.results

    def test_the_later_one_is_compared_with_the_members_of_the_earlier(self, patients, table):
        """The first has its members when the second one asks, and has told no more than how many they are."""
        versions = Versions(patients, table)
        one = versions.opens(nearest(0.32), cox("match"))
        while (
            one.coordinator._history is None
            or one.coordinator._history.phase != "admission/counts"
            or (not one.coordinator._history.populations)
        ):
            one.step()
        assert refusal(versions.asks(nearest(0.319), cox("match")), MATCHED) == ("R14.entered_rows", "all")
