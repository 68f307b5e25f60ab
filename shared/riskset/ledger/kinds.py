"""The closed list of what a ledger can say: kind -> what it means. An auditor reads the log by this list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SITE: Final[Mapping[str, str]] = {
    "approved": "somebody signed that the study may be answered, until when, with which exceptions",
    "paused": "no message is answered from here on",
    "resumed": "messages are answered again",
    "withdrew": "the approval ended for good",
    "opened": "the site took part in a run; its data are frozen for it",
    "froze": "the members of a derived population were fixed for a run",
    "contributed": "a reply with numbers left",
    "closed": "the last reply of a run left",
    "refused": "a message was answered with a no",
    "renewed": "the site replaced its keys; the new one signs from here on",
}

COORDINATOR: Final[Mapping[str, str]] = {
    "began": "a run began, with these participants",
    "asked": "a round's message, kept before it was sent to the sites",
    "received": "a site's signed reply came",
    "ended": "the results of a run were written",
}

KINDS: Final[Mapping[str, str]] = {**SITE, **COORDINATOR}
