"""Formulas that hide one patient's value below the digits of a sum. With the rule off the value is read from totals;
with it on it is refused; the nearest honest formula is answered."""

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.protocol.approval import ExceptionSigned

FEW = ("busan", "daegu", "tokyo")
MODEL = "cox/os/all/multivariable"
NUMBERS = {
    "age": {"type": "number", "range": [18, 100]},
    "albumin": {"type": "number", "range": [1, 6]},
    "bilirubin": {"type": "number", "range": [0.1, 50]},
    "stage": {"type": "number", "range": [0, 3]},
    "score": {"type": "number", "range": [0, 1]},
    "days": {"type": "number", "range": [0, 5000]},
}
YES_NO = {name: {"type": "boolean"} for name in ("arm", "ecog", "mvi", "male", "viral", "dead")}
HAT = "max(0, 1 - abs(age - 65))"
ALBI = "0.66 * log10(bilirubin * 17.1) - 0.085 * albumin * 10"


@pytest.fixture
def table(patients):
    """The patients, of whom only the victim is 65, and the place of the victim, who has `score` 1."""
    found = patients(*FEW)
    victim = int(np.flatnonzero(found["site"] == "busan")[7])
    found["age"] = np.where(found["age"] == 65, 64, found["age"])
    found["age"][victim] = 65
    random = np.random.default_rng(7)
    n = len(found["site"])
    found |= {
        "albumin": np.round(np.clip(random.normal(3.8, 0.5, n), 1.5, 5.5), 1),
        "bilirubin": np.round(np.clip(random.lognormal(0, 0.5, n), 0.2, 20), 1),
        "stage": random.integers(0, 3, n).astype(float),
        "score": found["viral"].copy(),
    }
    return found, victim


@pytest.fixture
def asks(network):
    """Returns a network that is asked for a model of these covariates, of which the study derives some."""

    def ask(table, covariates, **derived):
        analyses = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": list(covariates)}}
        return network(table, analyses, variables={**YES_NO, **NUMBERS, **derived})

    return ask


def formula(text, low=-200, high=200, **more):
    return {"type": "number", "formula": text, "range": [low, high], **more}


def total_of(network, name, low=-200, high=200):
    """The total of a number in its own unit, from the scaled sum that everybody reads."""
    told = network.told("admission/counts")
    n = network.told("admission/cohorts")["patients of os"]
    return told[f"sum of {name} (os)"] * (high - low) / 2 + n * (high + low) / 2


SPELLINGS = {
    "a product": f"age + 0.001 * {HAT} * albumin",
    "a minimum": "age + 0.001 * min(albumin, 6 * max(0, 1 - abs(age - 65)))",
    "one fraction": f"(1000 * age + {HAT} * albumin) / 1000",
}


def refused_for(results, limit):
    refused = results[MODEL]
    assert isinstance(refused, RefusedByRule), refused
    assert refused.limit_name == limit
    return refused


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.exhaustive] * (case != "a product")) for case in SPELLINGS]
)
def test_digits_below_those_of_ages(asks, table, rules, case):
    """The sum of ages is whole, so what is left is a thousandth of one patient's albumin; no leverage shows it."""
    found, victim = table
    rules.off("R4.combined")
    asked = asks(found, ["arm", "f"], f=formula(SPELLINGS[case])).until("admission/pairs")
    left = 1000 * (total_of(asked, "f") % 1)
    assert left == pytest.approx(found["albumin"][victim], abs=1e-6)
    rules.on()
    refusal = refused_for(asks(found, ["arm", "f"], f=formula(SPELLINGS[case])).run().results, "R4.combined")
    assert "sum of terms" in str(refusal.remedy)


def test_the_digits_of_a_column_that_marks_one_patient(asks, table):
    """A sum of terms opens what its terms open, so a term that marks a patient is refused where a column would be."""
    found, victim = table
    marks = found | {"score": (np.arange(len(found["site"])) == victim).astype(float)}
    refused = asks(marks, ["arm", "f"], f=formula("age + 0.001 * score")).run().results[MODEL]
    assert isinstance(refused, RefusedByRule)
    assert refused.rule in ("R4", "R12")
    assert isinstance(asks(found, ["arm", "f"], f=formula("age + 0.001 * score")).run().results[MODEL], CoxFit)


