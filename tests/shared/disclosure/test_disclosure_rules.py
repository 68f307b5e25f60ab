"""rules.toml: each limit judged just inside and just outside, in both columns; and docs/rules.md says the same."""

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from riskset.catalogue import NOTHING, say
from riskset.disclosure import cells, curves, curves_together, models, runs, span
from riskset.disclosure.policy import default_policy, loosened
from riskset.disclosure.rules import COLUMNS, KINDS, LIMITS, RULES, Limit, amount, read_rules
from riskset.stats.grid import Grid

DOCS = (Path(__file__).parents[3] / "docs" / "rules.md").read_text(encoding="utf-8")


def one_of(m):
    """200 patients and a column that m of them have."""
    own = np.zeros((200, 2))
    own[:, 0], own[:m, 1] = 1, 1
    return own


def design(limit_name):
    def judge(policy, m):
        own = one_of(m)
        return span.design(policy, limit_name, own, own.T @ own, [("cox/os", (0, 1))])

    return judge


def runs_apart(policy, apart):
    """A second run without `apart` of eight sites."""
    return runs.participants(policy, [frozenset("ABCDEFGH")], frozenset("ABCDEFGH"[apart:]))


def spread_of(sd):
    return np.array([-sd, sd] * 20)


def curve(day, event, level=None, width=7):
    n = len(day)
    event = np.isin(np.arange(n), event)
    return curves.Curve(
        "os", Grid(width, 4000), np.asarray(day), event, np.asarray(level if level is not None else [-1] * n)
    )


def counting(first, last, run=""):
    """A curve of some of 21 patients."""
    patients = np.arange(21)
    return replace(curve(np.where((first <= patients) & (patients < last), DAYS, curves.NOT_IN_IT), []), run=run)


def beside(one, *opened):
    """Judges a curve after others that are open."""
    return lambda policy: [finding for _, finding in curves_together.together(policy, [one], opened)]


def rearranged(parts):
    """Days of 21 patients, in whose order `parts` - 1 of 20 pairs of neighbours are not neighbours before."""
    cut = np.array_split(np.arange(21), parts)
    order = [*range(1, parts, 2), *range(0, parts, 2)]
    return 1000 + 10 * np.argsort(np.concatenate([cut[i] for i in order]))


DAYS = 10 * np.arange(21)
ARMS = np.arange(21) % 2


