"""A covariate that a formula computes is the one that R computes from the pooled rows, and so is the model of it."""

import json
from pathlib import Path

import pytest

from riskset.cli import main

HERE = Path(__file__).parent / "by_model"
R = json.loads((HERE / "formula.json").read_text(encoding="utf-8"))
FORMULA = "0.66 * log10(afp * 17.1) - 0.085 * albi * 10 + log(age / 50) / 2"


def test_the_model_of_a_formula(tmp_path, results_alone):
    text = (HERE / "study.toml").read_text(encoding="utf-8").split("[analyses]")[0]
    score = f'score = {{ type = "number", formula = "{FORMULA}", range = [-2, 10] }}'
    asked = '[analyses]\nmodels = { kind = "cox", endpoints = ["os"], multivariable = ["drug", "score"] }\n'
    study = tmp_path / "study.toml"
    study.write_text(text.replace("[[eligibility]]", f"{score}\n[[eligibility]]", 1) + asked, encoding="utf-8")
    with results_alone():
        assert main(["study", "try", str(study), "--sites", str(HERE / "sites"), "--out", str(tmp_path / "out")]) == 0
    (found,) = json.loads((tmp_path / "out/results.json").read_text(encoding="utf-8"))["results"]
    assert (found["gate"], found["n"], found["events"]) == ("passed", R["n"], R["events"])
    for term, coef, se in zip(found["terms"], R["coef"], R["se"], strict=True):
        assert term["coef"] == pytest.approx(coef, abs=1e-9 * se)
        assert term["se"] == pytest.approx(se, rel=1e-9)
    assert list(found["log_likelihood"].values()) == pytest.approx(R["loglik"], rel=1e-9)
