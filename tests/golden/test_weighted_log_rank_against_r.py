"""The weighted log-rank test of a study over the sites equals the robust score test of R's `coxph` with the same
weights (`weighted_log_rank.R`); that of sets with two of the reference is in `test_matched_studies_against_r`."""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.more.studies import DATA, prepared, study_of

R = json.loads(Path(__file__).with_name("weighted_log_rank.json").read_text(encoding="utf-8"))
ADJUSTED = 'adjustments.ate = { method = "ate" }\nadjustments.overlap = { method = "overlap" }\n'
COX = {"kind": "cox", "endpoint": "os", "populations": ["ate", "overlap"], "univariable": ["trt"]}


@pytest.fixture(scope="module", params=["lung", pytest.param("rottgbsg", marks=pytest.mark.exhaustive)])
def name(request):
    return request.param


@pytest.fixture(scope="module")
def found(name, csv_of, desk_at, tmp_path_factory):
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    by_name = {site: [row for row in rows if row["site"] == site] for site in sorted({row["site"] for row in rows})}
    text = study_of(name, rows, by_name, {"efron": COX, "breslow": COX | {"ties": "breslow"}})
    score = f"[propensity]\ncovariates = {json.dumps(list(DATA[name].in_r)[1:])}\n{ADJUSTED}"
    desk = desk_at(tmp_path_factory.mktemp(name))
    desk.writes_study(text.replace("[analyses]", f"{score}[analyses]"))
    for site, of in by_name.items():
        desk.adds_site(site, of, DATA[name].mapping)
    return desk.tries()


@pytest.mark.parametrize("weights", ["ate", "overlap"])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_it_is_the_robust_score_test_of_coxph(found, name, ties, weights):
    end = "" if ties == "efron" else "/breslow"
    model, r = found[f"cox/os/{weights}/univariable/trt{end}"], R[name][ties][weights]
    test = model["weighted_log_rank"]
    assert model["analysed"] == R[name]["n"]
    assert test["name"] == "weighted log-rank test (robust score test of the weighted Cox model)"
    # weights are fitted: they agree as the score's coefficients do, to some 1e-10
    assert (test["chi2"], test["p"], test["df"]) == (
        pytest.approx(r["chi2"], rel=1e-8),
        pytest.approx(r["p"], rel=1e-8),
        1,
    )
    assert model["tests"]["score"]["chi2"] == pytest.approx(r["naive_chi2"], rel=1e-8)
    assert model["terms"][0]["robust_se"] == pytest.approx(r["robust_se"], rel=1e-8)
