"""Formulas: by hand, against numpy on random trees, which are sums of terms, and what is refused."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import DataError
from riskset.study.formula import parse_formula
from riskset.study.in_words import questions
from riskset.study.load import canonical_json, parse_study, study_from_json, study_hash
from riskset.study.terms import sums_of
from riskset.study.truth import Kind
from riskset.study.variables import NumberVariable

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
asan = {{ name = "Site A" }}
[variables]
drug = {{ type = "category", levels = ["A", "B"] }}
age = {{ type = "number", range = [18, 100] }}
bilirubin = {{ type = "number", range = [0.1, 50], transform = "log2" }}
albumin = {{ type = "number", range = [1, 6] }}
ast = {{ type = "number", range = [1, 5000] }}
alt = {{ type = "number", range = [1, 5000] }}
platelets = {{ type = "number", range = [1, 2000] }}
days = {{ type = "number", range = [0, 5000] }}
dead = {{ type = "boolean" }}
{derived}
[time]
grid = {{ width_days = 7, max_days = 2191 }}
[endpoints.os]
days = "days"
event = "dead"
[analyses]
cox = {{ kind = "cox", endpoints = ["os"], multivariable = ["drug", "age"] }}
"""
ALBI = "0.66 * log10(bilirubin * 17.1) - 0.085 * albumin * 10"
FIB4 = "age * ast / (platelets * sqrt(alt))"
NAMES = ("x", "y")
NUMBERS = dict.fromkeys(NAMES, Kind("number"))
NAN = np.nan


def study(**derived):
    """Returns a study with these formulas, each with its range and further keys."""
    lines = [f'{name} = {{ type = "number", formula = "{text}", {rest} }}' for name, (text, rest) in derived.items()]
    return parse_study(STUDY.format(derived="\n".join(lines)))


def test_six_patients_by_hand():
    """(x + y) / x of (2, 4), (0, 1), missing x, missing y, (-1, 1), (4, 0): 3, undefined, -, -, 0, 1."""
    formula = parse_formula("(x + y) / x", NUMBERS)
    columns = {"x": np.array([2, 0, NAN, 3, -1, 4]), "y": np.array([4, 1, 1, NAN, 1, 0])}
    np.testing.assert_array_equal(formula.evaluate(columns), [3, NAN, NAN, NAN, 0, 1])
    assert formula.undefined(columns).tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("log(x)", [NAN, NAN, 0]),
        ("log10(x - 1)", [NAN, NAN, NAN]),
        ("sqrt(x)", [NAN, 0, 1]),
        ("1 / (1 / x)", [-1, NAN, 1]),
        ("max(abs(x), 0.5, -3)", [1, 0.5, 1]),
        ("-min(x, 0)", [1, 0, 0]),
    ],
)
def test_what_is_not_defined_is_missing(text, expected):
    found = parse_formula(text, NUMBERS).evaluate({"x": np.array([-1.0, 0, 1])})
    np.testing.assert_array_equal(found, expected)


_LITERAL = re.compile(r"(?<![\w.])\d+(\.\d+)?(e[+-]?\d+)?")
LEAVES = st.sampled_from(NAMES) | st.floats(0, 99).map(lambda x: f"{x!r}")
TREES = st.recursive(
    LEAVES,
    lambda of: (
        st.tuples(of, st.sampled_from("+-*/"), of).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | st.tuples(st.sampled_from(["log", "log10", "sqrt", "abs", "-"]), of).map(lambda p: f"{p[0]}({p[1]})")
        | st.tuples(st.sampled_from(["min", "max"]), of, of).map(lambda p: f"{p[0]}({p[1]}, {p[2]})")
    ),
    max_leaves=8,
)


@given(TREES, st.lists(st.tuples(*[st.floats(-99, 99) | st.just(NAN)] * 2), min_size=1, max_size=5))
def test_any_tree_is_what_numpy_computes(text, rows):
    formula = parse_formula(f"x + {text}", NUMBERS)
    columns = dict(zip(NAMES, np.array(rows).T, strict=True))

    def checked(function):
        def compute(*of):
            found = np.asarray(function(*of), np.float64)
            return np.where(np.isfinite(found), found, np.nan)

        return compute

    words = {"log": np.log, "log10": np.log10, "sqrt": np.sqrt, "abs": np.abs, "min": np.minimum, "max": np.maximum}
    with np.errstate(all="ignore"):
        expected = columns["x"] + eval(
            _LITERAL.sub(r"float64(\g<0>)", text),
            {name: checked(word) for name, word in words.items()} | columns | {"float64": np.float64},
        )
    found = formula.evaluate(columns)
    both = np.isfinite(found)
    np.testing.assert_array_equal(found[both], np.broadcast_to(expected, found.shape)[both])
    some_missing = np.isnan([columns[name] for name in formula.names]).any(axis=0)
    assert np.isnan(found[some_missing]).all()


