"""What a site states in clear with its numbers: to which counts of a round of admission it contributes.

A contributor counted under the secure sum could count for two by sending a 2. What is stated in clear is 0 or 1, signed
by the site, and the same to everyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from riskset.analyses.admission.step import Live, Step
from riskset.catalogue import say
from riskset.errors import ProtocolError
from riskset.protocol.told import without_told
from riskset.protocol.witnessing import read_cosigned
from riskset.secure.envelope import Verified

SINCE: Final = 3
"""The protocol from which contributors are stated; before, each sent a masked 0 or 1 behind its count."""


def stated(contributes: Sequence[bool]) -> bytes:
    """Returns the statement as it is sent: `0` or `1` for each count."""
    return "".join(str(int(one)) for one in contributes).encode()


def read_stated(contribution: Verified, expected: int) -> list[bool]:
    """Returns what a site states about so many counts. Raises ProtocolError, with its name, for anything else."""
    statement = read_cosigned(contribution.payload).stated
    found = None if statement is None else without_told(statement)
    if found is None or len(found) != expected or not set(found) <= set(b"01"):
        raise ProtocolError(say("protocol.round.stated", site=contribution.head.sender, n=expected))
    return [one == ord("1") for one in found]


def contributors(contributions: Sequence[Verified], expected: int) -> list[int]:
    """Returns how many sites contribute to each count."""
    return [sum(of_sites) for of_sites in zip(*(read_stated(one, expected) for one in contributions), strict=True)]


def unmixed(numbers: Sequence[float], step: Step, live: Live) -> tuple[list[float], list[int]]:
    """Returns the counts and the contributors of a total from before `SINCE`."""
    places, counts, sites = iter(numbers), list[float](), list[int]()
    behind = set(step.stated(live))
    for index in range(len(step.labels(live))):
        counts.append(next(places))
        if index in behind:
            sites.append(round(next(places)))
    return counts, sites
