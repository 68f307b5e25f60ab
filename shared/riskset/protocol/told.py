"""What hospitals tell of their own rows alone, in clear, each signed by itself: behind what it states with its numbers.

A number of one hospital under the secure sum could be changed by any other. What is told in clear is that hospital's
word, the same to everyone, and the coordinator reads it too. A hospital tells it only where its approval says so.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import isfinite
from typing import Final

from riskset.catalogue import say
from riskset.disclosure.gate import Told
from riskset.errors import ProtocolError
from riskset.protocol.witnessing import read_cosigned
from riskset.secure.envelope import Verified

_BEFORE: Final = b";"
"""Separates what is told of each analysis from what is before it."""
_NOTHING: Final = b"-"
"""A hospital with patients that tells nothing; one without patients writes nothing."""


def with_told(stated: bytes, told: Sequence[Told]) -> bytes:
    """Returns a statement with what is told of each analysis behind it: IEEE 754 doubles, hexadecimal."""
    parts = (_NOTHING if one is None else struct.pack(f">{len(one)}d", *one).hex().encode() for one in told)
    return b"".join((stated, *(_BEFORE + part for part in parts)))


def without_told(statement: bytes) -> bytes:
    """Returns what a site states of the counts."""
    return statement.partition(_BEFORE)[0]


def read_told(contribution: Verified, sizes: Sequence[int]) -> list[Told]:
    """Returns what a site tells of analyses of so many numbers each. Raises ProtocolError, with its name, for anything
    else."""
    _, *parts = (read_cosigned(contribution.payload).stated or b"").split(_BEFORE)
    try:
        return [_numbers(part, size) for part, size in zip(parts, sizes, strict=True)]
    except ValueError:
        raise ProtocolError(say("protocol.round.told", site=contribution.head.sender, n=len(sizes))) from None


def _numbers(part: bytes, size: int) -> Told:
    if part == _NOTHING:
        return None
    if not part:
        return ()
    data = bytes.fromhex(part.decode("ascii"))
    if data.hex().encode() != part or len(data) != 8 * size:
        raise ValueError("numbers in another spelling")
    numbers = struct.unpack(f">{size}d", data)
    if not all(map(isfinite, numbers)):
        raise ValueError("not a number")
    return numbers