@given(TREES)
def test_whatever_is_read_as_a_sum_is_that_sum(text):
    formula = parse_formula(f"x + {text}", NUMBERS)
    read = NumberVariable(type="number", range=(0.5, 99))
    derived = NumberVariable(type="number", range=(-500, 500), formula=formula.text)
    found = sums_of({"x": read, "y": read, "f": derived}, {"f": formula.value})["f"]
    if found.is_whole:
        columns = {"x": np.linspace(0.5, 99, 9), "y": np.geomspace(99, 0.5, 9)}
        raw = formula.evaluate(columns)
        known = np.isfinite(raw)
        np.testing.assert_allclose(found.values(columns)[known], raw[known], rtol=1e-9, atol=1e-9)


SUMS = {
    ALBI: ("", {"bilirubin": 0.66 * np.log10(2), "albumin": -0.85}),
    f"log({FIB4})": ("", {"log(age)": 1, "log(ast)": 1, "log(platelets)": -1, "log(alt)": -0.5}),
    FIB4: ('transform = "log"', {"log(age)": 1, "log(ast)": 1, "log(platelets)": -1, "log(alt)": -0.5}),
    "2 * (age + albumin) / 4 - age / 2": ("", {"albumin": 0.5}),
    "sqrt(4 * albumin) + bilirubin": ("", {"sqrt(albumin)": 2, "raw bilirubin": 1}),
    "log(3 * age + 3)": ("", {"log1p(age)": 1}),
}


@pytest.mark.parametrize("text", SUMS)
def test_sums_of_terms(text):
    rest, expected = SUMS[text]
    asked = study(f=(text, f"range = [0.001, 900]{', ' * bool(rest)}{rest}"))
    assert {term.name: c for term, c in asked.sums["f"].terms.items()} == pytest.approx(expected)
    assert not asked.is_combined("f")
    random = np.random.default_rng(1)
    numbers = {name: random.uniform(1, 6, 20) for name in ("age", "bilirubin", "albumin", "ast", "alt", "platelets")}
    raw = asked.derivations["f"].compute(numbers)
    np.testing.assert_allclose(asked.sums["f"].values(numbers), asked.variables["f"].transformed(raw), rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        FIB4,
        "max(albumin, 3.45)",
        "log(age + 0.001 * albumin)",
        "log(age - 10)",
        "sqrt(age * albumin)",
        "abs(age - 65)",
        "1 / age",
        "albumin * albumin",
        "log(log(age))",
        "age + 1e17 - 1e17 + 0.001 * max(albumin, 1)",
        "age + 1000000",
    ],
)
def test_what_is_no_sum_of_terms(text):
    asked = study(f=(text, "range = [-100, 2000]"))
    assert asked.is_combined("f")


def test_a_sum_is_computed_from_its_terms():
    """x + 2^53 - 2^53 would be x rounded: another function of x."""
    asked = study(f=("age + 9007199254740992 - 9007199254740992", "range = [0, 200]"))
    assert not asked.is_combined("f")
    assert asked.sums["f"].values({"age": np.array([65.3])}) == 65.3
    assert asked.derivations["f"].compute({"age": np.array([65.3])}) != 65.3


def test_formulas_of_formulas():
    asked = study(
        bili=("log10(bilirubin * 17.1)", "range = [-5, 5]"), albi=("0.66 * bili - 0.85 * albumin", "range = [-6, 3]")
    )
    assert {term.name for term in asked.terms_of("albi")} == {"bilirubin", "albumin"}
    assert asked.sources_of("albi") == ("bilirubin", "albumin")


def test_the_hash_covers_the_formula():
    first, second = (study(f=(text, "range = [-5, 1]")) for text in (ALBI, ALBI.replace("0.085", "0.086")))
    assert study_from_json(canonical_json(first)) == first
    assert study_hash(first) != study_hash(second)
    assert b'"formula"' not in canonical_json(study())


def test_a_committee_reads_the_formula():
    said = [str(one) for one in questions(study(f=(ALBI, "range = [-5, 1]"), g=(FIB4, "range = [0, 500]")))]
    assert said[-2] == f"f is computed by each hospital: {ALBI}."
    assert said[-1] == (
        f"g is computed by each hospital: {FIB4}. It combines variables, or is no sum of terms: it needs the exception "
        "R4.combined. Sign only what the field uses as it is written here."
    )


REFUSED = {
    "age + drug": "is a category variable",
    "age + dead2": "unknown variable 'dead2'",
    "age ** 2": "not part of the grammar of formulas",
    "ln(age)": "a formula has no function ln()",
    "log(age, 10)": "log() takes one value, found 2",
    "min(age)": "min() takes two or more values, found 1",
    "age if age > 3 else 2": "not part of the grammar of formulas",
    "__import__('os')": "a formula has no function __import__()",
    "3 + 4": "names no variable",
    "age + ": "cannot be read as a formula",
    "days / 30": "belongs to the outcome",
    "f + 1": "'f' is not declared above",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text):
    with pytest.raises(DataError) as raised:
        study(f=(text, "range = [0, 100]"))
    assert any(REFUSED[text] in str(problem.message) for problem in raised.value.problems)
