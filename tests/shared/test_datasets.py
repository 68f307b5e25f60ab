import csv

import pytest

from riskset import datasets


@pytest.mark.parametrize(
    ("name", "rows", "events", "sites"),
    [("lung", 227, 164, 18), ("rottgbsg", 3668, 2012, 2), ("rhdnase", 641, 241, 51)],
)
def test_data_sets_are_those_the_readme_describes(name, rows, events, sites):
    with datasets.path(name).open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert (len(table), sum(row["event"] == "1" for row in table)) == (rows, events)
    assert len({row["site"] for row in table}) == sites
    readme = datasets.path(name).with_name("README.md").read_text(encoding="utf-8")
    assert f"`{name}.csv`" in readme
    assert all(f"`{column}`" in readme for column in table[0])


def test_another_name_is_an_error_that_lists_them():
    with pytest.raises(ValueError, match="lung, rottgbsg, rhdnase"):
        datasets.path("pbc3")
