"""What left each site and what of it the coordinator could read, from the two records there are of it: the bytes that
came to the coordinator, and each site's own ledger, which holds the numbers before the mask.

Only a demonstration can lay the two side by side, since it stands at every desk. The statement is checked, not made:
the masked numbers add up, modulo 2^128, to the sum of the clear ones, and none of them is the number that it hides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.plan import plan
from riskset.errors import VerificationError
from riskset.protocol.contributing import labelled
from riskset.protocol.coordinator import Outcome
from riskset.protocol.history import History, open_history
from riskset.secure.envelope import Verified
from riskset.secure.fixed_point import Vector, encode, total
from riskset.study.load import study_hash
from riskset.study.spec import Study

ADMISSION, MODELS, CURVES = "admission", "models", "curves"
_PURPOSE: Mapping[str, str] = {"cox": MODELS, "km": CURVES}
"""What a reader calls the kinds; another kind is called by its name."""

Slot = tuple[str, str]
"""What asked for a number, and what it is."""
Clear = Mapping[int, Sequence[tuple[str, str, float]]]
"""A site's numbers of one run by round, each behind its slot, as its own ledger has them."""


@dataclass(frozen=True)
class Round:
    """One round's contributions as they came to the coordinator, without their flags."""

    number: int
    slots: tuple[Slot, ...]
    vectors: Mapping[str, Vector]
    """By site; (2, n) for n slots."""


@dataclass(frozen=True)
class Sent:
    """What left one site in one run."""

    site: str
    messages: int
    bytes: int
    """Of the signed messages."""
    numbers: Mapping[str, int]
    """By what they are for."""
    readable: int
    """How many came to the coordinator as the number itself."""


@dataclass(frozen=True)
class Evidence:
    """Both records, held against each other."""

    sent: tuple[Sent, ...]
    sums: int
    """How many sums were found equal to the last bit."""

    @property
    def numbers(self) -> int:
        return sum(sum(one.numbers.values()) for one in self.sent)

    @property
    def readable(self) -> int:
        return sum(one.readable for one in self.sent)


def evidence(outcome: Outcome, study: Study, roster: str, ledgers: Mapping[str, Clear]) -> Evidence:
    """Returns what left; `outcome` is the coordinator's, `roster` the hash of the roster, `ledgers` the sites' own.

    Raises VerificationError where the two do not tell of the same numbers.
    """
    rounds = rounds_of(outcome, study, roster)
    spoken = {site: _aligned(site, rounds, clear) for site, clear in ledgers.items()}
    sums = sum(_check_sums(one, {site: rows[one.number] for site, rows in spoken.items()}) for one in rounds)
    messages = [message for replies in outcome.replies for message in replies]
    purpose = _purposes(
        study
    )  # what no analysis asked for, admission did: each number is in a slot of one or the other
    left = (
        Sent(
            site=site,
            messages=sum(m.head.sender == site for m in messages),
            bytes=sum(len(m.raw) for m in messages if m.head.sender == site),
            numbers=Counter(purpose.get(id_, ADMISSION) for numbers in clear.values() for id_, _, _ in numbers),
            readable=sum(_readable(one.vectors[site], spoken[site][one.number], len(spoken)) for one in rounds),
        )
        for site, clear in ledgers.items()
    )
    return Evidence(tuple(left), sums)


def clear_numbers(said: Mapping[str, Any], run: str) -> Clear:
    """Returns the numbers of one run in what `riskset site ledger --json` printed."""
    return {
        reply["round"]: [(asked_by, label, value) for asked_by, label, value in reply["numbers"]]
        for reply in said["replies"]
        if reply["run"] == run and reply["kind"] != "opened"
    }


def rounds_of(outcome: Outcome, study: Study, roster: str) -> list[Round]:
    """Returns the rounds behind the opening, each with what its numbers mean: derived anew from the signed messages."""
    opened, *rest = outcome.replies
    history = open_history(plan(study), study_hash(study), roster, outcome.run, opened)
    rounds = []
    for contributions in rest:
        rounds.append(_round(history, contributions))
        history = history.advance(contributions)
    return rounds


def _round(history: History, contributions: Iterable[Verified]) -> Round:
    flags = len(history.live)
    n = history.vector_size - flags
    asked = labelled(history, np.zeros(n), np.zeros(n, bool))
    slots = tuple((id_, label) for id_, labels, _ in asked for label in labels)
    vectors = {message.head.sender: history.read(message)[:, flags:] for message in contributions}
    return Round(history.round + 1, slots, vectors)


def _aligned(site: str, rounds: Sequence[Round], clear: Clear) -> dict[int, NDArray[np.float64]]:
    """Returns a site's numbers by round, (n,), NaN where it held one back and sent noise."""
    if set(clear) != {one.number for one in rounds} or any(site not in one.vectors for one in rounds):
        raise VerificationError(
            f"the ledger of {site} and the coordinator's record do not tell of the same rounds",
            "compare: riskset site ledger, and the replies in runs.sqlite",
        )
    return {one.number: _in_slots(site, one, clear[one.number]) for one in rounds}


def _in_slots(site: str, asked: Round, numbers: Sequence[tuple[str, str, float]]) -> NDArray[np.float64]:
    values, at = np.full(len(asked.slots), np.nan), 0
    for place, slot in enumerate(asked.slots):
        if at < len(numbers) and tuple(numbers[at][:2]) == slot:
            values[place], at = numbers[at][2], at + 1
    if at < len(numbers):
        raise VerificationError(f"round {asked.number}: the ledger of {site} has numbers that nobody asked for")
    return values


def _check_sums(came: Round, spoken: Mapping[str, NDArray[np.float64]]) -> int:
    """Returns how many sums there are of numbers that every site sent. VerificationError where one is another."""
    by_all = np.isfinite(list(spoken.values())).all(axis=0)
    clear = total([encode(values[by_all], len(spoken)) for values in spoken.values()])
    masked = total([vector[:, by_all] for vector in came.vectors.values()])
    if unequal := int((clear != masked).any(axis=0).sum()):
        raise VerificationError(
            f"round {came.number}: {unequal} of {by_all.sum()} sums of what came are not those of the sites' numbers",
            "a site's ledger or the coordinator's record was changed, or this is a fault of riskset: keep both",
        )
    return int(by_all.sum())


def _readable(came: Vector, values: NDArray[np.float64], parties: int) -> int:
    spoken = np.isfinite(values)
    return int((came[:, spoken] == encode(values[spoken], parties)).all(axis=0).sum())


def _purposes(study: Study) -> dict[str, str]:
    """Returns what the numbers of each analysis are for, by its id."""
    kinds = {analysis.id: study.analyses[analysis.name].kind for analysis in plan(study).reported}
    return {id_: _PURPOSE.get(kind, kind) for id_, kind in kinds.items()}