# limit -> (what is asked, {column: (a figure just inside, one just outside)})
EITHER_SIDE = {
    "R1.population_rows": (
        lambda p, rows: cells.population_rows(p, "all", rows),
        {"pooled": (50, 49), "local": (30, 29)},
    ),
    "R1.site_rows": (cells.site_rows, {"pooled": (5, 4), "local": (5, 4)}),
    "R1.subgroup_rows": (
        lambda p, rows: cells.subgroup_rows(p, "mvi", rows),
        {"pooled": (5, 4), "local": (30, 29)},
    ),
    "R2.leverage": (design("R2.leverage"), {"pooled": (5, 4), "local": (5, 4)}),
    "R2.apart_rows": (
        lambda p, rows: cells.apart(p, "all", "mvi", rows, 3),
        {"pooled": (5, 4), "local": (5, 4)},
    ),
    "R2.apart_sites": (lambda p, sites: cells.apart(p, "all", "mvi", 9, sites), {"pooled": (3, 2)}),
    "R3.events": (lambda p, events: models.events(p, "cox", events, 1), {"pooled": (20, 19), "local": (10, 9)}),
    "R3.events_per_parameter": (
        lambda p, events: models.events(p, "cox", events, 10),
        {"pooled": (50, 49), "local": (20, 19)},
    ),
    "R4.leverage": (design("R4.leverage"), {"pooled": (5, 4), "local": (3, 2)}),
    "R4.level": (
        lambda p, ones: cells.level(p, "stage = III", ones, 100),
        {"pooled": (10, 9), "local": (5, 4)},
    ),
    "R2.cell": (
        lambda p, rows: cells.two_levels(p, "arm and mvi", rows),
        {"pooled": (5, 4), "local": (5, 4)},
    ),
    "R4.cell": (lambda p, rows: cells.cell(p, "response = CR", rows), {"pooled": (5, 4), "local": (5, 4)}),
    "R4.halved": (lambda p, rows: cells.halved(p, "age", rows), {"pooled": (10, 9), "local": (10, 9)}),
    "R4.same_order": (lambda p, n: cells.same_order(p, "age", n), {"pooled": (0, 1), "local": (0, 1)}),
    "R5.evaluations": (
        lambda p, asked: models.evaluations(p, "cox", asked, 500, 8),
        {"pooled": (12, 13), "local": (12, 13)},
    ),
    # 20 patients and 4 columns are 120 numbers, an evaluation is 15
    "R5.numbers": (
        lambda p, asked: models.evaluations(p, "cox", asked, 20, 4),
        {"pooled": (4, 5), "local": (4, 5)},
    ),
    # an evaluation of 4 coefficients is 15 numbers
    "R5.fitted": (
        lambda p, n: models.fitted(p, "propensity", 6, n, 4),
        {"pooled": (180, 179), "local": (180, 179)},
    ),
    # 100 patients and 12 columns are 1,200 numbers
    "R5.opened": (
        lambda p, numbers: models.opened(p, "cox", numbers, numbers, 0, 100, 12),
        {"pooled": (3600, 3601), "local": (6000, 6001)},
    ),
    "R6.parameters": (lambda p, k: models.parameters(p, "cox", 80, k), {"pooled": (8, 9), "local": (8, 9)}),
    "R6.combinations": (
        lambda p, values: models.combinations(p, "propensity", 80, values),
        {"pooled": (80, 79), "local": (80, 79)},
    ),
    "R7.spread": (
        lambda p, sd: models.linear_predictor(p, "cox", spread_of(sd)),
        {"pooled": (3, 3.01), "local": (3, 3.01)},
    ),
    "R7.largest": (
        lambda p, largest: models.linear_predictor(p, "cox", np.array([largest] + [0.0] * 999)),
        {"pooled": (30, 30.01), "local": (30, 30.01)},
    ),
    "R8.influence": (
        lambda p, share: models.influence(p, "robust", share),
        {"pooled": (1 / 3, 0.334), "local": (0.5, 0.501)},
    ),
    "R8.site_influence": (
        lambda p, share: models.site_influence(p, "robust", share),
        {"pooled": (0.5, 0.501), "local": (0, 1)},
    ),
    "R8.weight": (
        lambda p, share: models.weight(p, "cox", share),
        {"pooled": (1 / 3, 0.334), "local": (1 / 3, 0.334)},
    ),
    "R8.site_weight": (lambda p, share: models.site_weight(p, "cox", share), {"pooled": (0.75, 0.751)}),
    "R8.cell": (lambda p, n: cells.weighed(p, "stage = II", n), {"pooled": (10, 9), "local": (10, 9)}),
    "R8.tables": (lambda p, n: cells.weighed_sets(p, "balance", n), {"pooled": (1, 2), "local": (1, 2)}),
    "R8.in_arm": (
        lambda p, share: models.weights_in_arm(p, "arm", share),
        {"pooled": (0.2, 0.201), "local": (1 / 3, 0.334)},
    ),
    "R8.in_cell": (
        lambda p, share: models.weights_in_cell(p, "arm", share),
        {"pooled": (1 / 3, 0.334), "local": (0.5, 0.501)},
    ),
    "R8.risk_share": (
        lambda p, share: models.risk_share(p, "curve", share),
        {"pooled": (1 / 3, 0.334), "local": (1 / 3, 0.334)},
    ),
    "R9.further_splits": (
        lambda p, asked: cells.split(p, "os", ["arm"][:asked], ["arm"]),
        {"pooled": (1, None), "local": (1, None)},  # outside it is R11 that judges
    ),
    "R9.other_levels": (
        lambda p, m: beside(curve(DAYS, [], ARMS), curve(DAYS, [], np.where(10 * m > DAYS, 1 - ARMS, ARMS)))(p),
        {"pooled": (0, 1), "local": (0, 1)},
    ),
    "R9.other_steps": (
        lambda p, m: beside(curve(DAYS, [], width=8), curve(DAYS, [], width=4 - m))(p),
        {"pooled": (0, 1), "local": (0, 1)},
    ),
    "R9.outside_order": (
        lambda p, m: beside(curve(DAYS, [1, 2]), curve(DAYS, [1, 3][: 1 + m]))(p),
        {"pooled": (0, 1), "local": (0, 1)},
    ),
    "R9.linked": (  # 10 and 11 of 20 pairs
        lambda p, parts: beside(curve(DAYS, [1, 2]), curve(rearranged(parts), [1, 3]))(p),
        {"pooled": (11, 10), "local": (11, 10)},
    ),
    "R9.other_patients": (
        lambda p, m: beside(counting(m, 21), counting(0, 21 - m, "run 1"))(p),
        {"pooled": (5, 6), "local": (5, 6)},
    ),
    "R9.populations": (
        lambda p, m: beside(counting(0, 21), *(counting(0, 20 - i, f"run {i}") for i in range(m - 1)))(p),
        {"pooled": (2, 3), "local": (2, 3)},
    ),
    "R9.weighted": (
        lambda p, n: cells.weighted(p, "km", n),
        {"pooled": (1, 2), "local": (0, 1)},
    ),
    "R9.block": (lambda p, fewest: cells.block(p, "km", fewest), {"pooled": (20, 19)}),
    "R9.endpoints": (
        lambda p, m: beside(curve(DAYS, range(m)), *(curve(DAYS, range(i)) for i in range(1, m)))(p),
        {"pooled": (3, 4), "local": (3, 4)},
    ),
    "R4.combined": (
        lambda p, n: cells.combined(p, "cox", ["bmi"], n),
        {"pooled": (0, 1), "local": (0, 1)},
    ),
    "R11.further_splits": (
        lambda p, further: cells.split(p, "os", ["arm", "sex"][: 1 + further], ["arm"]),
        {"pooled": (None, 1), "local": (None, 1)},
    ),
    "R11.at_risk": (
        lambda p, fewest: cells.steps_at_risk(p, "os by sex", fewest),
        {"pooled": (20, 19), "local": (20, 19)},
    ),
    "R11.with_covariates": (
        lambda p, covariates: cells.per_time_with_covariates(p, "S1", covariates),
        {"pooled": (0, 1), "local": (0, 1)},
    ),
    "R12.contributors": (
        lambda p, sites: cells.contributors(p, "mvi", sites),
        {"pooled": (3, 2), "local": (3, 2)},
    ),
    "R13.sites": (runs_apart, {"pooled": (3, 2), "local": (3, 2)}),
    "R14.changed_rows": (
        lambda p, rows: cells.changes(p, "run 1", rows, 3),
        {"pooled": (5, 4), "local": (5, 4)},
    ),
    "R14.changed_sites": (lambda p, sites: cells.changes(p, "run 1", 9, sites), {"pooled": (3, 2)}),
    "R14.entered_rows": (
        lambda p, rows: cells.entered(p, "run 1", rows, 3),
        {"pooled": (50, 49), "local": (30, 29)},
    ),
    "R14.entered_sites": (lambda p, sites: cells.entered(p, "run 1", 60, sites), {"pooled": (3, 2)}),
}


