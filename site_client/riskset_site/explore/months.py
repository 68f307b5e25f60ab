"""In which months events were: an empty year, or one month that has most of them, is seen at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet
from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import DateEndpoint
from riskset_site.explore.rows import Looked


@dataclass(frozen=True)
class EventMonths:
    """Events by month, without gaps."""

    of_calendar: bool
    """Whether months are those of the calendar; otherwise they are counted from the origin."""
    first: int
    """Month since January 1970, or since the origin."""
    counts: NDArray[np.int64]


def event_months(looked: Looked, endpoint: str, rows: AnalysisSet) -> EventMonths | None:
    """Returns the months of an endpoint's events; None without an event."""
    defined = looked.study.endpoints[endpoint]
    if not rows.event.any():
        return None
    if isinstance(defined, DateEndpoint):
        origin = looked.used.export.columns[defined.origin].values[rows.patients]
        months = (origin + rows.days)[rows.event].astype("datetime64[M]").astype(np.int64)
    else:
        months = (rows.days[rows.event] // DAYS_PER_UNIT["month"]).astype(np.int64)
    first = int(months.min())
    return EventMonths(isinstance(defined, DateEndpoint), first, np.bincount(months - first))
