"""Designs that cannot be estimated, in whole or in part: named results, `null` and never 0, through study try.

Where a column is left out, the rest of the model is the fit without it.
"""

import numpy as np
import pytest

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "A trial"
[sites]
asan = {{ name = "Asan" }}
kurume = {{ name = "Kurume" }}
[variables]
arm = {{ type = "category", levels = ["old", "new"] }}
age = {{ type = "number", range = [0, 120] }}
extra = {{ type = "number", range = [-1e4, 1e4] }}
days = {{ type = "number", range = [0, 5000], step = 1 }}
dead = {{ type = "boolean" }}
{more}
[comparison]
arm = "arm"
reference = "old"
[time]
grid = {{ width_days = 30, max_days = 2520 }}
[endpoints.os]
days = "days"
event = "dead"
[analyses]
{curves}
cox = {{ kind = "cox", endpoint = "os", univariable = true, multivariable = {covariates} }}
"""
EXHAUSTIVE = pytest.mark.exhaustive
WITH_CURVES = 'survival = { kind = "km", endpoint = "os", landmarks = [12] }'
"""A study without curves draws no figure."""
MODEL, ALONE, CURVES = "cox/os/all/multivariable", "cox/os/all/univariable/extra", "km/os/all"
EMPTY = ("coef", "se", "robust_se", "hr", "lower", "upper", "z", "p")


def patients(seed=4, n=80):
    """Returns rows as texts, with a number `extra` that says nothing."""
    random = np.random.default_rng(seed)
    arm, age = random.integers(0, 2, n), random.integers(40, 90, n)
    days = random.exponential(300 * np.exp(0.5 * arm - 0.02 * (age - 60))).astype(int)
    columns = zip(arm, age, days, random.random(n) < 0.7, random.integers(-50, 50, n), strict=True)
    return [
        {"arm": ["old", "new"][a], "age": str(b), "days": str(c), "dead": str(bool(d)), "extra": str(e)}
        for a, b, c, d, e in columns
    ]


@pytest.fixture(scope="module")
def tried(desk_at, tmp_path_factory):
    """Returns results of rows dealt in turn to the two sites; `extra` may be made of (row, site)."""

    def tries(rows, extra=None, covariates='["arm", "extra", "age"]', more="", curves=""):
        desk = desk_at(tmp_path_factory.mktemp("desk"))
        desk.writes_study(STUDY.format(covariates=covariates, more=more, curves=curves))
        for site, name in enumerate(("asan", "kurume")):
            own = [row | ({"extra": str(extra(row, site))} if extra else {}) for row in rows[site::2]]
            desk.adds_site(name, own)
        return desk.tries()

    return tries


def term_of(result, variable):
    (term,) = (term for term in result["terms"] if term["variable"] == variable)
    return term


def assert_left_out(found, without, code, name="extra"):
    """The term is null with its reason; everything else equals the model without it."""
    result, reference = found[MODEL], without[MODEL]
    term = term_of(result, name)
    assert result["status"] == "ok"
    assert [term[key] for key in EMPTY] == [None] * len(EMPTY)
    assert term["reason"]["code"] == code
    for other in reference["terms"]:
        estimated = term_of(result, other["variable"])
        assert estimated["coef"] == pytest.approx(other["coef"], abs=1e-9 * other["se"])
        assert estimated["se"] == pytest.approx(other["se"], rel=1e-9)
    at = [term["variable"] for term in result["terms"]].index(name)
    assert result["covariance"][at] == [None] * len(result["terms"])
    assert [row[at] for row in result["covariance"]] == [None] * len(result["terms"])
    for test, expected in reference["tests"].items():
        assert result["tests"][test] == pytest.approx(expected, rel=1e-9)
    assert result["log_likelihood"] == pytest.approx(reference["log_likelihood"], rel=1e-12)


@pytest.fixture(scope="module")
def without(tried):
    return tried(patients(), covariates='["arm", "age"]')


def test_nothing_is_left_out_of_an_ordinary_design(tried):
    found = tried(patients())
    assert all(term["coef"] is not None for term in found[MODEL]["terms"])
    assert found[ALONE]["status"] == "ok"


@pytest.mark.parametrize("value", [0, 0.1, *(pytest.param(value, marks=EXHAUSTIVE) for value in (3, -7777.7))])
def test_a_covariate_that_is_the_same_everywhere(tried, without, value):
    found = tried(patients(), extra=lambda row, site: value)
    assert_left_out(found, without, "constant")
    assert found[ALONE]["status"] == "not estimable"
    assert found[ALONE]["reason"]["message"] == "extra is the same for every patient"


@pytest.mark.parametrize(
    "values", [(0.1, 0.3), *(pytest.param(pair, marks=EXHAUSTIVE) for pair in ((0, 1), (-5000, 5000)))]
)
def test_a_covariate_that_is_constant_within_every_site(tried, without, values):
    """As a country is: with one baseline hazard a site, nothing is left for it to tell."""
    found = tried(patients(), extra=lambda row, site: values[site])
    assert_left_out(found, without, "aliased")
    assert "aliased with site" in found[ALONE]["reason"]["message"]


def test_a_covariate_that_is_another_in_other_units(tried, without):
    """The later of the two in the study's order is left out: age."""
    found = tried(patients(), extra=lambda row, site: 1000 + 3 * int(row["age"]))
    term = term_of(found[MODEL], "age")
    assert (term["coef"], term["reason"]["code"]) == (None, "collinear")
    assert term["reason"]["message"] == "age is collinear with extra"
    of_age = term_of(without[MODEL], "age")
    assert term_of(found[MODEL], "extra")["coef"] == pytest.approx(of_age["coef"] / 3, rel=1e-9)
    assert found[ALONE]["status"] == "ok"


