"""Derived variables that differ in one patient: the study makes the two columns itself, out of any it has. With the
rule off the patient's row is read from totals; with it on it is refused; the nearest honest question is answered."""

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.study.derived import derivation
from riskset.study.spec import BooleanVariable, CategoryVariable
from riskset.study.truth import Kind
from riskset.study.variables import with_levels

KNOWN = ("arm", "ecog", "mvi", "male")
FEW = ("busan", "daegu", "tokyo", "osaka", "gwangju")
SITE = "busan"
FIRST, SECOND = "cox/os/all/multivariable", "cox/os/all/multivariable/second"
KINDS = {"age": Kind("number")} | {name: Kind("boolean", ("false", "true")) for name in KNOWN}


def cut(limit):
    return CategoryVariable.model_validate(with_levels({"type": "category", "cut": "age", "at": [limit]}))


def rule(text):
    return BooleanVariable.model_validate({"type": "boolean", "rule": text})


@pytest.fixture
def one_aged_65(patients):
    """The patients, of whom only the victim is 65, and the place of the victim."""
    table = patients(*FEW)
    victim = int(np.flatnonzero(table["site"] == SITE)[7])
    age = np.where(table["age"] == 65, 64, table["age"])
    age[victim] = 65
    return table | {"age": age}, victim


@pytest.fixture
def asks(network):
    """Returns a network that is asked for one model for each derived variable, computed as a site computes it."""

    def ask(table, first, second=None, *known):
        derived = {"first": first} | ({"second": second} if second else {})
        columns = {name: derivation(one, KINDS).compute(table) for name, one in derived.items()}
        analyses = {
            name: {"kind": "cox", "endpoints": ["os"], "multivariable": [*(known or KNOWN), name]} for name in derived
        }
        variables = {name: {"type": "boolean"} for name in (*KNOWN, "dead")}
        variables |= {"age": {"type": "number", "range": [18, 100]}, "days": {"type": "number", "range": [0, 5000]}}
        variables |= {name: one.model_dump() for name, one in derived.items()}
        used = {name: table[name] for name in ("site", *variables.keys() - derived.keys())}
        made = network(used | columns, analyses, variables=variables)
        assert set(made.study.derivations) == set(derived)
        return made

    return ask


def both(pairs, level, name):
    """How many patients have this level and a known variable, by the totals of the round of pairs."""
    a, b = f"{level} (os)", f"{name} = true (os)"
    return pairs.get(f"patients with {a} and {b}", pairs.get(f"patients with {b} and {a}"))


PAIRS = {
    "two cuts": ((cut(65), "first = >=65"), (cut(66), "second = >=66")),
    "two rules": ((rule("age >= 65"), "first = true"), (rule("age >= 66 or age < 0"), "second = true")),
    "a cut and a rule": ((cut(65), "first = >=65"), (rule("age > 65"), "second = true")),
}


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.exhaustive] * (case == "two rules")) for case in PAIRS]
)
def test_two_derived_variables_that_differ_in_one_patient(asks, one_aged_65, rules, case):
    (first, of_first), (second, of_second) = PAIRS[case]
    table, victim = one_aged_65
    rules.off("R2", "R4", "R12")
    pairs = asks(table, first, second).until("first").told("admission/pairs")
    seen = [both(pairs, of_first, name) - both(pairs, of_second, name) for name in KNOWN]
    assert seen == [table[name][victim] for name in KNOWN]
    rules.on()
    gated = asks(table, first, second)
    results = gated.run().results
    assert isinstance(results[FIRST], CoxFit)
    refused = results[SECOND]
    assert isinstance(refused, RefusedByRule), refused
    assert refused.rule == "R2"


def test_two_cuts_with_many_patients_between_them(asks, one_aged_65):
    results = asks(one_aged_65[0], cut(60), cut(72)).run().results
    assert all(isinstance(results[model], CoxFit) for model in (FIRST, SECOND))


def test_a_rule_that_only_one_patient_meets(asks, one_aged_65):
    """Of a column that one patient has nothing but the count is told."""
    table, _ = one_aged_65
    gated = asks(table, rule("age < 70"), rule("age == 65"))
    assert isinstance(gated.run().results[SECOND], RefusedByRule)
