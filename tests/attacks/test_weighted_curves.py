"""Weights in time, told to somebody who knows the coefficients of the score: a patient's weight then follows from the
covariates, and the covariates from the weight. Sums of few exact weights are decoded by meeting in the middle over all
combinations of covariates; those of blocks of 20 rounded weights leave nobody certain."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from riskset.analyses.analysis import NotEstimable, RefusedByRule, has_result
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.methods import km_weighted, km_weighted_errors
from riskset.analyses.methods.km_weighted_errors import ErrorFound, LandmarkError
from riskset.analyses.methods.propensity_fit import PropensityFit
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.stats.averaged_weights import blocks, influences_on_mean
from riskset_site.data.holding import rows_of

SITES = ("asan", "kurume", "osaka")
N = 530
IPTW = {"method": "ate", "truncate": 4}
CURVES = {"kind": "km", "endpoints": ["os"], "populations": ["all", "iptw"], "landmarks": [6, 12]}
AGES, STAGES = np.arange(40.0, 91.0), np.arange(3.0)
EXACT = 2**30
"""Steps of a weight in the mean that tell all weights apart."""


@pytest.fixture(scope="module")
def rows(patients):
    """The patients of all hospitals, whose arm goes by age and stage; progression is before half of the deaths."""
    random, found = np.random.default_rng(3), patients.rows(5, N)
    age, stage = found.variables["age"], found.variables["stage"]
    arm = random.random(N) < 1 / (1 + np.exp(-0.05 * (age - 65) - 0.5 * (stage - 1)))
    return replace(found, variables=found.variables | {"arm": arm.astype(float)})


@pytest.fixture(scope="module")
def made(patients, rows):
    """Returns the study of these curves and adjustments over some hospitals, and a new rehearsal of it."""

    def made(
        curves=CURVES,
        adjustments=None,
        endpoints=("os",),
        sites=SITES,
        *,
        is_gated=True,
        run="rehearsal",
        means=None,
        also=None,
        of=None,
        **more,
    ):
        score = {"covariates": ["age", "stage"], "site": "none", "adjustments": adjustments or {"iptw": IPTW}}
        asked = {"score": {"kind": "propensity"}, "curves": curves} | ({"means": means} if means else {})
        asked |= {"further": also} if also else {}
        ends = {name: {"days": "days", "event": "dead"} for name in endpoints}
        variables = patients.variables | {"age": {"type": "number", "range": [0, 100], "step": 0.1}}
        study = patients.study(
            sites, width_days=7, analyses=asked, propensity=score, endpoints=ends, variables=variables, **more
        )
        dealt = patients.deal(rows if of is None else of, patients.sites(sites, len((rows if of is None else of).days)))
        cohorts = {}
        for name, cohort in dealt.items():
            own = cohort.analysis_sets["os"]
            everybody = {s.name: PatientSet(own.variables, own.patients) for s in plan(study).sets if not s.endpoint}
            cohorts[name] = Cohort(name, {end: as_counted(own, end) for end in endpoints} | everybody)
        return Rehearsal(study, cohorts, run, is_gated=is_gated)

    return made


def as_counted(rows, endpoint):
    """Returns the rows with the days of an endpoint: of the second, progression comes before half of all ends, and of
    the third death without it is a censoring."""
    early = rows.patients % 2 == 0
    if endpoint == "os":
        return rows
    days = np.where(early, 1 + rows.days // 2, rows.days)
    event = early | rows.event
    return replace(rows, days=days, event=event & (early if endpoint == "ttp" else True))


@pytest.fixture(scope="module")
def honest(made):
    return made().run().results


def parts_by_pattern(results, arm, parts):
    """Returns what an age and stage weigh in an arm, in so many parts of the mean weight, (ages, stages)."""
    fit: PropensityFit = results["propensity"]
    beta = {(term.column.variable, term.column.level): term.coef for term in fit.terms.terms}
    eta = beta["(intercept)", None] + beta["age", None] * AGES[:, None]
    eta = eta + np.array([beta.get(("stage", level), 0.0) for level in ("I", "II", "III")])
    score = 1 / (1 + np.exp(-eta))
    mean = results["km/os/iptw"].of.mean
    return (1 / (score if arm else 1 - score)) / (mean / parts)


def decoded(total, of_pattern, tolerance):
    """Returns the pairs of patterns (indices) whose weights add up to a total, by meeting in the middle."""
    flat = np.sort(of_pattern.ravel())
    order = np.argsort(of_pattern.ravel())
    first = np.searchsorted(flat, total - flat - tolerance)
    last = np.searchsorted(flat, total - flat + tolerance)
    pairs = ((i, j) for i in range(len(flat)) for j in range(first[i], last[i]) if i <= j)
    return [(int(order[i]), int(order[j])) for i, j in pairs]


def who_leaves(rows, curves, arm, status, step):
    """Returns the patterns of those who leave so, from the truth, sorted."""
    days = -(-rows.days // 7)
    here = (rows.variables["arm"] == arm) & (rows.event == (status == 0)) & (days == step)
    age, stage = rows.variables["age"][here] - AGES[0], rows.variables["stage"][here]
    return tuple(sorted((age * len(STAGES) + stage).astype(int).tolist()))


def test_without_the_rule_exact_sums_of_two_patients_are_decoded(made, rows, monkeypatch):
    monkeypatch.setattr(km_weighted, "PARTS", EXACT)
    monkeypatch.setattr(km_weighted, "blocks", lambda counts, least: blocks(counts, 1))
    results = made(is_gated=False, adjustments={"iptw": {"method": "ate"}}).run().results
    curves, read, of = results["km/os/iptw"], 0, 0
    for arm in (0, 1):
        counts, each = curves.of.counts[arm], parts_by_pattern(results, arm, EXACT)
        sums = counts * curves.averaged[arm] / (curves.of.mean / EXACT)
        for status, step in np.argwhere(counts == 2):
            found = decoded(sums[status, step], each, 8.0)
            read += len(found) == 1 and tuple(sorted(found[0])) == who_leaves(rows, curves, arm, status, step)
            of += 1
    assert of > 20
    assert read >= 0.9 * of


def test_blocks_of_few_patients_are_refused(made, monkeypatch):
    monkeypatch.setattr(km_weighted, "blocks", lambda counts, least: blocks(counts, 19))
    refused = made().run().results["km/os/iptw"]
    assert isinstance(refused, RefusedByRule)
    assert refused.limit_name == "R9.block"


def certain(total, patients, values):
    """Returns how many patients of a block have a weight that is certain, of those that are possible: the fewest who
    have it in any way to make up the total."""
    return sum(fewest(total, patients, value, values) for value in values)


def fewest(total, patients, value, values):
    """Returns the fewest of so many patients who have `value` where their values add up to a total."""
    ways = [1]  # by patients, the sums that the other values make, as bits
    for _ in range(patients):
        ways.append(sum_of_all(ways[-1] << other for other in values if other != value))
    can = (n for n in range(patients + 1) if n * value <= total and ways[patients - n] >> (total - n * value) & 1)
    return next(can, patients)


def sum_of_all(bits):
    found = 0
    for one in bits:
        found |= one
    return found


def test_of_the_sums_of_blocks_nobody_is_certain(honest):
    curves = honest["km/os/iptw"]
    for arm in (0, 1):
        each = parts_by_pattern(honest, arm, km_weighted.PARTS)
        values = sorted({min(round(x), 4 * km_weighted.PARTS) for x in each.ravel().tolist()})
        of = curves.of.blocks[arm]
        sums = curves.weighted(arm) / (curves.of.mean / km_weighted.PARTS)
        totals = [round(float(sums[of.of == block].sum())) for block in range(len(of.sizes))]
        assert min(of.sizes) >= 20
        assert sum(certain(total, n, values) for total, n in zip(totals, of.sizes, strict=True)) == 0


def leverages(results, rows, names):
    """Returns the leverage of each patient in the blocks of these endpoints, (n,): at least 1/m if some combination of
    their sums is of m patients."""
    columns = []
    for name in names:
        own, curves = as_counted(rows, name), results[f"km/{name}/iptw"]
        step, status = -(-own.days // 7), (~own.event).astype(int)
        for arm in (0, 1):
            of_arm, of = own.variables["arm"] == arm, curves.of.blocks[arm]
            columns += [of_arm & (of.of[status, step] == block) for block in range(len(of.sizes))]
    marks = np.array(columns, float)
    return np.einsum("ij,ik,kj->j", marks, np.linalg.pinv(marks @ marks.T, rcond=1e-9), marks)


THREE = ("os", "pfs", "ttp")


def test_three_endpoints_single_patients_out_unless_blocks_have_three_times_as_many(made, rows, monkeypatch):
    own, asked = replace(rows, patient=np.arange(N) // len(SITES)), CURVES | {"endpoints": THREE, "landmarks": []}
    with_larger = made(asked, endpoints=THREE, is_gated=False).run().results
    assert leverages(with_larger, own, THREE).max() < 1 / 5
    monkeypatch.setattr(km_weighted, "blocks", lambda counts, least: blocks(counts, 20))
    told = made(asked, endpoints=THREE, is_gated=False).run().results
    assert leverages(told, own, THREE).max() > 1 / 5
    assert made(asked, endpoints=THREE).run().results["km/os/iptw"].limit_name == "R9.block"


def test_a_second_weighted_population_is_refused(made):
    overlap = {"method": "overlap"}
    asked = CURVES | {"populations": ["all", "iptw", "overlap"], "landmarks": []}
    results = made(asked, adjustments={"iptw": IPTW, "overlap": overlap}).run().results
    assert has_result(results["km/os/iptw"])
    assert results["km/os/overlap"].limit_name == "R9.weighted"


def test_a_later_run_over_the_same_patients_is_refused(made):
    """What it would add up need not be the same weights: the score of new patients is another."""
    asked = made(CURVES | {"landmarks": []})
    for name, cohort in asked.cohorts.items():
        keys = [f"{name}-{number}" for number in range(cohort.n_patients)]
        asked.rows[name] = rows_of(cohort, keys, asked.keys[name])
        asked.start_site(name)
    assert has_result(asked.run().results["km/os/iptw"])
    asked.run_id = "second"
    asked.start_coordinator(earlier=["rehearsal"])
    later = asked.run().results
    assert has_result(later["km/os/all"])
    assert (later["km/os/iptw"].rule, later["km/os/iptw"].by) == ("R9", "a site")


def test_two_hospitals_have_no_weighted_curves(made):
    results = made(sites=SITES[:2], disclosure={"secure_sum": "off"}).run().results
    assert isinstance(results["km/os/iptw"], RefusedByRule)
    assert results["km/os/iptw"].rule == "R9"


def test_a_landmark_after_one_event_has_no_error(made):
    """The influence of whoever has the only event so far is nearly all of the sum."""
    first = made(CURVES | {"landmarks": [0.25, 12]}).run().results
    for arm in ("old", "new"):
        early = first[f"km/os/iptw/error/{arm}/{0.25 * 30.4375:g}"]
        assert not isinstance(early, RefusedByRule) or early.rule == "R8"
        assert has_result(first[f"km/os/iptw/error/{arm}/{12 * 30.4375:g}"])


MEANS = {"kind": "rmst", "endpoints": ["os"], "populations": ["iptw"], "tau": [12]}
NO_LANDMARK = CURVES | {"landmarks": []}


EARLY = 5


@pytest.fixture(scope="module")
def with_one_early(rows):
    """Returns who of the old arm has the first event, on day 5, and the patients: nobody else leaves within 30 days."""
    who = int(np.flatnonzero(rows.event & (rows.variables["arm"] == 0.0))[0])
    days = rows.days + 30
    days[who] = EARLY
    return who, replace(rows, days=days)


def test_without_the_rule_the_error_of_an_early_mean_tells_a_patients_weight(made, with_one_early):
    """Until the second event the mean hangs on whoever has the first one: the others' influences are a hundredth of
    the patient's, and the weight, in eighths, follows from the sum."""
    who, rows = with_one_early
    early = MEANS | {"tau": [14 / 30.4375]}
    results = made(NO_LANDMARK, means=early, of=rows, is_gated=False).run().results
    curves, (error,) = results["km/os/iptw"], [e for id_, e in results.items() if id_.endswith("error/old")]
    weighted, part = curves.weighted(0), curves.of.mean / km_weighted.PARTS
    each = influences_on_mean(weighted, 7 * np.arange(weighted.shape[1]), 14)
    of_others = curves.of.counts[0] * (curves.averaged[0] * each) ** 2
    of_others[0, 1] = 0.0
    read = np.sqrt(error.std_error**2 - of_others.sum()) / abs(each[0, 1]) / part
    age, stage = int(rows.variables["age"][who] - AGES[0]), int(rows.variables["stage"][who])
    of_pattern = np.minimum(parts_by_pattern(results, 0, km_weighted.PARTS), 4 * km_weighted.PARTS)
    assert round(read) == round(of_pattern[age, stage])


