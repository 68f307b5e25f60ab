"""Every kind of analysis as an ethics committee reads it, and as `riskset study check` prints it."""

from pathlib import Path
from typing import get_args

import pytest

from riskset.catalogue import ENGLISH, catalogue, fields_of, languages
from riskset.study.load import parse_study
from riskset.study.spec import Transform
from riskset.study.validation_errors import _BOUNDS, _EXPECTED, _PATTERNS

TEXT = (Path(__file__).parents[3] / "configs" / "hcc-second-line.toml").read_text(encoding="utf-8")
ANALYSES = """[analyses]
km   = { kind = "km", endpoint = "os", landmarks = [6, 12.5] }
rmst = { kind = "rmst", endpoints = ["pfs", "os"], tau = [12] }
fu   = { kind = "follow-up", endpoint = "os" }
one  = { kind = "cox", endpoint = "os", multivariable = ["mvi"] }
all  = { kind = "cox", endpoint = "os", univariable = true, multivariable = ["mvi", "age"] }
each = { kind = "cox", endpoint = "os", univariable = ["afp", "age"] }

[disclosure]"""


def study(*, has_arms=True, width=7):
    head, rest = TEXT.split("[comparison]")
    arms, rest = rest.split("[time]")
    before, after = rest.split("[analyses]")
    text = head + ("[comparison]" + arms if has_arms else "") + "[time]" + before
    text = text.replace("width_days = 7", f"width_days = {width}")
    return parse_study(text + ANALYSES + after.split("[disclosure]")[1])


def sentences(found):
    return {name: [str(sentence) for sentence in entry.sentences(found)] for name, entry in found.analyses.items()}


@pytest.mark.parametrize("language", languages())
def test_units_of_time_are_words_of_the_language(language):
    found = study()
    told = [sentence.in_language(language) for sentence in found.analyses["km"].sentences(found)]
    assert any(f"12.5{space}{catalogue(language)['study.unit.month']}" in told[1] for space in ("", " "))


def test_with_arms():
    arms = "for all patients and by Second-line drug (sorafenib and lenvatinib)"
    assert sentences(study()) == {
        "km": [
            f"Kaplan-Meier curves of Overall survival {arms}, with counts every 7 days up to day 2191.",
            "Survival at 6 and 12.5 months, read from these curves.",
            "Log-rank tests of Overall survival between the arms.",
        ],
        "rmst": [
            "Restricted mean survival time of Progression-free survival and Overall survival up to 12 months "
            f"{arms}, from counts every 7 days up to day 2191."
        ],
        "fu": [
            f"Length of follow-up for Overall survival, by the reverse Kaplan-Meier method, {arms}, from counts every "
            "7 days up to day 2191."
        ],
        "one": [
            "Cox models of Overall survival with Macrovascular invasion (false, true). Each hospital has its own "
            "baseline hazard."
        ],
        "all": [
            "Cox models of Overall survival with these covariates together: Macrovascular invasion (false, true) "
            "and Age [year] (number). Each hospital has its own baseline hazard.",
            "Cox models of Overall survival with each of these covariates alone.",
        ],
        "each": [
            "Cox models of Overall survival with each of these covariates alone: AFP [ng/mL] (logarithm to base 10 of "
            "the value plus 1) and Age [year] (number). Each hospital has its own baseline hazard."
        ],
    }


def test_without_arms_and_with_counts_for_every_day():
    found = sentences(study(has_arms=False, width=1))
    end = "for all patients, {} counts for every day up to day 2191."
    assert found["km"][0] == "Kaplan-Meier curves of Overall survival " + end.format("with")
    assert len(found["km"]) == 2
    assert found["rmst"][0].endswith(end.format("from"))
    assert found["fu"][0].endswith(end.format("from"))


def test_lines():
    assert {name: [*map(str, entry.lines(study()))] for name, entry in study().analyses.items()} == {
        "km": ["km of os, survival at 6, 12.5 months"],
        "rmst": ["rmst of pfs, os, up to 12 months"],
        "fu": ["follow-up of os"],
        "one": ["cox of os, multivariable: mvi"],
        "all": ["cox of os, univariable: mvi, age", "cox of os, multivariable: mvi, age"],
        "each": ["cox of os, univariable: afp, age"],
    }


@pytest.mark.parametrize(
    ("codes", "fields"),
    [
        ([f"study.covariate.{transform}" for transform in get_args(Transform)], {"label"}),
        ([f"study.expected.{code}" for code in (*_EXPECTED.values(), *_PATTERNS.values(), "name")], {"found"}),
        ([f"study.expected.{code}" for code in _BOUNDS.values()], {"bound", "found"}),
        ([f"study.rule.expected_{kind}" for kind in ("number", "boolean", "category", "date")], {"found"}),
    ],
    ids=["transforms", "types", "bounds", "literals"],
)
def test_codes_that_are_built_from_a_word_are_in_the_catalogue(codes, fields):
    assert {code: fields_of(catalogue(ENGLISH)[code]) for code in codes} == dict.fromkeys(codes, fields)
