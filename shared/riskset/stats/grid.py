"""The steps on which follow-up time is counted when counts by time leave a hospital."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskset.stats.arrays import Bools, Ints


@dataclass(frozen=True)
class Grid:
    """Steps of `width_days` from day 0 to the one that holds `max_days`, where everybody still followed is censored.

    A day t counts at the end of its step, w ceil(t/w), so day 0 has a step of its own; an entry at the beginning of its
    step, w floor(e/w), so that nobody leaves before entering. With w = 1 nothing is rounded.
    """

    width_days: int
    max_days: int

    def __post_init__(self) -> None:
        if self.width_days < 1 or self.max_days < 1:
            raise ValueError("a grid has steps of at least a day and reaches at least day 1")

    @property
    def n_steps(self) -> int:
        return -(-self.max_days // self.width_days) + 1

    @cached_property
    def days(self) -> Ints:
        """(n_steps,) the day at which each step counts: 0, w, 2w, ..."""
        return np.arange(self.n_steps, dtype=np.int64) * self.width_days

    def exit_steps(self, days: Ints) -> Ints:
        """Step of each day of leaving (n,), days beyond `max_days` at the last."""
        return -(-np.minimum(days, self.max_days) // self.width_days)

    def entry_steps(self, entry_days: Ints) -> Ints:
        """Step of each day of entry (n,), not negative: the row is at risk at the steps after it.

        An entry at `max_days` or beyond is at the last step, and so never at risk.
        """
        return np.where(entry_days < self.max_days, entry_days // self.width_days, self.n_steps - 1)

    def is_within(self, days: Ints) -> Bools:
        """False where a day lies beyond `max_days`: an event there is a censoring at the last step."""
        return days <= self.max_days
