"""Fixed-point sums: against Python's own integers, which do not wrap and do not round."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import ProtocolError
from riskset.secure.fixed_point import (
    add,
    concatenate,
    decode,
    encode,
    from_bytes,
    negate,
    to_bytes,
    total,
    zeros,
)

MODULUS = 1 << 128
RESOLUTION = 2.0**-64
WHOLE = st.integers(0, MODULUS - 1)
REAL = st.floats(-1e15, 1e15)


def limbs(numbers):
    """Integers below 2^128 as a vector."""
    return np.array([[x & (1 << 64) - 1 for x in numbers], [x >> 64 for x in numbers]], np.uint64)


def integers(vector):
    return [high << 64 | low for low, high in zip(*vector.tolist(), strict=True)]


@given(st.lists(st.tuples(WHOLE, WHOLE), min_size=1))
def test_addition_is_that_of_integers_modulo_2_to_the_128(pairs):
    a, b = zip(*pairs, strict=True)
    assert integers(add(limbs(a), limbs(b))) == [(x + y) % MODULUS for x, y in pairs]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((1 << 64) - 1, 1),  # the low limb carries
        (MODULUS - 1, 1),  # both wrap
        ((1 << 64) - 1, (1 << 64) - 1),
        (MODULUS - 1, MODULUS - 1),
    ],
)
def test_carries(a, b):
    assert integers(add(limbs([a]), limbs([b]))) == [(a + b) % MODULUS]


@given(WHOLE)
def test_a_number_and_its_negative_add_to_nothing(x):
    assert integers(negate(limbs([x]))) == [-x % MODULUS]
    assert integers(add(limbs([x]), negate(limbs([x])))) == [0]


@given(st.integers(-(2**53), 2**53), st.integers(0, 64))
def test_what_64_binary_digits_after_the_point_hold_comes_back_exactly(mantissa, digits):
    x = mantissa / 2**digits
    assert decode(encode([x], parties=2)) == (x,)


@given(REAL)
def test_any_number_comes_back_within_the_resolution(x):
    (back,) = decode(encode([x], parties=2))
    assert abs(back - x) < RESOLUTION
    assert abs(back) <= abs(x)  # cut off towards 0, so that x and -x encode alike


@given(REAL)
def test_encoding_is_that_of_integers(x):
    numerator, denominator = x.as_integer_ratio()
    expected = abs(numerator) * 2**64 // denominator
    assert integers(encode([x], parties=2)) == [(expected if x >= 0 else -expected) % MODULUS]


@pytest.mark.parametrize("x", [0.0, -0.0, 1e-300, -1e-300, RESOLUTION / 2, -RESOLUTION / 2])
def test_what_is_below_the_resolution_is_nothing(x):
    assert integers(encode([x], parties=2)) == [0]


@given(st.lists(st.lists(REAL, min_size=3, max_size=3), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_parties_changes_no_bit(rows, order):
    vectors = [encode(row, len(rows)) for row in rows]
    shuffled = order.sample(vectors, len(vectors))
    assert to_bytes(total(vectors)) == to_bytes(total(shuffled))


def test_floating_sums_do_depend_on_the_order():
    """Why the sums are integers: the same numbers added as floats in two orders differ."""
    draw = random.Random(1)
    numbers = [draw.uniform(-1, 1) for _ in range(100)]
    assert sum(numbers) != sum(sorted(numbers))


@given(st.lists(REAL, min_size=1, max_size=8))
def test_a_total_is_the_exact_sum_rounded_once(numbers):
    vectors = [encode([x], len(numbers)) for x in numbers]
    exact = sum(int.from_bytes(to_bytes(v), "little", signed=True) for v in vectors)
    assert decode(total(vectors)) == (exact / 2**64,)


@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(x):
    with pytest.raises(ValueError, match="not finite"):
        encode([1.0, x], parties=2)


@pytest.mark.parametrize("parties", [1, 2, 3, 10])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_whose_sum_over_the_parties_could_wrap_is_refused(parties, sign):
    limit = 2.0**63 / parties
    with pytest.raises(ValueError, match="too large"):
        encode([sign * limit], parties)
    largest = np.nextafter(limit, 0)
    (sum_of_all,) = decode(total([encode([sign * largest], parties)] * parties))
    assert sum_of_all == pytest.approx(sign * largest * parties)


@given(st.lists(WHOLE))
def test_bytes_round_trip(numbers):
    data = to_bytes(limbs(numbers)) if numbers else to_bytes(zeros(0))
    assert integers(from_bytes(data, len(numbers))) == numbers


@pytest.mark.parametrize("length", [0, 1, 15, 17, 32, 33])
def test_bytes_of_another_length_are_refused(length):
    with pytest.raises(ProtocolError, match=f"found {length}"):
        from_bytes(bytes(length), 1)


def test_vectors_stand_one_after_the_other():
    parts = [encode([1.5, -2.0], 2), zeros(0), encode([3.0], 2)]
    assert decode(concatenate(parts)) == (1.5, -2.0, 3.0)
    assert decode(concatenate([])) == ()
