"""Three arms, late entry and a grid of 30 days equal R on these rows: `three_arms.R`, over lung dealt to four sites."""

import json
from pathlib import Path

import pytest
from tests.golden.study_text import study_text

pytestmark = pytest.mark.exhaustive

R = json.loads(Path(__file__).with_name("three_arms.json").read_text(encoding="utf-8"))
STUDY = study_text(
    """\
entry = { type = "number", unit = "day", range = [0, 80], step = 1 }
age   = { type = "number", unit = "year", range = [18, 100] }
old   = { type = "boolean" }
""",
    """\
km   = { kind = "km", endpoints = ["os", "late"], landmarks = TIMES }
rmst = { kind = "rmst", endpoint = "os", tau = [720] }
cox  = { kind = "cox", endpoint = "os", multivariable = ["arm", "age"], ph_test = ["km", "rank", "identity"] }
old  = { kind = "response", of = ["old"], orr = ["true"] }
""",
    endpoints="""\
[endpoints]
os   = { days = "time", event = "event" }
late = { days = "time", event = "event", entry = "entry" }
""",
    arm='arm = { type = "category", levels = ["a", "b", "c"] }\n',
    reference="a",
    grid=(30, 1200),
)


def prepared(row):
    """As `three_arms.R` does."""
    number, entry = int(row["id"]), 13 * int(row["id"]) % 80
    return row | {
        "site": f"site_{number % 4}",
        "arm": "abc"[number % 3],
        "entry": str(entry if entry < int(row["time"]) else 0),
        "old": str(int(float(row["age"]) >= 65)),
    }


@pytest.fixture(scope="module")
def tried(tries_by_site, lung_rows):
    study = STUDY.replace("TIMES", str(R["times"]))
    return {one["id"]: one for one in tries_by_site(study, list(map(prepared, lung_rows)))}


@pytest.mark.parametrize("endpoint", ["os", "late"])
def test_curves_on_the_grid_equal_survfit_on_its_days(tried, endpoint):
    found = tried[f"km/{endpoint}/all"]
    assert found["grid"]["approximate"] == (endpoint == "late")
    assert [arm["n"] for arm in found["arms"]] == R["n"]
    for arm, r in zip(found["arms"], R[endpoint], strict=True):
        assert arm["median_days"]["estimate"] == r["median"]
        for key in ("survival", "std_error", "lower", "upper", "at_risk"):
            assert [mark[key] for mark in arm["landmarks"]] == pytest.approx(r[key], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("endpoint", ["os", "late"])
def test_log_rank_tests_have_two_degrees_of_freedom(tried, endpoint):
    for key, of_r in (("log_rank", endpoint), ("log_rank_by_site", f"{endpoint}_by_site")):
        found = tried[f"km/{endpoint}/all"][key]
        assert found["df"] == 2
        assert found["chi2"] == pytest.approx(R["log_rank"][of_r], rel=1e-9)


def test_each_arm_has_its_restricted_mean_and_is_compared_with_the_reference(tried):
    found = tried["rmst/os/all/720"]
    for arm, (mean, se) in zip(found["arms"], R["rmst"], strict=True):
        assert (arm["rmst_days"], arm["se"]) == pytest.approx((mean, se), rel=1e-9)


def test_proportional_hazards_by_functions_of_time_on_the_grid(tried):
    for transform, r in R["zph"].items():
        found = tried["cox/os/all/multivariable"]["ph_test"][transform]
        for key in ("terms", "variables"):
            tests = [*found[key], found["global"]]
            assert [test["chi2"] for test in tests] == pytest.approx(r[key], rel=1e-9, abs=1e-6)
        assert [test["df"] for test in (*found["variables"], found["global"])] == r["df"] == [2, 1, 3]


def test_each_arm_is_compared_with_the_reference_alone(tried):
    pooled, within = (tried[id_]["rates"][0]["comparisons"] for id_ in ("response/all", "response/all/by-site"))
    assert [one["level"] for one in pooled] == ["b", "c"]
    for one, by_site, r in zip(pooled, within, R["rates"], strict=True):
        assert one["fisher"]["p"] == pytest.approx(r["fisher"], rel=1e-7)
        assert by_site["cmh"]["chi2"] == pytest.approx(r["cmh"], rel=1e-9)
        ratio = [by_site["cmh"]["odds_ratio"][key] for key in ("estimate", "lower", "upper")]
        assert ratio == pytest.approx(r["odds_ratio"], rel=1e-9)
