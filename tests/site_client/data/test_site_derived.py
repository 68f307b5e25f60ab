"""Derived variables at a site: computed from the values that were read, listed by the check, and marked for R14."""

import re

import numpy as np
import pytest

from riskset.cli import main
from riskset.errors import DataError
from riskset.protocol.earlier_runs import Changes, changed
from riskset.secure.keys import new_identity
from riskset_site.data.holding import load_holding

SEED = new_identity()
STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
kurume = {{ name = "Kurume" }}
[variables]
age = {{ type = "number", range = [18, 100], required = false }}
afp = {{ type = "number", range = [0, 1e6], transform = "log10p1", required = false }}
mvi = {{ type = "boolean", required = false }}
start = {{ type = "date" }}
death = {{ type = "date", required = false }}
last = {{ type = "date" }}
{derived}
[time]
grid = {{ width_days = 7, max_days = 2191 }}
[endpoints]
os = {{ origin = "start", event = ["death"], censor = "last" }}
[analyses]
cox = {{ kind = "cox", endpoints = ["os"], multivariable = [{covariates}] }}
"""
OLD = 'old = { type = "category", cut = "age", at = [65, 75] }'
HIGH = 'high = { type = "boolean", rule = "afp >= 400" }'
SOURCE = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\ncsv = "export.csv"\nkey = "id"\n'


def study(*derived, covariates):
    named = ", ".join(f'"{name}"' for name in covariates)
    return STUDY.format(derived="\n".join(derived), covariates=named)


@pytest.fixture
def six(hospital):
    """Six patients; the export has a column `old` of its own, which is not the study's."""
    rows = ["64.999,399,no", "65,400,no", "74.9,,yes", "75,,no", "90,1000000,", ",0,"]
    lines = [f"{i},{row},wrong,2020-01-0{i + 1},,2021-01-01" for i, row in enumerate(rows)]
    hospital.exports("\n".join(["id,age,afp,mvi,old,start,death,last", *lines]) + "\n")
    hospital.joins_as_written(study(OLD, HIGH, covariates=("old", "high")))
    hospital.writes(text=SOURCE)
    return hospital


def test_six_patients_by_hand(six):
    rows = six.cohort().analysis_sets["os"]
    assert rows.patients.tolist() == [0, 1, 4]  # the others lack afp or age
    np.testing.assert_array_equal(rows.variables["old"], [0, 1, 2])
    np.testing.assert_array_equal(rows.variables["high"], [0, 1, 1])


def test_the_check_lists_them_as_computed(six, capsys):
    old, high = six.check().variables[-2:]
    assert (old.columns, old.derived, old.read, old.missing, old.wrong) == ((), True, 5, 1, 0)
    assert (high.read, high.missing) == (4, 2)
    assert [(met.text, met.outcome, met.rows) for met in old.texts] == [
        ("<65", "computed", 1),
        ("65-<75", "computed", 2),
        (">=75", "computed", 2),
    ]
    assert main(["site", "check", str(six.site_file), "--study", str(six.folder / "study.toml")]) == 0
    page = capsys.readouterr().out
    assert re.search(r"^ *old +\(computed\) +category +5 +1 +0 +0", page, re.MULTILINE), page


def test_a_site_file_that_maps_one(six):
    six.writes('[map]\nold = "old"', text=SOURCE)
    with pytest.raises(DataError) as raised:
        six.check()
    (found,) = raised.value.problems
    assert (found.where, str(found.message)) == (
        "[map] old",
        "computed from other variables, not read from the export",
    )
    assert str(found.hint) == "remove this entry; the study says how it is computed"


def test_a_mistake_in_a_value_behind_one_is_told_once(six):
    six.exports("id,age,afp,mvi,start,last\n1,6500,3,no,2020-01-01,2021-01-01\n2,65,3,no,2020-01-02,2021-01-01\n")
    assert [one.where for one in six.check().problems] == ["column 'age' (variable age)"]


# ------------------------------------------------------------------------------------------------------- R14