def found(asked, policy, figure, name):
    findings = asked(policy, figure)
    findings = findings if isinstance(findings, list) else [findings]
    (finding,) = [finding for finding in findings if finding.limit_name == name]
    return finding


def test_every_limit_of_every_column_is_tried():
    tried = {(name, column) for name, (_, figures) in EITHER_SIDE.items() for column in figures}
    assert tried == {(name, column) for column in COLUMNS for name in default_policy(column).values}


@pytest.mark.parametrize(
    ("name", "column"), [(name, column) for name, (_, figures) in EITHER_SIDE.items() for column in figures]
)
def test_a_figure_just_inside_passes_and_one_just_outside_does_not(name, column):
    asked, figures = EITHER_SIDE[name]
    policy = default_policy(column)
    inside, outside = figures[column]
    if inside is not None:
        passed = found(asked, policy, inside, name)
        assert (passed.verdict, passed.remedy) == ("pass", NOTHING)
        assert passed.margin >= 0
    if outside is not None:
        failed = found(asked, policy, outside, name)
        assert failed.verdict == ("review" if failed.rule == "R3" else "fail")
        assert failed.margin < 0
        assert failed.remedy
        assert failed.limit == float(policy.values[name])


@pytest.mark.parametrize(
    ("name", "floor", "inside", "outside"), [("R2.leverage", "49/100", 3, 2), ("R5.numbers", "1", 8, 9)]
)
def test_at_the_loosest_exception_of_two_sites_a_figure_just_beyond_it_fails(name, floor, inside, outside):
    """Sets of three and two patients; 8 and 9 evaluations of 15 numbers over patients of 120."""
    asked, _ = EITHER_SIDE[name]
    policy = loosened(default_policy("local"), {name: floor})
    assert found(asked, policy, inside, name).passes
    assert not found(asked, policy, outside, name).passes


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", [name for name, limit in LIMITS.items() if limit.or_zero])
def test_none_at_all_passes_where_the_rule_says_so(name, column):
    policy = default_policy(column)
    none = {
        "R1.site_rows": lambda: [cells.site_rows(policy, 0)],
        "R2.apart_rows": lambda: cells.apart(policy, "a", "b", 0, 0),
        "R2.apart_sites": lambda: cells.apart(policy, "a", "b", 0, 0),
        "R4.level": lambda: [cells.level(policy, "x", 0, 50), cells.level(policy, "x", 50, 50)],
        "R2.cell": lambda: [cells.two_levels(policy, "x", 0)],
        "R4.cell": lambda: [cells.cell(policy, "x", 0)],
        "R4.halved": lambda: [cells.halved(policy, "x", 0)],
        "R8.cell": lambda: [cells.weighed(policy, "x", 0)],
        "R14.changed_rows": lambda: cells.changes(policy, "r", 0, 0),
        "R14.changed_sites": lambda: cells.changes(policy, "r", 0, 0),
        "R14.entered_rows": lambda: cells.entered(policy, "r", 0, 0),
        "R14.entered_sites": lambda: cells.entered(policy, "r", 0, 0),
    }[name]()
    passes = [finding.passes for finding in none if finding.limit_name == name]
    expected = column in LIMITS[name].or_zero
    assert passes == [expected] * len(passes)