def test_the_rule_refuses_that_error_and_answers_a_later_one(made, with_one_early):
    ran = made(NO_LANDMARK, means=MEANS | {"tau": [14 / 30.4375, 12]}, of=with_one_early[1])
    results = ran.run().results
    early, later = (f"rmst/os/iptw/{tau}" for tau in (14 / 30.4375, 12))
    assert (results[f"{early}/error/old"].rule, results[f"{early}/error/old"].by) == ("R8", "a site")
    assert all(has_result(results[f"{later}/error/{arm}"]) for arm in ("old", "new"))
    # the means themselves follow from the curves: no hospital sent a number of them
    assert has_result(results[early])
    assert has_result(results[later])
    assert not any({early, later} & journal.answered("rehearsal").keys() for journal in ran.journals.values())


def test_the_nearest_honest_request_is_answered(honest):
    assert all(has_result(result) for result in honest.values())
    errors = [id_ for id_, arm in product(honest, ("old", "new")) if id_.startswith(f"km/os/iptw/error/{arm}")]
    assert len(errors) == 4


LEVELS = ("old", "new")
WEEKLY = [round(7 * week / 30.4375 + 1e-4, 4) for week in range(1, 61)]
"""Landmarks at the end of each of 60 weeks."""


@pytest.fixture(scope="module")
def few(patients):
    """300 patients, most of whom leave alone in a week."""
    return who_leave_soon(patients, 300)


