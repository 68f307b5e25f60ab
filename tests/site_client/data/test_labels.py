"""Labels of SPSS and Stata in place of codes: two values that differ in the file do not become one in silence."""

import pandas as pd
import pyreadstat
import pytest

from riskset_site.data.source_kinds import SOURCES
from riskset_site.data.sources.reading import read_source


@pytest.fixture
def labelled(tmp_path):
    def read(values, labels, kind="spss", has_labels=True):
        path = tmp_path / "x"
        write = pyreadstat.write_sav if kind == "spss" else pyreadstat.write_dta
        write(pd.DataFrame({"x": values}), path, variable_value_labels={"x": labels})
        table = read_source(SOURCES[kind](**{kind: path, "labels": has_labels}), ["x"], ())
        return list(table.columns["x"].by_row), [(one.message.code, one.detail) for one in table.problems]

    return read


@pytest.mark.parametrize("kind", ["spss", "stata"])
def test_a_code_without_a_label_that_another_code_has_as_label_is_a_problem(labelled, kind):
    values, labels = [1, 2, 0, 3], {1: "0", 2: "1", 3: "2"}
    assert labelled(values, labels, kind)[1] == [("data.fault.label_of_another", "row 4: '0'")]
    assert labelled(values, labels, kind, has_labels=False) == (["1", "2", "0", "3"], [])


def test_labels_of_all_codes_and_codes_of_their_own_are_read(labelled):
    assert labelled([1, 2, 1], {1: "0", 2: "1", 3: "2"}) == (["0", "1", "0"], [])
    assert labelled([1, 2, 9], {1: "male", 2: "female"}) == (["male", "female", "9"], [])
    assert labelled([1, 2, 5], {1: "0", 2: "1", 0: "none"}) == (["0", "1", "5"], [])
    assert labelled(["a", "b"], {"a": "b", "b": "c"}) == (["b", "c"], [])


def test_labels_of_one_width_are_one(labelled):
    assert labelled([1, 2], {1: "２"})[1] == [("data.fault.label_of_another", "row 3: '2'")]


def test_a_label_of_spaces_is_none(labelled):
    assert labelled([1, 2], {1: " ", 2: "yes"}) == (["1", "yes"], [])
