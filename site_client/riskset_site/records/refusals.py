"""A site's refusals, recorded in its ledger, where its committee can read what was requested and not answered.

A refusal contains no number, so it may be sent even where the ledger cannot be written; the site's log then says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset.ledger.log_file import LedgerFile
from riskset.protocol.messages import REFUSED
from riskset.protocol.opening import read_object
from riskset.protocol.site import Site
from riskset.secure.envelope import claimed_head, unframe

QUIET_S: Final = 600.0
"""At most one entry per reason in this time: a coordinator that asks twenty times a second must not fill the disk."""


class RecordedSite:
    """Answers as the site it wraps, and records its refusals."""

    def __init__(
        self,
        site: Site,
        ledger: LedgerFile,
        log: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = site.name
        self._site, self._ledger, self._log, self._clock = site, ledger, log, clock
        self._recorded_at: dict[str, float] = {}

    def answer(self, request: bytes) -> bytes:
        return self._recorded(self._site.answer(request))

    def refusal(self, code: str) -> bytes:
        return self._recorded(self._site.refusal(code))

    def _recorded(self, reply: bytes) -> bytes:
        head = claimed_head(reply)
        if head.type == REFUSED:
            self._record(str(read_object(unframe(reply)[1])["code"]), head.run)
        return reply

    def _record(self, code: str, run: str) -> None:
        now = self._clock()
        if now - self._recorded_at.get(code, -QUIET_S) < QUIET_S:
            return
        self._recorded_at[code] = now
        try:
            self._ledger.append("refused", {"code": code, "run": run})
        except RisksetError as error:
            self._log(say("site.journal.refusal_lost", error=str(error)))
