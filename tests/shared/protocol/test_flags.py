"""A flag shows a cause: the sum of any flags is noise that shows the first of theirs, and not how many were raised."""

import pytest

from riskset.analyses.admission.causes import OWN_CAUSES, cause_of, refusal_by_a_site
from riskset.analyses.plan import plan
from riskset.catalogue import NOTHING, catalogue
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import default_policy
from riskset.protocol.flags import BITS, raised, read
from riskset.secure import fixed_point

CAUSES = [(phase, cause) for phase, causes in OWN_CAUSES.items() for cause in causes]


def numbers(vector):
    return [high << 64 | low for low, high in zip(*vector.tolist(), strict=True)]


def test_no_flag_is_zero_and_shows_nothing():
    assert numbers(raised([None, None])) == [0, 0]
    assert read(raised([None])) == [None]
    assert raised([]).shape == (2, 0)


@pytest.mark.parametrize("cause", range(9))
def test_a_flag_shows_its_cause_and_is_noise(cause):
    """Drawn 200 times: each a multiple of the cause's number, and read as it but for one in 4,096. More than six are
    not, by chance, once in 1e13. Of the last cause there are 2^32 numbers: two may be the same; twice, once in 1e11."""
    vector = raised([cause] * 200)
    drawn = numbers(vector)
    assert all(number % 2 ** (BITS * cause) == 0 for number in drawn)
    assert len(set(drawn)) >= 199
    assert drawn.count(0) <= 1
    assert sum(found != cause for found in read(vector)) <= 6


@pytest.mark.parametrize(("first", "second"), [(0, 3), (2, 2), (5, 1), (8, 0)])
def test_a_sum_shows_the_first_cause_whoever_raised_it_and_however_often(first, second):
    sums = fixed_point.total(
        [raised([first] * 100), raised([second] * 100), raised([second] * 100), raised([None] * 100)]
    )
    assert sum(found != min(first, second) for found in read(sums)) <= 5  # of which chance makes six once in 4e12
    # alone or summed, the multiples of the smallest cause are equally likely: their lowest bit is 0 or 1
    ones = sum(number >> BITS * min(first, second) & 1 for number in numbers(sums))
    assert 10 < ones < 90


def test_the_last_cause_of_a_phase_has_room():
    assert max(map(len, OWN_CAUSES.values())) * BITS <= 128 - 16


@pytest.mark.parametrize(("phase", "cause"), CAUSES)
@pytest.mark.parametrize("column", ["pooled", "local"])
def test_each_cause_has_its_own_sentence_and_remedy(phase, cause, column, patients):
    analysis = plan(patients.study(("asan", "busan", "chiba"))).reported[-1]
    refusal = refusal_by_a_site(default_policy(column), phase, cause, analysis)
    assert refusal.rule == cause.partition(".")[0]
    assert (refusal.by, refusal.message.code) == ("a site", f"rules.own.{cause}")
    assert refusal.remedy
    assert "ledger" in str(refusal.remedy)


def test_no_two_causes_share_a_sentence():
    said = [text for code, text in catalogue("en").items() if code.startswith("rules.own.")]
    of_weights = {"R4.column_of_weights"}  # another sentence for a cause, where the column is of weights
    assert len(set(said)) == len(said) == 1 + len({cause for _, cause in CAUSES} | of_weights)


def test_causes_of_one_limit_are_told_apart():
    def finding(limit, subject=""):
        return Finding(limit[:2], limit, subject, "fail", 1, 0, -1, lambda: NOTHING, NOTHING)

    assert cause_of("admission/pairs", finding("R4.leverage")) == "R4.column"
    assert cause_of("first", finding("R4.leverage")) == "R4.leverage"
    assert cause_of("later", finding("R5.numbers")) == "R5.numbers"
    assert cause_of("later", finding("R7.spread")) == "R7.spread"
    assert cause_of("later", finding("R7")) == "R7.unjudged"
    assert cause_of("admission/cohorts", finding("R4")) == "R4.lost"
    assert cause_of("later", None) == ""


def test_shares_in_sums_of_squares_have_a_cause_at_later_points_too():
    """As of a propensity score, whose sums of squares leave at its last point."""
    assert {"R8.influence", "R8.unjudged"} <= set(OWN_CAUSES["first"]) & set(OWN_CAUSES["later"])


def test_a_run_of_an_earlier_protocol_shows_the_rules_of_its_phase(patients):
    (analysis, *_) = plan(patients.study(("asan", "busan"))).reported
    refusal = refusal_by_a_site(default_policy("local"), "admission/cohorts", "", analysis)
    assert refusal.rule == "R1 to R6"
