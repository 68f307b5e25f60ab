"""Derived variables: six patients by hand, what is refused, and what hash and differences say of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.cli import main
from riskset.errors import DataError
from riskset.study.derived import derivation
from riskset.study.differences import differences
from riskset.study.in_words import questions
from riskset.study.load import canonical_json, parse_study, study_from_json, study_hash
from riskset.study.truth import Kind
from riskset.study.variables import CategoryVariable, with_levels

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
asan = { name = "Site A" }
[variables]
drug = { type = "category", levels = ["A", "B"] }
age = { type = "number", range = [18, 100] }
afp = { type = "number", range = [0, 1e6], transform = "log10p1", required = false }
mvi = { type = "boolean" }
start = { type = "date" }
days = { type = "number", range = [0, 5000], step = 1 }
dead = { type = "boolean" }
high = { type = "boolean", rule = "not missing(afp) and afp >= 400" }
old = { type = "category", cut = "age", at = [65, 75] }
aged = { type = "boolean", rule = "old >= '65-<75'" }
[[eligibility]]
id = "robust"
rule = "not aged or not high"
[comparison]
arm = "drug"
reference = "A"
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.os]
days = "days"
event = "dead"
[analyses]
cox = { kind = "cox", endpoints = ["os"], multivariable = ["drug", "high", "old"] }
"""
NAN = np.nan
COLUMNS = {
    "age": np.array([64.999, 65, 74.9, 75, 90, NAN]),
    "afp": np.array([399, 400, NAN, NAN, 1e6, 0]),
    "mvi": np.array([0, 0, 1, 0, NAN, NAN]),
}


def changed(old, new):
    assert STUDY.count(old) == 1, old
    return STUDY.replace(old, new)


def computed(study):
    """Returns the derived variables of six patients, by name."""
    columns = dict(COLUMNS)
    for name, derived in study.derivations.items():
        columns[name] = derived.compute(columns)
    return {name: columns[name].tolist() for name in study.derivations}


def test_six_patients_by_hand():
    found = computed(parse_study(STUDY))
    assert found["high"] == [0, 1, 0, 0, 1, 0]  # what is false decides, whatever is missing
    assert found["old"] == [0, 1, 1, 2, 2, -1]
    np.testing.assert_array_equal(found["aged"], [0, 1, 1, 1, 1, NAN])


def test_what_cannot_be_decided_is_missing():
    study = parse_study(changed("not missing(afp) and afp >= 400", "afp >= 400"))
    np.testing.assert_array_equal(computed(study)["high"], [0, 1, NAN, NAN, 1, 0])


@pytest.mark.parametrize(
    ("at", "levels"),
    [
        ("[65, 75]", ("<65", "65-<75", ">=75")),
        ("[65.0]", ("<65", ">=65")),
        ("[20.5, 70]", ("<20.5", "20.5-<70", ">=70")),
        ('[65, 75], levels = ["young", "old", "oldest"]', ("young", "old", "oldest")),
    ],
)
def test_the_levels_of_a_cut(at, levels):
    text = changed("at = [65, 75]", f"at = {at}").replace("old >= '65-<75'", f"old >= '{levels[1]}'")
    assert parse_study(text).variables["old"].kind.levels == levels


@given(
    st.lists(st.floats(-9, 9) | st.just(NAN), min_size=1, max_size=30),
    st.lists(st.integers(-8, 8), min_size=1, max_size=5, unique=True).map(sorted),
)
def test_an_interval_holds_its_lower_limit_and_not_its_upper(values, at):
    cut = CategoryVariable.model_validate(with_levels({"type": "category", "cut": "x", "at": at}))
    column = np.array([*values, *at], dtype=float)
    found = derivation(cut, {"x": Kind("number")}).compute({"x": column})
    ends = [-np.inf, *at, np.inf]
    for value, level in zip(column.tolist(), found.tolist(), strict=True):
        assert level == -1 if np.isnan(value) else ends[level] <= value < ends[level + 1]


def test_limits_below_0_read_as_numbers():
    text = changed("range = [18, 100]", "range = [-9, 9]").replace("[65, 75]", "[-2.6, -1.39]")
    text = text.replace("old >= '65-<75'", "old >= '-2.6 to <-1.39'")
    assert parse_study(text).variables["old"].kind.levels == ("<-2.6", "-2.6 to <-1.39", ">=-1.39")


def test_what_a_derived_variable_is_computed_from():
    study = parse_study(STUDY)
    assert study.sources_of("aged") == ("age",)
    assert study.sources_of("age") == ("age",)
    assert "aged" not in study.read_variables


def test_the_hash_covers_the_definition():
    study = parse_study(STUDY)
    assert study_from_json(canonical_json(study)) == study
    texts = [changed("afp >= 400", "afp > 400"), changed("[65, 75]", "[65, 76]").replace("65-<75", "65-<76")]
    assert len({study_hash(parse_study(text)) for text in (STUDY, *texts)}) == 3


