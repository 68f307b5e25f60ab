"""Bytes that no honest party sends: garbage, truncated and huge messages, invalid numbers, texts that cannot be
encoded. The reader refuses in one word, allocates nothing for them, and continues."""

import contextlib
import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.analyses.methods.cox_fit import CoxFit
from riskset.errors import ProtocolError, RisksetError, VerificationError
from riskset.protocol.code import code_here
from riskset.protocol.log_view import read_log_view
from riskset.protocol.messages import read_refusal
from riskset.protocol.opening import Opened, Opening, read_coordinators_program, read_opened, read_opening
from riskset.protocol.own_log import OwnLog
from riskset.protocol.program import PROTOCOL, Program
from riskset.protocol.stated import stated
from riskset.protocol.witnessing import cosigned, read_cosigned, read_relayed
from riskset.rehearsal import EverySiteConsents
from riskset.secure import fixed_point
from riskset.secure.envelope import MAX_PARTS, claimed_head, frame, seal, unframe, verify
from riskset.secure.keys import new_identity
from riskset.secure.masks import public_of

FEW = ("busan", "daegu", "osaka")
FRIEND, VICTIM = "daegu", "osaka"
MODEL = "cox/os/all/multivariable"
KEY = new_identity()
EXHAUSTIVE = pytest.mark.exhaustive
READERS = {
    "envelope": lambda data: verify(data, {"a": KEY.public_key()}),
    "head": claimed_head,
    "frame": unframe,
    "opening": read_opening,
    "opened": read_opened,
    "program": read_coordinators_program,
    "relayed": read_relayed,
    "contribution": read_cosigned,
    "log": read_log_view,
    "refusal": lambda data: read_refusal("a", data),
    "vector": lambda data: fixed_point.from_bytes(data, 3),
}

