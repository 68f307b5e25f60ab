"""The one door out of a hospital. Only the gate makes `Released`, and only `Released` can be put into a contribution.

What the rules said of a hospital's own rows decides here: an analysis with a finding that does not pass has its flag
raised, and its numbers are never computed. Who sees the total learns that some hospital refused, and under which rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from riskset.disclosure.exposure import Exposure, Label, uncovered
from riskset.disclosure.finding import Finding
from riskset.errors import Refused

LARGEST: Final = 2.0**53
"""Counts stay exact below it, and sums of up to 1,000 sites stay inside the fixed-point range."""


@final
class _Door:
    """Held by the gate alone: what `Released` asks to be made with."""


@dataclass(frozen=True)
class SummaryPart:
    """What one question or round of admission asks for."""

    exposure: Exposure
    """What its numbers may be of."""
    labels: tuple[Label, ...]
    """What each of them is."""


@dataclass(frozen=True)
class Summary:
    """A hospital's numbers of one round, before anybody judged them."""

    values: NDArray[np.float64]
    """(n,)"""
    silent: NDArray[np.bool_]
    """(n,): numbers of refused analyses alone. Noise goes in their place."""


@final
class Released:
    """Numbers of one round that passed the gate."""

    def __init__(self, flags: NDArray[np.bool_], summary: Summary, door: _Door) -> None:
        self._flags, self._summary, self._door = flags, summary, door

    @property
    def flags(self) -> NDArray[np.bool_]:
        """By analysis still asked for: True where this hospital refuses it."""
        return self._flags

    @property
    def values(self) -> NDArray[np.float64]:
        """The numbers in clear; 0 where silent."""
        return np.where(self._summary.silent, 0.0, self._summary.values)

    @property
    def silent(self) -> NDArray[np.bool_]:
        return self._summary.silent


@final
class Gate:
    """Lets a round's numbers out, or raises flags in their place."""

    def __init__(self) -> None:
        self.__door = _Door()

    def release(
        self,
        asked: Sequence[str],
        findings: Sequence[tuple[str, Finding]],
        summarise: Callable[[frozenset[str]], Summary],
        parts: Sequence[SummaryPart],
        arm: str | None,
    ) -> Released:
        """Returns what may leave: `asked` are the ids of the analyses that have a flag, `findings` what the rules say
        of them, and `summarise` gives the numbers, told which analyses are refused and not to be computed. `parts` say
        what the numbers are, in their order, and `arm` by which variable tables may be split.

        Raises Refused where a number is not one that its part's exposure covers, is not finite, or there are more or
        fewer than the parts name.
        """
        refused = frozenset(id_ for id_, finding in findings if not finding.passes)
        for part in parts:
            if why := next((why for label in part.labels if (why := uncovered(part.exposure, label, arm))), ""):
                raise Refused("gate", f"a number is not what its analysis declares: {why}")
        summary = summarise(refused)
        size = sum(len(part.labels) for part in parts)
        if summary.values.shape != (size,) or summary.silent.shape != (size,):
            raise Refused("gate", f"a round has {summary.values.size} numbers; the question names {size}")
        spoken = summary.values[~summary.silent]
        if not np.isfinite(spoken).all() or (np.abs(spoken) > LARGEST).any():
            raise Refused("gate", "a number is not finite, or too large to add exactly")
        flags = np.array([id_ in refused for id_ in asked], bool)
        return Released(flags, summary, self.__door)
