"""Policies: stricter by anybody, looser only by a signed exception down to a floor; exact as text."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.disclosure import cells, models
from riskset.disclosure.policy import (
    default_policy,
    loosened,
    parse_exception,
    policy_from_json,
    stricter,
    strictest,
    tightened,
)
from riskset.disclosure.rules import COLUMNS, LIMITS
from riskset.errors import DataError

POOLED, LOCAL = default_policy("pooled"), default_policy("local")


def test_the_defaults_are_those_of_the_specification():
    named = {
        "R1.population_rows": (50, 30),
        "R2.leverage": (Fraction(1, 5), Fraction(1, 5)),
        "R2.apart_sites": (3, None),
        "R3.events": (20, 10),
        "R3.events_per_parameter": (5, 2),
        "R4.leverage": (Fraction(1, 5), Fraction(1, 3)),
        "R4.level": (10, 5),
        "R6.parameters": (Fraction(1, 10), Fraction(1, 10)),
        "R12.contributors": (3, 3),
    }
    assert {name: (POOLED.values.get(name), LOCAL.values.get(name)) for name in named} == named


def test_a_higher_k_makes_what_depends_on_it_stricter_and_nothing_looser():
    higher = default_policy("pooled", 20)
    changed = {name for name in POOLED.values if POOLED.values[name] != higher.values[name]}
    assert changed == {
        "R1.subgroup_rows",
        "R2.leverage",
        "R2.apart_rows",
        "R2.cell",
        "R4.leverage",
        "R4.level",
        "R4.cell",
        "R4.halved",
        "R9.block",
        "R14.changed_rows",
        "R8.cell",
        "R8.in_arm",
    }
    assert not any(LIMITS[name].is_looser(higher.values[name], POOLED.values[name]) for name in POOLED.values)


@pytest.mark.parametrize("k", [4, 0, -5])
def test_no_k_under_5(k):
    with pytest.raises(ValueError, match="at least 5"):
        default_policy("pooled", k)


def test_values_cannot_be_changed_in_place():
    with pytest.raises(TypeError):
        POOLED.values["R4.leverage"] = Fraction(1)


def test_a_site_may_be_stricter():
    own = tightened(POOLED, {"R4.leverage": "0.1", "R12": "4", "min_cell": "12"})
    assert own.k == 12
    assert own.values["R4.leverage"] == Fraction(1, 12)  # 0.1, but k asks for more
    assert own.values["R12.contributors"] == 4
    assert own.values["R1.subgroup_rows"] == 12
    assert tightened(POOLED, {}) == POOLED


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"R4.leverage": "1/4"}, r"looser than the study's limit \(at most 1/5\)"),
        ({"R1.population_rows": "40"}, r"looser than the study's limit \(at least 50\)"),
        ({"min_cell": "4"}, "min_cell is 4; the study's is 5"),
        ({"min_cell": "7.5"}, "min_cell is 7.5"),
        ({"R4.leverge": "0.1"}, "neither a rule nor a limit"),
        ({"R4.leverage": "nan"}, "not a number"),
        ({"R4.leverage": "1/0"}, "not a number"),
        ({"R4.leverage": ""}, "not a number"),
        ({"R4.leverage": "-1"}, "negative"),
        ({"R4": "0.1", "R4.leverage": "0.1"}, "given twice"),
    ],
)
def test_a_site_cannot_be_looser_or_say_what_is_no_limit(own, said):
    with pytest.raises(DataError, match=said):
        tightened(POOLED, own)


def test_a_misspelt_limit_is_told_with_the_one_that_was_meant():
    with pytest.raises(DataError) as no:
        tightened(POOLED, {"R4.leverge": "0.1"})
    assert no.value.hint == "did you mean R4.leverage?"


def test_a_limit_of_the_other_column_is_none_here():
    with pytest.raises(DataError, match="not a limit here"):
        tightened(LOCAL, {"R2.apart_sites": "4"})


@pytest.mark.parametrize(
    ("policy", "name", "to"),
    [
        (POOLED, "R4", "1/3"),
        (POOLED, "R4.leverage", "1/4"),
        (POOLED, "R3", "10"),
        (POOLED, "R3.events_per_parameter", "5/2"),
        (POOLED, "R11", "1"),
        (LOCAL, "R1", "10"),
        (LOCAL, "R2.leverage", "49/100"),
        (LOCAL, "R4", "1/2"),
        (LOCAL, "R5.numbers", "1/1"),
        (LOCAL, "R6", "1/5"),
        (LOCAL, "R12", "2"),
    ],
)
def test_an_exception_loosens_its_limit_down_to_the_floor_and_nothing_else(policy, name, to):
    after = loosened(policy, {name: to})
    changed = {limit for limit in policy.values if after.values[limit] != policy.values[limit]}
    (limit,) = changed
    assert limit.startswith(name)
    assert after.values[limit] == Fraction(to)


@pytest.mark.parametrize(
    ("policy", "exceptions", "said"),
    [
        (POOLED, {"R4": "0.34"}, "beyond the floor"),
        (LOCAL, {"R4": "0.51"}, "beyond the floor"),
        (LOCAL, {"R1": "9"}, "beyond the floor"),
        (LOCAL, {"R12": "1"}, "beyond the floor"),
        (POOLED, {"R12": "2"}, "exception"),
        (POOLED, {"R2": "1/3"}, "exception"),
        (POOLED, {"R2.leverage": "1/3"}, "exception"),
        (LOCAL, {"R2.leverage": "0.4901"}, "beyond the floor"),
        (LOCAL, {"R2.leverage": "1/2"}, "beyond the floor"),
        (LOCAL, {"R2.apart_rows": "3"}, "exception"),
        (POOLED, {"R5.numbers": "1"}, "exception"),
        (LOCAL, {"R5.numbers": "1.001"}, "beyond the floor"),
        (LOCAL, {"R5.evaluations": "13"}, "exception"),
        (POOLED, {"R10": "1"}, "exception"),
        (POOLED, {"R13.sites": "1"}, "exception"),
        (POOLED, {"R4": "1/5"}, "applies anyway"),
        (POOLED, {"R4": "1/9"}, "applies anyway"),
        (POOLED, {"R15": "1"}, "neither a rule nor a limit"),
        (POOLED, {"R4": "a third"}, "not a number"),
        (POOLED, {"R4": "1/3", "R4.leverage": "1/3"}, "given twice"),
    ],
)
def test_what_is_no_exception_is_refused(policy, exceptions, said):
    with pytest.raises(DataError, match=said):
        loosened(policy, exceptions)


def test_floors_follow_a_higher_k():
    with pytest.raises(DataError, match="beyond the floor"):
        loosened(default_policy("local", 12), {"R1": "10"})
    assert loosened(default_policy("local", 12), {"R1": "12"}).values["R1.population_rows"] == 12


def test_an_exception_is_typed_with_a_reason():
    assert parse_exception("R4=1/3", "one site is small") == ("R4.leverage", "1/3")
    assert parse_exception(" R3.events_per_parameter = 2.5 ", "rare") == ("R3.events_per_parameter", "5/2")
    assert parse_exception("R2.leverage=49/100", "a group of three can be told apart") == ("R2.leverage", "49/100")
    assert parse_exception("R5.numbers=1/1", "six columns") == ("R5.numbers", "1")


@pytest.mark.parametrize(
    ("text", "reason", "said"),
    [
        ("R4=1/3", "  ", "has no reason"),
        ("R4", "why", "RULE=VALUE"),
        ("=1/3", "why", "RULE=VALUE"),
        ("R4=", "why", "RULE=VALUE"),
        ("R10=1", "why", "exception"),
        ("R99=1", "why", "neither a rule"),
        ("R4=1/3=1/2", "why", "not a number"),
    ],
)
def test_what_is_typed_otherwise_is_told(text, reason, said):
    with pytest.raises(DataError, match=said):
        parse_exception(text, reason)


@st.composite
def policies(draw, column):
    """A site's policy: a k of its own, some limits of its own, some exceptions."""
    policy = default_policy(column, draw(st.integers(5, 15)))
    for name in draw(st.sets(st.sampled_from(sorted(policy.values)), max_size=4)):
        limit, value = LIMITS[name], policy.values[name]
        factor = draw(st.fractions(1, 3, max_denominator=7))
        policy = tightened(policy, {name: str(value * factor if limit.direction == "at least" else value / factor)})
    for name in draw(st.sets(st.sampled_from(sorted(policy.values)), max_size=4)):
        floor = LIMITS[name].floor(column, policy.k)
        if floor is not None and LIMITS[name].is_looser(floor, policy.values[name]):
            policy = loosened(policy, {name: str(floor)})
    return policy


