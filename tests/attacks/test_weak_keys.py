"""Keys that nobody made and texts of two readings: under a point of small order anybody can sign, and of two equal keys
of an object one reader takes the first and another the last."""

import json
import re
from datetime import date
from functools import partial
from pathlib import Path

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from riskset import curve25519
from riskset.curve25519 import KEY_BYTES, P, check_signature, is_ed25519_key, is_x25519_key
from riskset.errors import DataError, ProtocolError, RisksetError, VerificationError
from riskset.joining.invite import Invite, read_invite, write_invite
from riskset.joining.request import Member, Request, read_request
from riskset.joining.signed import as_text, write_signed
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from riskset.ledger.merkle import EMPTY_ROOT
from riskset.protocol.approval import Approval, read_approval, sign_approval
from riskset.protocol.opening import read_opened
from riskset.protocol.roster import read_roster, sign_roster
from riskset.secure import keys, masks
from riskset.secure.envelope import frame, sha256, verify
from riskset.secure.keys import WeakKey, new_identity, public_from_hex, public_hex
from riskset.secure.masks import PairwiseMasks, new_secret, public_of
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.strict_json import DEEPEST, NotStrictJson, read_canonical, read_exact, read_json
from riskset.study.load import canonical_json, study_from_json
from riskset_server.joining.certificates import make_authority
from riskset_site.consent.vouching import vouched_for

ORDER_8 = int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7", 16)
SMALL = sorted({0, 1, P - 1, ORDER_8, P - ORDER_8})
"""The y of the eight points whose order divides 8."""
NEUTRAL = (1).to_bytes(KEY_BYTES, "little")
ANYBODY = NEUTRAL + bytes(KEY_BYTES)
"""The signature (R, S) = (the neutral point, 0), of every text, under the neutral point."""


def written(y, sign):
    return (y | sign << 255).to_bytes(KEY_BYTES, "little")


SMALL_ORDER = [written(y, sign) for y in SMALL for sign in (0, 1)]
SECOND_SPELLINGS = [written(P + y, sign) for y in range(19) for sign in (0, 1)]
U_OF_SMALL_ORDER = [
    *(0, 1, P - 1),
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
]
"""RFC 7748, section 6.1, and https://cr.yp.to/ecdh.html#validate."""
WEAK = SMALL_ORDER[2].hex()
CONTENT = {"schema": 2, "study": "trial", "coordinator": WEAK}


def mixed(key):
    """Returns the key plus the point of order 2: the same secret signs for it, at times."""
    number = int.from_bytes(key, "little")
    return written(P - number % 2**255, 1 - (number >> 255))


@pytest.fixture
def without_the_rule(monkeypatch):
    for module in (curve25519, keys):
        monkeypatch.setattr(module, "is_ed25519_key", lambda key: True)
    monkeypatch.setattr(masks, "is_x25519_key", lambda key: True)


def member(identity=None):
    return Member(identity or public_hex(new_identity()), public_node_text(new_node_key()))


def forged_envelope():
    names = ("type", "study", "roster", "run", "sender", "history")
    head = {**dict.fromkeys(names, "x"), "round": 1, "payload": sha256(b"forged")}
    return frame([rfc8785.dumps(head), b"forged", ANYBODY])


def forged_roster():
    return as_text({"roster": {**CONTENT, "sites": {"asan": vars(member())}}, "signature": ANYBODY.hex()})


def forged_request():
    invite = Invite("trial", "0" * 64, "asan", "127.0.0.1:1", "", WEAK, "A" * 43, date(2030, 1, 1))
    content = Request("trial", "0" * 64, "asan", "", member(WEAK)).proved(invite.token).content
    return as_text({"request": content, "signature": ANYBODY.hex()})


