"""What each site sent, and how much of it the coordinator could read, from two records: the messages received by the
coordinator, and each site's own ledger, which has the numbers before masking.

Only a demonstration can compare the two, because it controls every party. It verifies that the masked numbers add up,
modulo 2^128, to the sum of the unmasked ones, and that no masked number equals the number it hides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.errors import VerificationError
from riskset.protocol.contributing import labelled
from riskset.protocol.coordinator import Outcome
from riskset.protocol.history import History, histories
from riskset.protocol.journal import CLEAR
from riskset.secure.envelope import Verified
from riskset.secure.fixed_point import Vector, encode, total
from riskset.study.load import study_hash
from riskset.study.spec import Study

ADMISSION, MODELS, CURVES, TABLES = "admission", "models", "curves", "tables"
_PURPOSE: Mapping[str, str] = {
    **dict.fromkeys(("km", "rmst", "follow-up", "cumulative-incidence"), CURVES),
    **dict.fromkeys(("flow", "table1", "balance", "response", "adverse-events", "subgroup"), TABLES),
}
"""What the kinds are called in the table, where they are not models; any other kind is called by its name."""

Slot = tuple[str, str]
"""The analysis that requested a number, and the number's label."""
Clear = Mapping[int, Sequence[tuple[str, str, float]]]
"""A site's unmasked numbers of one run by round, each after its slot, as in its ledger."""


@dataclass(frozen=True)
class ReceivedRound:
    """One round's contributions as received by the coordinator, without the refusal flags."""

    number: int
    slots: tuple[Slot, ...]
    vectors: Mapping[str, Vector]
    """By site; (2, n) for n slots."""


@dataclass(frozen=True)
class SentBySite:
    """What one site sent in one run."""

    site: str
    messages: int
    bytes: int
    """Of the signed messages."""
    numbers: Mapping[str, int]
    """By purpose."""
    readable: int
    """How many numbers the coordinator received unmasked."""


@dataclass(frozen=True)
class Evidence:
    """The result of comparing both records."""

    sent: tuple[SentBySite, ...]
    sums: int
    """How many sums were compared; all are equal to the last bit."""
    tellers: tuple[str, ...] = ()
    """The sites that told hazard ratios of their own besides, in clear."""

    @property
    def numbers(self) -> int:
        return sum(sum(one.numbers.values()) for one in self.sent)

    @property
    def readable(self) -> int:
        return sum(one.readable for one in self.sent)


def evidence(outcome: Outcome, study: Study, roster: str, ledgers: Mapping[str, Clear]) -> Evidence:
    """Returns what was sent; `outcome` is the coordinator's, `roster` the hash of the roster, `ledgers` the sites'.

    Raises VerificationError if the two records disagree.
    """
    rounds = rounds_of(outcome, study, roster)
    in_clear = {site: _aligned(site, rounds, clear) for site, clear in ledgers.items()}
    sums = sum(_check_sums(one, {site: rows[one.number] for site, rows in in_clear.items()}) for one in rounds)
    messages = [message for replies in outcome.replies for message in replies]
    purpose = _purposes(study)  # numbers that no analysis requested are for admission
    sent = (
        SentBySite(
            site=site,
            messages=sum(m.head.sender == site for m in messages),
            bytes=sum(len(m.raw) for m in messages if m.head.sender == site),
            numbers=Counter(purpose.get(id_, ADMISSION) for numbers in clear.values() for id_, _, _ in numbers),
            readable=sum(_readable(one.vectors[site], in_clear[site][one.number], len(in_clear)) for one in rounds),
        )
        for site, clear in ledgers.items()
    )
    return Evidence(tuple(sent), sums, tuple(sorted(outcome.history.tellers)))


def clear_numbers(ledger: Mapping[str, Any], run: str) -> Clear:
    """Returns the numbers of one run from the output of `riskset site ledger --json`, without what a site states in
    clear."""
    return {
        reply["round"]: [(by, label, value) for by, label, value in reply["numbers"] if by not in CLEAR]
        for reply in ledger["replies"]
        if reply["run"] == run and reply["kind"] != "opened"
    }


def rounds_of(outcome: Outcome, study: Study, roster: str) -> list[ReceivedRound]:
    """Returns the rounds after the opening, with the meaning of their numbers derived again from the signed
    messages."""
    states = histories(plan(study), study_hash(study), roster, outcome.run, outcome.replies)
    return [_round(before, replies) for before, replies in zip(states, outcome.replies[1:], strict=False)]


def _round(history: History, contributions: Iterable[Verified]) -> ReceivedRound:
    flags = len(history.live)
    n = history.vector_size - flags
    asked = labelled(history, np.zeros(n), np.zeros(n, bool))
    slots = tuple((id_, label) for id_, labels, _ in asked for label in labels)
    vectors = {message.head.sender: history.read(message)[:, flags:] for message in contributions}
    return ReceivedRound(history.round + 1, slots, vectors)


def _aligned(site: str, rounds: Sequence[ReceivedRound], clear: Clear) -> dict[int, NDArray[np.float64]]:
    """Returns a site's numbers by round, (n,); NaN where it withheld a number and sent noise."""
    if set(clear) != {one.number for one in rounds} or any(site not in one.vectors for one in rounds):
        raise VerificationError(say("demo.rounds_differ", site=site), say("demo.rounds_differ_hint"))
    return {one.number: _in_slots(site, one, clear[one.number]) for one in rounds}


def _in_slots(site: str, asked: ReceivedRound, numbers: Sequence[tuple[str, str, float]]) -> NDArray[np.float64]:
    values, at = np.full(len(asked.slots), np.nan), 0
    for place, slot in enumerate(asked.slots):
        if at < len(numbers) and tuple(numbers[at][:2]) == slot:
            values[place], at = numbers[at][2], at + 1
    if at < len(numbers):
        raise VerificationError(say("demo.not_requested", round=asked.number, site=site))
    return values


def _check_sums(received: ReceivedRound, in_clear: Mapping[str, NDArray[np.float64]]) -> int:
    """Returns the number of sums over numbers that every site sent. Raises VerificationError if one is different."""
    by_all = np.isfinite(list(in_clear.values())).all(axis=0)
    clear = total([encode(values[by_all], len(in_clear)) for values in in_clear.values()])
    masked = total([vector[:, by_all] for vector in received.vectors.values()])
    if unequal := int((clear != masked).any(axis=0).sum()):
        message = say("demo.sums_differ", round=received.number, n=unequal, of=int(by_all.sum()))
        raise VerificationError(message, say("demo.sums_differ_hint"))
    return int(by_all.sum())


def _readable(received: Vector, values: NDArray[np.float64], parties: int) -> int:
    in_clear = np.isfinite(values)
    return int((received[:, in_clear] == encode(values[in_clear], parties)).all(axis=0).sum())


def _purposes(study: Study) -> dict[str, str]:
    """Returns the purpose of each analysis' numbers, by its id."""
    asked = plan(study).reported
    kinds = {analysis.id: study.analyses[analysis.name].kind for analysis in asked}
    return {a.id: MODELS if a.exposure.design else _PURPOSE.get(kinds[a.id], kinds[a.id]) for a in asked}
