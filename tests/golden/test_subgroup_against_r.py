"""Subgroups equal R's `coxph`: `subgroup.R`, over lung dealt to three sites."""

import json
from pathlib import Path

import pytest
from tests.golden.study_text import study_text

STUDY = study_text(
    """\
age     = { type = "number", unit = "year", range = [18, 100] }
ecog    = { type = "category", levels = ["0", "1", "2+"] }
old     = { type = "boolean", rule = "age >= 65" }
""",
    """\
crude    = { kind = "subgroup", endpoint = "os", by = ["ecog"] }
adjusted = { kind = "subgroup", endpoint = "os", by = ["old"], adjusted = ["ecog"], ties = "breslow" }
""",
    unit="month",
)
CASES = [("crude", "ecog"), ("adjusted", "old")]


@pytest.fixture(scope="module")
def tried(tries_by_site, lung_rows):
    rows = [row | {"site": f"site_{int(row['id']) % 3}"} for row in lung_rows]
    return {(one["analysis"], one["variable"]): one for one in tries_by_site(STUDY, rows)}


@pytest.fixture(scope="module")
def answers():
    return json.loads(Path(__file__).with_name("subgroup.json").read_text(encoding="utf-8"))


def same_fit(found, r):
    assert abs(found["coef"] - r["coef"]) / r["se"] < 1e-9
    assert found["se"] == pytest.approx(r["se"], rel=1e-9)


@pytest.mark.parametrize(("analysis", "variable"), CASES)
class TestEachVariable:
    def test_the_model_of_each_level(self, tried, answers, analysis, variable):
        found, r = tried[analysis, variable], answers[analysis][variable]
        assert [one["level"] for one in found["levels"]] == [one["level"] for one in r["levels"]]
        for own, expected in zip(found["levels"], r["levels"], strict=True):
            assert (own["n"], own["events"]) == (expected["n"], expected["events"])
            assert [{"n": arm["n"], "events": arm["events"]} for arm in own["by_arm"]] == expected["arms"]
            same_fit(own, expected)
            same_fit(own["interaction_model"], expected["model"])

    def test_that_of_all_patients(self, tried, answers, analysis, variable):
        same_fit(tried[analysis, variable]["overall"], answers[analysis][variable]["overall"])

    def test_the_interaction(self, tried, answers, analysis, variable):
        found, r = tried[analysis, variable]["interaction"], answers[analysis][variable]
        for test, name in (("likelihood_ratio", "lr"), ("wald", "wald")):
            assert found[test]["df"] == r["df"]
            assert found[test]["chi2"] == pytest.approx(r[name], rel=1e-9, abs=1e-6)
            assert found[test]["p"] == pytest.approx(r[f"{name}_p"], rel=1e-5)
