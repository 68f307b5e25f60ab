"""What masks cost: milliseconds at a site and at the coordinator, and bytes, for a vector of 100,000 numbers."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from riskset.secure import fixed_point
from riskset.secure.masks import PairwiseMasks, new_secret, public_of

NUMBERS = 100_000
TURNS = 7


def run(sites: int) -> dict[str, Any]:
    """Medians over `TURNS`; the coordinator adds what all sites sent, as each site does too in the next round."""
    secrets = {f"site{i:02d}": new_secret() for i in range(sites)}
    keys = {name: public_of(secret) for name, secret in secrets.items()}
    values = np.random.default_rng(1).normal(size=NUMBERS)
    masks = {name: PairwiseMasks(secret, name, keys, {"run": "r"}) for name, secret in secrets.items()}
    vector = fixed_point.encode(values, sites)
    sent = {name: fixed_point.to_bytes(one.mask(vector, 1, "h")) for name, one in masks.items()}
    name = "site00"
    total = _added(sent.values())
    if not np.array_equal(np.array(fixed_point.decode(total)), np.array(fixed_point.decode(_times(vector, sites)))):
        raise AssertionError("the masks do not cancel")
    return {
        "sites": sites,
        "keys_ms": _ms(lambda: PairwiseMasks(secrets[name], name, keys, {"run": "r"})),
        "encode_ms": _ms(lambda: fixed_point.encode(values, sites)),
        "mask_ms": _ms(lambda: masks[name].mask(vector, 1, "h")),
        "add_ms": _ms(lambda: _added(sent.values())),
        "decode_ms": _ms(lambda: fixed_point.decode(total)),
        "bytes": len(sent[name]),
    }


def _added(payloads: Any) -> fixed_point.Vector:
    return fixed_point.total([fixed_point.from_bytes(payload, NUMBERS) for payload in payloads])


def _times(vector: fixed_point.Vector, n: int) -> fixed_point.Vector:
    return fixed_point.total([vector] * n)


def _ms(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(TURNS):
        began = perf_counter()
        work()
        seconds.append(perf_counter() - began)
    return 1000 * median(seconds)
