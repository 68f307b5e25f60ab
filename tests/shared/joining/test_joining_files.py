"""Invites, requests and connections as files: what was written is read; anything malformed is reported."""

import hmac
import json
from datetime import date
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from riskset.errors import DataError, VerificationError
from riskset.joining.invite import (
    Connection,
    Invite,
    certificate_sha256,
    load_connection,
    read_invite,
    write_connection,
    write_invite,
)
from riskset.joining.request import MAX_REQUEST_BYTES, Member, check_details, read_request, write_request
from riskset.joining.signed import write_signed
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text
from riskset_server.joining.certificates import make_authority

COORDINATOR, SITE, NODE = new_identity(), new_identity(), new_node_key()
AUTHORITY = make_authority("a study").certificate.decode()
INVITE = Invite(
    study="trial",
    study_sha256="ab" * 32,
    site="kurume",
    address="study.example.org:8443",
    authority=AUTHORITY,
    coordinator=public_hex(COORDINATOR),
    token="t" * 43,
    until=date(2026, 12, 6),
)
INVITE_TEXT = write_invite(INVITE, COORDINATOR)
REQUEST_TEXT = write_request(INVITE, SITE, NODE.public_key(), telephone="+81 942 35 3311", irb="2026-012")


def invite_with(**changed):
    """A rightly signed invite with other content than the program writes."""
    content = json.loads(write_invite(INVITE, COORDINATOR))["invite"] | changed
    return write_signed("invite", content, signature=COORDINATOR)


def test_an_invite_comes_back():
    assert read_invite(write_invite(INVITE, COORDINATOR)) == INVITE


def test_an_invite_does_not_show_its_token_by_accident():
    assert INVITE.token not in repr(INVITE)


def test_an_invite_is_signed_by_the_key_it_names():
    with pytest.raises(ValueError, match="the key that it names"):
        write_invite(INVITE, SITE)


@pytest.mark.parametrize(
    "changed",
    [
        {"site": "../../etc/passwd"},
        {"site": "kurume\x1b[2J"},
        {"site": 1},
        {"address": "study.example.org:8443/elsewhere"},
        {"address": "user@study.example.org:8443"},
        {"address": "study.example.org"},
        {"token": "short"},
        {"until": "soon"},
        {"authority": "no certificate"},
        {"authority": "é"},
        {"authority": None},
        {"study": ["trial"]},
    ],
    ids=str,
)
def test_an_invite_with_a_malformed_field_is_reported_also_when_it_is_signed(changed):
    with pytest.raises(DataError, match="is not an invite"):
        read_invite(invite_with(**changed))


def test_an_invite_whose_certificate_does_not_match_its_hash_is_reported():
    other = make_authority("another").certificate.decode()
    with pytest.raises(VerificationError, match="does not match the hash"):
        read_invite(invite_with(authority=other))
    assert certificate_sha256(other) != certificate_sha256(AUTHORITY)


def test_an_invite_of_a_later_version_is_reported():
    with pytest.raises(DataError, match="schema 2; this version reads schema 1"):
        read_invite(invite_with(schema=2))


NO_JSON = [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"a":NaN}', b'{"invite":1}', b'{"request":[]}']
HALF = [
    b'{"%b":{}}',
    b'{"%b":{},"signature":1}',
    b'{"%b":{"schema":NaN},"signature":""}',
    b'{"%b":[],"signature":"00"}',
]


@pytest.mark.parametrize("text", [*NO_JSON, *(half % b"invite" for half in HALF)], ids=lambda text: repr(text[:40]))
def test_what_is_not_an_invite_is_reported(text):
    with pytest.raises(DataError, match="is not an invite"):
        read_invite(text)


@pytest.mark.parametrize("text", [*NO_JSON, *(half % b"request" for half in HALF)], ids=lambda text: repr(text[:40]))
def test_what_is_not_a_request_is_reported(text):
    with pytest.raises(DataError, match="is not a join request from a site"):
        read_request(text)


def test_a_request_comes_back():
    text = write_request(
        INVITE, SITE, NODE.public_key(), telephone="+81 942 35 3311", irb="2026-012", irb_until="2027-03-31"
    )
    request = read_request(text)
    assert request.member == Member(
        public_hex(SITE), public_node_text(NODE), "+81 942 35 3311", "2026-012", "2027-03-31"
    )
    assert (request.study, request.study_sha256, request.site) == ("trial", "ab" * 32, "kurume")
    request.check_answers(INVITE)
    assert len(text) < MAX_REQUEST_BYTES / 4


@given(st.integers(0), st.integers(0, 255), st.booleans())
def test_no_changed_byte_makes_another_invite_or_request(at, byte, is_invite):
    """A difference is reported, or has the same meaning (a space); nothing fails in any other way."""
    text, read = (INVITE_TEXT, read_invite) if is_invite else (REQUEST_TEXT, read_request)
    changed = bytearray(text)
    changed[at % len(text)] = byte
    try:
        found = read(bytes(changed))
    except (DataError, VerificationError):
        return
    assert found == read(text)


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_reported(data):
    for read in (read_invite, read_request):
        with pytest.raises(DataError):
            read(data)


def test_the_proof_is_a_keyed_hash_of_all_else():
    """By its definition, so that a different program can make one."""
    content = json.loads(write_request(INVITE, SITE, NODE.public_key()))["request"]
    proof = content.pop("proof")
    keyed = hmac.new(INVITE.token.encode(), rfc8785.dumps({**content, "proof": ""}), sha256)
    assert proof == keyed.hexdigest()


def test_the_words_cover_both_keys_the_study_and_the_token():
    honest = INVITE.words(public_hex(SITE))
    assert len(honest.split()) == 8
    others = {
        INVITE.words(public_hex(COORDINATOR)),
        *(
            Invite(**vars(INVITE) | changed).words(public_hex(SITE))
            for changed in ({"coordinator": public_hex(SITE)}, {"study_sha256": "cd" * 32}, {"token": "u" * 43})
        ),
    }
    assert len(others | {honest}) == 5


def test_a_request_of_more_than_eight_kilobytes_is_refused():
    text = write_request(INVITE, SITE, NODE.public_key())
    with pytest.raises(DataError, match="is not a join request"):
        read_request(text + b" " * MAX_REQUEST_BYTES)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"telephone": "1" * 41}, "telephone number of one line and at most 40"),
        ({"telephone": "1\n2"}, "telephone number of one line"),
        ({"irb": "x" * 81}, "IRB number of one line and at most 80"),
        ({"irb_until": "31.3.2027"}, "not a date"),
    ],
)
def test_what_a_site_states_about_itself_is_checked_where_it_is_typed(told, words):
    with pytest.raises(DataError, match=words):
        check_details(Member("", "", **told))


def test_a_connection_comes_back(tmp_path):
    connection = Connection.of(INVITE)
    assert connection == Connection("study.example.org:8443", AUTHORITY, public_hex(COORDINATOR), "trial", "kurume")
    (tmp_path / "connection.json").write_bytes(write_connection(connection))
    assert load_connection(tmp_path / "connection.json") == connection
    assert INVITE.token.encode() not in write_connection(connection)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"address":"x"}', '{"schema":1,"address":"x","authority":""}']
)
def test_what_is_not_a_connection_is_reported(tmp_path, text):
    (tmp_path / "connection.json").write_text(text)
    with pytest.raises(DataError, match="not a connection file of this version"):
        load_connection(tmp_path / "connection.json")


def test_a_connection_that_is_not_there_is_reported(tmp_path):
    with pytest.raises(DataError, match="there is no connection file"):
        load_connection(tmp_path / "connection.json")
