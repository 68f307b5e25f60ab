"""Laws of a log: the tree is RFC 6962's by its own recursive definition, every proof holds, nothing wrong does."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from riskset.errors import ProtocolError, VerificationError
from riskset.ledger import merkle, note
from riskset.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from riskset.ledger.entry import Entry, read_line
from riskset.ledger.merkle import Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion
from riskset.ledger.trusted_log import read_log, write_log
from riskset.ledger.witness import Witness
from riskset.secure.keys import new_identity

KEY = new_identity()
ORIGIN = "riskset/site/asan"
LEAVES = [leaf_hash(bytes([number])) for number in range(70)]
sizes = st.integers(0, len(LEAVES))


def by_definition(leaves):
    """RFC 6962, section 2.1, word by word."""
    if not leaves:
        return merkle.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = max(2**i for i in range(len(leaves)) if 2**i < len(leaves))
    return node_hash(by_definition(leaves[:k]), by_definition(leaves[k:]))


def path_by_definition(index, leaves):
    """RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = max(2**i for i in range(len(leaves)) if 2**i < len(leaves))
    if index < k:
        return [*path_by_definition(index, leaves[:k]), by_definition(leaves[k:])]
    return [*path_by_definition(index - k, leaves[k:]), by_definition(leaves[:k])]


def proof_by_definition(old, leaves, is_whole=True):
    """RFC 6962, section 2.1.2."""
    if old == len(leaves):
        return [] if is_whole else [by_definition(leaves)]
    k = max(2**i for i in range(len(leaves)) if 2**i < len(leaves))
    if old <= k:
        return [*proof_by_definition(old, leaves[:k], is_whole), by_definition(leaves[k:])]
    return [*proof_by_definition(old - k, leaves[k:], False), by_definition(leaves[:k])]


def flipped(data, bit):
    at = bit % (8 * len(data))
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]


def test_roots_and_proofs_are_those_of_the_definition():
    tree = Tree(LEAVES)
    for size in range(len(LEAVES) + 1):
        assert tree.root(size) == by_definition(LEAVES[:size])
        for index in range(size):
            assert list(tree.inclusion(index, size)) == path_by_definition(index, LEAVES[:size])
        for old in range(1, size + 1):
            assert list(tree.consistency(old, size)) == proof_by_definition(old, LEAVES[:size])


def test_every_proof_holds():
    tree = Tree(LEAVES)
    for size in range(len(LEAVES) + 1):
        for index in range(size):
            verify_inclusion(LEAVES[index], index, size, tree.inclusion(index, size), tree.root(size))
        for old in range(size + 1):
            verify_consistency(old, size, tree.root(old), tree.root(size), tree.consistency(old, size))


def test_appending_hashes_two_nodes_on_average_and_never_the_whole_log(monkeypatch):
    made = []
    monkeypatch.setattr(merkle, "node_hash", lambda left, right: made.append(1) or node_hash(left, right))
    tree = Tree()
    for number in range(1024):
        before = len(made)
        tree.append(leaf_hash(bytes(number)))
        assert len(made) - before <= 10
    assert len(made) == 1023


@given(sizes, sizes)
def test_a_tree_cut_back_is_the_tree_of_before(size, kept):
    assume(kept <= size)
    tree = Tree(LEAVES[:size])
    tree.truncate(kept)
    assert tree.size == kept
    assert tree.root() == by_definition(LEAVES[:kept])
    for leaf in LEAVES[kept:]:
        tree.append(leaf)
    assert tree.root() == by_definition(LEAVES)


@given(st.data(), st.integers(0))
def test_one_flipped_bit_anywhere_in_an_inclusion_proof_is_noticed(data, bit):
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    tree = Tree(LEAVES[:size])
    parts = [LEAVES[index], tree.root(), *tree.inclusion(index, size)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(parts[at], bit)
    with pytest.raises(VerificationError):
        verify_inclusion(parts[0], index, size, parts[2:], parts[1])


@given(st.data(), st.integers(0))
def test_one_flipped_bit_anywhere_in_a_consistency_proof_is_noticed(data, bit):
    new = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(1, new))
    tree = Tree(LEAVES[:new])
    parts = [tree.root(old), tree.root(), *tree.consistency(old, new)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(parts[at], bit)
    with pytest.raises(VerificationError):
        verify_consistency(old, new, parts[0], parts[1], parts[2:])


texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(
    texts | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
kinds = st.sampled_from(["opened", "contributed", "closed", "approved"])
drawn_entries = st.lists(
    st.tuples(kinds, st.dictionaries(texts, values, max_size=3), st.binary(max_size=20)), max_size=8
).map(lambda drawn: [Entry(n, "2026-01-02T03:04:05.678+00:00", *parts) for n, parts in enumerate(drawn)])


def signed(entries):
    tree = Tree(entry.leaf for entry in entries)
    return sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root()), KEY)


