"""Rosters: what is signed comes back; what is malformed, changed or duplicated is reported."""

import json

import pytest

from riskset.errors import DataError, VerificationError
from riskset.joining.signed import write_signed
from riskset.protocol.roster import Member, load_roster, read_roster, sign_roster
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text

COORDINATOR = new_identity()
KEYS = {name: (new_identity(), new_node_key()) for name in ("asan", "kurume")}
TOLD = ("+81 942 35 3311", "2026-012", "2027-03-31")
MEMBERS = {name: Member(public_hex(identity), public_node_text(node), *TOLD) for name, (identity, node) in KEYS.items()}


def signed():
    return sign_roster("trial", COORDINATOR, MEMBERS)


def signed_as(content):
    """A roster of any content, rightly signed."""
    return write_signed("roster", content, signature=COORDINATOR)


def test_a_roster_comes_back():
    roster = read_roster(signed())
    assert roster.study_id == "trial"
    assert public_hex(roster.coordinator) == public_hex(COORDINATOR)
    assert {name: public_hex(key) for name, key in roster.sites.items()} == {n: m.identity for n, m in MEMBERS.items()}
    assert {n: public_node_text(key) for n, key in roster.node_keys.items()} == {n: m.node for n, m in MEMBERS.items()}
    assert roster.members == MEMBERS


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
    with pytest.raises(DataError, match=f"the sites asan, kurume have the same {kind} key"):
        sign_roster("trial", COORDINATOR, twins)


def test_no_site_is_called_coordinator():
    with pytest.raises(DataError, match="a site cannot be called 'coordinator'"):
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
        b'{"roster":{"schema":2,"study":"t","coordinator":"00","sites":{}},"signature":""}',
        b'{"roster":{"schema":NaN,"study":"t","coordinator":"00","sites":{}},"signature":""}',
    ],
    ids=lambda text: repr(text[:40]),
)
def test_what_is_not_a_roster_is_reported(text):
    with pytest.raises(DataError):
        read_roster(text)


def test_a_roster_of_a_later_version_is_reported():
    content = json.loads(signed())["roster"] | {"schema": 4}
    with pytest.raises(DataError, match="schema 4; this version reads schema 3"):
        read_roster(signed_as(content))


def test_a_roster_that_cannot_be_read_is_reported(tmp_path):
    with pytest.raises(DataError, match="there is no roster"):
        load_roster(tmp_path / "roster.json")
    with pytest.raises(DataError, match="cannot read"):
        load_roster(tmp_path)


def test_a_roster_of_fewer_sites_than_the_study_s_belongs_to_it(patients):
    read_roster(signed()).check_belongs_to(patients.study(["asan", "kurume", "osaka"]))


def test_a_roster_of_another_study_or_with_another_site_is_reported(patients):
    with pytest.raises(DataError, match="the roster lists sites that the study does not name: kurume"):
        read_roster(signed()).check_belongs_to(patients.study(["asan", "osaka"]))
    other = read_roster(sign_roster("other", COORDINATOR, MEMBERS))
    with pytest.raises(DataError, match="the roster belongs to the study other; the study file is trial"):
        other.check_belongs_to(patients.study(["asan", "kurume"]))


def test_a_key_is_known_by_six_words():
    roster = read_roster(signed())
    assert roster.fingerprint("asan") == fingerprint_words(KEYS["asan"][0].public_key())
    assert len(roster.fingerprint("asan").split()) == 6
    assert roster.fingerprint("asan") != roster.fingerprint("kurume")


@pytest.mark.parametrize(
    "entry",
    [
        {"telephone": "1\n2"},
        {"telephone": 1},
        {"telephone": "1" * 41},
        {"irb": "1" * 81},
        {"irb_until": "soon"},
        {"identity": "00"},
        {"node": "ssh-rsa"},
        {"more": ""},
    ],
    ids=str,
)
def test_a_malformed_entry_is_reported_also_when_it_is_signed(entry):
    content = json.loads(signed())["roster"]
    content["sites"]["asan"] |= entry
    with pytest.raises(DataError):
        read_roster(signed_as(content))
