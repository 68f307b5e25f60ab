"""Rosters and requests: what is signed comes back; what is malformed, changed or doubled is told."""

import json

import pytest
import rfc8785

from riskset.errors import DataError, VerificationError
from riskset.protocol.joining import (
    Connection,
    load_connection,
    load_request,
    read_members,
    write_connection,
    write_request,
)
from riskset.protocol.roster import Member, load_roster, read_roster, sign_roster
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text

COORDINATOR = new_identity()
KEYS = {name: (new_identity(), new_node_key()) for name in ("asan", "kurume")}
MEMBERS = {name: Member(public_hex(identity), public_node_text(node)) for name, (identity, node) in KEYS.items()}


def signed():
    return sign_roster("trial", COORDINATOR, MEMBERS)


def signed_as(content):
    """A roster of any content, rightly signed."""
    return json.dumps({"roster": content, "signature": COORDINATOR.sign(rfc8785.dumps(content)).hex()}).encode()


def test_a_roster_comes_back():
    roster = read_roster(signed())
    assert roster.study_id == "trial"
    assert public_hex(roster.coordinator) == public_hex(COORDINATOR)
    assert {name: public_hex(key) for name, key in roster.sites.items()} == {n: m.identity for n, m in MEMBERS.items()}
    assert {n: public_node_text(key) for n, key in roster.node_keys.items()} == {n: m.node for n, m in MEMBERS.items()}


def test_its_hash_is_of_what_it_says_and_not_of_its_spaces():
    compact = json.dumps(json.loads(signed()), separators=(",", ":")).encode()
    assert read_roster(compact).sha256 == read_roster(signed()).sha256
    other = sign_roster("trial 2", COORDINATOR, MEMBERS)
    assert read_roster(other).sha256 != read_roster(signed()).sha256


@pytest.mark.parametrize("kind", ["identity", "node"])
def test_two_sites_with_one_key_are_not_signed(kind):
    twins = {
        "asan": MEMBERS["asan"],
        "kurume": Member(**(vars(MEMBERS["kurume"]) | {kind: getattr(MEMBERS["asan"], kind)})),
    }
    with pytest.raises(DataError, match=f"the sites asan, kurume have one {kind} key"):
        sign_roster("trial", COORDINATOR, twins)


def test_no_site_is_called_coordinator():
    with pytest.raises(DataError, match="no site can be called 'coordinator'"):
        sign_roster("trial", COORDINATOR, {"coordinator": MEMBERS["asan"]})


@pytest.mark.parametrize(
    "change",
    [
        lambda roster: roster["sites"].pop("asan"),
        lambda roster: roster["sites"].update(osaka=roster["sites"]["asan"]),
        lambda roster: roster["sites"]["asan"].update(identity=public_hex(new_identity())),
        lambda roster: roster.update(study="other"),
        lambda roster: roster.update(coordinator=public_hex(new_identity())),
        lambda roster: roster.update(more=1),
    ],
    ids=["site gone", "site more", "key", "study", "coordinator", "field"],
)
def test_a_roster_changed_after_its_signature_is_refused(change):
    document = json.loads(signed())
    change(document["roster"])
    with pytest.raises(VerificationError, match="changed after the coordinator signed it"):
        read_roster(json.dumps(document).encode())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"roster":{},"signature":""}',
        b'{"roster":[],"signature":"00"}',
        b'{"roster":{"sites":[]},"signature":"zz"}',
        b'{"roster":{"schema":1,"study":"t","coordinator":"00","sites":{}},"signature":""}',
        b'{"roster":{"schema":NaN,"study":"t","coordinator":"00","sites":{}},"signature":""}',
    ],
    ids=lambda text: repr(text[:40]),
)
def test_what_is_no_roster_is_told(text):
    with pytest.raises(DataError):
        read_roster(text)


def test_a_roster_of_a_later_version_is_told():
    content = json.loads(signed())["roster"] | {"schema": 2}
    with pytest.raises(DataError, match="schema 2, which this version cannot read"):
        read_roster(signed_as(content))


def test_a_roster_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(DataError, match="there is no roster"):
        load_roster(tmp_path / "roster.json")
    with pytest.raises(DataError, match="cannot read"):
        load_roster(tmp_path)


@pytest.fixture
def request_of(tmp_path):
    def write(name, of=None):
        identity, node = KEYS[of or name]
        path = tmp_path / f"{name}{len(list(tmp_path.iterdir()))}.request.json"
        path.write_bytes(write_request(name, identity, node.public_key()))
        return path

    return write


def test_requests_make_the_members_in_the_order_of_the_study(patients, request_of):
    study = patients.study(["asan", "kurume"])
    found = read_members(study, [request_of("kurume"), request_of("asan")])
    assert list(found.items()) == list(MEMBERS.items())


def test_the_same_request_twice_and_two_requests_of_one_name_are_told_apart(patients, request_of):
    study = patients.study(["asan", "kurume"])
    with pytest.raises(DataError, match="the request of asan stands twice"):
        read_members(study, [request_of("asan"), request_of("asan")])
    with pytest.raises(DataError, match="two requests are in the name of asan"):
        read_members(study, [request_of("asan"), request_of("asan", of="kurume")])


@pytest.mark.parametrize("field", ["site", "identity", "node"])
def test_a_request_changed_after_its_signature_is_refused(request_of, field):
    path = request_of("asan")
    document = json.loads(path.read_bytes())
    document["request"][field] = json.loads(request_of("kurume").read_bytes())["request"][field]
    path.write_text(json.dumps(document))
    with pytest.raises(VerificationError, match="was changed after"):
        load_request(path)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"request":{},"signature":""}', '{"request":1,"signature":"00"}', "[" * 100_000]
)
def test_what_is_no_request_is_told(tmp_path, text):
    (tmp_path / "request.json").write_text(text)
    with pytest.raises(DataError, match="request of a site"):
        load_request(tmp_path / "request.json")


def test_a_connection_comes_back(tmp_path):
    connection = Connection("study.example.org:8443", "-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "connection.json").write_bytes(write_connection(connection))
    assert load_connection(tmp_path / "connection.json") == connection


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"address":"x"}'])
def test_what_is_no_connection_is_told(tmp_path, text):
    (tmp_path / "connection.json").write_text(text)
    with pytest.raises(DataError, match="connection file"):
        load_connection(tmp_path / "connection.json")
