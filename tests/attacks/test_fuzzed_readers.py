"""Every reader of a file or message from outside, on changed valid documents: it reads, or says no by a named error.

Bytes are changed anywhere; a JSON document is also changed inside and signed again, so that what comes after the
signature is reached.
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskset.errors import RisksetError
from riskset.joining.invite import Connection, Invite, load_connection, read_invite, write_connection, write_invite
from riskset.joining.request import Member, read_request, write_request
from riskset.joining.signed import as_text, write_signed
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from riskset.ledger.entry import read_line
from riskset.ledger.merkle import EMPTY_ROOT
from riskset.ledger.note import parse
from riskset.ledger.trusted_log import read_log
from riskset.ledger.witness import cosigners
from riskset.protocol.approval import Approval, read_approval, sign_approval
from riskset.protocol.code import code_here
from riskset.protocol.log_view import LogView
from riskset.protocol.messages import read_refusal
from riskset.protocol.opening import Opened, Opening, read_coordinators_program, read_opened, read_opening
from riskset.protocol.program import here
from riskset.protocol.roster import read_roster, sign_roster
from riskset.protocol.witnessing import cosigned, read_cosigned, read_relayed, relayed
from riskset.rehearsal import EverySiteConsents
from riskset.secure.envelope import claimed_head, frame, seal, sha256, verify
from riskset.secure.keys import public_hex
from riskset.secure.masks import public_of
from riskset.secure.node_key import public_node_text
from riskset.study.load import canonical_json, load_study, parse_study, study_from_json
from riskset_release.logins import Challenge, answer, read_challenge, read_login
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_site.consent.vouching import vouched_for
from riskset_site.data.check import check_site
from riskset_site.data.cohort import load_cohort

pytestmark = pytest.mark.exhaustive

TESTS = Path(__file__).parents[1]
HOSPITAL = TESTS / "transcripts" / "hospital"
STUDY = (HOSPITAL / "study.toml").read_bytes()
SITE = (HOSPITAL / "site.toml").read_bytes()
EXPORT = next(HOSPITAL.glob("*.csv")).read_bytes()
VECTORS = json.loads((TESTS / "golden" / "ledger" / "vectors.json").read_text(encoding="utf-8"))
# The same keys each time, so that a change that was drawn meets the same bytes.
KEY, SITE_KEY, *KEYS = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 5))
NODES = [ec.derive_private_key(number, ec.SECP384R1()).public_key() for number in range(1000, 1003)]
AUTHORITY = (TESTS / "recorded" / "0.1.0" / "coordinator" / "keys" / "authority.pem").read_text(encoding="ascii")
MEMBERS = {
    name: Member(public_hex(key), public_node_text(node), "+82", "1")
    for name, key, node in zip("ab", KEYS, NODES[1:], strict=True)
}
INVITE = Invite(
    *("trial", "0" * 64, "asan", "a.org:1", AUTHORITY, public_hex(KEY), "A" * 43),
    date(2030, 1, 1),
)
ROSTER = sign_roster("trial", KEY, MEMBERS)
APPROVAL = Approval(
    *("asan", "0" * 64, "0" * 64, {"R1.population_rows": "100"}, (), "0" * 64, "0.1.0", "M. Uchida", "2026-012"),
    date(2030, 1, 1),
    "2026-01-01T00:00:00.000+00:00",
    ("a",),
)
NOTE = sign_checkpoint(Checkpoint("riskset/coordinator", 0, EMPTY_ROOT), KEY)
HEAD = dict.fromkeys(("study", "roster", "run", "history"), "x") | {"type": "round", "round": 1, "sender": "asan"}
ENVELOPE = seal(KEY, b"payload", **HEAD)
APPROVAL = EverySiteConsents("a", ("a", "b")).approval("s", "r", "rows", {})
OPENED = Opened(
    "0.2.0",
    here(),
    Opening(("a", "b"), ("r",)),
    public_of(bytes(range(32))),
    {"R4.leverage": "1/3"},
    may_be_subtracted=False,
    seen=0,
    approval=APPROVAL,
    code=code_here(),
    log=LogView(NOTE, {1: (bytes(32),)}),
)
CHALLENGE = Challenge("review.example.org:8443", "1" * 64, "2" * 64, "1000", "3" * 64)
RELAYED = relayed(LogView(NOTE, {1: (bytes(32),)}), [verify(ENVELOPE, {"asan": KEY.public_key()})])

SNIPPETS = [
    *(b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"=", b".", b"#", b"\\", b"\n", b"\r", b"\0", b"\t", b"-"),
    *(b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", "\u202e".encode(), b"\x1b[2J", b"\\ud800", b"\\u0000", b'"' * 3),
    *(b"9" * 400, b"1e999999", b"NaN", b"-0", b"1.0", b"null", b"true", b"[[", b"[a.b]\n", b"a.a.a.a = 1\n", b"0x"),
    *(b"[" * 200, b'{"a":' * 200, b"=1+1", b"2026-02-30", b"1979-05-27T07:32:00Z", b"inf", "\n\n— x AAAA\n".encode()),
]
WORDS = st.sampled_from(["", "x", "\u202e", "\0", "0" * 64, "zz"])
VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, -1, 1, 2**53 - 1, 0.5]) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def bytes_like(draw, seed):
    """The seed after one to four changes of its bytes."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 40)))
        match draw(st.integers(0, 5)):
            case 0:
                data[at:end] = draw(st.sampled_from(SNIPPETS))
            case 1:
                data[at:at] = draw(st.sampled_from(SNIPPETS))
            case 2:
                data[at:end] = b""
            case 3:
                data[at:at] = data[at:end]
            case 4:
                data[at:end] = draw(st.binary(max_size=6))
            case 5:
                del data[at:]
    return bytes(data)


