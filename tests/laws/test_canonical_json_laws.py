"""One spelling of each value: Python's own writer gives that of RFC 8785 wherever it is used for it, and a text is read
as canonical where the reference spells its value alike."""

import json

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from riskset.strict_json import LARGEST, NotStrictJson, canonical_without_floats, read_canonical

ATOMS = (
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text() | st.text(st.characters(max_codepoint=127))
)


def values_of(atoms):
    return st.recursive(atoms, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@given(values_of(ATOMS))
@example({'\x7f\x00\x1f"\\/\b': [], "é": {}, "\ue000": 1, "\U0001f600": 2})  # UTF-16 puts the last before the one above
def test_it_is_that_of_the_reference(value):
    assert canonical_without_floats(value) == rfc8785.dumps(value)


@given(values_of(ATOMS | st.floats(allow_nan=False, allow_infinity=False)))
@example([1e16])
@example({"a": 1.0})
@example([-0.0])
@example([5e-324])
def test_a_text_is_canonical_where_the_reference_spells_it_so(value):
    for text in (rfc8785.dumps(value), json.dumps(value, sort_keys=True, separators=(",", ":")).encode()):
        try:
            read = read_canonical(text)
        except NotStrictJson:
            assert rfc8785.dumps(value) != text or "beyond 2^53" in refusal_of(text)
        else:
            assert rfc8785.dumps(read) == text


def refusal_of(text):
    """A float that is spelled as an integer may be one beyond 2^53, which nothing reads."""
    with pytest.raises(NotStrictJson) as refused:
        read_canonical(text)
    return str(refused.value)


@pytest.mark.parametrize("value", [{"a": {1: 2}.keys()}, "\ud800", {"\ud800": 1}])
def test_what_has_no_spelling_is_refused(value):
    with pytest.raises(NotStrictJson):
        canonical_without_floats(value)
