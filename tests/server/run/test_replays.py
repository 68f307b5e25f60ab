"""Replay: what a run found follows again from the signed sums, whatever kind of run it was, and no value else does."""

import json
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.audit import bundle_of_run
from tests.server.run.replaying import bundle_of_lung, of_demonstration, told

from riskset.analyses.cohort import AnalysisSet
from riskset.audit.bundle import RESULTS_JSON
from riskset.audit.checks import Checks
from riskset.audit.replay import compare, derived, replay
from riskset.audit.verify import verify
from riskset.rehearsal import Rehearsal
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.studies.real import ROTTERDAM_GBSG

SITES, SIX = ("asan", "kurume", "osaka"), ("asan", "busan", "chiba", "daegu", "ehime", "fukui")
KM = {"kind": "km", "endpoints": ["os"], "landmarks": [12]}
COX = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"]}


class TestRunsOfEachKind:
    """Each run is of its kind, holds, and follows byte by byte."""

    @pytest.fixture
    def follows(self, patients, tmp_path, results_alone):
        """Returns the verdicts and results of a bundle without a report, which follow from its sums."""

        def follows(rehearsal):
            with results_alone():
                bundle = bundle_of_run(rehearsal, tmp_path)
            found = verify(bundle, None)
            again = replay(found.checks, found.files, found.run)
            assert told(found.checks) == []
            assert found.checks.odd == []
            assert again.results_json == found.files[RESULTS_JSON]
            results = {one["id"]: one for one in json.loads(again.results_json)["results"]}
            return json.loads(found.files["verdicts.json"]), results

        return follows

    @pytest.fixture
    def at_sites(self, patients):
        """Returns a rehearsal of analyses over rows that are dealt to sites."""

        def at_sites(rows, named=SITES, *, disclosure=None, exceptions=(), told_alone=(), **analyses):
            more = {"disclosure": disclosure} if disclosure else {}
            study = patients.study(named, analyses=analyses, **more)
            cohorts = patients.deal(rows, patients.sites(named, rows.n))
            return Rehearsal(study, cohorts, exceptions=exceptions, told_alone=told_alone)

        return at_sites

    def test_a_refusal_by_all_and_one_by_a_site_behind_noise(self, patients, follows, at_sites):
        rows = patients.rows(5, 300)
        first = np.arange(300)
        few = rows.variables | {"stage": np.where(first < 3, 2.0, rows.variables["stage"] % 2)}
        found, _ = follows(at_sites(AnalysisSet(rows.days, rows.event, None, few), km=KM, cox=COX))
        assert found["cox/os/all/multivariable"]["by"] == "all"
        assert found["km/os/all"] == {"verdict": "passed"}

    def test_a_refusal_by_a_site_behind_which_the_totals_are_noise(self, patients, follows, at_sites):
        rows = patients.rows(5, 300)
        age = np.where(np.arange(300) == 7, 100.0, np.round(rows.variables["age"] / 20) + 40)
        alone = AnalysisSet(rows.days, rows.event, None, rows.variables | {"age": age})
        found, _ = follows(at_sites(alone, km=KM, cox=COX))
        assert (found["cox/os/all/multivariable"]["rule"], found["cox/os/all/multivariable"]["by"]) == ("R4", "a site")

    def test_separated_fits_stopped_in_mid_run_penalised_and_with_likelihood_limits(self, patients, follows, at_sites):
        rows = patients.rows(5, 300)
        separated = AnalysisSet(rows.days, rows.event & (rows.variables["stage"] != 2), None, rows.variables)
        limits = {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "profile_limits": ["arm"]}
        found, results = follows(at_sites(separated, plain=COX, firth=COX | {"firth": True}, limits=limits))
        assert found["cox/os/all/multivariable"]["message"].startswith("separated, or nearly")
        assert found["cox/os/all/multivariable/firth"] == {"verdict": "passed"}
        (term,) = results["cox/os/all/univariable/arm"]["terms"]
        assert term["limits"] == "profile"

    def test_sites_that_told_their_own_estimates(self, patients, follows, at_sites):
        asked = {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"], "leave_one_out": True}
        _, results = follows(at_sites(patients.rows(11, 360), SIX, told_alone=SIX, sites=asked))
        assert [one["coef"] is None for one in results["site-heterogeneity/os/all"]["sites"]] == [False] * 6

    def test_a_study_without_the_secure_sum(self, patients, follows, at_sites):
        found, _ = follows(at_sites(patients.rows(5, 300), disclosure={"secure_sum": "off"}, km=KM, cox=COX))
        assert {one["verdict"] for one in found.values()} == {"passed"}

    def test_two_sites(self, patients, follows, at_sites):
        two = at_sites(
            patients.rows(5, 400),
            SITES[:2],
            disclosure={"min_sites": 2},
            exceptions=ROTTERDAM_GBSG.exceptions,
            km=KM,
        )
        found, _ = follows(two)
        assert found["km/os/all"] == {"verdict": "passed"}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, results_alone):
    with results_alone():
        return bundle_of_lung(tmp_path_factory.mktemp("lung"))[0]


