"""The envelope: what is signed comes back; anything else raises one of two errors."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import ProtocolError, VerificationError
from riskset.secure.envelope import MAX_PARTS, frame, seal, sha256, unframe, verify
from riskset.secure.keys import new_identity

KEY, OTHER = new_identity(), new_identity()
KEYS = {"kurume": KEY.public_key(), "asan": OTHER.public_key()}
HEAD = {"type": "contribution", "study": "s", "roster": "r", "run": "7", "round": 3, "sender": "kurume", "history": "h"}
PAYLOAD = b"\x00sums"


def sealed(key=KEY, payload=PAYLOAD, **changed):
    return seal(key, payload, **(HEAD | changed))


def signed_as(text, payload=PAYLOAD):
    """An envelope around a head of any spelling, rightly signed."""
    return frame([text, payload, KEY.sign(text)])


def head_with(**changed):
    return HEAD | {"payload": sha256(PAYLOAD)} | changed


def test_what_was_sealed_comes_back():
    message = verify(sealed(), KEYS)
    assert (message.head.sender, message.head.round, message.payload) == ("kurume", 3, PAYLOAD)
    assert message.raw == sealed()
    assert message.id == sha256(unframe(sealed())[0])


names = st.text(st.characters(exclude_categories=["Cc", "Cf", "Zl", "Zp", "Cs"]), max_size=200)


@given(st.binary(max_size=200), st.integers(0, 2**53 - 1), names)
def test_any_payload_round_and_text_come_back(payload, round_, text):
    message = verify(sealed(payload=payload, round=round_, run=text), KEYS)
    assert (message.payload, message.head.round, message.head.run) == (payload, round_, text)


@pytest.mark.parametrize("missing", HEAD)
def test_a_head_without_a_field_is_not_sealed(missing):
    with pytest.raises(TypeError):
        seal(KEY, PAYLOAD, **{name: value for name, value in HEAD.items() if name != missing})


def test_a_signature_of_another_site_is_refused():
    with pytest.raises(VerificationError, match="is not signed by kurume"):
        verify(sealed(OTHER), KEYS)


def test_a_sender_who_is_not_a_party_is_refused():
    with pytest.raises(VerificationError, match="not a party"):
        verify(sealed(sender="mallory"), KEYS)


def test_another_payload_under_a_true_signature_is_refused():
    head, _, signature = unframe(sealed())
    with pytest.raises(VerificationError, match="is not what kurume signed"):
        verify(frame([head, b"other sums", signature]), KEYS)


@pytest.mark.parametrize("field", [*HEAD, "payload"])
def test_a_changed_head_is_refused(field):
    head, payload, signature = unframe(sealed())
    content = json.loads(head)
    content[field] = content[field] + 1 if field == "round" else "asan"
    with pytest.raises(VerificationError):
        verify(frame([rfc8785.dumps(content), payload, signature]), KEYS)


@pytest.mark.parametrize(
    "spelling",
    [
        lambda head: json.dumps(head).encode(),  # spaces
        lambda head: rfc8785.dumps(head) + b"\n",
        lambda head: b"\xef\xbb\xbf" + rfc8785.dumps(head),
        lambda head: rfc8785.dumps(head).decode().encode("utf-16"),
        lambda head: json.dumps(dict(reversed(head.items())), separators=(",", ":")).encode(),
        lambda head: rfc8785.dumps(head).replace(b'"kurume"', b'"kurum\\u0065"'),
        lambda head: rfc8785.dumps(head).replace(b":3,", b":3.0,"),
        lambda head: rfc8785.dumps(head)[:-1] + b',"type":"contribution"}',  # the same key twice
    ],
    ids=["spaces", "newline", "mark", "utf-16", "order", "escape", "float", "twice"],
)
def test_a_head_in_another_spelling_is_refused(spelling):
    """Else one message had two identities, and a run two histories."""
    assert verify(signed_as(rfc8785.dumps(head_with())), KEYS).head.sender == "kurume"
    with pytest.raises(ProtocolError):
        verify(signed_as(spelling(head_with())), KEYS)


@pytest.mark.parametrize(
    "content",
    [
        head_with(more="x"),
        {name: value for name, value in head_with().items() if name != "run"},
        head_with(round="3"),
        head_with(round=True),
        head_with(round=-1),
        head_with(round=2.5),
        head_with(run=None),
        head_with(run=7),
        head_with(sender=["kurume"]),
        [],
        "kurume",
        None,
    ],
    ids=repr,
)
def test_a_head_with_other_fields_is_refused(content):
    with pytest.raises(ProtocolError, match="head of a message"):
        verify(signed_as(rfc8785.dumps(content)), KEYS)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"NaN",
        b'{"round":NaN}',
        b'{"round":1e999}',
        b'{"round":' + b"9" * 30 + b"}",
        b'{"round":' + b"9" * 5000 + b"}",
        b'{"run":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_head_that_is_not_json_is_refused(text):
    with pytest.raises(ProtocolError):
        verify(signed_as(text), KEYS)


@pytest.mark.parametrize("parts", [[], [b"a"], [b"a", b"b"], [b"a", b"b", b"c", b"d"]], ids=len)
def test_another_number_of_parts_is_refused(parts):
    with pytest.raises(ProtocolError):
        verify(frame(parts), KEYS)


@pytest.mark.parametrize("signature", [b"", b"x", bytes(64), bytes(65), bytes(10_000)], ids=len)
def test_an_invalid_signature_is_refused(signature):
    head, payload, _ = unframe(sealed())
    with pytest.raises(VerificationError):
        verify(frame([head, payload, signature]), KEYS)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_frames_round_trip(parts):
    assert unframe(frame(parts)) == parts


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.data())
def test_a_frame_cut_short_is_refused_or_has_fewer_parts(parts, data):
    whole = frame(parts)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        assert unframe(cut) == parts[: len(unframe(cut))]
        assert len(unframe(cut)) < len(parts)
    except ProtocolError:
        pass


def test_more_parts_than_any_study_has_are_refused():
    assert len(unframe(bytes(4 * MAX_PARTS))) == MAX_PARTS
    with pytest.raises(ProtocolError, match="not framed"):
        unframe(bytes(4 * (MAX_PARTS + 1)))


@given(st.binary(max_size=400))
def test_garbage_is_refused_and_nothing_else_happens(data):
    with pytest.raises((ProtocolError, VerificationError)):
        verify(data, KEYS)


@given(st.integers(0, len(sealed()) - 1), st.integers(1, 255))
def test_one_flipped_byte_is_refused(at, flip):
    data = bytearray(sealed())
    data[at] ^= flip
    with pytest.raises((ProtocolError, VerificationError)):
        verify(bytes(data), KEYS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON, st.booleans())
def test_any_json_as_a_head_is_refused_and_nothing_else_happens(content, inside):
    text = json.dumps(head_with(run=content) if inside else content).encode()
    with pytest.raises((ProtocolError, VerificationError)):
        verify(signed_as(text), KEYS)
