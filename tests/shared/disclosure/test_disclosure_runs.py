"""R13: sums with and without a site, over two runs, over four, and over any."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.catalogue import say
from riskset.disclosure import runs
from riskset.disclosure.policy import default_policy, tightened
from riskset.disclosure.runs import participants, separable

POOLED = default_policy("pooled")
TEN = frozenset("ABCDEFGHIJ")


def without(*sites):
    return TEN - frozenset(sites)


def verdict(earlier, now, signed=()):
    return participants(POOLED, list(earlier), frozenset(now), frozenset(signed)).verdict


def test_the_first_run_and_the_same_sites_again_pass_also_with_two():
    assert verdict([], TEN) == "pass"
    assert verdict([TEN] * 3, TEN) == "pass"
    assert verdict([], "AB") == "pass"
    assert verdict([frozenset("AB")] * 2, "AB") == "pass"


def test_a_second_run_without_one_site_or_two():
    assert verdict([TEN], without("C")) == "fail"
    assert verdict([TEN], without("C", "D")) == "fail"
    assert verdict([TEN], without("C", "D", "E")) == "pass"
    assert verdict([without("C")], TEN) == "fail"  # the drop-out may also come first


def test_two_sites_after_ten_and_two_that_share_one():
    assert verdict([TEN], "AB") == "fail"
    assert verdict([frozenset("AB")], "AC") == "fail"


def test_four_runs_each_three_apart_that_isolate_one_site():
    n = sorted(TEN)
    a, b, c, d = TEN, without(*n[:3]), without(*n[2:5]), without(n[0], n[1], n[3], n[4])
    rows = [np.array([site in run for site in n], float) for run in (a, b, c, d)]
    np.testing.assert_array_equal((rows[0] + rows[3] - rows[1] - rows[2]) / 2, [site == n[2] for site in n])
    assert all(len(one ^ other) >= 3 for one, other in combinations((a, b, c, d), 2))  # a rule by pairs sees nothing
    assert [verdict([], a), verdict([a], b), verdict([a, b], c)] == ["pass"] * 3
    assert verdict([a, b, c], d) == "fail"


def test_the_order_of_the_four_does_not_help():
    n = sorted(TEN)
    runs = [TEN, without(*n[:3]), without(*n[2:5]), without(n[0], n[1], n[3], n[4])]
    for last in range(4):
        assert verdict([run for i, run in enumerate(runs) if i != last], runs[last]) == "fail"


def test_sites_that_signed_may_be_subtracted():
    assert verdict([TEN], without("C"), signed="C") == "pass"
    assert verdict([TEN], without("C", "D"), signed="CD") == "pass"
    assert verdict([TEN], without("C", "D"), signed="C") == "fail"
    assert verdict([TEN, without("C")], without("C", "D"), signed="C") == "fail"  # D alone, and C with D
    assert verdict([TEN, without("C")], without("C", "D"), signed="CD") == "pass"


def test_the_finding_names_the_sites_and_what_would_pass():
    finding = participants(POOLED, [TEN], without("C", "D"))
    assert (finding.value, finding.limit, finding.margin) == (2, 3, -1)
    assert str(finding.subject) == "8 sites after 1 earlier run, C and D"
    assert finding.remedy == say("rules.remedy.participants", sites=("C", "D"))
    assert "have C and D sign may_be_subtracted" in str(finding.remedy)
    with pytest.raises(ValueError, match="participants"):
        participants(POOLED, [], frozenset())


def test_a_site_may_ask_that_no_three_can_be_separated():
    stricter = tightened(POOLED, {"R13.sites": "4"})
    assert not participants(stricter, [TEN], without("C", "D", "E")).passes
    assert participants(stricter, [TEN], without("C", "D", "E", "F")).passes


def row_operations(lists, monkeypatch):
    """Returns how often a row is subtracted from another: the work of R13."""
    counted, subtract = [], runs._less
    with monkeypatch.context() as patch:
        patch.setattr(runs, "_less", lambda *args: counted.append(1) or subtract(*args))
        participants(POOLED, lists[1:], lists[0])
    return len(counted)


def test_r13_over_a_thousand_told_lists_takes_work_that_grows_with_their_number(monkeypatch):
    """Ten sites tell of a hundred lists each, of 48 sites in groups of three that no combination separates."""
    groups = [frozenset(f"{group}/{site}" for site in range(3)) for group in range(16)]
    lists = [frozenset().union(*(g for i, g in enumerate(groups) if n >> i & 1)) for n in range(1, 1001)]
    assert participants(POOLED, lists[1:], lists[0]).passes
    work = {n: row_operations(lists[-n:], monkeypatch) for n in (250, 500, 1000)}
    assert work[1000] - work[500] <= 2.2 * (work[500] - work[250])
    assert work[1000] <= 1000 * len(groups)


def test_r13_stops_where_every_site_is_separated(monkeypatch):
    """However many lists follow: each site is the difference of two runs already."""
    sites = frozenset(map(str, range(20)))
    apart = [sites - {site} for site in sites]
    more = [frozenset(s for s in sites if n >> int(s) & 1) for n in range(1, 1000)]
    assert row_operations([sites, *apart, *more], monkeypatch) <= 20 * 20 * 20


RUNS = st.lists(st.frozensets(st.sampled_from("ABCDEFG"), min_size=1), min_size=1, max_size=6)


def by_deletion(runs):
    """The definition: deleting two columns lowers the rank."""
    sites = sorted(frozenset().union(*runs))
    rows = np.array([[site in run for site in sites] for run in runs], float)
    full = np.linalg.matrix_rank(rows)
    pairs = combinations(range(len(sites)), 2)
    return any(np.linalg.matrix_rank(np.delete(rows, pair, 1)) < full for pair in pairs) or len(sites) == 1


@given(RUNS)
def test_law_it_is_the_definition_by_ranks(runs):
    *earlier, now = runs
    same = all(run == now for run in runs)
    assert participants(POOLED, earlier, now).passes == (same or not by_deletion(runs))


@given(RUNS, st.frozensets(st.sampled_from("ABCDEFG")), st.frozensets(st.sampled_from("ABCDEFG"), min_size=1))
def test_law_another_run_never_lets_through_what_was_refused(runs, signed, more):
    *earlier, now = runs
    if not participants(POOLED, earlier, now, signed).passes:
        assert not participants(POOLED, [*earlier, more], now, signed).passes
        assert not participants(POOLED, [*earlier, now], more, signed).passes


@given(RUNS, st.frozensets(st.sampled_from("ABCDEFG")), st.randoms(use_true_random=False))
def test_law_neither_the_order_nor_the_number_of_equal_runs_matters(runs, signed, random):
    *earlier, now = runs
    turned = random.sample([*earlier, *earlier, now], 2 * len(earlier) + 1)
    again = participants(POOLED, turned, now, signed)
    assert again.verdict == participants(POOLED, earlier, now, signed).verdict


@given(RUNS, st.frozensets(st.sampled_from("ABCDEFG")), st.sampled_from("ABCDEFG"))
def test_law_one_signature_more_never_refuses(runs, signed, more):
    *earlier, now = runs
    if participants(POOLED, earlier, now, signed).passes:
        assert participants(POOLED, earlier, now, signed | {more}).passes


@given(RUNS)
def test_law_what_can_be_separated_is_a_combination_of_the_totals(runs):
    sites = sorted(frozenset().union(*runs))
    rows = np.array([[site in run for site in sites] for run in runs], float)
    for names in separable(runs, 3):
        others = [j for j, site in enumerate(sites) if site not in names]
        mine = [j for j, site in enumerate(sites) if site in names]
        _, values, right = np.linalg.svd(rows[:, others].T) if others else (None, np.zeros(0), np.eye(len(runs)))
        weights = right[int((values > 1e-9).sum()) :]  # combinations that cancel all others
        assert np.abs(weights @ rows[:, mine]).max() > 1e-9
