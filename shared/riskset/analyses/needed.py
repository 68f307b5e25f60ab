"""What the largest models of a study need to pass the rules, whatever the data are."""

from __future__ import annotations

from riskset.analyses.plan import Plan
from riskset.disclosure import models
from riskset.disclosure.policy import Policy


def needed_by(planned: Plan, policy: Policy) -> dict[str, dict[str, int]]:
    """Returns, by entry with models, the `parameters` of the largest one, and the `patients` and `events` that it needs
    under these limits."""
    largest: dict[str, int] = {}
    for analysis in planned.reported:
        if p := len(analysis.exposure.design):
            largest[analysis.name] = max(p, largest.get(analysis.name, 0))
    return {name: {"parameters": p, **models.needed(policy, p)} for name, p in largest.items()}
