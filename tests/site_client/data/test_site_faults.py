"""Faults in rows: a sentence for each, a count for anyone, rows and values for the site only."""

import ast
from pathlib import Path

import numpy as np
import pytest

import riskset_site.data
from riskset.catalogue import ENGLISH, catalogue, say
from riskset_site.data.faults import Fault, problem_in_rows, rows_and_values

FAULT = Fault("outside_era", say("data.hint.era"))


def codes_in_the_modules():
    """The code of every `Fault(...)` that the modules make."""
    for path in Path(riskset_site.data.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
                yield node.args[0].value


def test_the_catalogue_has_a_sentence_for_every_fault_and_no_other():
    prefix = "data.fault."
    sentences = {code.removeprefix(prefix) for code in catalogue(ENGLISH) if code.startswith(prefix)}
    assert set(codes_in_the_modules()) == sentences


def test_the_message_counts_and_only_the_detail_has_rows_and_values():
    wrong = np.array([True, False, True])
    found = problem_in_rows(
        say("data.where.column", column="AFP"), FAULT, np.array([2, 3, 4]), wrong, "abc".__getitem__
    )
    assert (found.where, found.message) == ("column 'AFP'", say("data.fault.outside_era", n=2))
    assert found.detail == "rows 2, 4: a, c"


@pytest.mark.parametrize(
    ("numbers", "written"),
    [([7], "row 7: v"), ([1, 2, 3, 4, 5], "rows 1, 2, 3, 4, 5: v, v, v, v, v")],
)
def test_up_to_five_rows_are_listed(numbers, written):
    assert rows_and_values(numbers, ["v"] * len(numbers)) == written


def test_more_rows_are_counted():
    assert rows_and_values(range(1, 9), ["v"] * 5) == "rows 1, 2, 3, 4, 5: v, v, v, v, v and 3 more"
