"""Rates by arm and within sites, of two sites small enough to work out.

Site A: 3 of 4 treated respond, 1 of 4 controls. Site B: 1 of 2 treated, 1 of 3 controls. In all 4 of 6 and 2 of 7.

A (N = 8): expected 4 x 4 / 8 = 2, excess 1, variance 4 x 4 x 4 x 4 / (64 x 7) = 4/7, R = 3 x 3 / 8 = 9/8, S = 1/8,
weight 2. B (N = 5): expected 2 x 2 / 5 = 4/5, excess 1/5, variance 2 x 3 x 2 x 3 / (25 x 4) = 9/25, R = 1 x 2 / 5, S =
1/5, weight 6/5.

Cochran-Mantel-Haenszel: (6/5)^2 / (4/7 + 9/25) = 252/163; corrected for continuity (7/10)^2 / (163/175) = 343/652. Odds
ratio (9/8 + 2/5) / (1/8 + 1/5) = 61/13; risk difference (6/5) / (16/5) = 3/8. Variance of the logarithm of the odds
ratio: P = 6/8, Q = 2/8 in A, P = 3/5, Q = 2/5 in B; PR = 27/32 + 6/25, PS + QR = 3/32 + 9/32 + 3/25 + 4/25, QS = 1/32 +
2/25.
"""

from math import exp, log, sqrt

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.stats.mantel_haenszel import TERMS, common_ratio, stratified, terms, terms_given
from riskset.stats.proportions import newcombe, odds_ratio, risk_ratio, wilson

A, B = (3, 4, 1, 4), (1, 2, 1, 3)
TOTAL = [a + b for a, b in zip(terms(*A), terms(*B), strict=True)]
Z = 1.959963984540054


def test_terms_of_a_site():
    sato = (16 * 1 - 16 * 3) / 64
    expected = [1, 4 / 7, 9 / 8, 2, 27 / 32, 3 / 32 + 9 / 32, sato, 1, 2, sato]
    assert terms(*A) == pytest.approx(expected, rel=1e-15)
    assert len(TERMS) == len(expected)


@pytest.mark.parametrize("table", [(0, 0, 0, 0), (0, 3, 0, 4), (3, 3, 4, 4), (1, 3, 0, 0)])
def test_a_site_of_one_arm_or_one_answer_is_not_informative(table):
    found = dict(zip(TERMS, terms(*table), strict=True))
    assert found["is informative"] == found["variance"] == found["excess"] == 0
    assert terms_given(2.0, *table) == [0.0, 0.0, 0.0]


def test_over_the_sites():
    found = stratified(TOTAL)
    assert found.sites == 2
    assert (found.chi2, found.corrected) == pytest.approx((252 / 163, 343 / 652), rel=1e-14)
    r, s = 61 / 40, 13 / 40
    error = sqrt((27 / 32 + 6 / 25) / (2 * r * r) + (12 / 32 + 7 / 25) / (2 * r * s) + (1 / 32 + 2 / 25) / (2 * s * s))
    limits = (exp(log(61 / 13) - Z * error), exp(log(61 / 13) + Z * error))
    assert (found.odds_ratio.lower, found.odds_ratio.upper) == pytest.approx(limits, rel=1e-13)
    assert found.odds_ratio.estimate == pytest.approx(61 / 13, rel=1e-14)
    assert found.risk_difference.estimate == pytest.approx(3 / 8, rel=1e-14)
    assert found.risk_difference_informative == found.risk_difference


def test_a_site_where_nobody_responds_has_a_difference_of_0():
    """Two and two patients more: weight 1 in 21/5 in place of 16/5, an excess of 0."""
    found = stratified([a + b for a, b in zip(TOTAL, terms(0, 2, 0, 2), strict=True)])
    assert found.risk_difference.estimate == pytest.approx(6 / 21, rel=1e-14)
    assert found.risk_difference_informative.estimate == pytest.approx(3 / 8, rel=1e-14)


def test_the_expected_count_given_a_common_odds_ratio():
    """Given an odds ratio of 4, A (4 + 4 patients, 4 responders) expects x with x^2 = 4 (4 - x)^2: x = 8/3, with the
    variance 1 / (3/8 + 3/4 + 3/4 + 3/8) = 4/9."""
    squared, off, variance = terms_given(4.0, *A)
    assert (off, variance) == pytest.approx((1 / 3, 4 / 9), rel=1e-14)
    assert squared == pytest.approx(1 / 4, rel=1e-14)
    assert terms_given(1.0, *A)[1] == pytest.approx(1.0, rel=1e-15)


def test_half_of_four():
    """2 of 4: p = 1/2; the score limits are 1/2 plus and minus z / (2 sqrt(4 + z^2))."""
    found, half = wilson(2, 4), Z / (2 * sqrt(4 + Z * Z))
    assert (found.lower, found.upper) == pytest.approx((0.5 - half, 0.5 + half), rel=1e-14)
    both = newcombe(2, 4, 2, 4)
    assert both.estimate == 0.0
    assert (both.lower, both.upper) == pytest.approx((-half * sqrt(2), half * sqrt(2)), rel=1e-13)


def test_ratios_of_counts():
    """4 of 6 against 2 of 7: odds 2 against 2/5, ratio 5; risks 2/3 against 2/7, ratio 7/3."""
    odds, risk = odds_ratio(4, 6, 2, 7), risk_ratio(4, 6, 2, 7)
    assert (odds.estimate, risk.estimate) == pytest.approx((5, 7 / 3), rel=1e-14)
    assert log(odds.upper / 5) == pytest.approx(Z * sqrt(1 / 4 + 1 / 2 + 1 / 2 + 1 / 5), rel=1e-13)
    assert log(risk.upper * 3 / 7) == pytest.approx(Z * sqrt(1 / 4 - 1 / 6 + 1 / 2 - 1 / 7), rel=1e-13)
    assert odds_ratio(0, 6, 2, 7) is None
    assert risk_ratio(6, 6, 7, 7) is None


