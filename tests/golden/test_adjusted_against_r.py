"""The propensity score equals R's `glm`, and what stands on it R's `coxph` and `survfit` on the same patients.

Over the sites the score has an intercept of each site's own: `glm(trt ~ x + site)` on the sites with both arms
(`oracle_more.R`, `ps_site_effect`). With all patients at one site it is `glm(trt ~ x)` (`oracle.R`, `ps`); so it is
over the sites with one intercept for all. Tolerances as in `test_cox_against_r`.
"""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, prepared, study_of

HERE = Path(__file__).parent


@pytest.fixture(
    scope="module", params=["lung", *(pytest.param(x, marks=pytest.mark.exhaustive) for x in ("rottgbsg", "pbc3"))]
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def r(name):
    return {
        of: json.loads((HERE / folder / f"{name}.json").read_text(encoding="utf-8"))
        for of, folder in (("r", "."), ("more", "more"))
    }


@pytest.fixture(scope="module")
def tries(name, csv_of, desk_at, tmp_path_factory):
    """Returns a function that tries a study over the sites, whose score has these intercepts, with these entries."""
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}

    def tries(propensity, entries):
        desk = desk_at(tmp_path_factory.mktemp(name))
        text = study_of(name, rows, by_name, entries)
        desk.writes_study(text.replace("[analyses]", f"{propensity}\n[analyses]"))
        for site, of in by_name.items():
            desk.adds_site(site, of, DATA[name].mapping)
        return desk.tries()

    return tries


def score_of(name, site, adjustments=""):
    covariates = json.dumps(list(DATA[name].in_r)[1:])
    return f'[propensity]\ncovariates = {covariates}\nsite = "{site}"\n{adjustments}'


CURVES = {"kind": "km", "endpoint": "os"}
MATCHED = {"kind": "cox", "endpoint": "os", "univariable": ["trt"], "populations": ["match"]}
MATCH = 'adjustments.match = { method = "nearest" }\n'


@pytest.fixture(scope="module")
def common(name, tries):
    return tries(score_of(name, "none"), {"curves": CURVES})


def same_terms(name, found, r):
    in_r = DATA[name].in_r | {"(intercept)": "(Intercept)"}
    for term in found["terms"]:
        of = in_r[term["variable"]]
        assert abs(term["coef"] - r["coef"][of]) < 1e-9 * r["se"][of]
        # glm's errors are of the iteration before its last, at most 1e-6 errors from the maximum
        assert term["se"] == pytest.approx(r["se"][of], rel=1e-7)


class TestScore:
    def test_with_an_intercept_of_each_site_it_equals_glm_with_the_sites(self, name, by_site, r):
        found, r = by_site["propensity"], r["more"]["ps_site_effect"]
        same_terms(name, found, r)
        assert found["n"] == r["n"]
        assert -2 * found["log_likelihood"]["fitted"] == pytest.approx(r["deviance"], rel=1e-9)
        assert found["sd_logit"] == pytest.approx(r["sd_logit"], rel=1e-9)

    def test_with_one_intercept_it_equals_glm_without_the_sites(self, name, common, r):
        found, r = common["propensity"], r["r"]["ps"]
        same_terms(name, found, r)
        assert -2 * found["log_likelihood"]["fitted"] == pytest.approx(r["deviance"], rel=1e-9)
        assert -2 * found["log_likelihood"]["null"] == pytest.approx(r["null_deviance"], rel=1e-9)
        assert found["sd_logit"] == pytest.approx(r["sd_logit"], rel=1e-9)


METHODS = {
    "ate": 'method = "ate"',
    "ate_stab": 'method = "ate", stabilised = true',
    "att": 'method = "att"',
    "overlap": 'method = "overlap"',
    "matching": 'method = "matching"',
}