texts = st.text(max_size=8) | st.sampled_from(
    ["participants", "earlier", "policy", "key", "proofs", "checkpoint", "seen", "protocol", "methods"]
)
names = st.text(st.characters(exclude_categories=["Cc", "Cf", "Zl", "Zp", "Cs"]), max_size=8)
"""Of what a log can print; no message holds another name."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
LITTLE_ROOM = 2**20
"""Bytes: far above what an honest refusal takes, far below what these messages ask for."""
NASTY = [
    b"",
    b"\0" * 4,
    b"\xff" * 64,
    b"{" * 100_000,
    b"[" * 100_000,
    b'{"participants":["\\ud800"],"earlier":[]}',
    b'{"participants":["osaka"],"earlier":["\\ud800"]}',
    b'{"participants":["osaka"],"earlier":[NaN]}',
    b'{"checkpoint":"x","proofs":{"1":["zz"]}}',
    b'{"checkpoint":"x","proofs":{"-1":7}}',
    b'{"checkpoint":"x","proofs":{"' + b"9" * 5000 + b'":[]}}',
    b'{"seen":' + b"9" * 5000 + b"}",
    b'{"a":1e400}',
    b'{"protocol":true}',
    b'{"protocol":0}',
    b'{"methods":{"km":"\\u001b[2J"}}',
    b'{"methods":{"km":"' + b"9" * 5000 + b'"}}',
]


@pytest.mark.parametrize("reader", READERS)
class TestReaders:
    @given(data=st.binary(max_size=200))
    def test_random_bytes(self, reader, data):
        self.reads_or_says_no(reader, data)

    @given(value=json_values)
    def test_any_json(self, reader, value):
        data = json.dumps(value).encode()
        for one in (data, frame([data]), frame([data, b"", bytes(64)])):
            self.reads_or_says_no(reader, one)

    @pytest.mark.parametrize("data", NASTY, ids=range(len(NASTY)))
    def test_nasty_bytes(self, reader, data):
        for one in (data, frame([data]), frame([data, b"", bytes(64)])):
            self.reads_or_says_no(reader, one)

    def reads_or_says_no(self, reader, data):
        with contextlib.suppress(ProtocolError, VerificationError):
            READERS[reader](data)


class TestRoundTrips:
    @given(st.lists(st.binary(max_size=40), max_size=6))
    def test_frames(self, parts):
        assert unframe(frame(parts)) == parts

    @given(names, names, st.integers(0, 2**53 - 1), st.binary(max_size=60))
    def test_envelopes(self, type_, run, round_, payload):
        head = {"type": type_, "study": "s", "roster": "r", "run": run, "round": round_, "sender": "a", "history": "h"}
        sealed = seal(KEY, payload, **head)
        message = verify(sealed, {"a": KEY.public_key()})
        assert message.payload == payload
        assert {name: getattr(message.head, name) for name in head} == head
        for i in range(0, len(sealed), 7):  # another bit anywhere: another message, or none
            with pytest.raises((ProtocolError, VerificationError)):
                verify(sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :], {"a": KEY.public_key()})

    @given(
        st.lists(names, max_size=4, unique=True),
        st.lists(names, max_size=4, unique=True),
        st.binary(min_size=32, max_size=32).map(public_of),
        st.dictionaries(names, st.from_regex(r"\A[0-9]{1,5}(/[0-9]{1,5})?\Z"), max_size=4),
        st.integers(0, 2**53 - 1),
        st.integers(PROTOCOL, 2**53 - 1),
        st.dictionaries(st.from_regex(r"\A[!-~]{1,9}\Z"), st.from_regex(r"\A[!-~]{1,9} [!-~]{1,9}\Z"), max_size=4),
    )
    def test_openings(self, participants, earlier, key, policy, seen, protocol, methods):
        opening = Opening(tuple(participants), tuple(earlier))
        program = Program(protocol, methods)
        assert read_opening(opening.to_bytes(program)) == opening
        assert read_coordinators_program(opening.to_bytes(program)) == program
        ran = (tuple(earlier), ("a", "b"))
        approval = EverySiteConsents("a", tuple(participants)).approval("s", "r", "rows", methods)
        log = OwnLog(seen % 2**40, bytes(32), {1: (bytes(32),)}).shown("a", KEY)
        opened = Opened("1", program, opening, key, policy, True, seen, 7, ran, approval, code_here(), {}, log)
        assert read_opened(opened.to_bytes()) == opened

    @given(st.lists(st.integers(0, 2**64 - 1), max_size=6), st.text(max_size=20), st.lists(st.booleans()))
    def test_contributions(self, limbs, line, contributes):
        vector = np.array([limbs, limbs[::-1]], np.uint64)
        read = read_cosigned(cosigned(fixed_point.to_bytes(vector), line, stated(contributes)))
        assert read.cosignature == line
        assert (fixed_point.from_bytes(read.vector, len(limbs)) == vector).all()
        assert [one == ord("1") for one in read.stated] == contributes


class TestSite:
    @pytest.mark.parametrize("rounds", [0, 3])
    @pytest.mark.parametrize("payload", NASTY, ids=range(len(NASTY)))
    def test_garbage_that_the_coordinator_signed(self, network, patients, rounds, payload):
        party = network(patients(*FEW)).goes(rounds)
        request = party.forge(party.coordinator.request(), payload=payload)
        assert party.hears(VICTIM, request) in ("participants", "history", "order")
        assert party.hears(VICTIM, party.coordinator.request()) is None

    def test_a_message_cut_or_altered_anywhere(self, network, patients):
        party = network(patients(*FEW)).goes(3)
        request = party.coordinator.request()
        random = np.random.default_rng(1)
        for at in random.integers(0, len(request), 60):
            altered = request[:at] + bytes([request[at] ^ (1 << int(random.integers(8)))]) + request[at + 1 :]
            assert party.hears(VICTIM, altered) == "message"
            assert party.hears(VICTIM, request[:at]) == "message"
        assert isinstance(party.run().results[MODEL], CoxFit)

    @pytest.mark.parametrize("name", ["\ud800", "x" * 100_000, ""])
    def test_names_of_runs_that_cannot_be_written(self, network, patients, name):
        party = network(patients(*FEW))
        request = party.coordinator.request()
        payload = json.dumps({"participants": sorted(FEW), "earlier": [name]}).encode()
        party.hears(VICTIM, party.forge(request, run="another", payload=payload))  # in one word, or an answer
        assert party.hears(VICTIM, request) is None
        assert isinstance(party.run().results[MODEL], CoxFit)

    @pytest.mark.parametrize("claimed", [2**32 - 1, 2**30])
    def test_a_message_of_a_gigabyte(self, network, patients, claimed):
        """It declares this length: nobody allocates memory for what has not arrived. (At the door more than 31 MB
        are not taken in: tests/network/link.)"""
        party = network(patients(*FEW)).goes(2)
        for data in (claimed.to_bytes(4, "little"), claimed.to_bytes(4, "little") + bytes(1000)):
            with at_most(LITTLE_ROOM):
                assert party.hears(VICTIM, data) == "message"
                with pytest.raises(ProtocolError, match="cut short"):
                    party.coordinator.accept(data)
        assert party.hears(VICTIM, party.coordinator.request()) is None

    def test_a_long_message_of_nothing(self, network, patients):
        """60 MB of parts of no length are read no further than a message can have parts."""
        party = network(patients(*FEW)).goes(2)
        data = bytes(60 * 2**20)
        assert len(data) // 4 > MAX_PARTS
        with at_most(LITTLE_ROOM):
            assert party.hears(VICTIM, data) == "message"
        assert isinstance(party.run().results[MODEL], CoxFit)


@contextlib.contextmanager
def at_most(room):
    """Checks that no more bytes than `room` were taken at any moment: what never ends takes much of it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < room


