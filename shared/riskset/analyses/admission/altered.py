"""What may have been altered since an earlier run. Patients are counted by it as well as in total: one corrected
covariate must not be hidden by many updated follow-ups, nor one death by many patients censored on a later day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from riskset.analyses.analysis import Analysis

VALUE: Final = "value"
OUTCOME: Final = "outcome"
EVENT: Final = "event"


class Item(NamedTuple):
    """What may be altered."""

    what: Literal["value", "outcome", "event"]
    """A value of a variable; the days, the event or the day of entry in an analysis set; the event alone."""
    name: str
    """Of the variable, or of the set."""

    @property
    def text(self) -> str:
        """Its name among what is counted."""
        return {VALUE: self.name, OUTCOME: f"days or event of {self.name}", EVENT: f"event of {self.name}"}[self.what]


def users_in(live: Sequence[Analysis]) -> dict[Item, list[str]]:
    """Returns, for each item that the analyses use, in their order, the ids of those that do."""
    found: dict[Item, list[str]] = {}
    for analysis in live:
        for item in _items_of(analysis):
            found.setdefault(item, []).append(analysis.id)
    return found


def _items_of(analysis: Analysis) -> tuple[Item, ...]:
    name, weight = analysis.analysis_set, analysis.set_id.weighted_by
    of_set = () if analysis.endpoint is None else (Item(OUTCOME, name), Item(EVENT, name))
    variables = dict.fromkeys((*(c.variable for c in analysis.columns), *filter(None, [weight])))
    return (*of_set, *(Item(VALUE, variable) for variable in variables))