def who_leave_soon(patients, n):
    """Returns patients of whom about half have the event within two years."""
    random, found = np.random.default_rng(3), patients.rows(5, n)
    age, stage = found.variables["age"], found.variables["stage"]
    arm = (random.random(n) < 1 / (1 + np.exp(-0.05 * (age - 65) - 0.5 * (stage - 1)))).astype(float)
    scale = 700 * np.exp(-0.02 * (age - 60) + 0.5 * arm - 0.4 * stage + 0.4)
    days, last = 1 + random.exponential(scale).astype(np.int64), random.integers(300, 1500, n)
    return replace(found, variables=found.variables | {"arm": arm}, days=np.minimum(days, last), event=days <= last)


@pytest.fixture
def asked_weekly(made, few):
    """Returns a rehearsal of errors at all these landmarks."""
    return made(CURVES | {"landmarks": WEEKLY}, of=few)


def told(outcome, arm):
    """Returns the errors of an arm that are told, each with its analysis."""
    found = [
        one
        for one in outcome.history.plan.by_id.values()
        if isinstance(one, LandmarkError) and one.arm.level == LEVELS[arm]
    ]
    with_error = ((one, outcome.results[one.id]) for one in found)
    return [(one, end) for one, end in with_error if isinstance(end, ErrorFound) and end.std_error > 0]


