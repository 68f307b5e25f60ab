"""An outcome that a hospital told in an earlier run. Never leaves it."""

from __future__ import annotations

from typing import Final, NamedTuple

from riskset.analyses.cohort import AnalysisSet

NOT_COUNTED: Final = -1
"""In place of the events of a weighted set, of whom nobody knows how many they are."""


class ToldOutcome(NamedTuple):
    """How an earlier run followed patients of the present one."""

    run: str
    is_of_level: bool
    """Whether they are those of a level, of whom alone a model was."""
    of: AnalysisSet
    """Their days and events then, in the order of the patients; not of those who were altered since."""
    events: int
    """At all hospitals; `NOT_COUNTED` where patients count by their own weights."""
