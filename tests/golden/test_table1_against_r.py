"""The arithmetic of Table 1 equals R on the rows: `table1.R`, every key, and `oracle.R`, key table1."""

import csv
import json
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest

from riskset import datasets
from riskset.stats.contingency import chi_square
from riskset.stats.fisher import fisher_2x2
from riskset.stats.fisher_tables import fisher_p
from riskset.stats.rank_sums import rank_sums
from riskset.stats.two_means import Group, standardised, student, welch, yang_dalton

R = json.loads(Path(__file__).with_name("table1.json").read_text(encoding="utf-8"))
NUMBERS = [
    ("lung", "age"),
    ("lung", "wt_loss"),
    ("lung", "pat_karno"),
    ("rottgbsg", "age"),
    ("rottgbsg", "nodes"),
    ("rottgbsg", "lnodes"),
    ("rhdnase", "fev"),
]
CATEGORIES = [("lung", "ph_ecog"), ("rottgbsg", "meno"), ("rottgbsg", "sizecat"), ("rottgbsg", "grade3")]
TESTS = {"van_elteren": True, "kruskal_wallis_by_site": False}


def rows_of(name, variable):
    """Returns the values, arms and sites of the patients who have the variable."""
    with datasets.path(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["site"] for row in rows})
    of = "nodes" if variable == "lnodes" else variable
    known = [row for row in rows if row[of]]
    values = np.array([float(row[of]) for row in known])
    arm = np.array([int(row["trt"]) for row in known])
    site = np.array([names.index(row["site"]) for row in known])
    return np.log1p(values) if variable == "lnodes" else values, arm, site % R[name]["sites"]


def group(values):
    return Group(len(values), float(values.mean()), float(values.var(ddof=1)))


def assert_same_test(found, r):
    assert found.df == pytest.approx(r["df"], rel=1e-9)
    assert found.p == pytest.approx(r["p"], rel=1e-7)


@pytest.mark.parametrize(("name", "variable"), NUMBERS)
class TestNumbers:
    def test_t_tests_and_differences(self, name, variable):
        values, arm, _ = rows_of(name, variable)
        r, old, new = R[name][variable], group(values[arm == 0]), group(values[arm == 1])
        for found, key in ((student(new, old), "t"), (welch(new, old), "welch")):
            assert found.t == pytest.approx(r[key]["t"], rel=1e-9)
            assert_same_test(found, r[key])
        np.testing.assert_allclose(list(standardised(new, old).values()), r["smd"], rtol=1e-9)

    @pytest.mark.parametrize("key", TESTS)
    def test_ranks_within_sites(self, name, variable, key):
        values, arm, site = rows_of(name, variable)
        owns = (site == code for code in np.unique(site))
        parts = [rank_sums(values[own], arm[own], 2, is_weighted=TESTS[key]) for own in owns]
        found = reduce(add, parts).test()
        assert found.chi2 == pytest.approx(R[name][variable][key]["chi2"], rel=1e-9)
        assert_same_test(found, R[name][variable][key])

    def test_one_site_is_the_test_of_kruskal_and_wallis(self, name, variable):
        values, arm, _ = rows_of(name, variable)
        found = rank_sums(values, arm, 2, is_weighted=False).test()
        assert found.chi2 == pytest.approx(R[name][variable]["kruskal_wallis"]["chi2"], rel=1e-9)
        assert_same_test(found, R[name][variable]["kruskal_wallis"])


@pytest.mark.parametrize(("name", "variable"), CATEGORIES)
class TestCategories:
    def test_chi_square_with_and_without_yates(self, name, variable):
        r = R[name][variable]
        found = chi_square(r["counts"])
        assert found.chi2 == pytest.approx(r["chi2"]["chi2"], rel=1e-9)
        assert_same_test(found, r["chi2"])
        if "chi2_yates" in r:
            corrected = chi_square(r["counts"], is_corrected=True)
            assert corrected.chi2 == pytest.approx(r["chi2_yates"]["chi2"], rel=1e-9)
            assert_same_test(corrected, r["chi2_yates"])

    def test_standardised_difference(self, name, variable):
        r = R[name][variable]
        assert yang_dalton(r["counts"][1], r["counts"][0]) == pytest.approx(r["smd"], rel=1e-9)

    def test_fisher(self, name, variable):
        r = R[name][variable]
        if "odds_ratio" in r["fisher"]:
            found = fisher_2x2(*reversed(r["counts"][1]), *reversed(r["counts"][0]))
            assert found.p == pytest.approx(r["fisher"]["p"], rel=1e-7)
            limits = [found.odds_ratio, found.lower, found.upper]
            assert limits == pytest.approx([r["fisher"][key] for key in ("odds_ratio", "lower", "upper")], rel=1e-4)
        elif name == "lung":
            assert fisher_p(r["counts"]) == pytest.approx(r["fisher"]["p"], rel=1e-7)


@pytest.mark.parametrize("case", R["fisher"], ids=str)
def test_fisher_of_larger_tables(case):
    assert fisher_p(case["table"]) == pytest.approx(case["p"], rel=1e-7)


@pytest.mark.exhaustive
def test_fisher_of_thousands_of_patients():
    r = R["rottgbsg"]["sizecat"]
    assert fisher_p(r["counts"]) == pytest.approx(r["fisher"]["p"], rel=1e-7)


def test_three_arms():
    """The arm is the remainder of the patient's number, as in the script."""
    with datasets.path("lung").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["site"] for row in rows})
    known = [row for row in rows if row["wt_loss"]]
    values, arm = np.array([float(r["wt_loss"]) for r in known]), np.array([int(r["id"]) % 3 for r in known])
    site = np.array([names.index(r["site"]) % 4 for r in known])
    parts = [rank_sums(values[site == s], arm[site == s], 3, is_weighted=False) for s in range(4)]
    found = reduce(add, parts)
    np.testing.assert_allclose(found.excess[1:], R["three_arms"]["excess"], rtol=1e-9)
    assert found.test().chi2 == pytest.approx(R["three_arms"]["chi2"], rel=1e-9)
    assert_same_test(found.test(), R["three_arms"])


@pytest.mark.parametrize("key", TESTS)
def test_mean_and_variance_are_those_over_all_assignments_of_arms(key):
    """R went through the 36 assignments of two patients of each of two sites to an arm."""
    r = R["permutation"][key]
    values, arm = np.array([3.0, 5, 5, 9, 2, 4, 4, 8]), np.array([0, 0, 1, 1, 0, 1, 0, 1])
    found = reduce(add, (rank_sums(values[s], arm[s], 2, is_weighted=TESTS[key]) for s in (slice(4), slice(4, 8))))
    assert r["mean"] == 0
    assert found.variance[1, 1] == pytest.approx(r["variance"], rel=1e-12)
    assert found.excess[1] == pytest.approx(r["of_formula"]["excess"], rel=1e-12)