RESPONSE = {"type": "category", "levels": ["CR", "PR", "SD", "PD", "NE"]}
ROWS = {  # arm, response: treated CR PR SD NE, controls PR PD; treated SD, controls PD PD
    "asan": ([1, 1, 1, 1, 0, 0], [0, 1, 2, 4, 1, 3]),
    "osaka": ([1, 0, 0], [2, 3, 3]),
}


@pytest.mark.parametrize(
    ("counted_as", "counts"),
    [
        # responders of controls, of treated; then patients of controls, of treated
        ("no response", ([1, 2], [4, 5])),
        ("left out", ([1, 2], [4, 4])),
    ],
)
def test_who_was_not_assessed_counts_as_the_study_says(patients, counted_as, counts):
    entry = {"kind": "response", "of": ["best"], "orr": ["CR", "PR"], "not_evaluable": {"levels": ["NE"]}}
    entry["not_evaluable"]["as"] = counted_as
    variables = patients.study(ROWS).model_dump(by_alias=True)["variables"] | {"best": RESPONSE}
    study = patients.study(ROWS, analyses={"best": entry}, variables=variables)
    (name,) = [set_id.name for set_id in plan(study).sets]
    cohorts = {
        site: Cohort(site, {name: PatientSet({"arm": np.array(arm), "best": np.array(best)}, np.arange(len(arm)))})
        for site, (arm, best) in ROWS.items()
    }
    outcome = Rehearsal(study, cohorts, is_gated=False).run()
    found = {entry.id: entry_json(entry) for entry in results_of(study, outcome, sorted(ROWS)).entries}
    rate = found["response/all"]["rates"][0]
    assert ([arm["n"] for arm in rate["arms"]], [arm["of"] for arm in rate["arms"]]) == counts
    assert rate["overall"]["n"] == 3
    assert rate["overall"]["of"] == sum(counts[1])


@pytest.mark.parametrize(("n1", "n0"), [(3, 2), (7, 3), (1, 49)])
def test_all_of_one_arm_and_none_of_the_other(n1, n0):
    """The risk difference is 1 and, by Sato's formula, certain: its variance is 0 but for rounding."""
    found = stratified(terms(n1, n1, 0, n0))
    assert found.odds_ratio is None
    assert found.risk_difference.estimate == 1.0
    assert found.risk_difference.upper == pytest.approx(1.0, abs=1e-6)


def test_there_is_no_common_odds_ratio_without_both_kinds_of_pairs():
    assert common_ratio(terms(3, 3, 0, 2)) is None


@pytest.fixture(scope="module")
def results(patients):
    variables = patients.variables | {
        "arm": {"type": "category", "levels": ["old", "new", "none"]},
        "best": RESPONSE,
    }
    entry = {"kind": "response", "of": ["best"], "orr": ["CR", "PR"]}
    study = patients.study(ROWS, analyses={"best": entry}, variables=variables)
    (name,) = [set_id.name for set_id in plan(study).sets]
    rows = {"arm": np.array([1.0, 1, 1, 1, 0, 0]), "best": np.array([0.0, 1, 1, 2, 3, 3])}
    none = {key: values[:0] for key, values in rows.items()}
    cohorts = {
        site: Cohort(site, {name: PatientSet(of, np.arange(len(of["arm"])))})
        for site, of in (("asan", rows), ("osaka", none))
    }
    outcome = Rehearsal(study, cohorts, is_gated=False).run()
    return results_of(study, outcome, sorted(ROWS), is_gated=False)


@pytest.fixture(scope="module")
def rate(results):
    (entry,) = [entry for entry in results.entries if entry.id == "response/all"]
    return entry_json(entry)["rates"][0]


class TestThreeArmsOfWhichOneIsEmpty:
    """3 of 4 on `new`, 0 of 2 on `old`, nobody on `none`."""

    def test_what_is_missing_has_a_reason(self, rate):
        old, new, none = rate["arms"]
        assert (new["n"], new["percent"], old["percent"]) == (3, 75.0, 0.0)
        assert (none["percent"], none["wilson"], none["reason"]["code"]) == (None, None, "no patients")
        with_new, with_none = rate["comparisons"]
        assert with_new["difference"]["estimate"] == 0.75
        assert with_new["odds_ratio"]["reason"]["code"] == "no finite estimate"
        # 1, 2 or 3 of the responders are treated in 4, 12 and 4 of 20 ways: P = 8/20
        assert with_new["fisher"]["p"] == pytest.approx(0.4, rel=1e-12)
        assert (with_new["fisher"]["odds_ratio"], with_new["fisher"]["reason"]["code"]) == (None, "no finite estimate")
        assert with_none["difference"]["reason"]["code"] == "no patients"

    def test_one_of_several_comparisons_is_not_the_comparison(self, rate):
        assert [rate[key] for key in ("difference", "odds_ratio", "risk_ratio", "fisher")] == [None] * 4

    def test_the_page_shows_dashes_for_nobody(self, results, printed):
        first, within = printed(results).tables("response")
        orr, interval, difference, *_ = first.rows
        assert orr.cells == ("0/2 (0.0)", "3/4 (75.0)", "0/0 (–)", "3/6 (50.0)")
        assert interval.cells[2] == "–"
        assert (difference.cells[0], difference.cells[2], difference.cells[3]) == ("reference", "–", "")
        assert within.rows[1].cells[2] == "–"