def test_a_covariate_that_is_another_and_a_difference_of_sites(tried, without):
    found = tried(patients(), extra=lambda row, site: int(row["age"]) + 100 * site)
    assert term_of(found[MODEL], "age")["reason"]["code"] == "collinear"


def test_a_covariate_that_differs_only_where_nobody_has_the_event(tried, without):
    """Of those who left before the first event: no risk set ever holds two values of it."""
    rows = patients()
    early = [row | {"days": "0", "dead": "False"} for row in patients(seed=5, n=2)]
    late = [row | {"days": str(int(row["days"]) + 1)} for row in rows]
    found = tried([*early, *late], extra=lambda row, site: int(row["days"] == "0"))
    reference = tried([*early, *late], covariates='["arm", "age"]')
    assert_left_out(found, reference, "no information")


def test_a_covariate_that_foretells_every_event(tried):
    """The likelihood has no maximum; the model as a whole has no estimate, and the covariate is named."""
    found = tried(patients(), extra=lambda row, site: int(row["dead"] == "True"))
    for id_ in (MODEL, ALONE):
        assert found[id_]["status"] == "not estimable"
        assert found[id_]["reason"]["code"] == "separated"
        assert "extra" in found[id_]["reason"]["message"]
        assert "terms" not in found[id_]
    assert found["cox/os/all/univariable/age"]["status"] == "ok"


def test_nobody_has_the_event(tried):
    found = tried([row | {"dead": "False"} for row in patients()], curves=WITH_CURVES)
    assert {result["reason"]["code"] for id_, result in found.items() if id_ != CURVES} == {"no events"}
    arm = found[CURVES]["arms"][0]
    assert set(arm["curve"]["survival"]) == {1.0}
    assert arm["median_days"] == {"estimate": None, "lower": None, "upper": None}
    assert found[CURVES]["log_rank"]["p"] is None
    assert found[CURVES]["log_rank"]["df"] == 0


def test_one_patient_in_all(tried):
    one = patients()[0] | {"days": "10", "dead": "True", "arm": "old"}
    others = [row | {"age": "115"} for row in patients()]
    found = tried([one, *others], more='[[eligibility]]\nid = "old"\nrule = "age < 110"', curves=WITH_CURVES)
    assert found[MODEL]["status"] == "not estimable"
    assert found[MODEL]["reason"]["code"] == "no covariate"
    assert found[CURVES]["overall"]["n"] == 1
    assert found[CURVES]["overall"]["median_days"]["estimate"] == 30  # day 10 on the 30-day grid


def assert_nobody(found):
    assert {result["status"] for result in found.values()} == {"not estimable"}
    assert {result["reason"]["code"] for result in found.values()} == {"no patients"}


def test_nobody_is_eligible(tried):
    more = '[[eligibility]]\nid = "old"\nrule = "age > 110"'
    assert_nobody(tried(patients(), more=more, curves=WITH_CURVES))


def test_nobody_is_complete(tried):
    more = 'marker = { type = "number", range = [0, 1], required = false }'
    assert_nobody(
        tried(
            [row | {"marker": ""} for row in patients()], covariates='["arm", "marker"]', more=more, curves=WITH_CURVES
        )
    )


def test_an_arm_in_which_nobody_is(tried):
    """The curve of nobody is not 100% for ever: it is not there."""
    found = tried([row | {"arm": "old"} for row in patients()], curves=WITH_CURVES)
    new = found[CURVES]["arms"][1]
    assert (new["level"], new["n"], new["events"]) == ("new", 0, 0)
    assert [new["landmarks"][0][key] for key in ("survival", "std_error", "lower", "upper")] == [None] * 4
    assert new["landmarks"][0]["at_risk"] == 0
    assert found[CURVES]["log_rank"]["df"] == 0
    assert term_of(found[MODEL], "arm")["reason"]["code"] == "constant"
    assert term_of(found[MODEL], "age")["coef"] is not None


def test_a_covariate_too_small_for_its_range_has_no_estimate(tried):
    """Its sums are rounded away; a model without it would not be the one that was asked."""
    found = tried(patients(), extra=lambda row, site: 1e-4 * float(row["extra"]) / 50)
    assert {found[id_]["reason"]["code"] for id_ in (MODEL, ALONE)} == {"range"}


def test_a_covariate_in_an_absurd_unit(tried):
    """The estimate scales with the unit; a hazard ratio beyond the floats is null, and nothing falls over."""
    size = 1e4
    plain = term_of(tried(patients(), extra=lambda row, site: float(row["extra"]) / 50)[MODEL], "extra")
    term = term_of(tried(patients(), extra=lambda row, site: size * float(row["extra"]) / 50)[MODEL], "extra")
    assert term["coef"] * size == pytest.approx(plain["coef"], rel=1e-6)
    assert term["z"] == pytest.approx(plain["z"], rel=1e-6)
    if abs(term["coef"]) + 2 * term["se"] > 710:
        assert None in (term["hr"], term["lower"], term["upper"])
