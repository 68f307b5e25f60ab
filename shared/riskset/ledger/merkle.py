"""The tree of hashes over a log's entries (RFC 6962, section 2.1; RFC 9162, section 2.1): one root commits to all.

    leaf  = SHA-256(0x00 || entry)
    node  = SHA-256(0x01 || left || right)
    root  = of n leaves: the node over the first k, the largest power of two below n, and over the others

An inclusion proof shows that an entry is the i-th of those under a root; a consistency proof, that one root's entries
are the first of another's: nothing was changed, dropped or reordered. Both are at most 1 + log2(n) hashes.

The party that keeps the log holds a `Tree`, to which a leaf is added without hashing the others again. A party that is
shown proofs needs only the two `verify` functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from riskset.catalogue import say
from riskset.errors import VerificationError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Proof = tuple[bytes, ...]
"""Hashes of subtrees, those next to the leaves first."""


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()  # another first byte, or a node could pass for an entry


class Tree:
    """The hashes of all full subtrees: `levels[h][i]` is over the leaves from i * 2^h to (i + 1) * 2^h - 1.

    n leaves have fewer than 2n of them, and every root and proof is made of at most 2 log2(n).
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """`leaves` are hashes of leaves, in order."""
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Adds the hash of one leaf, and of every subtree that it fills: two hashes on average."""
        node, height = leaf, 0
        self._levels[0].append(node)
        while len(self._levels[height]) % 2 == 0:
            node = node_hash(*self._levels[height][-2:])
            height += 1
            if height == len(self._levels):
                self._levels.append([])
            self._levels[height].append(node)

    def truncate(self, size: int) -> None:
        """Removes the last leaves, so that `size` are left: those that were not written after all."""
        for height, nodes in enumerate(self._levels):
            del nodes[size >> height :]

    def root(self, size: int | None = None) -> bytes:
        """Returns the root over the first `size` leaves; over all where `size` is not given."""
        size = self._known(self.size if size is None else size)
        return self._over(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> Proof:
        """Returns the proof that leaf `index` is under the root over the first `size` leaves."""
        if not 0 <= index < self._known(size):
            raise ValueError(f"there is no leaf {index} among {size}")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            path.append(self._over(middle, end) if index < middle else self._over(start, middle))
            start, end = (start, middle) if index < middle else (middle, end)
        return tuple(reversed(path))

    def consistency(self, old: int, new: int) -> Proof:
        """Returns the proof that the root over the first `old` leaves and that over the first `new` are of one log."""
        if not 0 <= old <= self._known(new):
            raise ValueError(f"{old} leaves are not the first of {new}")
        if old in (0, new):
            return ()
        path: list[bytes] = []
        start, end = 0, new
        while end != old:
            middle = start + _split(end - start)
            path.append(self._over(middle, end) if old <= middle else self._over(start, middle))
            start, end = (start, middle) if old <= middle else (middle, end)
        if start > 0:  # else the old root itself, which the verifier has
            path.append(self._over(start, end))
        return tuple(reversed(path))

    def _over(self, start: int, end: int) -> bytes:
        """Returns the hash over leaves start to end - 1, where start is a multiple of a power of two >= their count."""
        size = end - start
        height = size.bit_length() - 1
        if size == 1 << height:
            return self._levels[height][start >> height]
        middle = start + _split(size)
        return node_hash(self._over(start, middle), self._over(middle, end))

    def _known(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ValueError(f"the log has {self.size} entries; {size} were asked for")
        return size


def _split(n: int) -> int:
    """Returns the largest power of two below n."""
    return 1 << ((n - 1).bit_length() - 1)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises VerificationError unless the proof shows that the leaf hash is number `index` of `size` under `root`.

    RFC 9162, section 2.1.3.2.
    """
    _check_hashes([leaf, root, *proof])
    if not 0 <= index < size:
        raise VerificationError(say("ledger.proof.entry", index=index, size=size))
    node, at, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise VerificationError(say("ledger.proof.too_long"))
        if at % 2 or at == last:
            node = node_hash(sibling, node)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise VerificationError(say("ledger.proof.too_short"))
    if node != root:
        raise VerificationError(say("ledger.proof.not_included", index=index, size=size))


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises VerificationError unless the proof shows that the entries under `old_root` are the first under `new_root`.

    RFC 9162, section 2.1.4.2. Every log extends the empty one, without a proof.
    """
    _check_hashes([old_root, new_root, *proof])
    if not 0 <= old <= new:
        raise VerificationError(say("ledger.proof.shorter", new=new, old=old))
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != expected:
            raise VerificationError(say("ledger.proof.differ", old=old))
        return
    path = list(proof) if old & (old - 1) else [old_root, *proof]  # a full subtree is not sent again
    if not path or _fold(path, old, new) != (old_root, new_root):
        raise VerificationError(say("ledger.proof.not_extended", new=new, old=old))


def _fold(path: Sequence[bytes], old: int, new: int) -> tuple[bytes, bytes] | None:
    """Returns the roots that a consistency path leads to; None where its length does not fit the sizes."""
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if at % 2 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return (first, second) if last == 0 else None


def _check_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise VerificationError(say("ledger.proof.hashes", bytes=HASH_BYTES))
