"""The limits of a study before anyone has signed: no hospital's own, and no exception."""

from __future__ import annotations

from typing import Literal

from riskset.catalogue import Message
from riskset.disclosure.policy import Policy, default_policy
from riskset.disclosure.rules import LIMITS
from riskset.protocol.rule_column import LEAST_MASKED, column_for
from riskset.study.spec import Study


def policy_of(study: Study) -> Policy:
    """Returns the limits if all hospitals of the study take part."""
    return default_policy(column_for(study.disclosure, len(study.sites)), study.disclosure.min_cell)


def read_by_others(study: Study) -> Literal["masked", "two", "clear"]:
    """Returns what others can read of a hospital's numbers: `masked`, totals only; `two`, the other hospital all of
    them, by subtraction; `clear`, everybody all of them."""
    if study.disclosure.secure_sum == "off":
        return "clear"
    return "masked" if len(study.sites) >= LEAST_MASKED else "two"


def bound_of(policy: Policy, limit: str) -> Message:
    """Returns a limit as people read it; `limit` is its name in full."""
    return LIMITS[limit].bound(policy.values[limit], policy.column)
