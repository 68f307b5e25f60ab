"""What the payloads hold.

=============  ============  =====================================================================================
type           from          payload
=============  ============  =====================================================================================
open           coordinator   canonical JSON: participants, earlier runs, decisions, its program (`opening.Opening`)
opened         site          canonical JSON: the same runs, its program, key, policy, approval, code (`opening.Opened`)
round          coordinator   its log's checkpoint, then every participant's message of the last round, framed
contribution   site          its vector for this round, fixed point, masked; its cosignature of the checkpoint; in
                             admission, in clear: to which counts it contributes
close          coordinator   as round; asks for what no later analysis needs
closed         site          as contribution, of the closing analyses; only coordinator and auditor add them
end, receipt   coordinator   once the run has ended: its log up to the end; a site's receipt (`end_messages`)
witnessed,     site          its cosignature of that log, and its own log; its cosignatures of the others' own logs
kept
refused        site          canonical JSON {"code": "..."}: a refusal, of the closed list below
=============  ============  =====================================================================================
"""

from __future__ import annotations

from typing import Final

from riskset.catalogue import Message, say
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
END: Final = "end"
WITNESSED: Final = "witnessed"
RECEIPT: Final = "receipt"
KEPT: Final = "kept"
REFUSED: Final = "refused"

REPLY_TO: Final = {OPEN: OPENED, ROUND: CONTRIBUTION, CLOSE: CLOSED, END: WITNESSED, RECEIPT: KEPT}

REFUSALS: Final = (
    "study",
    "roster",
    "message",
    OLDER_PROTOCOL,
    NEWER_PROTOCOL,
    NO_METHOD,
    OLDER_METHOD,
    NEWER_METHOD,
    OTHER_METHOD,
    "program",
    "participants",
    "compared",
    "approval",
    "withdrawn",
    "rows",
    "earlier",
    "answered_since",
    "opened_since",
    "curves_since",
    "fields",
    "rewritten",
    "renamed",
    "subtraction",
    "order",
    "history",
    "totals",
    "ledger",
    "site_log",
    "data",
    "journal",
    "gate",
    "site",
    "not_asked",
    "not_withheld",
)
"""The closed list of reasons for which a site refuses. The code is all that travels, never free text."""


def refusal_message(code: str, site: str) -> Message:
    """Returns what a refusal of this code means; `site` is its subject, for instance "this site"."""
    if code not in REFUSALS:
        return say("protocol.unknown_refusal.message", site=site)
    return say(f"protocol.refusal.{code}", site=site)


_ALSO_HERE: Final = (
    "study",
    "roster",
    OLDER_PROTOCOL,
    NEWER_PROTOCOL,
    NO_METHOD,
    OLDER_METHOD,
    NEWER_METHOD,
    OTHER_METHOD,
    "program",
    "compared",
    "approval",
    "earlier",
    "answered_since",
    "opened_since",
    "curves_since",
    "subtraction",
    "history",
    "ledger",
    "site_log",
    "data",
    "journal",
    "site",
    "not_asked",
    "not_withheld",
)
"""Codes that have a sentence of their own for the site that refuses: what it means there, and what to do there."""


def own_refusal(code: str) -> Message:
    """Returns what a refusal of this code means for the site that refuses, for its own log and ledger."""
    return say(f"protocol.refusal_here.{code}") if code in _ALSO_HERE else refusal_message(code, "this site")


def refused(code: str) -> Refused:
    """Returns the refusal of this site as an error to raise, where its code says everything."""
    return Refused(code, own_refusal(code))


def read_refusal(site: str, payload: bytes) -> Refused:
    """Returns a site's refusal as an error to raise; "unknown" where this version does not know its code.

    Raises ProtocolError where the payload is malformed.
    """
    code = read_object(payload).get("code")
    if not isinstance(code, str) or code not in REFUSALS:
        return Refused("unknown", refusal_message("unknown", site), say("protocol.unknown_refusal.hint"))
    return Refused(code, refusal_message(code, site))
