"""Whole studies of matched patients equal R on the same patients (`matched.R`): over the sites, with a score that has
an intercept of each site's own, or one for all. The age has decimals for the row's number, so that no two scores are
equal. Tolerances as in `test_cox_against_r`."""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, prepared, study_of

R = json.loads(Path(__file__).with_name("matched.json").read_text(encoding="utf-8"))
COVARIATES = {
    "lung": ["age", "ph_ecog", "wt_loss"],
    "rottgbsg": ["age", "meno", "size2", "size3", "grade3", "nodes", "pgr", "er"],
}
SITE = {"site": "profiled", "common": "none"}
MATCHED = {"endpoint": "os", "populations": ["match"]}
ASKED = {
    "log_log": {"kind": "km", "limits": "log-log", **MATCHED},
    "cox": {"kind": "cox", "univariable": ["trt"], **MATCHED, "populations": ["match", "two"]},
}
ADJUSTMENTS = """\
adjustments.match = { method = "nearest" }
adjustments.two = { method = "nearest", ratio = 2 }
"""
CASES = [
    ("lung", "site"),
    *(pytest.param(x, marks=pytest.mark.exhaustive) for x in (("lung", "common"), ("rottgbsg", "site"))),
]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def r(case):
    name, which = case
    return R[name][which]["matched"][0]


@pytest.fixture(scope="module")
def tries(case, csv_of, desk_at, tmp_path_factory):
    """Returns a function that tries a study with these entries."""
    name, which = case
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    rows = [row | {"age": f"{float(row['age']) + number / 1000:.3f}"} for number, row in enumerate(rows, 1)]
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}
    score = f'[propensity]\ncovariates = {json.dumps(COVARIATES[name])}\nsite = "{SITE[which]}"\n'

    def tries(asked):
        text = study_of(name, rows, by_name, asked).replace("range = [18, 100], step = 1", "range = [18, 110]")
        desk = desk_at(tmp_path_factory.mktemp(name))
        desk.writes_study(text.replace("[analyses]", f"{score}{ADJUSTMENTS}[analyses]"))
        for site, of in by_name.items():
            desk.adds_site(site, of, DATA[name].mapping)
        return desk.tries()

    return tries


@pytest.fixture(scope="module")
def found(tries):
    return tries(ASKED)


@pytest.fixture(scope="module")
def of_patients(case, tries):
    baseline = {"kind": "table1", "missing": "complete", "tests": False, "populations": ["match"]}
    early = {"kind": "response", "of": ["early"], "orr": ["true"], "populations": ["match"]}
    log = {"kind": "km", "limits": "log", **MATCHED}
    return tries({"log": log, "baseline": baseline | {"variables": COVARIATES[case[0]]}, "early": early})


def test_the_model_by_site_and_its_error_clustered_by_pair(found, r):
    model = found["cox/os/match/univariable/trt"]
    (term,), by_site = model["terms"], r["strata_site"]
    assert model["n"] == r["n_treated"] + r["n_control"]
    assert abs(term["coef"] - by_site["coef"]) < 1e-9 * by_site["se"]
    assert term["se"] == pytest.approx(by_site["se"], rel=1e-9)
    assert term["variance"] == "matched-set"
    assert term["robust_se"] == pytest.approx(r["cluster_set"]["robust_se"], rel=1e-9)
    assert list(model["log_likelihood"].values()) == pytest.approx(by_site["loglik"], rel=1e-9)


def test_the_model_of_sets_with_up_to_two_of_the_reference(found, case):
    name, which = case
    r = R[name][which]["matched"][1]
    model = found["cox/os/two/univariable/trt"]
    assert model["analysed"] == r["n_treated"] + r["n_control"]
    assert abs(model["terms"][0]["coef"] - r["strata_site"]["coef"]) < 1e-9 * r["strata_site"]["se"]
    assert model["terms"][0]["se"] == pytest.approx(r["strata_site"]["se"], rel=1e-9)
    # clustered by set; where each patient counts once, no study asks for it
    assert model["weighted_log_rank"]["chi2"] == pytest.approx(r["cluster_set"]["robust_score"], rel=1e-9)
    assert "weighted_log_rank" not in found["cox/os/match/univariable/trt"]