PAIRS = st.sampled_from(COLUMNS).flatmap(lambda column: st.tuples(*[policies(column)] * 3))


@given(PAIRS)
def test_law_the_strictest_is_the_same_in_any_order_and_of_itself(three):
    a, b, c = three
    assert stricter(a, b) == stricter(b, a)
    assert stricter(stricter(a, b), c) == stricter(a, stricter(b, c)) == strictest([c, a, b])
    assert stricter(a, a) == a


def judged(policy, figure, p):
    return [
        cells.population_rows(policy, "all", figure),
        cells.site_rows(policy, figure),
        cells.subgroup_rows(policy, "mvi", figure),
        *cells.apart(policy, "a", "b", figure, min(figure, 4)),
        cells.level(policy, "x", figure, 200),
        cells.contributors(policy, "x", figure),
        models.events(policy, "cox", figure, p),
        models.parameters(policy, "cox", figure, p),
        *models.evaluations(policy, "cox", figure, 30, p),
        models.risk_share(policy, "curve", 1 / (figure + 1)),
        cells.steps_at_risk(policy, "curve", figure),
        *cells.changes(policy, "r", figure, min(figure, 4)),
    ]


@given(PAIRS, st.integers(0, 120), st.integers(1, 12))
def test_law_the_stricter_of_two_passes_exactly_what_both_pass(three, figure, p):
    a, b, _ = three
    both, one, other = (judged(policy, figure, p) for policy in (stricter(a, b), a, b))
    grouped = [{finding.rule for finding in findings if not finding.passes} for findings in (both, one, other)]
    assert grouped[0] == grouped[1] | grouped[2]