def weighted(name):
    """The adjustments, and the entries of models of each, with the arm alone and with all covariates."""
    adjustments = "".join(f"adjustments.{of} = {{ {method} }}\n" for of, method in METHODS.items())
    adjustments += 'adjustments.trimmed = { method = "ate", trim = [0.1, 0.9] }\n'
    cox = {"kind": "cox", "endpoint": "os", "populations": [*METHODS, "trimmed"]}
    alone, doubly = cox | {"univariable": ["trt"]}, cox | {"multivariable": list(DATA[name].in_r)}
    return adjustments, {"alone": alone, "doubly": doubly}


@pytest.fixture(scope="module")
def by_site(name, tries):
    adjustments, entries = weighted(name)
    return tries(score_of(name, "profiled", adjustments), entries)


@pytest.fixture(scope="module")
def weighted_by_common(name, tries):
    adjustments, entries = weighted(name)
    return tries(score_of(name, "none", adjustments), entries)


def same_robust(name, found, r):
    for term in found["terms"]:
        of = DATA[name].in_r[term["variable"]]
        assert abs(term["coef"] - r["coef"][of]) < 1e-9 * r["robust_se"][of]
        assert term["robust_se"] == pytest.approx(r["robust_se"][of], rel=1e-9)
        if "naive_se" in r:
            assert term["se"] == pytest.approx(r["naive_se"][of], rel=1e-9)


class TestWeighted:
    """`coxph(..., weights, robust = TRUE)` with `strata(site)`."""

    @pytest.mark.parametrize("of", METHODS)
    def test_models_by_a_score_with_the_sites_equal_coxph(self, name, by_site, r, of):
        r = r["more"]["ps_site_effect"]["weights"][of]
        same_robust(name, by_site[f"cox/os/{of}/univariable/trt"], r["cox_strata_site"])
        same_robust(name, by_site[f"cox/os/{of}/multivariable"], r["doubly_adjusted_strata_site"])

    def test_trimmed_patients_are_left_out_and_the_score_is_not_fitted_again(self, name, by_site, r):
        r = r["more"]["ps_site_effect"]["trimmed_01_09"]
        found = by_site["cox/os/trimmed/univariable/trt"]
        assert found["analysed"] == r["kept"]
        of_r = {key: {"trt": r[key]} for key in ("coef", "robust_se")}
        same_robust(name, found, of_r)

    @pytest.mark.exhaustive
    @pytest.mark.parametrize("of", METHODS)
    def test_models_by_a_score_without_the_sites_equal_coxph(self, name, weighted_by_common, r, of):
        key = "matching_w" if of == "matching" else of
        of_r = {key: {"trt": value} for key, value in r["r"]["iptw"][key]["strata_site"].items()}
        same_robust(name, weighted_by_common[f"cox/os/{of}/univariable/trt"], of_r)


class TestFirth:
    """The maximum of the penalised likelihood over all columns, those of the sites too (`firth_logistic.R`). Errors are
    of the last step but one, as in `test_firth_logistic_against_r`."""

    @pytest.mark.exhaustive
    @pytest.mark.parametrize("site", ["profiled", "none"])
    def test_the_score_and_what_stands_on_it(self, name, tries, site):
        if name == "pbc3":
            pytest.skip("R's answers are of two data sets")
        which = json.loads((HERE / "firth_logistic.json").read_text(encoding="utf-8"))[name]
        r = which["site" if site == "profiled" else "common"]
        found = tries(score_of(name, site, f"firth = true\n{MATCH}"), {"cox": MATCHED})
        in_r = DATA[name].in_r | {"(intercept)": "(Intercept)"}
        for term in found["propensity"]["terms"]:
            of = in_r[term["variable"]]
            assert abs(term["coef"] - r["coef"][of]) < 1e-9 * r["se"][of]
            assert term["se"] == pytest.approx(r["se"][of], rel=1e-8)
        assert found["propensity"]["log_likelihood"]["fitted"] == pytest.approx(r["penalised"], rel=1e-9)
        assert found["cox/os/match/univariable/trt"]["status"] == "ok"