def written(content):
    """Canonical, where the content has such a form."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")


POLICIES = {
    "a number of a billion digits": "1e999999999",
    "another number of a billion digits": "1e-999999999",
    "a fraction of nothing": "1/0",
    "no number": "nan",
    "a long number": "9" * 100_000,
    "a text that cannot be written": "\ud800",
}


class TestLyingSite:
    """What a site can claim when a run opens, to make the others crash."""

    def opens(self, network, patients, **said):
        """All open honestly but the friend, who says what it likes, signed; returns the reply and the network."""
        party = network(patients(*FEW))
        request = party.coordinator.request()
        for name in FEW:
            if name != FRIEND:
                party.coordinator.accept(party.sites[name].answer(request))
        honest = party.sites[FRIEND].answer(request)
        content = json.loads(verify(honest, party.roster.sites).payload) | said
        return party, party.forge(honest, key=party.keys[FRIEND], payload=written(content)), honest

    @pytest.mark.parametrize("value", POLICIES.values(), ids=POLICIES)
    def test_a_policy_that_takes_for_ever_to_read(self, network, patients, value):
        party, reply, honest = self.opens(network, patients)
        policy = json.loads(verify(honest, party.roster.sites).payload)["policy"]
        party, reply, honest = self.opens(network, patients, policy=policy | {"R4.leverage": value})
        with at_most(LITTLE_ROOM + 4 * len(reply)), pytest.raises(ProtocolError):  # a number of 10^9 digits is 400 MB
            party.coordinator.accept(reply)
        assert party.coordinator.accept(honest) == FRIEND
        assert isinstance(party.run().results[MODEL], CoxFit)

    @pytest.mark.parametrize(
        "said",
        [
            {"policy": {}},
            {"policy": {"column": "pooled"}},
            {"policy": {"column": "local", "min_cell": "5"}},
            {"key": ""},
            {"key": "00" * 32},
            {"key": "zz"},
            {"seen": -1},
            {"seen": 2**80},
            {"seen": True},
            *(
                pytest.param(said, marks=EXHAUSTIVE)
                for said in (
                    {"version": None},
                    {"participants": ["daegu"]},
                    {"earlier": ["x"]},
                    {"ran": [["a"]] * 101},
                    {"ran": [[]]},
                    {"ran": [[1]]},
                    {"ran": "a"},
                )
            ),
        ],
        ids=str,
    )
    def test_an_answer_that_fits_no_run(self, network, patients, said):
        """The run ends in a no, or goes on; in no case in an error of another kind, and no site sends what it should
        not."""
        party, reply, honest = self.opens(network, patients, **said)
        try:
            party.coordinator.accept(reply)
        except RisksetError:
            assert party.coordinator.accept(honest) == FRIEND
            assert isinstance(party.run().results[MODEL], CoxFit)
            return
        with pytest.raises(RisksetError):
            party.run()

    @pytest.mark.parametrize("number", [2**127, 2**127 - 1, 2**128 - 1, 3])
    @pytest.mark.parametrize(
        "phase",
        ["admission/counts", "later", *(pytest.param(p, marks=EXHAUSTIVE) for p in ("admission/products", "first"))],
    )
    def test_sums_that_would_wrap_or_are_none(self, network, patients, phase, number):
        """A site adds an arbitrary integer: the run ends with a result or a refusal, never with an error of another
        kind."""
        party = network(patients(*FEW))
        friend = party.accomplice(FRIEND)
        while party.history() is None or party.history().phase != phase:
            friend.step()
        request = party.coordinator.request()
        others = [party.sites[name].answer(request) for name in FEW if name != FRIEND]
        now = party.history()
        vector = fixed_point.zeros(now.vector_size)
        vector[:, -1] = number & (2**64 - 1), number >> 64
        with contextlib.suppress(RisksetError):
            for reply in [*others, friend.says(request, vector)]:
                party.coordinator.accept(reply)
            while not party.coordinator.is_finished:
                friend.step()
