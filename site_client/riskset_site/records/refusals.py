"""What a site refused, in its ledger: its committee reads there what was asked and not answered.

A refusal holds no number, so it may leave also where the ledger cannot be written; its entry then is told to the log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

from riskset.errors import RisksetError
from riskset.ledger.log_file import LedgerFile
from riskset.protocol.messages import REFUSED
from riskset.protocol.site import Site
from riskset.secure.envelope import claimed_head, unframe

QUIET_S: Final = 600.0
"""One entry a reason in this time: a coordinator that asks twenty times a second must not fill the disk."""


class RecordedSite:
    """Answers as the site it is made of, and writes down each no."""

    def __init__(
        self,
        site: Site,
        ledger: LedgerFile,
        log: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = site.name
        self._site, self._ledger, self._log, self._clock = site, ledger, log, clock
        self._written: dict[str, float] = {}

    def answer(self, request: bytes) -> bytes:
        return self._noted(self._site.answer(request))

    def refusal(self, code: str) -> bytes:
        return self._noted(self._site.refusal(code))

    def _noted(self, reply: bytes) -> bytes:
        head = claimed_head(reply)
        if head.type == REFUSED:
            self._write(str(json.loads(unframe(reply)[1])["code"]), head.run)
        return reply

    def _write(self, code: str, run: str) -> None:
        now = self._clock()
        if now - self._written.get(code, -QUIET_S) < QUIET_S:
            return
        self._written[code] = now
        try:
            self._ledger.append("refused", {"code": code, "run": run})
        except RisksetError as error:
            self._log(f"a refusal could not be written down: {error}")