class TestKeys:
    def test_anybody_signs_under_a_point_of_small_order(self, without_the_rule):
        key = public_from_hex(WEAK)
        assert verify(forged_envelope(), {"x": key}).payload == b"forged"
        assert read_roster(forged_roster()).study_id == "trial"
        assert read_request(forged_request()).site == "asan"

    def test_what_anybody_signed_is_refused(self):
        key = Ed25519PublicKey.from_public_bytes(NEUTRAL)
        key.verify(ANYBODY, b"anything")  # as far as OpenSSL is concerned
        with pytest.raises(InvalidSignature):
            check_signature(key, ANYBODY, b"anything")
        with pytest.raises(VerificationError):
            verify(forged_envelope(), {"x": key})
        for read, forged in ((read_roster, forged_roster()), (read_request, forged_request())):
            with pytest.raises(WeakKey) as refused:
                read(forged)
            assert "small order" in refused.value.hint
        checkpoint = sign_checkpoint(Checkpoint("riskset/x", 0, EMPTY_ROOT), new_identity())
        with pytest.raises(VerificationError):
            open_checkpoint(checkpoint, "riskset/x", key)

    @pytest.mark.parametrize("key", SMALL_ORDER + SECOND_SPELLINGS, ids=bytes.hex)
    def test_a_point_of_small_order_or_in_a_second_spelling_is_no_key(self, key):
        assert not is_ed25519_key(key)
        with pytest.raises(WeakKey):
            public_from_hex(key.hex())

    @pytest.mark.parametrize("u", [*U_OF_SMALL_ORDER, *range(P, 2**255)], ids=lambda u: hex(u)[:8])
    def test_a_shared_secret_that_everybody_knows(self, u):
        for spelling in (u, u | 1 << 255):
            key = spelling.to_bytes(KEY_BYTES, "little")
            assert not is_x25519_key(key)
            with pytest.raises(ProtocolError):
                PairwiseMasks(new_secret(), "asan", {"kurume": key}, {})

    def test_honest_keys_are_keys_and_their_shadows_are_not(self):
        identity, exchanged = bytes.fromhex(public_hex(new_identity())), public_of(new_secret())
        assert is_ed25519_key(identity)
        assert is_x25519_key(exchanged)
        assert not is_ed25519_key(mixed(identity))
        twice = (int.from_bytes(exchanged, "little") | 1 << 255).to_bytes(KEY_BYTES, "little")
        own = masks.X25519PrivateKey.generate()
        secrets = {own.exchange(X25519PublicKey.from_public_bytes(key)) for key in (exchanged, twice)}
        assert len(secrets) == 1  # OpenSSL takes both spellings for one key
        assert not is_x25519_key(twice)

    @pytest.mark.parametrize("key", [WEAK, SECOND_SPELLINGS[0].hex()])
    def test_every_file_that_names_a_key(self, key):
        mine, authority = new_identity(), make_authority("a study").certificate.decode()
        roster = sign_roster("trial", mine, {"asan": member(), "kurume": member()})
        assert set(read_roster(roster).sites) == {"asan", "kurume"}
        invite = Invite("trial", "0" * 64, "asan", "a:1", authority, public_hex(mine), "A" * 43, date(2030, 1, 1))
        content = json.loads(write_invite(invite, mine))["invite"]
        vouching = {"schema": 1, "study": "trial", "by": key, "keys": {}}
        vouched = partial(vouched_for, roster=read_roster(roster), compared=())
        for read, text in (
            (read_roster, write_signed("roster", {**CONTENT, "coordinator": key, "sites": {}}, signature=mine)),
            (read_roster, sign_roster("trial", mine, {"asan": member(key)})),
            (read_invite, write_signed("invite", content | {"coordinator": key}, signature=mine)),
            (
                vouched,
                write_signed("vouching", vouching, signature=mine),
            ),
        ):
            with pytest.raises(WeakKey):
                read(text)

    @pytest.mark.parametrize("key", [bytes(KEY_BYTES), b"\xff" * KEY_BYTES], ids=["small order", "second spelling"])
    def test_an_answer_to_an_opening_with_such_a_key(self, federation, key):
        party = federation()
        honest = party.sites["asan"].answer(party.coordinator.request())
        content = json.loads(verify(honest, party.roster.sites).payload)
        assert read_opened(rfc8785.dumps(content)).key.hex() == content["key"]
        for text in (key.hex(), content["key"].upper(), f" {content['key']}"):
            reply = party.forge(honest, key=party.keys["asan"], payload=rfc8785.dumps(content | {"key": text}))
            with pytest.raises(ProtocolError, match="not a valid X25519 public key"):
                party.coordinator.accept(reply)
        assert party.coordinator.accept(honest) == "asan"


def twice(text, key):
    """Returns a JSON text whose object gives one key twice: a forged value, then the signed one."""
    return text.replace(f'"{key}":'.encode(), f'"{key}": {{"forged": 1}}, "{key}":'.encode(), 1)


