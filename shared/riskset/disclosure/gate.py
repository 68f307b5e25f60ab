"""The only way out of a hospital: only the gate makes `Released`, and only `Released` can be put into a contribution.

An analysis with a finding that does not pass has its flag raised, and its numbers are replaced by noise. Anyone who
sees the total learns that some hospital refused, and which limit its rows do not meet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from riskset.catalogue import say
from riskset.disclosure.coverage import adds_weights, first_uncovered, is_count, uncovered_alone
from riskset.disclosure.exposure import Exposure, Label
from riskset.disclosure.finding import Finding
from riskset.errors import Refused

LARGEST: Final = 2.0**53
"""Counts stay exact below it, and sums of up to 1,000 sites stay inside the fixed-point range."""


Told = tuple[float, ...] | None
"""What a hospital tells of its own rows alone: the numbers, none where it has no patients; None where it tells
nothing."""


@final
class _Door:
    """Held only by the gate: the key with which `Released` is made."""


@dataclass(frozen=True)
class SummaryPart:
    """The numbers that one question or round of admission asks for."""

    exposure: Exposure
    """What its numbers may be about."""
    labels: tuple[Label, ...]
    """What each number is."""
    rows: int | None = None
    """How many patients this hospital has in the analysis set: no count is larger. None in admission, whose counts are
    of several sets."""
    told: tuple[Label, ...] = ()
    """What each number is that the hospital may tell of its own rows, in clear."""


@dataclass(frozen=True)
class Summary:
    """A hospital's numbers of one round, not judged yet."""

    values: NDArray[np.float64]
    """(n,)"""
    silent: NDArray[np.bool_]
    """(n,): True where a number belongs to refused analyses only; noise is sent in its place."""
    stated: tuple[bool, ...] = ()
    """What the hospital states in clear: to which counts it contributes. The same whatever it refuses."""
    told: tuple[Told, ...] = ()
    """For each part that asks for it, what it tells of its own rows, in clear."""


@final
class Released:
    """Numbers of one round that passed the gate."""

    def __init__(self, flags: Sequence[int | None], summary: Summary, door: _Door) -> None:
        self._flags, self._summary, self._door = flags, summary, door

    @property
    def flags(self) -> Sequence[int | None]:
        """One per analysis with a flag: the number of the cause for which this hospital refuses it; None where it does
        not."""
        return self._flags

    @property
    def values(self) -> NDArray[np.float64]:
        """The unmasked numbers; 0 where silent."""
        return np.where(self._summary.silent, 0.0, self._summary.values)

    @property
    def silent(self) -> NDArray[np.bool_]:
        return self._summary.silent

    @property
    def stated(self) -> tuple[bool, ...]:
        return self._summary.stated

    @property
    def told(self) -> tuple[Told, ...]:
        return self._summary.told


@final
class Gate:
    """Releases a round's numbers, or raises flags in their place."""

    def __init__(self) -> None:
        self.__door = _Door()

    def release(
        self,
        asked: Sequence[str],
        findings: Sequence[tuple[str, Finding]],
        summarise: Callable[[frozenset[str]], Summary],
        parts: Sequence[SummaryPart],
        arm: str | None,
        number_of: Callable[[str, Finding | None], int] = lambda id_, finding: 0,
    ) -> Released:
        """Returns what may leave.

        `asked` are the ids of the analyses that have a flag, `findings` what the rules say about them; `summarise`
        gives the numbers, called with the refused analyses, whose numbers it makes silent. `parts` say what the numbers
        are, in their order; tables may be split by the variable `arm`. `number_of` a finding is what its flag shows.

        Raises:
            Refused: a number is not covered by its part's exposure or is not finite, or the parts name more or fewer.
        """
        first = {id_: finding for id_, finding in reversed(findings) if not finding.passes}
        refused = frozenset(first)
        for part in parts:
            if why := first_uncovered(part.exposure, part.labels, arm):
                raise Refused("gate", say("rules.gate.uncovered", why=why))
            if why := uncovered_alone(part.exposure, part.told):
                raise Refused("gate", say("rules.gate.uncovered", why=why))
        summary = summarise(refused)
        size = sum(len(part.labels) for part in parts)
        if summary.values.shape != (size,) or summary.silent.shape != (size,):
            raise Refused("gate", say("rules.gate.size", expected=size, found=summary.values.size))
        spoken = summary.values[~summary.silent]
        if not np.isfinite(spoken).all() or (np.abs(spoken) > LARGEST).any():
            raise Refused("gate", say("rules.gate.not_finite"))
        self._check_counts(parts, summary)
        self._check_told([part.told for part in parts if part.told], summary.told)
        numbers = [(id_, number_of(id_, first.get(id_))) for id_ in asked]  # for all: the work shows no refusal
        flags = tuple(number if id_ in refused else None for id_, number in numbers)
        return Released(flags, summary, self.__door)

    def _check_counts(self, parts: Sequence[SummaryPart], summary: Summary) -> None:
        """Raises Refused where a number that must be a count is not one: an amount under a count's label stays here."""
        at = 0
        for part in parts:
            own, at = slice(at, at + len(part.labels)), at + len(part.labels)
            if part.rows is None:
                continue
            counts = np.array([is_count(part.exposure, label) for label in part.labels], bool) & ~summary.silent[own]
            weights = np.array([adds_weights(part.exposure, label) for label in part.labels], bool)
            values, whole = summary.values[own][counts], summary.values[own][counts | weights & ~summary.silent[own]]
            if (whole != np.rint(whole)).any() or (whole < 0).any() or (values > part.rows).any():
                raise Refused("gate", say("rules.gate.no_count"))

    def _check_told(self, labels: Sequence[Sequence[Label]], told: Sequence[Told]) -> None:
        """Raises Refused where what is told in clear is not exactly what is labelled, or nothing."""
        if len(told) != len(labels):
            raise Refused("gate", say("rules.gate.size", expected=len(labels), found=len(told)))
        for names, numbers in zip(labels, told, strict=True):
            if numbers and len(numbers) != len(names):
                raise Refused("gate", say("rules.gate.size", expected=len(names), found=len(numbers)))
            if not np.isfinite(numbers or ()).all():
                raise Refused("gate", say("rules.gate.not_finite"))