def paths(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


def changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


@st.composite
def content_like(draw, seed):
    """The seed, a JSON object, with one to three of its values replaced, or a key added or taken away."""
    value = seed
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([path for path in paths(value) if path] or [()]))
        value = changed(value, path, draw(VALUES)) if path else value
    if draw(st.booleans()) and isinstance(value, dict):
        value = {**value, draw(st.sampled_from(["more", "", *value])): draw(VALUES)}
    return value


@dataclass(frozen=True)
class Reader:
    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def text(read):
    return lambda data: read(data.decode(errors="surrogateescape"))


def approval(data):
    with contextlib.suppress(ValueError):
        document = json.loads(data)
        if isinstance(document, dict):  # as it comes out of a ledger's entry
            read_approval(document, KEY.public_key())


def of_vectors(kind, field):
    """Most of them are wrong on purpose."""
    return tuple(vector[field].encode(errors="surrogatepass") for vector in VECTORS[kind])


SIGNED = {
    "roster": (read_roster, "roster", KEY, ROSTER),
    "invite": (read_invite, "invite", KEY, write_invite(INVITE, KEY)),
    "request": (read_request, "request", SITE_KEY, write_request(INVITE, SITE_KEY, NODES[0])),
    "login": (read_login, "login", KEY, answer(CHALLENGE, KEY)),
    "vouching": (
        lambda data: vouched_for(data, read_roster(ROSTER), ()),
        "vouching",
        KEY,
        write_signed("vouching", {"schema": 1, "study": "trial", "by": public_hex(KEY), "keys": {}}, signature=KEY),
    ),
}
READERS = {
    **{name: Reader(read, (seed,)) for name, (read, _, _, seed) in SIGNED.items()},
    "challenge": Reader(text(read_challenge), (CHALLENGE.text.encode(),)),
    "study in JSON": Reader(study_from_json, (canonical_json(parse_study(STUDY.decode())),)),
    "study": Reader(text(parse_study), (STUDY, (HOSPITAL / "mistaken.toml").read_bytes())),
    "envelope": Reader(lambda data: verify(data, {"asan": KEY.public_key()}), (ENVELOPE,)),
    "head": Reader(claimed_head, (ENVELOPE,)),
    "opening": Reader(read_opening, (OPENED.opening.to_bytes(here()),)),
    "program": Reader(read_coordinators_program, (OPENED.opening.to_bytes(here()),)),
    "opened": Reader(read_opened, (OPENED.to_bytes(),)),
    "refusal": Reader(lambda data: read_refusal("asan", data), (b'{"code":"approval"}',)),
    "relayed": Reader(read_relayed, (RELAYED,)),
    "contribution": Reader(read_cosigned, (cosigned(bytes(32), "— x AAAA", b"10"),)),
    "note": Reader(text(lambda note: cosigners(parse(note), {"asan": KEY.public_key()})), of_vectors("notes", "note")),
    "checkpoint": Reader(
        text(lambda note: open_checkpoint(note, "riskset/coordinator", KEY.public_key())),
        (NOTE.encode(), *of_vectors("checkpoints", "note")),
    ),
    "entry": Reader(text(read_line), of_vectors("entries", "line")),
    "log": Reader(text(lambda log: read_log(log, "x", KEY.public_key())), of_vectors("logs", "text")),
    "approval": Reader(approval, (json.dumps(sign_approval(APPROVAL, KEY)).encode(),)),
}
INSIDE = {
    "opening": (read_opening, json.loads(READERS["opening"].seeds[0])),
    "opened": (read_opened, json.loads(READERS["opened"].seeds[0])),
    "study in JSON": (study_from_json, json.loads(READERS["study in JSON"].seeds[0])),
    "refusal": (lambda data: read_refusal("asan", data), {"code": "approval"}),
    "log view": (lambda data: read_relayed(frame([data])), {"checkpoint": NOTE, "proofs": {"1": []}}),
}


