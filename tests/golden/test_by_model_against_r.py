"""A covariate that is missing at two sites takes no row of a curve, or of a model without it: each has the rows that
are complete in what it needs (`missing = "by_model"`), and the numbers of R on them. Made-up patients."""

import json
from pathlib import Path

import pytest

from riskset.cli import main

HERE = Path(__file__).parent / "by_model"
R = json.loads((HERE / "by_model.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(tmp_path_factory, results_alone):
    out = tmp_path_factory.mktemp("by_model")
    with results_alone():
        assert main(["study", "try", str(HERE / "study.toml"), "--sites", str(HERE / "sites"), "--out", str(out)]) == 0
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return {result["id"]: result for result in document["results"]}


def test_every_result_passed_the_gate(results):
    assert {result["gate"] for result in results.values()} == {"passed"}


def test_the_curve_is_of_everybody(results):
    arms = results["km/os/all"]["arms"]
    assert [arm["n"] for arm in arms] == R["curves"]["n"] == [69, 117]
    assert [arm["events"] for arm in arms] == R["curves"]["events"]
    for key, name in (("estimate", "median"), ("lower", "lower"), ("upper", "upper")):
        assert [arm["median_days"][key] for arm in arms] == R["curves"][name]


@pytest.mark.parametrize("covariate", R["univariable"])
def test_each_model_has_its_own_rows(results, covariate):
    agrees(results[f"cox/os/all/univariable/{covariate}"], R["univariable"][covariate])


def test_so_has_the_multivariable_model(results):
    agrees(results["cox/os/all/multivariable"], R["multivariable"])


def agrees(found, expected):
    """Coefficients to a millionth of their error, errors to 1e-9 of themselves, as for the common set."""
    assert (found["n"], found["events"]) == (expected["n"], expected["events"])
    coef, se = (value if isinstance(value, list) else [value] for value in (expected["coef"], expected["se"]))
    for term, b, s in zip(found["terms"], coef, se, strict=True):
        assert term["coef"] == pytest.approx(b, abs=1e-6 * s)
        assert term["se"] == pytest.approx(s, rel=1e-9)


def test_only_the_model_of_the_covariate_lost_rows(results):
    assert {id_: result["n"] for id_, result in results.items() if "n" in result and result["n"] != 186} == {
        "cox/os/all/univariable/ecog": 114
    }