def same_curves(arms, of):
    arms = sorted(arms, key=lambda arm: arm["level"])  # false, then true, as R's 0 and 1
    assert [arm["n"] for arm in arms] == of["n"]
    assert [arm["events"] for arm in arms] == of["events"]
    for i, arm in enumerate(arms):
        assert list(arm["median_days"].values()) == [of[key][i] for key in ("median", "lower", "upper")]


def test_curves_with_log_log_limits(found, r):
    same_curves(found["km/os/match"]["arms"], r["km"]["log-log"])


@pytest.mark.exhaustive
def test_curves_with_log_limits(of_patients, r):
    same_curves(of_patients["km/os/match"]["arms"], r["km"]["log"])


def test_log_rank_over_all_and_by_site(found, r):
    curves = found["km/os/match"]
    assert curves["log_rank"]["chi2"] == pytest.approx(r["logrank"], rel=1e-9)
    assert curves["log_rank_by_site"]["chi2"] == pytest.approx(r["logrank_strata_site"], rel=1e-9)


def test_balance(found, r):
    balance = found["balance/match"]
    matched = balance["matched"]
    assert (matched["treated"], matched["control"]) == (r["n_treated"], r["n_control"])
    assert len(balance["variables"]) == len(r["balance"])
    for one, of in zip(balance["variables"], r["balance"].values(), strict=True):
        for when in ("before", "after"):
            assert [x["value"] for x in one[when]["by_denominator"]] == pytest.approx(of[when]["smd"], rel=1e-9)
            assert one[when]["smd"] == one[when]["by_denominator"][0]["value"]
            assert one[when]["variance_ratio"] == pytest.approx(of[when]["ratio"], rel=1e-9)
    assert balance["largest_smd"] == pytest.approx(max(abs(of["after"]["smd"][0]) for of in r["balance"].values()))


@pytest.mark.exhaustive
def test_table_1(of_patients, r):
    table = of_patients["table1/match"]
    for one, of in zip(table["variables"], r["table1"].values(), strict=True):
        for arm, in_r in zip(one["arms"][:2], of, strict=True):
            assert arm["n"] == in_r["n"]
            if one["type"] == "number":
                assert (arm["mean"], arm["sd"]) == pytest.approx((in_r["mean"], in_r["sd"]), rel=1e-9)
            else:
                assert arm["levels"][1]["percent"] == pytest.approx(100 * in_r["mean"], rel=1e-9)


@pytest.mark.exhaustive
def test_rates(of_patients, r):
    (rate,) = of_patients["response/match"]["rates"]
    assert [{"n": arm["n"], "of": arm["of"]} for arm in rate["arms"]] == r["early"]


@pytest.fixture(scope="module")
def by_set(tries):
    cox = {"kind": "cox", "univariable": ["trt"], **MATCHED, "baseline": "matched-set"}
    return tries({"cox": cox})["cox/os/match/univariable/trt"]


@pytest.mark.parametrize("ties", ["strata_set", "strata_set_breslow"])
def test_the_model_by_matched_set(by_set, r, ties):
    """R's with either way of counting ties; by Efron's, sets with two events add log 2 to both log likelihoods."""
    (term,), of_r = by_set["terms"], r[ties]
    assert (by_set["baseline"], by_set["n"]) == ("matched-set", r["n_treated"] + r["n_control"])
    # R iterates to 1e-13 of the log likelihood
    assert term["coef"] == pytest.approx(of_r["coef"], abs=1e-6 * of_r["se"])
    assert term["se"] == pytest.approx(of_r["se"], rel=1e-6)
    null, fitted = by_set["log_likelihood"].values()
    assert fitted - null == pytest.approx(of_r["loglik"][1] - of_r["loglik"][0], rel=1e-9)
    assert by_set["tests"]["score"]["chi2"] == pytest.approx(of_r["score"], rel=1e-9)
    if ties == "strata_set_breslow":
        assert [null, fitted] == pytest.approx(of_r["loglik"], rel=1e-9)
    else:
        assert by_set["tests"]["wald"]["chi2"] == pytest.approx(of_r["wald"], rel=1e-6)
