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
def by_site(name, tries):
    matched = {"curves": CURVES | {"populations": ["all", "match"]}, "cox": MATCHED}
    return tries(score_of(name, "profiled", MATCH), matched)


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


class TestMatched:
    """Of patients with equal scores another one may be taken than R takes, so sets of patients are compared in
    `test_matching_against_r`, and here their number."""

    def test_as_many_pairs_as_matchit_finds_within_sites(self, name, by_site):
        r = json.loads((HERE / "matching.json").read_text(encoding="utf-8"))[name]
        pairs = len(r["matched"][0]["treated"])
        assert [arm["n"] for arm in by_site["km/os/match"]["arms"]] == [pairs] * 2
        assert by_site["cox/os/match/univariable/trt"]["n"] == 2 * pairs