def test_nothing_follows_from_a_run_that_is_not_at_its_end(bundle):
    found = verify(bundle, None)
    checks = Checks()
    assert replay(checks, found.files, replace(found.run, rounds=found.run.rounds[:-1])) is None
    assert told(checks) == ["messages/: the run is not finished"]


def other(value):
    """Another value of the same kind: of a number the nearest that counts as another."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, float):
        return value * (1 + 1e-11) if value else 1e-300
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list | dict):  # an empty one
        return [0] if isinstance(value, list) else {"more": 0}
    return 0 if value is None else f"{value} "


def values_in(value, *steps):
    """Yields the way to every value that holds no other: keys and indexes."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ways = [way for step, inner in inside for way in values_in(inner, *steps, step)]
    yield from ways or [steps]


def check_each_kind(bundle):
    """Where one value of each kind in results.json is another one, each is found at its place and nothing else is;
    returns how many kinds there are."""
    found = verify(bundle, None)
    again = derived(found.run)
    document, places = json.loads(again.results_json), set()
    kinds = {tuple("*" if isinstance(step, int) else step for step in steps): steps for steps in values_in(document)}
    for *outer, last in kinds.values():
        inside = document
        for step in outer:
            inside = inside[step]
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in (*outer, last))
        places.add(place.removeprefix(".") + {list: "[0]", dict: ".more"}.get(type(inside[last]), ""))  # was empty
        inside[last] = other(inside[last])
    checks = Checks()
    compare(checks, found.files | {RESULTS_JSON: json.dumps(document).encode()}, again)
    assert {*told(checks)} == {f"{RESULTS_JSON}: {place} does not follow from the sums" for place in places}
    return len(kinds)


def test_each_kind_of_value_in_results_json_is_found_where_it_is_changed(bundle):
    assert check_each_kind(bundle) > 127


@pytest.mark.exhaustive
def test_each_kind_of_value_of_nearly_every_analysis_is_found(tmp_path, results_alone):
    demonstration = DEMONSTRATIONS["hcc-two"]
    text = demonstration.study.decode()
    signed = {"exceptions": demonstration.exceptions, "told_alone": demonstration.told_alone}
    with results_alone():
        bundle = bundle_of_run(of_demonstration(tmp_path, demonstration, text, **signed), tmp_path)
    assert check_each_kind(bundle) > 500


def test_a_key_that_is_gone_or_new_is_found(bundle):
    found = verify(bundle, None)
    again = derived(found.run)
    document = json.loads(again.results_json)
    document["more"] = document["results"][0].pop("status")
    checks = Checks()
    compare(checks, found.files | {RESULTS_JSON: json.dumps(document).encode()}, again)
    assert told(checks) == [
        f"{RESULTS_JSON}: results[0].status does not follow from the sums",
        f"{RESULTS_JSON}: more does not follow from the sums",
    ]
