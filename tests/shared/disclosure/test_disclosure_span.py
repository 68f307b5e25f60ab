"""Designs that single patients out, alone, together, over two models, and in ways that rounding hides."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.disclosure.exact_rank import independent
from riskset.disclosure.policy import default_policy, loosened
from riskset.disclosure.span import design, leverages

POOLED, LOCAL = default_policy("pooled"), default_policy("local")
N = 530


def reference(own, gram):
    """F G^+ F' by the pseudo-inverse of the scaled matrix, as the protocol's rehearsal had it."""
    s = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    inverse = np.linalg.pinv(gram / np.outer(s, s), rcond=1e-9, hermitian=True)
    return np.einsum("ij,jk,ik->i", own / s, inverse, own / s)


def columns(*names, seed=3):
    """530 patients: 1, and columns such as those of the study, by name."""
    random = np.random.default_rng(seed)
    table = {"1": np.ones(N)} | {name: (random.random(N) < 0.4) * 1.0 for name in ("arm", "ecog", "male", "mvi")}
    return np.column_stack([table[name] for name in names])


def marks(patients, size=N):
    column = np.zeros(size)
    column[patients] = 1
    return column


def verdicts(own, users, limit="R2.leverage", policy=POOLED, gram=None):
    gram = own.T @ own if gram is None else gram
    return [finding.verdict for finding in design(policy, limit, own, gram, users)]


# by hand


def test_a_set_of_m_patients_has_a_leverage_of_one_mth_by_hand():
    own = np.column_stack([np.ones(10), marks([0, 1, 2, 3], 10)])
    np.testing.assert_allclose(leverages(own, own.T @ own), [1 / 4] * 4 + [1 / 6] * 6, rtol=1e-12)


def test_a_line_through_three_ages_by_hand():
    # centred ages -1, 0, 1: x^2 / 2
    own = np.array([[-1.0], [0.0], [1.0]])
    np.testing.assert_allclose(leverages(own, own.T @ own), [0.5, 0, 0.5], atol=1e-15)


def test_a_site_needs_its_own_rows_and_the_pooled_matrix_only():
    everybody = columns("1", "arm", "ecog")
    gram = everybody.T @ everybody
    np.testing.assert_allclose(leverages(everybody[:30], gram), leverages(everybody, gram)[:30], rtol=1e-12)
    assert leverages(np.empty((0, 3)), gram).shape == (0,)


def test_a_column_that_says_what_others_say_changes_nothing():
    own = columns("1", "arm", "ecog")
    more = np.column_stack([own, 1 - own[:, 1], np.zeros(N), own[:, 1] * 1.0])
    np.testing.assert_allclose(leverages(more, more.T @ more), leverages(own, own.T @ own), rtol=1e-9)


def test_a_rare_level_beside_common_ones_is_no_false_alarm():
    """Dependent columns of very different sizes: rounding grows, and is not taken for a patient."""
    random = np.random.default_rng(72)
    level = random.random((20_000, 3)) < 0.02
    alike = level[:, 0].copy()
    alike[random.choice(20_000, 5)] = True
    both, one = level[:, 0] & level[:, 1], level[:, 0] & ~level[:, 1]
    own = np.column_stack([np.ones(20_000), ~level[:, 0], alike, one, level, both]).astype(float)
    size = random.uniform(-1, 1, 20_000)
    centred = np.column_stack([own, size, size * level[:, 0], size * ~level[:, 0]])
    centred -= centred.mean(0)
    for design_of in (own, centred):
        expected = reference(design_of, design_of.T @ design_of)
        np.testing.assert_allclose(leverages(design_of, design_of.T @ design_of), expected, atol=1e-8)


# the attacks


def test_a_dummy_that_isolates_one_patient():
    own = np.column_stack([columns("1", "arm", "ecog"), marks([7])])
    honest, attack = ("honest", (0, 1, 2)), ("attack", (0, 3))
    assert verdicts(own, [honest, attack]) == ["pass", "fail"]


def test_two_dummies_that_differ_in_one_patient():
    group = columns("1", "arm", "mvi")
    other = group[:, 2].copy()
    other[7] = 1 - other[7]
    own = np.column_stack([group, other])
    assert verdicts(own, [("both", (0, 1, 2, 3))]) == ["fail"]
    assert verdicts(own, [("one", (0, 1, 2))]) == verdicts(own, [("other", (0, 1, 3))]) == ["pass"]


def test_two_dummies_that_differ_in_one_patient_split_over_two_models():
    group = columns("1", "arm", "mvi")
    other = group[:, 2].copy()
    other[7] = 1 - other[7]
    own = np.column_stack([group, other])
    users = [("first", (0, 1, 2)), ("second", (0, 1, 3)), ("third", (0, 1))]
    assert verdicts(own, users) == ["pass", "fail", "pass"]
    assert verdicts(own, [users[1], users[0], users[2]]) == ["pass", "fail", "pass"]


def test_a_table_is_not_advised_to_be_listed_first():
    arm = columns("arm")[:, 0]
    own = np.column_stack([arm, arm + marks([3])])
    users = [("model", [0]), ("table", [1])]
    listed, last = (design(POOLED, "R4.leverage", own, own.T @ own, users, of)[1] for of in ((), ("table",)))
    assert not listed.passes
    assert "list it first" in listed.remedy
    assert "list it first" not in last.remedy
    assert 'missing = "complete"' in last.remedy


def test_only_the_site_of_the_patient_objects():
    everybody = np.column_stack([columns("1", "arm"), marks([7])])
    gram = everybody.T @ everybody
    assert verdicts(everybody[:50], [("attack", (0, 1, 2))], gram=gram) == ["fail"]
    assert verdicts(everybody[50:], [("attack", (0, 1, 2))], gram=gram) == ["pass"]


@pytest.mark.parametrize(
    ("inner", "others", "verdict"),
    [
        (40, (), "fail"),  # 4 patients: 1/4
        (39, (), "pass"),  # 5 patients: 1/5 and no more
        (40, ("arm", "ecog"), "fail"),
        (39, ("arm", "ecog"), "fail"),  # the other columns add to 1/5: .202 to .205
        (34, ("arm", "ecog"), "pass"),
    ],
)
def test_nested_columns_of_44_and_fewer(inner, others, verdict):
    chosen = np.random.default_rng(3).choice(N, 44, replace=False)
    own = np.column_stack([columns("1", *others), marks(chosen), marks(chosen[:inner])])
    assert verdicts(own, [("nested", range(own.shape[1]))]) == [verdict]


def test_the_local_column_judges_numbers_more_mildly_and_sets_alike():
    own = np.column_stack([columns("1"), marks([1, 2, 3, 4])])
    assert verdicts(own, [("x", (0, 1))], "R4.leverage", LOCAL) == ["pass"]
    assert verdicts(own, [("x", (0, 1))], "R4.leverage", POOLED) == ["fail"]
    assert verdicts(own, [("x", (0, 1))], "R2.leverage", LOCAL) == ["fail"]
    signed = loosened(POOLED, {"R4": "1/4"})
    assert verdicts(own, [("x", (0, 1))], "R4.leverage", signed) == ["pass"]


def test_a_number_that_differs_from_another_by_very_little_on_one_patient():
    age = np.random.default_rng(1).uniform(-1, 1, N)
    for little in (1e-2, 1e-4, 3e-5, 1e-5, 1e-6, 1e-8, 1e-10):
        own = np.column_stack([age, age + little * marks([7])])
        here, there = (rows - rows.mean(0) for rows in (own[:100], own[100:]))  # two sites
        own = np.vstack([here, there])
        gram = own.T @ own
        assert verdicts(own, [("age", (0,)), ("both", (0, 1))], "R4.leverage") == ["pass", "fail"], little
        assert verdicts(here, [("both", (0, 1))], "R4.leverage", gram=gram) == ["fail"]
        if little <= 1e-5:  # where a tolerance alone says "dependent" and sees nothing
            assert reference(own, gram).max() < 0.2


def test_a_number_whose_range_makes_it_vanish():
    for range_ in (1e6, 1e8, 1e9, 1e11):
        own = np.column_stack([columns("arm") - columns("arm").mean(), marks([7]) / range_])
        own -= own.mean(0)
        assert verdicts(own, [("honest", (0,)), ("attack", (0, 1))], "R4.leverage") == ["pass", "fail"], range_


def test_a_number_that_is_the_same_for_all_says_nothing():
    own = np.column_stack([columns("arm"), np.full(N, 0.3)])
    own -= own.mean(0)
    assert verdicts(own, [("constant", (0, 1))], "R4.leverage") == ["pass"]


def grown(m):
    """Columns of which a combination, its coefficients as Fibonacci's numbers, is 1 on one patient and 0 on others."""
    i, j = np.indices((m, m))
    square = ((i == j) | ((j > i) & ((j - i) % 2 == 1))).astype(float)
    return np.vstack([np.repeat(square[:-1], 6, axis=0), square[-1:]])


