"""The time grid on which follow-up is counted when counts by time leave a hospital."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from riskset.stats.arrays import Bools, Ints


@dataclass(frozen=True)
class Grid:
    """Steps of `width_days` from day 0 to the one with `max_days`, where everyone still in follow-up is censored.

    A day t counts at the end of its step, w ceil(t/w), so day 0 has its own step; an entry counts at the beginning of
    its step, w floor(e/w), so that no one exits before entering. With w = 1 nothing is rounded. ValueError for a width
    or an end below one day.
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
        """The day at which each step counts, (n_steps,): 0, w, 2w, ..."""
        return np.arange(self.n_steps, dtype=np.int64) * self.width_days

    def exit_steps(self, days: Ints) -> Ints:
        """Returns the step of each exit day, (n,); days beyond `max_days` are in the last step."""
        return -(-np.minimum(days, self.max_days) // self.width_days)

    def entry_steps(self, entry_days: Ints) -> Ints:
        """Returns the step of each entry day, (n,), days >= 0: the row is at risk in the steps after it.

        An entry at `max_days` or later is in the last step, so the row is never at risk.
        """
        return np.where(entry_days < self.max_days, entry_days // self.width_days, self.n_steps - 1)

    def is_within(self, days: Ints) -> Bools:
        """Returns False where a day is beyond `max_days`: an event there counts as a censoring in the last step."""
        return days <= self.max_days
