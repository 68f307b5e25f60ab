"""Variables of time, and the days in their units."""

from __future__ import annotations

from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import DateEndpoint, DaysEndpoint, NumberVariable, Study


def is_whole_days(name: str, study: Study) -> bool:
    """True for what an endpoint takes as a number of days."""
    of_days = (endpoint for endpoint in study.endpoints.values() if isinstance(endpoint, DaysEndpoint))
    return any(name in (endpoint.days, endpoint.entry) for endpoint in of_days)


def is_event(name: str, study: Study) -> bool:
    """True for a flag that tells events of an endpoint in days from censored follow-up."""
    return any(isinstance(one, DaysEndpoint) and name in one.causes for one in study.endpoints.values())


def is_dated_event(name: str, study: Study) -> bool:
    """True for a date whose absence means that the event has not happened."""
    return any(isinstance(one, DateEndpoint) and name in one.ends for one in study.endpoints.values())


def unit_days(name: str, study: Study) -> float | None:
    """Returns the days in one unit of a variable; None where it is not a time. What an endpoint takes as days is in
    days, whatever is printed."""
    if is_whole_days(name, study):
        return 1.0
    variable = study.variables[name]
    if not isinstance(variable, NumberVariable):
        return None
    return DAYS_PER_UNIT.get(variable.unit.strip().lower().removesuffix("s"))