class TestTexts:
    def test_a_roster_that_reads_differently_elsewhere(self):
        honest = sign_roster("trial", new_identity(), {"asan": member(), "kurume": member()})
        for key in ("roster", "sites", "asan", "identity", "signature"):
            forged = twice(honest, key)
            assert json.loads(forged) == json.loads(honest)  # what Python's own reader makes of it
            with pytest.raises(DataError, match="not a roster"):
                read_roster(forged)
        assert set(read_roster(honest.replace(b"\n", b"\r\n")).sites) == {"asan", "kurume"}  # as mail may change it

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace(b'"schema": 3', b'"schema": 3.0'),
            lambda text: text.replace(b'"schema": 3', b'"schema": 3e0'),
            lambda text: text.replace(b'"trial"', b'"\\u0074rial"'),
            lambda text: text.replace(b'{\n  "roster"', b'{"remark": "by anybody", "roster"'),
            lambda text: b"\xef\xbb\xbf" + text,
            lambda text: text.decode().encode("utf-16"),
            lambda text: text[:-200] + text[-200:].upper().replace(b"SIGNATURE", b"signature"),
        ],
        ids=["3.0", "3e0", "escape", "unsigned key", "byte order mark", "UTF-16", "capitals"],
    )
    def test_another_spelling_of_a_signed_file(self, change):
        honest = sign_roster("trial", new_identity(), {"asan": member()})
        assert change(honest) != honest
        with pytest.raises(RisksetError):
            read_roster(change(honest))

    def test_every_message_is_in_its_canonical_form(self, federation):
        party = federation()
        request = party.coordinator.request()
        payload = verify(request, {"coordinator": party.coordinator_key.public_key()}).payload
        content = json.loads(payload)
        for text in (json.dumps(content).encode(), twice(payload, "earlier"), payload + b" "):
            assert json.loads(text) == content
            assert party.hears("asan", party.forge(request, payload=text)) == "participants"
        assert party.hears("asan", request) is None

    def test_a_study_has_one_json(self, patients):
        data = canonical_json(patients.study(["asan", "kurume"]))
        assert canonical_json(study_from_json(data)) == data
        document = json.loads(data)
        others = [
            json.dumps(document).encode(),
            twice(data, "sites"),
            data.replace(b'"version":"', b'"version":"\\u0030'),
        ]
        others += [rfc8785.dumps({name: part for name, part in document.items() if name != gone}) for gone in document]
        del document["comparison"]  # a study may have none
        for name, part in document.items():
            others += [rfc8785.dumps(document | {name: wrong}) for wrong in (None, 5, "x", [[]], {}) if wrong != part]
        for text in others:
            assert text != data
            with pytest.raises(DataError):
                study_from_json(text)

    def test_an_approval_in_another_spelling(self):
        key = new_identity()
        approval = Approval(
            *("asan", "0" * 64, "0" * 64, {}, (), "0" * 64, "0.1.0", "M. Uchida", "2026-012", date(2030, 1, 1)),
            signed_at="2026-01-01T00:00:00.000+00:00",
            compared=(),
        )
        document = sign_approval(approval, key)
        assert read_approval(document, key.public_key()) == approval
        content, signature = document["approval"], document["signature"]
        spellings = ({"signature": signature.upper()}, {"signature": f" {signature}"})
        for other in ({"approval": content | {"schema": 2.0}}, *spellings):
            with pytest.raises(DataError):
                read_approval(document | other, key.public_key())
        with pytest.raises(VerificationError):
            read_approval(document | {"signature": ANYBODY.hex()}, Ed25519PublicKey.from_public_bytes(NEUTRAL))


NOT_STRICT = {
    "a key twice": b'{"a":1,"a":1}',
    "a key twice, deep": b'[{"b":{"a":1,"\\u0061":2}}]',
    "an integer of 5,000 digits": b"9" * 5000,
    "an integer beyond 2^53": b"9007199254740993",
    "infinity as a number": b"1e999999",
    "a number of 5,000 digits": b"0." + b"9" * 5000,
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "brackets": b"[" * 100_000,
    "closed brackets": b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
    "objects": b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "no UTF-8": b'"\xff"',
}


@pytest.mark.parametrize("text", NOT_STRICT.values(), ids=NOT_STRICT)
def test_a_text_that_is_not_read(text):
    for read in (read_json, read_canonical, read_exact):
        with pytest.raises(NotStrictJson):
            read(text)


def test_a_text_at_its_bounds_is_read():
    deep = b"[" * DEEPEST + b"]" * DEEPEST
    assert read_canonical(deep) == json.loads(deep)
    assert read_canonical(b"9007199254740991") == 2**53 - 1
    assert read_json(b"[1]", most_bytes=3) == [1]
    with pytest.raises(NotStrictJson, match="more than 2 bytes"):
        read_json(b"[1]", most_bytes=2)


def test_nothing_else_reads_json_from_outside():
    """Every other reader would need the same bounds. What DuckDB makes of a hospital's own query is not from outside,
    and has integers beyond them."""
    root = Path(curve25519.__file__).parents[2]
    folders = ("shared/riskset", "site_client/riskset_site", "server/riskset_server")
    files = [file for folder in folders for file in (root / folder).rglob("*.py")]
    found = {file.name for file in files if re.search(r"json\.loads?\(", file.read_text(encoding="utf-8"))}
    assert found == {"strict_json.py", "guessed_dates.py"}