def reads_or_says_no(read, data):
    """Only named errors come out."""
    with contextlib.suppress(RisksetError):
        read(data)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_changed_bytes(name, data):
    reader = READERS[name]
    reads_or_says_no(reader.read, data.draw(bytes_like(data.draw(st.sampled_from(reader.seeds)))))


@pytest.mark.parametrize("name", READERS)
def test_each_seed_is_valid_and_every_cut_of_it_is_read_or_refused(name):
    reader = READERS[name]
    for seed in reader.seeds:
        if len(reader.seeds) == 1 and name != "vouching":  # whose signer nobody has compared
            reader.read(seed)
        for at in range(0, len(seed), max(1, len(seed) // 200)):
            reads_or_says_no(reader.read, seed[:at])


@pytest.mark.parametrize("name", INSIDE)
@given(data=st.data())
def test_changed_inside(name, data):
    read, seed = INSIDE[name]
    value = data.draw(content_like(seed))
    with contextlib.suppress(rfc8785.CanonicalizationError):
        reads_or_says_no(read, rfc8785.dumps(value))


@pytest.mark.parametrize("name", SIGNED)
@given(data=st.data())
def test_changed_inside_and_signed_again(name, data):
    read, kind, key, seed = SIGNED[name]
    content = data.draw(content_like(json.loads(seed)[kind]))
    with contextlib.suppress(rfc8785.CanonicalizationError, TypeError, ValueError):
        text = write_signed(kind, content, signature=key)
        reads_or_says_no(read, text)
        reads_or_says_no(read, as_text({kind: content, "signature": data.draw(VALUES)}))


@given(data=st.data())
def test_a_changed_approval_signed_again(data):
    content = data.draw(content_like(sign_approval(APPROVAL, KEY)["approval"]))
    with contextlib.suppress(rfc8785.CanonicalizationError):
        signed = rfc8785.dumps({"riskset approval": content})
        document = {"approval": content, "signature": KEY.sign(signed).hex(), "sha256": sha256(signed)}
        reads_or_says_no(lambda one: read_approval(one, KEY.public_key()), document)


@pytest.fixture
def folder(tmp_path):
    for name, content in (("study.toml", STUDY), ("site.toml", SITE), (export_name(), EXPORT)):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def export_name():
    return next(HOSPITAL.glob("*.csv")).name


FILES = {
    "study.toml": lambda folder: load_study(folder / "study.toml"),
    "site.toml": lambda folder: check_site(
        folder / "site.toml", load_study(HOSPITAL / "study.toml"), date(2026, 11, 1)
    ),
    export_name(): lambda folder: load_cohort(folder / "site.toml", load_study(HOSPITAL / "study.toml")),
    "connection.json": lambda folder: load_connection(folder / "connection.json"),
    "server.json": lambda folder: CoordinatorFolder(folder).control_address,
}
SEEDS = {
    "study.toml": STUDY,
    "site.toml": SITE,
    export_name(): EXPORT,
    "connection.json": write_connection(Connection.of(INVITE)),
    "server.json": b'{"schema": 1, "host": "127.0.0.1", "public_port": 1, "control_port": 2}\n',
}


@pytest.mark.parametrize("name", FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_changed_files(name, data, folder):
    (folder / name).write_bytes(data.draw(bytes_like(SEEDS[name])))
    reads_or_says_no(FILES[name], folder)
    if name != "connection.json":
        (folder / name).write_bytes(SEEDS[name])
        FILES[name](folder)
