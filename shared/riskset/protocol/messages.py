"""What the payloads hold.

=============  ============  =====================================================================================
type           from          payload
=============  ============  =====================================================================================
open           coordinator   canonical JSON {"participants": [...]}
opened         site          canonical JSON {"version": "...", "participants": [...]}: it takes part in the whole run
round          coordinator   every participant's message of the last round, framed
contribution   site          its vector for this round, fixed point, masked
close          coordinator   as round; asks what nothing waits for
closed         site          its vector of the closing analyses; coordinator, auditor add them, no site waits for them
refused        site          canonical JSON {"code": "..."}: a lawful no, of the closed list below
=============  ============  =====================================================================================
"""

from __future__ import annotations

import json
from typing import Final

from riskset.errors import ProtocolError, Refused

OPEN: Final = "open"
OPENED: Final = "opened"
ROUND: Final = "round"
CONTRIBUTION: Final = "contribution"
CLOSE: Final = "close"
CLOSED: Final = "closed"
REFUSED: Final = "refused"

REPLY_TO: Final = {OPEN: OPENED, ROUND: CONTRIBUTION, CLOSE: CLOSED}

REFUSALS: Final = {
    "study": "holds another version of the study file than the coordinator",
    "roster": "holds another roster than the coordinator",
    "message": "was sent a message that is not well formed or not the coordinator's",
    "participants": "was told of participants that are too few, doubled, unknown to it, or without it",
    "order": "was asked for a round that does not follow the last one it answered",
    "history": "was shown contributions that do not fit what it knows of the run",
    "totals": "was shown sums from which nothing can be computed: a site sent wrong numbers, or riskset is at fault",
    "data": "has other data now than at the run's opening",
    "gate": "has a number that its gate does not let out",
    "site": "met an error of its own; its log tells which",
}
"""Why a site may say no: code to what is told at the coordinator, after the site's name. Never a free text."""


def read_participants(payload: bytes) -> tuple[str, ...]:
    """Returns the participants that an opening message, or a site's answer to it, names."""
    content = _read_object(payload)
    names = content.get("participants")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ProtocolError("an opening message lists the participants")
    return tuple(names)


def read_refusal(site: str, payload: bytes) -> Refused:
    """Returns the refusal as an error to raise; an unknown code is told as such."""
    code = _read_object(payload).get("code")
    if not isinstance(code, str) or code not in REFUSALS:
        return Refused("unknown", f"{site} refused for a reason this version does not know", "compare the versions")
    return Refused(code, f"{site} {REFUSALS[code]}")


def _read_object(payload: bytes) -> dict[str, object]:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        raise ProtocolError("the content of a message is not JSON") from None
    if not isinstance(content, dict):
        raise ProtocolError("the content of a message is not a JSON object")
    return content