def test_yes_no_columns_that_isolate_a_patient_by_very_large_coefficients():
    own = grown(40)
    weights = np.linalg.solve(np.vstack([own[:-1:6], own[-1:]]), marks([39], 40))
    assert np.abs(weights).max() > 1e7
    np.testing.assert_array_equal(
        own @ np.rint(weights), marks([len(own) - 1], len(own))
    )  # the attack, exact on counts
    assert reference(own, own.T @ own).max() < 0.2  # in floating point the columns look dependent
    assert verdicts(own, [("attack", range(40))]) == ["fail"]


def test_own_rows_that_the_total_does_not_hold():
    own = np.column_stack([columns("1", "arm"), marks([7])])
    gram = own.T @ own
    gram[2, :] = gram[:, 2] = 0  # a total from which the column was taken away
    assert verdicts(own, [("attack", (0, 1, 2))], gram=gram) == ["fail"]
    gram[2, 2] = -1
    assert verdicts(own, [("attack", (0, 1, 2))], gram=gram) == ["fail"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_an_error(value):
    own = columns("1", "arm")
    gram = own.T @ own
    with pytest.raises(ValueError, match="not finite"):
        leverages(np.where(own == 0, value, own), gram)
    with pytest.raises(ValueError, match="not finite"):
        leverages(own, gram * value)
    with pytest.raises(ValueError, match=r"\(n, m\)"):
        leverages(own, gram[:1])


def test_no_figure_of_a_patient_is_in_the_sentences():
    own = np.column_stack([columns("1"), marks([1, 2, 3])])
    (finding,) = design(POOLED, "R2.leverage", own, own.T @ own, [("cox/os", (0, 1))])
    assert finding.value == pytest.approx(1 / 3)
    for text in (str(finding.message), str(finding.remedy)):
        assert "0.3" not in text
        assert "1/3" not in text
    assert str(finding.message).startswith("cox/os: largest leverage")


@pytest.mark.exhaustive
def test_the_size_of_a_large_study_takes_seconds():
    random = np.random.default_rng(1)
    own = (random.random((100_000, 60)) < 0.3) * 1.0
    users = [(f"a{i}", random.choice(60, 12, replace=False)) for i in range(40)]
    gram = own.T @ own
    begun = time.process_time()
    assert set(verdicts(own, users, gram=gram)) == {"pass"}
    assert (
        time.process_time() - begun < 20
    )  # 0.6 s on one quiet core; 40 pseudo-inverses of all rows take 40 times that


# the laws


@st.composite
def designs(draw, most=12):
    """0/1 columns of some patients, each row many times over or few."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = draw(st.integers(5, 60)), draw(st.integers(1, most))
    return (random.random((n, m)) < draw(st.sampled_from([0.1, 0.3, 0.5, 0.9]))) * 1.0


@given(designs(), st.data())
def test_law_a_set_in_the_span_forces_its_share_on_each_of_its_patients(base, data):
    """The set may be hidden behind any columns: the union of one with it, or the difference."""
    n = len(base)
    chosen = data.draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=max(1, n // 2)))
    inside = marks(sorted(chosen), n)
    hidden = np.abs(base[:, 0] - inside)  # 0/1: the column with the set's patients swapped
    sign = np.column_stack([base, inside * base[:, 0], hidden])
    own = sign[:, data.draw(st.permutations(range(sign.shape[1])))]
    found = leverages(own, own.T @ own)
    assert (found[sorted(chosen)] >= 1 / len(chosen) - 1e-9).all()


@given(designs())
def test_law_leverages_are_those_of_the_pseudo_inverse(own):
    gram = own.T @ own
    found = leverages(own, gram)
    np.testing.assert_allclose(found, reference(own, gram), atol=1e-8)
    assert found.sum() == pytest.approx(np.linalg.matrix_rank(own), abs=1e-6)  # the trace of a projection


@given(designs())
def test_law_the_columns_that_add_are_found_one_after_another(own):
    ranks = [int(np.linalg.matrix_rank(own[:, :j])) if j else 0 for j in range(own.shape[1] + 1)]
    assert independent(own.T @ own) == [j for j in range(own.shape[1]) if ranks[j + 1] > ranks[j]]


@given(designs(), st.randoms(use_true_random=False))
def test_law_neither_the_order_of_columns_nor_of_patients_matters(own, random):
    n, m = own.shape
    rows, order = random.sample(range(n), n), random.sample(range(m), m)
    found = leverages(own, own.T @ own)
    turned = own[rows][:, order]
    np.testing.assert_allclose(leverages(turned, turned.T @ turned), found[rows], atol=1e-8)


@given(designs(), st.integers(1, 5), st.data())
def test_law_what_was_kept_passes_together(own, analyses, data):
    m = own.shape[1]
    users = [(str(i), data.draw(st.lists(st.integers(0, m - 1), max_size=4))) for i in range(analyses)]
    gram = own.T @ own
    kept = [user for user, verdict in zip(users, verdicts(own, users), strict=True) if verdict == "pass"]
    union = sorted({j for _, columns in kept for j in columns})
    assert leverages(own[:, union], gram[np.ix_(union, union)]).max(initial=0) <= 0.2 + 1e-8
    assert verdicts(own, kept) == ["pass"] * len(kept)
    for name, brought in users:
        if (name, brought) not in kept:  # and who gave way would not have passed with those kept before it
            before = {j for other, columns in kept if int(other) < int(name) for j in columns} | set(brought)
            union = sorted(before)
            assert leverages(own[:, union], gram[np.ix_(union, union)]).max() > 0.2
