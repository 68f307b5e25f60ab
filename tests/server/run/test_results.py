"""results.json holds what docs/results.md says, key by key, and nothing else; and is written whole or not at all."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from riskset.analyses.cohort import PatientSet
from riskset.analyses.plan import plan
from riskset.disclosure.rules import RULES
from riskset.protocol.unblinding import Decision
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_json, results_of, write_results
from riskset.study.asked import ENTRIES

DOCS = (Path(__file__).parents[3] / "docs" / "results.md").read_text(encoding="utf-8")
A_ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
SECTIONS = {
    heading.strip(): dict(A_ROW.findall(body))
    for heading, body in (part.split("\n", 1) for part in DOCS.split("\n## ")[1:])
    if heading.strip("`") not in ENTRIES  # a kind with a section of its own: tests/test_kinds.py
}
TYPES = {
    "text": str,
    "number": (int, float),
    "whole number": int,
    "list": list,
    "object": dict,
    "true or false": bool,
}
SITES = np.array(["asan", "kurume"])
THREE = np.array(["asan", "kurume", "osaka"])
STRATIFIED = {
    "cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"], "strata": ["stage"], "e_value": True}
}


def parts(document):
    """Every object of a document, with the section that explains it."""
    yield "The document", document
    yield "`study`", document["study"]
    yield "`not_included`", document["not_included"]
    yield "`time`", document["time"]
    yield "`opened`", document["opened"]
    yield from (("`unblinded`", decision) for decision in document["unblinded"])
    for result in document["results"]:
        common = SECTIONS["Every result"]
        yield "Every result", {key: value for key, value in result.items() if key in common}
        for reason in result["excluded"] or ():
            yield "A reason for exclusion", reason
            yield from (("A missing variable", variable) for variable in reason.get("variables", []))
        own = {key: value for key, value in result.items() if key not in common}
        yield from (parts_of_model if result["kind"] == "cox" else parts_of_curves)(own)


def parts_of_model(model):
    yield "A Cox model", model
    yield from parts_of_reason(model)
    if model.get("under_separation"):
        yield "`under_separation`", model["under_separation"]
        for term in model["under_separation"]["terms"]:
            yield "A term", term
            yield from (("`per`", term[key]) for key in ("per",) if key in term)
    yield from (("A spline", spline) for spline in model.get("splines", []))
    for level in model.get("levels", ()):
        yield "Patients of a level", level
        yield from parts_of_reason({"reason": level["events_reason"]} if "events_reason" in level else {})
    if "terms" not in model:
        return
    yield "`log_likelihood`", model["log_likelihood"]
    yield "`tests`", model["tests"]
    yield from (("A test", test) for test in model["tests"].values())
    yield from (("A category as a whole", category) for category in model["categories"])
    yield from (("An E-value", value) for value in model.get("e_value", ()))
    yield from parts_of_companions(model)
    for term in model["terms"]:
        yield "A term", term
        yield from (("`per`", term[key]) for key in ("per",) if key in term)
        yield from parts_of_reason(term)


def parts_of_companions(model):
    if "concordance" in model:
        yield "`concordance`", model["concordance"]
        yield from parts_of_reason(model["concordance"])
    if "ph_test" in model:
        yield "`ph_test`", model["ph_test"]
    for tests in model.get("ph_test", {}).values():
        yield "Tests with one function of time", tests
        yield from parts_of_reason(tests)
    for term in model["terms"]:
        yield from parts_of_reason({"reason": term["robust_reason"]} if "robust_reason" in term else {})


def parts_of_reason(result):
    if result.get("reason") and "rule" in result["reason"]:
        yield "A refusal", result["reason"]
    elif "reason" in result:
        yield "A reason", result["reason"]
        yield from (("A separated column", column) for column in result["reason"].get("columns", []))
        if result["reason"].get("limit"):
            yield "A limit", result["reason"]["limit"]


def parts_of_curves(curves):
    yield "Curves", curves
    yield from parts_of_reason(curves)
    if "arms_reason" in curves:
        yield "A refusal", curves["arms_reason"]
    if "weights" in curves:
        yield "`weights` of curves", curves["weights"]
    if "log_rank_reason" in curves:
        yield from parts_of_reason({"reason": curves["log_rank_reason"]})
    if "grid" not in curves:
        return
    yield "`grid`", curves["grid"]
    for arm in [curves["overall"], *curves["arms"]]:
        yield "A curve", arm
        yield from parts_of_reason({"reason": arm["limits_reason"]} if "limits_reason" in arm else {})
        yield "A median", arm["median_days"]
        yield "`curve`", arm["curve"]
        yield from (("A quartile", quartile) for quartile in arm["quartiles"])
        for landmark in arm["landmarks"]:
            yield "A landmark", landmark
            yield from parts_of_reason(landmark)
    for name in ("log_rank", "log_rank_by_site"):
        if curves[name]:
            yield "A log-rank test", curves[name]


@pytest.fixture(scope="module")
def documents(patients):
    """Documents in which everything occurs: an ordinary study, entries, no arms, separation, nobody, nobody's arm; all
    without the gate, and one that it refuses."""
    rows = patients.rows(seed=3, n=80)
    site = SITES[np.arange(80) % 2]
    old = rows.variables["arm"] == 0
    entries = patients.rows(seed=3, n=80, entry=True)
    plain = patients.study(SITES)
    by_strata = patients.study(THREE, analyses={"km": {"kind": "km", "endpoints": ["os"], "strata": ["stage"]}})
    return [
        document_of(plain, without_some(patients.deal(rows, site))),
        document_of(patients.study(SITES, analyses=STRATIFIED), patients.deal(rows, site)),
        document_of(patients.study(SITES, entry=True), patients.deal(entries, site)),
        document_of(patients.study(SITES, comparison=None), patients.deal(rows, site)),
        document_of(plain, patients.deal(replace(rows, event=rows.event & old), site)),
        document_of(plain, patients.deal(patients.choose(rows, old), site[old])),
        document_of(plain, emptied(patients.deal(rows, site), patients)),
        document_of(plain, patients.deal(patients.rows(seed=3, n=20), site[:20]), is_gated=True),
        document_of(patients.study(SITES, analyses=BENT), with_landmark(patients.deal(rows, site), patients)),
        document_of(patients.study(THREE), patients.deal(*an_arm_a_site(patients)), is_gated=True),
        document_of(by_strata, patients.deal(*a_rare_stage(patients)), is_gated=True),
        document_of(patients.study(SITES, analyses=COMPANIONS), patients.deal(rows, site)),
        document_of(patients.study(THREE, analyses=COMPANIONS), many(patients), is_gated=True, limits=STRICT),
        document_of(patients.study(THREE, analyses=PENALISED), many(patients), is_gated=True, limits=FEW_POINTS),
        document_of(patients.study(SITES, analyses=WEIGHTED), weighted_by_age(patients.deal(rows, site))),
        document_of(per_ten(patients), patients.deal(rows, site)),
        document_of(per_ten(patients), patients.deal(oldest_first(rows), site)),
        weighted_curves(patients),
        of_a_decision(patients),
    ]


def per_ten(patients):
    """A study that has its hazard ratios printed for ten years."""
    age = patients.variables["age"] | {"print_per": 10}
    models = {"cox": {"kind": "cox", "endpoints": ["os"], "univariable": ["age"]}}
    return patients.study(SITES, analyses=models, variables=patients.variables | {"age": age})


def oldest_first(rows):
    """Rows in which the oldest at risk always has the event: the hazard ratio of the age has no upper limit."""
    return replace(rows, variables={**rows.variables, "age": 90.0 - np.unique(rows.days, return_inverse=True)[1]})


BENT = {
    "bent": {
        "kind": "cox",
        "endpoints": ["os"],
        "multivariable": ["arm", "age"],
        "splines": {"age": [50, 60, 70]},
        "linearity": "likelihood_ratio",
    },
    "straight": {
        "kind": "cox",
        "endpoints": ["os"],
        "univariable": ["age"],
        "splines": {"age": [91, 95, 99]},
        "linearity": "likelihood_ratio",
    },
    "late": {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "landmark": 1},
}
"""The last knots are beyond all ages."""


COMPANIONS = {
    "km": {"kind": "km", "endpoints": ["os"]},
    "cox": {
        "kind": "cox",
        "endpoints": ["os"],
        "multivariable": ["arm", "age"],
        "robust": "patient",
        "ph_test": ["km", "identity", "rank", "log"],
        "concordance": True,
    },
}
STRICT = {"asan": {"R8.influence": "1/1000"}}
"""No patient has so little of a sum of squares: all companions are refused."""


PENALISED = {
    "firth": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"], "firth": True},
    "profile": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "profile_limits": ["arm"]},
}
FEW_POINTS = {"asan": {"R5.evaluations": "6"}}
"""Enough for a fit, and not for both limits by the profile likelihood."""


WEIGHTED = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm"], "weights": "age"}}


def weighted_by_age(cohorts):
    """Hospitals in which patients count by their age."""
    found = {}
    for name, cohort in cohorts.items():
        rows = cohort.analysis_sets["os"]
        weighted = replace(rows, weights=rows.variables["age"])
        found[name] = replace(cohort, analysis_sets={"os": rows, "os weighted by age": weighted})
    return found


def confounded(rows):
    """Rows whose weights differ: patients of one arm are older."""
    age = np.minimum(rows.variables["age"] + 6 * rows.variables["arm"], 90)
    return replace(rows, variables={**rows.variables, "age": age})


def weighted_curves(patients):
    """The document of curves of a weighted population, with a landmark beyond which hardly anybody is followed."""
    asked = {"kind": "km", "endpoints": ["os"], "populations": ["all", "iptw"], "landmarks": [1, 60]}
    study = patients.study(
        THREE,
        analyses={"score": {"kind": "propensity"}, "curves": asked},
        propensity={"covariates": ["age"], "adjustments": {"iptw": {"method": "ate"}}},
    )
    cohorts = {
        name: replace(cohort, analysis_sets={"os": (rows := cohort.analysis_sets["os"])} | everybody(study, rows))
        for name, cohort in patients.deal(confounded(patients.rows(seed=3, n=180)), patients.sites(THREE, 180)).items()
    }
    document = document_of(study, cohorts, is_gated=True)
    return document | {"results": [one for one in document["results"] if one["kind"] == "km"]}


def of_a_decision(patients):
    """The document of matched patients who are not balanced as the study demands, after somebody decided."""
    score = {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}}
    model = {"kind": "cox", "endpoints": ["os"], "univariable": ["arm"], "populations": ["match"]}
    asked = {"score": {"kind": "propensity"}, "cox": model, "balance": {"kind": "balance"}}
    gates = {"smd_max": 0.001, "on_fail": "ask"}
    study = patients.study(THREE, analyses=asked, propensity=score | {"gates": gates})
    cohorts = {
        name: replace(cohort, analysis_sets={"os": (rows := cohort.analysis_sets["os"])} | everybody(study, rows))
        for name, cohort in many(patients).items()
    }
    federation = Rehearsal(study, cohorts, "first", is_gated=False)
    federation.run()
    why, at = "Only the stage differs.", "2026-11-28T10:00:00.000+00:00"
    federation.start_again("second", [Decision("match", "first", "M. Uchida", why, at)])
    document = results_json(results_of(study, federation.run(), sorted(cohorts), is_gated=False))
    return document | {"results": [one for one in document["results"] if one["kind"] == "cox"]}


def everybody(study, rows):
    """Returns the sets without an endpoint that the study needs, of the same patients."""
    sets = [set_id.name for set_id in plan(study).sets if set_id.endpoint is None]
    return dict.fromkeys(sets, PatientSet(rows.variables, rows.patients))


def many(patients):
    return patients.deal(patients.rows(seed=3, n=180), patients.sites(THREE, 180))


def with_landmark(cohorts, patients):
    """Hospitals that have the patients still at risk at one month too."""
    found = {}
    for name, cohort in cohorts.items():
        rows = cohort.analysis_sets["os"]
        late = patients.choose(rows, rows.days > 30)
        late = replace(late, days=late.days - 30, patient=np.flatnonzero(rows.days > 30))
        found[name] = replace(cohort, analysis_sets={"os": rows, "os after day 30": late})
    return found


def an_arm_a_site(patients):
    """Rows of three hospitals, none of which has both arms."""
    rows, sites = patients.rows(seed=3, n=180), patients.sites(THREE, 180)
    return replace(rows, variables={**rows.variables, "arm": (sites == "osaka").astype(float)}), sites


def a_rare_stage(patients):
    """Rows of three hospitals, of whom four have stage III."""
    rows, stage = patients.rows(seed=3, n=180), np.ones(180)
    stage[:4], stage[90:] = 2.0, 0.0
    return replace(rows, variables={**rows.variables, "stage": stage}), patients.sites(THREE, 180)


def without_some(cohorts):
    """Hospitals that have eligible patients of whom too little is known."""
    excluded = {("no follow-up", "os"): 1, ("missing covariate", "os"): 2, ("missing", "age"): 2}
    return {name: replace(cohort, excluded=excluded) for name, cohort in cohorts.items()}


def emptied(cohorts, patients):
    return {
        name: replace(cohort, analysis_sets={"os": patients.choose(cohort.analysis_sets["os"], slice(0))})
        for name, cohort in cohorts.items()
    }


def document_of(study, cohorts, is_gated=False, limits=None):
    outcome = Rehearsal(study, cohorts, is_gated=is_gated, limits=limits or {}).run()
    document = results_json(results_of(study, outcome, sorted(cohorts), ["A notice."], is_gated=is_gated))
    return json.loads(json.dumps(document, allow_nan=False))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_of_a_section_occurs_and_every_key_that_occurs_is_explained(documents, section):
    occurring = [
        key for document in documents for heading, part in parts(document) if heading == section for key in part
    ]
    assert set(occurring) == set(SECTIONS[section])


def test_every_value_is_of_the_kind_that_is_written(documents):
    for heading, part in (found for document in documents for found in parts(document)):
        for key, value in part.items():
            kind = SECTIONS[heading][key]
            plain = kind.removesuffix(" or null")
            if value is None:
                assert plain != kind, f"{heading}, {key} is null"
            else:
                assert isinstance(value, TYPES[plain]), f"{heading}, {key} is {value!r}"
                assert isinstance(value, bool) == (plain == "true or false")


def test_what_is_missing_has_its_reason(documents):
    for document in documents:
        for result in document["results"]:
            assert ("reason" in result) == (result["status"] != "ok")
            for term in result.get("terms", []):
                assert ("reason" in term) == (term["coef"] is None)


def test_the_lists_of_a_curve_are_of_one_length_and_go_forward(documents):
    for heading, part in (found for document in documents for found in parts(document)):
        if heading == "`curve`":
            assert len({len(values) for values in part.values()}) == 1
            assert part["day"] == sorted(set(part["day"]))
            assert all(part["events"][i] + part["censored"][i] > 0 for i in range(len(part["day"])))


def test_the_reasons_that_are_listed_are_those_there_are(documents):
    """And each that these documents hold is listed."""
    row = next(line for line in DOCS.splitlines() if line.startswith("| `code` |"))
    found = {part["code"] for document in documents for heading, part in parts(document) if heading == "A reason"}
    assert {"no patients", "separated", "constant"} <= found
    assert all(f"`{code}`" in row for code in found)


@pytest.mark.parametrize(
    ("n", "is_gated", "mark"), [(90, True, "passed"), (90, False, "ignored"), (45, True, "refused")]
)
def test_every_result_says_what_the_gate_said_of_it(patients, n, is_gated, mark):
    three = np.array(["asan", "kurume", "osaka"])
    document = document_of(patients.study(three), patients.deal(patients.rows(1, n), three[np.arange(n) % 3]), is_gated)
    assert {result["gate"] for result in document["results"]} == {mark}
    assert {result["status"] for result in document["results"]} == {"refused" if mark == "refused" else "ok"}


def test_a_refusal_tells_rule_remedy_and_who_judged(documents):
    for document in documents:
        for result in document["results"]:
            assert (result["status"] == "refused") == (result["gate"] == "refused")
            if result["status"] == "refused":
                assert set(result["reason"]["rule"].split(" to ")) <= set(RULES)
                assert result["reason"]["remedy"]
                assert result["reason"]["by"] in ("all", "a site")
                assert not result.keys() & {"n", "events", "terms", "overall"}
    assert any(result["status"] == "refused" for document in documents for result in document["results"])


@pytest.fixture(scope="module")
def results(patients):
    study = patients.study(SITES)
    rows = patients.rows(seed=3, n=80)
    outcome = Rehearsal(study, patients.deal(rows, patients.sites(SITES, rows.n)), is_gated=False).run()
    return results_of(study, outcome, SITES.tolist(), ["생존 – 生存"], is_gated=False)


def test_a_file_is_written_whole_or_not_at_all(results, tmp_path):
    path = tmp_path / "results.json"
    write_results(results, path)
    before = path.read_bytes()
    *others, last = results.entries
    beyond = replace(last, result=replace(last.result, log_likelihood=float("nan")))
    with pytest.raises(ValueError, match="JSON compliant"):
        write_results(replace(results, entries=(*others, beyond)), path)
    assert path.read_bytes() == before
    assert json.loads(before)["notices"] == ["생존 – 生存"]
    assert list(tmp_path.iterdir()) == [path]


def numbers_in(value):
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers_in(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers_in(item)]
    return [value] if isinstance(value, float) else []


def test_numbers_have_thirteen_digits_and_come_back_as_they_were_written(results, tmp_path):
    write_results(results, tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert written == results_json(results)
    exact = [number for entry in results.entries for number in numbers_in(entry_json(entry))]
    printed = numbers_in(written["results"])
    assert all(float(f"{x:.13g}") == x for x in printed)
    assert printed == pytest.approx(exact, rel=5.1e-13, abs=0)
    assert printed != exact


class TestSitesNotIncluded:
    """The report says how many sites of the study, and where it may how many patients, are not in it."""

    SITES = ("asan", "kurume", "osaka", "sapporo")

    def results(self, patients, known):
        study = patients.study(self.SITES)
        cohorts = patients.deal(patients.rows(seed=3, n=80), SITES[np.arange(80) % 2])
        return results_of(study, Rehearsal(study, cohorts).run(), sorted(cohorts), patients=known)

    @pytest.mark.parametrize(
        ("known", "told"),
        [
            (None, None),
            ({"asan": 40, "kurume": 40}, None),
            ({"osaka": 12, "sapporo": 0}, 12),
            ({"osaka": 12, "sapporo": 5}, 17),
            ({"osaka": 12, "sapporo": 4}, None),
            ({"osaka": 1, "sapporo": 4}, None),
        ],
    )
    def test_a_site_of_a_few_patients_does_not_tell_its_number(self, patients, known, told):
        results = self.results(patients, known)
        assert results_json(results)["not_included"] == {"sites": ["osaka", "sapporo"], "patients": told}
        said = results.notices[-1]
        assert said.startswith(
            "2 of the 4 sites of the study are not in these results: osaka (osaka), sapporo (sapporo)"
        )
        assert said.endswith("Their number of patients is not stated." if told is None else f"patients: {told}.")

    def test_a_run_of_all_sites_says_nothing(self, documents):
        assert documents[0]["not_included"] == {"sites": [], "patients": None}
        assert documents[0]["notices"] == ["A notice."]
