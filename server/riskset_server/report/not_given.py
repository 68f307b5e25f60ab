"""What stands in the place of a result that is not given: never an empty cell, and always why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskset_server.report import notation

_JUDGED = {
    "all": "on the totals, by all parties alike",
    "a site": "by a site on its own patients; which site, nobody learns",
}


@dataclass(frozen=True)
class NotGiven:
    """A box on the page, in the place of a figure or a table."""

    title: str
    status: str
    """`Refused by rule R4, on the totals, by all parties alike`; `Not estimable`."""
    why: str
    remedy: str
    """What would pass; empty where nothing is said of it."""


def not_given(result: Mapping[str, Any], title: str) -> NotGiven:
    """Returns the box of a result without numbers."""
    reason = result.get("reason") or {}
    if result["status"] == notation.REFUSED and "rule" in reason:
        judged = f", {_JUDGED[reason['by']]}" if reason.get("by") in _JUDGED else ""
        status = f"Refused by rule {reason['rule']}{judged}"
        why, remedy = (str(reason.get(key) or "").rstrip(".") for key in ("message", "remedy"))
        return NotGiven(title, status, why, remedy)
    return NotGiven(title, str(result["status"]).capitalize(), notation.reason(result), "")
