"""What the payloads hold.

=============  ============  =====================================================================================
type           from          payload
=============  ============  =====================================================================================
open           coordinator   canonical JSON: participants, earlier runs, its program (`opening.Opening`)
opened         site          canonical JSON: the same runs, and its own program, key, policy (`opening.Opened`)
round          coordinator   its log's checkpoint, then every participant's message of the last round, framed
contribution   site          its vector for this round, fixed point, masked; its cosignature of the checkpoint
close          coordinator   as round; asks what nothing waits for
closed         site          as contribution, of the closing analyses; coordinator, auditor add them, no site waits
refused        site          canonical JSON {"code": "..."}: a lawful no, of the closed list below
=============  ============  =====================================================================================
"""

from __future__ import annotations

from typing import Final

from riskset.errors import Refused
from riskset.protocol.opening import read_object
from riskset.protocol.program import (
    NEWER_METHOD,
    NEWER_PROTOCOL,
    NO_METHOD,
    OLDER_METHOD,
    OLDER_PROTOCOL,
    OTHER_METHOD,
)

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
    OLDER_PROTOCOL: "speaks an older protocol than the coordinator: update riskset at the site",
    NEWER_PROTOCOL: "speaks a newer protocol than the coordinator: update riskset at the coordinator",
    NO_METHOD: "does not have a method that the study asks for: install it at the site",
    OLDER_METHOD: "has an older version of a method that the study asks for: update it at the site",
    NEWER_METHOD: "has a newer version of a method that the study asks for: update it at the coordinator",
    OTHER_METHOD: "has a method that the study asks for from another package, or in a version that cannot be ordered: "
    "install the same at the site as at the coordinator",
    "program": "computes with other versions now than at the run's opening: install those again at the site, or begin "
    "another run with: riskset run --new",
    "participants": "was told of fewer participants than min_sites, of one doubled or unknown, or not of itself",
    "compared": "has not compared the key of every participant, nor heard of one who vouches for it (--compared)",
    "approval": "has no approval in force for this study, roster and data; its own log tells why",
    "rows": "has 1 to 4 patients in an analysis set (others may lack a covariate), and stays out: run --without it",
    "earlier": "was not told of every earlier run in which it took part",
    "subtraction": "would let sums of one or two sites be had by subtracting runs with other participants (rule R13)",
    "order": "was asked for a round that does not follow the last one it answered",
    "history": "was shown contributions that do not fit what it knows of the run",
    "totals": "was shown sums from which nothing can be computed: a site sent wrong numbers, or riskset is at fault",
    "ledger": "was shown a log of the coordinator that was changed, or that others were shown differently",
    "data": "has other data now than at the run's opening",
    "gate": "has a number that its gate does not let out",
    "site": "met an error of its own; its log tells which",
}
"""Why a site may say no: code to what is told at the coordinator, after the site's name. Never a free text."""


def read_refusal(site: str, payload: bytes) -> Refused:
    """Returns the refusal as an error to raise; an unknown code is told as such."""
    code = read_object(payload).get("code")
    if not isinstance(code, str) or code not in REFUSALS:
        return Refused("unknown", f"{site} refused for a reason this version does not know", "compare the versions")
    return Refused(code, f"{site} {REFUSALS[code]}")