@given(drawn_entries)
def test_a_log_reads_back_as_it_was_written(entries):
    log = read_log(write_log(entries, signed(entries)), ORIGIN, KEY.public_key())
    assert list(log.entries) == entries
    assert not log.was_cut
    assert [read_line(entry.to_line()) for entry in entries] == entries


@given(drawn_entries, st.integers(0))
def test_one_flipped_byte_in_a_log_is_noticed(entries, at):
    text = write_log(entries, signed(entries)).encode()
    changed = flipped(text, at).decode(errors="replace")
    with pytest.raises((ProtocolError, VerificationError)):
        read_log(changed, ORIGIN, KEY.public_key())


@given(drawn_entries, st.data())
def test_a_log_in_any_other_order_is_noticed(entries, data):
    order = data.draw(st.permutations(range(len(entries))))
    assume(list(order) != sorted(order))
    with pytest.raises(VerificationError):
        read_log(write_log([entries[i] for i in order], signed(entries)), ORIGIN, KEY.public_key())
    moved = [Entry(n, e.at, e.kind, e.public, e.private) for n, e in enumerate(entries[i] for i in order)]
    assume(moved != entries)
    with pytest.raises(VerificationError):
        read_log(write_log(moved, signed(entries)), ORIGIN, KEY.public_key())


@given(drawn_entries, st.integers(1, 300))
def test_a_log_cut_anywhere_is_never_read_as_whole(entries, cut):
    """Exported twice and cut: what is read is the first export, and said to be cut; else it is refused."""
    half = entries[: len(entries) // 2]
    text = write_log(half, signed(half)) + write_log(entries[len(half) :], signed(entries))
    try:
        log = read_log(text[:-cut], ORIGIN, KEY.public_key())
    except (ProtocolError, VerificationError):
        return
    assert list(log.entries) in (half, entries)
    assert log.was_cut or list(log.entries) == half


@given(st.lists(sizes, min_size=1, max_size=6).map(sorted))
def test_a_witness_follows_an_honest_log_and_cosigns_each_step(steps):
    tree, witness = Tree(LEAVES), Witness(ORIGIN, KEY.public_key())
    for size in steps:
        proof = tree.consistency(witness.checkpoint.size, size)
        witness = witness.advance(sign_checkpoint(Checkpoint(ORIGIN, size, tree.root(size)), KEY), proof)
        assert open_checkpoint(witness.seen, ORIGIN, KEY.public_key()).size == size


@given(st.data())
def test_no_witness_follows_a_fork(data):
    """One entry under what was seen is another: no proof of either log carries a witness over."""
    seen = data.draw(st.integers(1, 30))
    after = data.draw(st.integers(seen, 40))
    at = data.draw(st.integers(0, seen - 1))
    honest, forked = Tree(LEAVES[:40]), Tree([*LEAVES[:at], LEAVES[69], *LEAVES[at + 1 : 40]])
    first = sign_checkpoint(Checkpoint(ORIGIN, seen, honest.root(seen)), KEY)
    witness = Witness(ORIGIN, KEY.public_key()).advance(first, ())
    second = sign_checkpoint(Checkpoint(ORIGIN, after, forked.root(after)), KEY)
    for tree in (honest, forked):
        with pytest.raises(VerificationError, match="forked"):
            witness.advance(second, tree.consistency(seen, after))


@given(st.text(), st.text())
def test_any_text_is_a_note_or_refused(text, more):
    for data in (text, text + "\n\n— a " + more + "\n"):
        try:
            parsed = note.parse(data)
        except ProtocolError:
            continue
        assert str(parsed) == data
