"""From numbers that the gate let out to the bytes of a contribution. There is no other way from numbers to bytes."""

from __future__ import annotations

from riskset.disclosure.gate import Released
from riskset.secure import fixed_point
from riskset.secure.masks import Masks, noise


def contribution(released: Released, parties: int, masks: Masks, round_: int, history: str) -> bytes:
    """Returns the payload: a flag for each analysis asked, then the numbers, as integers modulo 2^128, masked.

    Where the site refuses an analysis its flag and its numbers are noise: with `parties` masked contributions added,
    the total tells that somebody refused, and nothing else.
    """
    flags, numbers = fixed_point.zeros(len(released.flags)), fixed_point.encode(released.values, parties)
    flags[:, released.flags] = noise(int(released.flags.sum()))
    numbers[:, released.silent] = noise(int(released.silent.sum()))
    vector = fixed_point.concatenate([flags, numbers])
    return fixed_point.to_bytes(masks.mask(vector, round_, history))