@pytest.mark.parametrize(("rows", "sites"), [(9, 0), (0, 4), (-6, 3), (9, -3)])
def test_totals_that_somebody_bent_do_not_pass_as_none(rows, sites):
    policy = default_policy("pooled")
    assert not all(finding.passes for finding in cells.apart(policy, "a", "b", rows, sites))
    assert not all(finding.passes for finding in cells.changes(policy, "r", rows, sites))
    assert not all(finding.passes for finding in cells.entered(policy, "r", rows, sites))


def test_every_rule_is_named_in_order_and_is_about_something():
    assert list(RULES) == [f"R{i}" for i in range(1, 15)]
    assert {kind for rule in RULES.values() for kind in rule.kinds} <= set(KINDS)
    assert not RULES["R10"].limits  # a rule of the protocol: nothing to set


@pytest.mark.parametrize(
    ("formula", "k", "value"),
    [("50", 5, 50), ("k", 7, 7), ("1/k", 5, Fraction(1, 5)), ("1/3", 9, Fraction(1, 3)), ("max(2k, 10)", 7, 14)],
)
def test_amounts_are_exact(formula, k, value):
    assert amount(formula, k) == value


@pytest.mark.parametrize("formula", ["", "k k", "2*k", "max(k, x)", "0.2", "nan", "__import__('os')"])
def test_an_amount_that_is_no_formula_is_an_error(formula):
    with pytest.raises(ValueError, match=r"int|literal"):
        amount(formula, 5)


A_RULE = """
[R1]
name = "n"
definition = "d"
why = "w"
source = "s"
kinds = ["model"]
[R1.limits.population_rows]
direction = "at least"
unit = "patients"
pooled = 20
floor_pooled = 10
"""


def test_a_rule_is_read():
    (rule,) = read_rules(A_RULE).values()
    means = say("rules.means.R1.population_rows")
    limit = Limit("R1.population_rows", means, "at least", "patients", "20", None, "10", None, ())
    assert dict(rule.limits) == {"R1.population_rows": limit}
    assert (limit.default("local", 5), limit.floor("local", 5)) == (None, None)


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        ("floor_pooled = 10", "floor_pooled = 30"),  # a floor that is stricter than the limit
        ("pooled = 20\n", ""),  # a floor without a limit
        ("at least", "about"),
        ('kinds = ["model"]', 'kinds = ["models"]'),
        ('kinds = ["model"]', "kinds = []"),
        ("floor_pooled", "flor_pooled"),
        ('source = "s"\n', ""),
        ("pooled = 20", 'pooled = "twenty"'),
        ('source = "s"\n', 'source = "s"\nexception = "columns"\n'),
    ],
)
def test_rules_that_say_something_odd_are_not_read(was, is_now):
    assert was in A_RULE
    with pytest.raises((ValueError, TypeError, KeyError)):
        read_rules(A_RULE.replace(was, is_now, 1))


def test_an_exception_without_a_floor_is_not_read():
    without = A_RULE.replace("floor_pooled = 10\n", "")
    with pytest.raises(ValueError, match="needs a floor"):
        read_rules(without.replace('source = "s"', 'source = "s"\nexception = "population_rows"'))


def test_the_page_for_the_committee_has_each_rule_in_its_words():
    for rule in RULES.values():
        section = DOCS.split(f"\n## {rule.id}: {rule.name}\n")[1].split("\n## ")[0]
        prose = " ".join(section.split())
        assert f"**Rule.** {rule.definition}" in prose
        assert f"**Why.** {rule.why}" in prose
        assert f"**Source.** {rule.source}." in prose


def test_the_page_for_the_committee_has_each_limit_as_it_is():
    row = re.compile(r"^\| `(R\d+\.\w+)` \| (.+) \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
    expected = []
    for rule in RULES.values():
        for limit in rule.limits.values():
            cell = [
                f"{limit.direction} {formula}{' or none' if column in limit.or_zero else ''}" if formula else "no limit"
                for column, formula in (("pooled", limit.pooled), ("local", limit.local))
            ]
            floors = (limit.floor_pooled, limit.floor_local)
            how = "none"
            if any(floors):
                name = rule.id if rule.exception == limit.name else limit.name
                parts = [f"{column} to {floor}" for column, floor in zip(COLUMNS, floors, strict=True) if floor]
                how = f"`{name}=`: {', '.join(parts)}"
            expected.append((limit.name, limit.means, *cell, limit.unit, how))
    assert row.findall(DOCS) == expected