@given(PAIRS)
def test_law_a_policy_reads_back_from_its_text_exactly(three):
    for policy in three:
        text = json.loads(json.dumps(policy.to_json()))
        assert policy_from_json(text) == policy
        assert policy_from_json(text).to_json() == policy.to_json()


def test_two_columns_have_no_common_policy():
    with pytest.raises(ValueError, match="two columns"):
        stricter(POOLED, LOCAL)
    with pytest.raises(ValueError, match="no policies"):
        strictest([])


@pytest.mark.parametrize(("name", "floor", "beyond"), [("R2.leverage", "49/100", "1/2"), ("R5.numbers", "1", "2")])
def test_a_participant_cannot_state_a_limit_beyond_its_floor(name, floor, beyond):
    assert policy_from_json(LOCAL.to_json() | {name: floor}).values[name] == Fraction(floor)
    with pytest.raises(DataError, match="no exception allows"):
        policy_from_json(LOCAL.to_json() | {name: beyond})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column": "both"}, "column is"),
        ({"column": None}, "column is"),
        ({"min_cell": "4"}, "min_cell"),
        ({"min_cell": None}, "not a number"),
        ({"R4.leverage": None}, "missing or unknown: R4.leverage"),
        ({"R4.beta": "1"}, "missing or unknown: R4.beta"),
        ({"R4.leverage": "1/2"}, "no exception allows"),
        ({"R2.leverage": "1/4"}, "no exception allows"),
        ({"R4.leverage": "2/10"}, "expected 1/5"),
        ({"R4.leverage": "NaN"}, "not a number"),
    ],
)
def test_a_policy_of_another_form_is_not_read(change, said):
    document = {name: text for name, text in (POOLED.to_json() | change).items() if text is not None}
    with pytest.raises(DataError, match=said):
        policy_from_json(document)