def test_a_study_without_them_has_the_hash_it_had():
    """The keys are later than 0.1.0, so they are hashed only where they are used."""
    plain = STUDY.split("high =")[0] + STUDY[STUDY.index("[time]") :].replace('"high", "old"', '"age"')
    document = canonical_json(parse_study(plain))
    assert not any(key in document for key in (b'"cut"', b'"at"', b'"rule"'))


def test_differences_name_the_definition():
    text = changed("afp >= 400", "afp >= 200").replace("[65, 75]", "[65, 80]").replace("65-<75", "65-<80")
    said = [str(one) for one in differences(parse_study(STUDY), parse_study(text))]
    assert (
        'Variable high: rule changed from "not missing(afp) and afp >= 400" to "not missing(afp) and afp >= 200".'
        in said
    )
    assert "Variable old: at changed from [65, 75] to [65, 80]." in said


def test_they_are_printed_and_reviewed_in_words(tmp_path, capsys):
    file = tmp_path / "study.toml"
    file.write_text(STUDY, encoding="utf-8")
    assert main(["study", "check", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("derived ")] == [
        "high: not missing(afp) and afp >= 400",
        "old: age cut at 65, 75",
        "aged: old >= '65-<75'",
    ]
    assert [str(one) for one in questions(parse_study(STUDY))[-3:]] == [
        "high is computed by each hospital: true where not missing(afp) and afp >= 400.",
        "old is computed by each hospital: age cut at 65, 75, into <65, 65-<75 and >=75.",
        "aged is computed by each hospital: true where old >= '65-<75'.",
    ]


OLD = 'old = { type = "category", cut = "age", at = [65, 75] }'
HIGH = 'high = { type = "boolean", rule = "not missing(afp) and afp >= 400" }'


def a_cut(rest):
    return OLD, f'old = {{ type = "category", {rest} }}'


def a_rule(rest):
    return HIGH, f'high = {{ type = "boolean", {rest} }}'


REFUSED = {
    "an unknown name": (a_rule('rule = "afq >= 400"'), "[variables] high.rule", "unknown variable 'afq'", 1),
    "a name below": (a_rule('rule = "mvi and aged"'), "[variables] high.rule", "'aged' is not declared above", 9),
    "its own name": (a_rule('rule = "mvi or high"'), "[variables] high.rule", "'high' is not declared above", 8),
    "no rule": (a_rule('rule = "afp + 1 > 3"'), "[variables] high.rule", "a rule has no arithmetic", 1),
    "no variable": (a_rule('rule = "true"'), "[variables] high.rule", "the rule names no variable", None),
    "the outcome": (a_rule('rule = "days > 365"'), "[variables] high", "computed from 'days', which belongs to", None),
    "the event": (a_rule('rule = "not dead"'), "[variables] high", "computed from 'dead', which belongs to", None),
    "not required": (a_rule('rule = "mvi", required = false'), "[variables] high", "leave required out", None),
    "a cut of nothing": (a_cut('cut = "agee", at = [65]'), "[variables] old.cut", "unknown variable 'agee'", None),
    "a cut of a yes-no": (a_cut('cut = "mvi", at = [0.5]'), "[variables] old.cut", "is a boolean variable", None),
    "a cut of one below": (a_cut('cut = "aged", at = [1]'), "[variables] old.cut", "is not declared above", None),
    "a cut of the days": (a_cut('cut = "days", at = [365]'), "[variables] old", "belongs to the outcome", None),
    "an empty interval": (a_cut('cut = "age", at = [18, 65]'), "[variables] old.at.#1", "18 leaves an interval", None),
    "descending limits": (a_cut('cut = "age", at = [75, 65]'), "[variables] old", "ascending order", None),
    "no limits": (a_cut('cut = "age"'), "[variables] old", "cut and at belong together", None),
    "limits alone": (a_cut("at = [65]"), "[variables] old", "cut and at belong together", None),
    "no numbers": (a_cut('cut = "age", at = ["a"]'), "[variables] old.at.#1", "expected a number", None),
    "too few levels": (
        a_cut('cut = "age", at = [65, 75], levels = ["a", "b"]'),
        "[variables] old",
        "at makes 3 intervals, but levels has 2",
        None,
    ),
    "unordered": (a_cut('cut = "age", at = [65], ordered = false'), "[variables] old", "are ordered", None),
    "as the arm": (
        ('arm = "drug"\nreference = "A"', 'arm = "high"\nreference = "true"'),
        "[comparison] arm",
        "'high' is a derived variable",
        None,
    ),
    "as an event": (('event = "dead"', 'event = "high"'), "[endpoints] os.event", "'high' is a derived variable", None),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    (old, new), where, message, column = REFUSED[case]
    with pytest.raises(DataError) as raised:
        parse_study(changed(old, new))
    found = next(one for one in raised.value.problems if one.where == where)
    assert message in str(found.message)
    assert column is None or found.column == column