def test_nothing_about_a_sum_leaves_before_its_terms_are_judged(asks, table):
    """Squares of a sum hold the products of its terms. Where `stage` has few values and one patient has 3, the sum of
    sqrt(stage) x score has one solution in whole numbers. So squares about no mean never leave."""
    found, victim = table
    found["stage"][victim] = 3
    roots, answers = np.sqrt(found["stage"]), found["score"]
    squares = float(((roots + 1e-5 * answers) ** 2).sum())  # as a column of the export would open it
    left = (squares - found["stage"].sum() - 1e-10 * answers.sum()) / 2e-5
    ones, twos, threes = np.ogrid[: len(roots), : len(roots), :2]
    off = np.abs(ones + twos * np.sqrt(2) + threes * np.sqrt(3) - left)
    assert np.unravel_index(off.argmin(), off.shape)[2] == answers[victim]
    asked = asks(found, ["arm", "f"], f=formula("sqrt(stage) + 0.00001 * score", -2, 2))
    asked.run()
    told = {number for one in asked.reads() for numbers in one.numbers.values() for number in numbers}
    assert not {f"{what} of f (os)" for what in ("sum of squares", "sum of squares within hospitals")} & told
    assert "sum of squares of sqrt(stage) (os)" in told


HIDDEN = ("log(age + 0.001 * score)", "max(age, 64.9)", "max(age, 0.001 * score)", "age * score", "abs(age - 65)")


@pytest.mark.parametrize(
    "text", [pytest.param(text, marks=[pytest.mark.exhaustive] * (text != HIDDEN[0])) for text in HIDDEN]
)
def test_what_is_no_sum_of_terms_needs_a_signature(asks, table, text):
    found, _ = table
    refused_for(asks(found, ["arm", "f"], f=formula(text)).run().results, "R4.combined")


CLIP = "min(max(age, 64.9), 66)"


def test_a_clip_around_one_age(asks, table, rules):
    """Ages below 65 become 64.9 and those above 66, in one monotone term of one variable: the tenths of its sum over
    the patients with a yes say, modulo 11, whether the one aged 65 is among them. So a clip is no term. Products are
    sent about each hospital's mean, which whoever knows a hospital's own totals adds again: each of two hospitals."""
    found, victim = table
    rules.off("R4.combined")
    for answer in (0, 1):
        found["viral"][victim] = answer
        asked = asks(found, ["viral", "f"], f=formula(CLIP))
        assert isinstance(asked.run().results[MODEL], CoxFit)
        about_means = 200 * asked.told("admission/products")["centred product of viral = true (os) and f (os)"]
        clipped = np.clip(found["age"], 64.9, 66)
        means = sum(clipped[at].sum() * found["viral"][at].mean() for at in (found["site"] == name for name in FEW))
        tenths = round(10 * (about_means + means - 64.9 * found["viral"].sum()))  # 0.1 of the one, 1.1 of each older
        assert tenths % 11 == answer
    rules.on()
    refused_for(asks(found, ["viral", "f"], f=formula(CLIP)).run().results, "R4.combined")


def test_two_formulas_together(asks, table):
    """Two sums whose difference marks one patient have that difference among their terms."""
    found, victim = table
    marks = found | {"score": (np.arange(len(found["site"])) == victim).astype(float)}
    both = {"f": formula("age + albumin + score"), "g": formula("age + albumin")}
    assert isinstance(asks(marks, ["arm", "f", "g"], **both).run().results[MODEL], RefusedByRule)
    both["g"] = formula("age - albumin")
    both["f"] = formula("age + albumin")
    assert isinstance(asks(found, ["arm", "f", "g"], **both).run().results[MODEL], CoxFit)


SINGLED = "ecog and male and not (age == 65 and mvi)"


def test_a_rule_of_several_variables(asks, table, rules):
    """Counts of pairs say how many have ecog and male; the rule's count is one less if the one aged 65 has mvi."""
    found, victim = table
    found["ecog"][victim] = found["male"][victim] = 1
    asked = ["arm", "ecog", "male", "f"]
    rules.off("R4.combined")
    for answer in (0, 1):
        found["mvi"][victim] = answer
        network = asks(found, asked, f={"type": "boolean", "rule": SINGLED}).until("admission/products")
        both = network.told("admission/pairs")["patients with ecog = true (os) and male = true (os)"]
        assert both - network.told("admission/counts")["patients with f = true (os)"] == answer
    rules.on()
    refused_for(asks(found, asked, f={"type": "boolean", "rule": SINGLED}).run().results, "R4.combined")


def test_honest_sums_pass_and_a_signature_lets_others_pass(asks, table):
    found, _ = table
    assert isinstance(asks(found, ["arm", "f"], f=formula(ALBI, -5, 1)).run().results[MODEL], CoxFit)
    grade = {"f": formula(ALBI, -5, 1), "g": {"type": "category", "cut": "f", "at": [-2.6], "levels": ["1", "2"]}}
    grade["g"]["ordered"] = True
    refused_for(asks(found, ["arm", "g"], **grade).run().results, "R4.combined")
    signed = asks(found, ["arm", "g"], **grade).signs(ExceptionSigned("R4.combined", "1", "ALBI grade as published"))
    assert isinstance(signed.run().results[MODEL], CoxFit)
