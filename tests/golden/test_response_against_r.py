"""Rates by arm, pooled and within sites, equal R's (`response.R`), from CSV files through `riskset study try`.

Counts are exact. Other figures agree to 1e-9 relative; what R solves for itself (Fisher's odds ratio and limits) to its
own 1e-4: `tests/shared/stats/test_fisher.py` checks the equations that they solve.
"""

import csv
import json
from pathlib import Path

import pytest
from tests.golden.study_text import sites_text, study_text

from riskset import datasets

ANSWERS = json.loads(Path(__file__).with_name("response.json").read_text(encoding="utf-8"))
EXACT = {"rel": 1e-9, "abs": 1e-12}
STUDY = study_text(
    """\
early = { type = "boolean" }
""",
    """\
early = { kind = "response", of = ["early"], orr = ["true"] }
""",
    title="Trial",
    grid=(7, 1400),
)


@pytest.fixture(scope="module", params=["lung", pytest.param("rhdnase", marks=pytest.mark.exhaustive)])
def compared(request, desk_at, tmp_path_factory):
    """Returns the rate, its comparison within sites, and R's answers."""
    answers, path = ANSWERS[request.param], datasets.path(request.param)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    institutions = sorted({row["site"] for row in rows})
    for row in rows:
        row["site"] = f"S{institutions.index(row['site']) % answers['of_sites']:02}"
        row["early"] = str(int(row["event"] == "1" and float(row["time"]) <= answers["days"]))
    sites = sorted({row["site"] for row in rows})
    desk = desk_at(tmp_path_factory.mktemp(request.param))
    desk.writes_study(STUDY.format(sites=sites_text(sites)))
    for site in sites:
        desk.adds_site(site, [row for row in rows if row["site"] == site])
    results = desk.tries()
    return results["response/all"]["rates"][0], results["response/all/by-site"]["rates"][0]["comparisons"][0], answers


def limits(found):
    return [found[key] for key in ("estimate", "lower", "upper")]


def test_counts_and_limits_of_each_arm(compared):
    rate, _, r = compared
    assert [arm["n"] for arm in rate["arms"]] == r["x"]
    assert [arm["of"] for arm in rate["arms"]] == r["n"]
    for key in ("clopper_pearson", "wilson"):
        for arm, expected in zip(rate["arms"], r[key], strict=True):
            assert [arm[key]["lower"], arm[key]["upper"]] == pytest.approx(expected, **EXACT)


@pytest.mark.parametrize(
    ("key", "name"), [("difference", "newcombe"), ("odds_ratio", "odds_ratio"), ("risk_ratio", "risk_ratio")]
)
def test_comparisons_of_the_arms(compared, key, name):
    rate, _, r = compared
    assert limits(rate[key]) == pytest.approx(r[name], **EXACT)


def test_fishers_exact_test(compared):
    rate, _, r = compared
    found = rate["fisher"]
    assert found["p"] == pytest.approx(r["fisher"]["p"], rel=1e-7)
    assert [found[key] for key in ("odds_ratio", "lower", "upper")] == pytest.approx(
        r["fisher"]["odds_ratio"], rel=1e-4
    )


def test_within_sites(compared):
    _, found, r = compared
    cmh, expected = found["cmh"], r["cmh"]
    assert cmh["sites"] == expected["sites"]
    assert (cmh["chi2"], cmh["corrected"]["chi2"]) == pytest.approx(
        (expected["chi2"], expected["chi2_corrected"]), **EXACT
    )
    assert (cmh["p"], cmh["corrected"]["p"]) == pytest.approx((expected["p"], expected["p_corrected"]), rel=1e-7)
    among = cmh["risk_difference_informative"]["estimate"]
    assert among == pytest.approx(expected["risk_difference_informative"], **EXACT)
    for key in ("odds_ratio", "risk_difference"):
        assert limits(cmh[key]) == pytest.approx(expected[key], **EXACT)


def test_homogeneity(compared):
    _, found, r = compared
    test, expected = found["breslow_day"], r["breslow_day"]
    assert test["df"] == expected["df"]
    assert (test["chi2"], test["tarone"]["chi2"]) == pytest.approx((expected["chi2"], expected["tarone"]), **EXACT)
    assert (test["p"], test["tarone"]["p"]) == pytest.approx((expected["p"], expected["p_tarone"]), rel=1e-7)
