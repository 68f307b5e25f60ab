"""How many eligible patients the sets of a study leave out, and why: counted once, after the sets were admitted.

The counts are of patients, crossed with nothing: how many have no follow-up to an endpoint, how many of the others lack
a value that a set needs, how many lack a value of a variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.analyses.excluded import BEFORE_LANDMARK, INCOMPLETE, MISSING, NO_FOLLOW_UP, Reason
from riskset.disclosure.exposure import Label, total

_TEXTS = {
    NO_FOLLOW_UP: "patients without follow-up to {}",
    INCOMPLETE: "patients without a covariate of {}",
    BEFORE_LANDMARK: "patients with these, but no longer at risk, of {}",
    MISSING: "patients without a value of {}",
}


@dataclass(frozen=True)
class Exclusions:
    """The part of a round that counts them. A number for each reason or, with `least`, two."""

    reasons: tuple[Reason, ...] = ()
    least: int = 0
    """Where others can see a hospital's own numbers: it sends no count from 1 to `least` - 1, but that it withholds
    one. 0 where only totals are seen."""

    def asked(self, live: Sequence[Analysis]) -> tuple[Reason, ...]:
        """Returns the reasons that concern a set of these analyses."""
        sets = {analysis.analysis_set for analysis in live}
        return tuple(reason for reason in self.reasons if sets.intersection(reason.sets))

    def labels(self, live: Sequence[Analysis]) -> tuple[Label, ...]:
        texts = ["{}", "whether too few to be told: {}"] if self.least else ["{}"]
        return tuple(
            total(text.format(_TEXTS[reason.code].format(reason.of))) for reason in self.asked(live) for text in texts
        )

    def local(self, cohort: Cohort, live: Sequence[Analysis]) -> NDArray[np.float64]:
        """Returns the hospital's counts, (size,)."""
        asked = self.asked(live)
        counts = [cohort.excluded.get(reason.key, 0) for reason in asked]
        if not self.least:
            return np.array(counts, np.float64)
        small = [0 < n < self.least for n in counts]
        # a variable's count could follow from those of the others
        one_is = any(of and reason.code == MISSING for reason, of in zip(asked, small, strict=True))
        withheld = [of or (one_is and reason.code == MISSING) for reason, of in zip(asked, small, strict=True)]
        return np.array([x for n, w in zip(counts, withheld, strict=True) for x in (0 if w else n, w)], np.float64)

    def silent(self, live: Sequence[Analysis], refused: frozenset[str]) -> NDArray[np.bool_]:
        """Returns which numbers concern sets of refused analyses only, (size,)."""
        alive = _alive(live, refused)
        is_dead = [alive.isdisjoint(reason.sets) for reason in self.asked(live)]
        return np.repeat(np.array(is_dead, bool), 2 if self.least else 1)

    def combine(
        self, numbers: Sequence[float], live: Sequence[Analysis], dead: frozenset[str]
    ) -> Mapping[Reason, int | None]:
        """Returns the pooled counts; None where a hospital withheld its own."""
        per, alive = 2 if self.least else 1, _alive(live, dead)
        counts: dict[Reason, int | None] = {}
        for i, reason in enumerate(self.asked(live)):
            n, *withheld = (round(number) for number in numbers[per * i : per * (i + 1)])
            if not alive.isdisjoint(reason.sets):
                counts[reason] = None if any(withheld) else n
        return counts


def _alive(live: Sequence[Analysis], refused: frozenset[str]) -> frozenset[str]:
    """Returns the sets of the analyses that are not refused."""
    return frozenset(analysis.analysis_set for analysis in live if analysis.id not in refused)


NOT_COUNTED: Final = Exclusions()
"""The round without them."""