def patients(n=60):
    """One dictionary for each row; nobody is 65."""
    rows = []
    for i in range(n):
        end = f"2021-{i % 12 + 1:02}-{i % 28 + 1:02}"
        age = 40 + i * 7 % 45
        row = {"id": f"P{i}", "age": str(age + (age == 65)), "afp": str(i * 97 % 900), "mvi": ("yes", "no")[i // 2 % 2]}
        rows.append(row | {"start": "2019-12-01", "death": end if i % 3 else "", "last": end})
    return rows


def updated(rows, patient=4, **values):
    return [{**row, **values} if i == patient else row for i, row in enumerate(rows)]


@pytest.fixture
def rows_of(hospital):
    def load(rows, *derived, covariates):
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        hospital.exports("\n".join(lines) + "\n")
        hospital.joins_as_written(study(*derived, covariates=covariates))
        hospital.writes(text=SOURCE)
        return load_holding(hospital.site_file, hospital.study, SEED).rows

    return load


def cut(limit):
    return f'old = {{ type = "category", cut = "age", at = [{limit}], levels = ["young", "old"] }}'


def test_r14_a_corrected_cell_behind_a_derived_variable(rows_of):
    """From 68 to 89 the age is corrected; whoever was over 65 still is, and the cell tells it all the same."""
    before = rows_of(updated(patients(), age="68"), cut(65), covariates=["old"])
    assert changed(before, rows_of(updated(patients(), age="68"), cut(65), covariates=["old"])) == Changes(0)
    assert changed(before, rows_of(updated(patients(), age="83"), cut(65), covariates=["old"])) == Changes(1)


def test_r14_by_another_definition_of_the_same_column(rows_of):
    """The later version adds a limit that nearly everybody is far from: the cell of the corrected patient tells it, and
    no derived value, which is the same in both, stands for the cell."""
    both = (HIGH, 'rest = { type = "boolean", rule = "afp < 300" }')
    other = (HIGH, 'rest = { type = "boolean", rule = "afp < 200" }')
    before = rows_of(updated(patients(), afp="100"), *both, covariates=["high", "rest"])
    now = rows_of(updated(patients(), afp="250"), *other, covariates=["high", "rest"])
    assert changed(before, now) == Changes(1)


def test_r14_a_limit_moved_past_one_patient(rows_of):
    """The difference of the totals of the two versions would be the patient who is 65."""
    one = updated(patients(), age="65")
    before = rows_of(one, cut(65), covariates=["old"])
    assert changed(before, rows_of(one, cut(66), covariates=["old"])) == Changes(0, alike=1)
    assert changed(before, rows_of(one, cut(50), covariates=["old"])) == Changes(0)  # another question


@pytest.mark.parametrize("later", ["at = [66, 75]", "at = [66]", "at = [50, 66, 75, 80]"])
def test_r14_of_one_level_among_several(rows_of, later):
    one = updated(patients(), age="65")
    first, second = (f'old = {{ type = "category", cut = "age", {limits} }}' for limits in ("at = [65, 75]", later))
    before = rows_of(one, first, covariates=["old"])
    assert changed(before, rows_of(one, second, covariates=["old"])).alike == 1
    assert changed(before, rows_of(one, first, covariates=["old"])) == Changes(0)


@pytest.mark.parametrize("rule", ["age >= 66", "age < 66", "older == 'young'"])
def test_r14_under_another_type_and_turned_round(rows_of, rule):
    """Neither names of levels, nor what is called true, hide that it is nearly the same split."""
    one = updated(patients(), age="65")
    before = rows_of(one, cut(65), covariates=["old"])
    defined = [cut(66).replace("old =", "older ="), f'high = {{ type = "boolean", rule = "{rule}" }}']
    assert changed(before, rows_of(one, *defined, covariates=["high"])).alike == 1


def test_r14_a_rule_that_is_nearly_a_column_of_the_export(rows_of):
    """The export says who is elderly, from 65; the later version would say it from 66."""
    one = updated([row | {"mvi": "yes" if int(row["age"]) >= 65 else "no"} for row in patients()], age="65", mvi="yes")
    rule = 'high = {{ type = "boolean", rule = "age {sign} 65" }}'
    before = rows_of(one, covariates=["mvi"])
    assert changed(before, rows_of(one, rule.format(sign=">"), covariates=["high"])) == Changes(0, alike=1)
    assert changed(before, rows_of(one, rule.format(sign=">="), covariates=["high"])) == Changes(0)


# ------------------------------------------------------------------------------------------------- formulas


RATE = 'rate = {{ type = "number", formula = "{text}", range = [{range}] }}'


@pytest.fixture
def with_formula(six):
    def joined(text, limits="-10, 10"):
        six.joins_as_written(study(RATE.format(text=text, range=limits), covariates=("rate",)))
        six.writes(text=SOURCE)
        return six

    return joined


def test_a_formula_by_hand(with_formula):
    rows = with_formula("age / 10 - 0.5", "0, 10").cohort().analysis_sets["os"]
    np.testing.assert_allclose(rows.variables["rate"], [5.9999, 6, 6.99, 7, 8.5])
    np.testing.assert_array_equal(rows.variables["age"], [64.999, 65, 74.9, 75, 90])  # the term that R4 judges


def test_what_is_not_defined_is_counted_and_shown(with_formula):
    site = with_formula("age / (afp - 400)", "-70, 1")
    (warning,) = [one for one in site.check().warnings if one.where == "variable rate"]
    assert str(warning.message).startswith("1 value is not defined")
    assert "age=65 afp=400" in warning.detail
    assert site.check().variables[-1].missing == 4
    assert site.cohort().analysis_sets["os"].n == 2


def test_a_value_outside_the_range_is_a_problem(with_formula):
    (problem,) = with_formula("age / 10", "0, 8").check().problems
    assert problem.where == "variable rate"
    assert str(problem.message) == "1 value is outside 0 to 8"
    assert "the study computes it" in str(problem.hint)


def test_r14_a_formula_that_differs_in_one_patient(rows_of):
    """Another version counts the one patient above 80 otherwise; a corrected cell counts as one too."""
    one = [row | {"age": str(min(int(row["age"]), 79))} for row in patients()]
    one = updated(one, age="84")
    first, second = (RATE.format(text=text, range="0, 100") for text in ("age", "min(age, 80)"))
    before = rows_of(one, first, covariates=["rate"])
    assert changed(before, rows_of(one, second, covariates=["rate"])) == Changes(0, alike=1)
    assert changed(before, rows_of(one, first, covariates=["rate"])) == Changes(0)
    assert changed(before, rows_of(updated(one, age="83"), first, covariates=["rate"])).rows == 1