def read_alone(outcome, rows, arm):
    """Returns how many weights of patients who leave alone are read to an eighth, and how many of these are right.

    Each error is a linear equation in the sums of squared weights by step, with coefficients that all know. They are
    solved by Bayes' rule: before, a patient's squared weight is about its average's square, spread as the score's
    weights are; the hospitals' rounding is known. What is certain is fixed at the nearest eighth, one after the other.
    """
    results = outcome.results
    curves, counts = results["km/os/iptw"], results["km/os/iptw"].of.counts[arm]
    part = curves.of.mean / km_weighted.PARTS
    at = np.nonzero(counts)
    rows_of_all, sums = [], []
    for one, end in told(outcome, arm):
        expected = (counts * (curves.averaged[arm] * one.influences(curves)) ** 2).sum()
        rows_of_all.append((one.influences(curves)[at] * part) ** 2 / expected)
        sums.append(end.std_error**2 / expected)
    told_squares, told_sums, n = np.array(rows_of_all), np.array(sums), counts[at]
    each = np.minimum(parts_by_pattern(results, arm, km_weighted.PARTS), 4 * km_weighted.PARTS)
    before, spread = n * (curves.averaged[arm][at] / part) ** 2, n * np.std(np.rint(each) ** 2) ** 2
    noise = np.eye(len(sums)) * len(SITES) / 12 / km_weighted_errors.SHARES**2
    fixed = set()
    while True:
        gain = (spread[:, None] * told_squares.T) @ np.linalg.inv((told_squares * spread) @ told_squares.T + noise)
        squares = before + gain @ (told_sums - told_squares @ before)
        left = np.maximum(spread - np.einsum("ij,ji->i", gain, told_squares * spread), 0)
        weights = np.sqrt(np.maximum(squares, 1))
        unsure = np.sqrt(left) / (2 * weights)
        near = np.flatnonzero((n == 1) & (unsure < 0.2) & (abs(weights - np.rint(weights)) < 0.35))
        new = [k for k in near.tolist() if k not in fixed]
        if not new:
            break
        k = min(new, key=lambda k: unsure[k])
        fixed.add(k)
        before[k], spread[k] = np.rint(weights[k]) ** 2, 1e-9
    right = sum(np.rint(weights[k]) == weight_alone(rows, each, arm, at[0][k], at[1][k]) for k in fixed)
    return len(fixed), right


def weight_alone(rows, each, arm, status, step):
    """Returns the weight, in eighths, of who leaves so alone, from the truth."""
    here = (rows.variables["arm"] == arm) & (rows.event == (status == 0)) & (-(-rows.days // 7) == step)
    (age,), (stage,) = rows.variables["age"][here], rows.variables["stage"][here]
    return np.rint(each[int(age - AGES[0]), int(stage)])


def test_without_the_rule_errors_at_many_landmarks_tell_weights(asked_weekly, few, monkeypatch):
    monkeypatch.setattr(km_weighted_errors, "SHARES", 1024)
    monkeypatch.setattr(km_weighted_errors, "apart", lambda events, least: range(len(events)))
    read, right = read_alone(asked_weekly.run(), few, 1)
    assert read >= 10
    assert right >= 0.9 * read


def test_the_rule_answers_few_of_them_and_no_weight_is_read(asked_weekly, few):
    outcome = asked_weekly.run()
    for arm in (0, 1):
        assert 1 <= len(told(outcome, arm)) <= 4
        assert read_alone(outcome, few, arm) == (0, 0)
    codes = {end.code for id_, end in outcome.results.items() if "/error/" in id_ and isinstance(end, NotEstimable)}
    assert "few between" in codes


def test_two_landmarks_with_less_than_a_block_between_have_one_error(made, rows):
    results = made(CURVES | {"landmarks": [12, 12.3]}).run().results
    for level in LEVELS:
        first, second = (results[f"km/os/iptw/error/{level}/{month * 30.4375:g}"] for month in (12, 12.3))
        assert has_result(first)
        assert second.code == "few between"


def test_means_count_by_themselves_and_over_all_entries(made):
    """A second entry for the taus between those of the first one finds no room."""
    results = made(NO_LANDMARK, means=MEANS | {"tau": [12]}, also=MEANS | {"tau": [12.3]}).run().results
    for level in LEVELS:
        assert has_result(results[f"rmst/os/iptw/12/error/{level}"])
        assert results[f"rmst/os/iptw/12.3/error/{level}"].code == "few between"


def test_an_endpoint_under_two_names_counts_as_one(made):
    also = CURVES | {"endpoints": ["death"], "landmarks": [12.3]}
    asked = made(CURVES | {"landmarks": [12]}, endpoints=("os", "death"), also=also)
    errors = [one for one in plan(asked.study).by_id.values() if isinstance(one, LandmarkError)]
    assert len(errors) == 4
    assert {tuple(sorted(one.days)) for one in errors} == {(12 * 30.4375, 12.3 * 30.4375)}


def test_honest_landmarks_are_answered(made, patients):
    results = made(CURVES | {"landmarks": [6, 12, 24]}, of=who_leave_soon(patients, N)).run().results
    errors = [end for id_, end in results.items() if "/error/" in id_]
    assert len(errors) == 6
    assert all(isinstance(end, ErrorFound) for end in errors)
