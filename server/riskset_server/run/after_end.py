"""Conducts what follows the end of a run over a transport: it asks the sites that are online, and waits for no other.

A site that is away gets its own later, with the next call; nothing that was kept is asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from riskset.catalogue import Message, say
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.protocol.after_end import AfterEnd
from riskset.secure.envelope import claimed_head
from riskset_server.run.rounds import POLL_S, Arrival, Clock, Transport

PATIENCE_S: Final = 20.0
"""So long after the last answer, a site that is online and silent is left for later."""


@dataclass
class Afterwards:
    """The exchanges of one run."""

    after: AfterEnd
    transport: Transport
    clock: Clock

    def run(self) -> list[Message]:
        """Returns what a person should know: who refused, and who is left for later. Raises Unreachable where the
        network engine is offline."""
        said: dict[Message, None] = {}
        asked: set[tuple[str, bool]] = set()
        refused: set[str] = set()
        heard_at = self.clock.now()
        while due := self._due(refused):
            for site in due:
                step = (site, site in self.after.has_not_cosigned)
                if step not in asked:
                    self.transport.send([site], self.after.request(site))
                    asked.add(step)
            arrivals = self.transport.collect()
            for arrival in arrivals:
                if message := self._take(arrival, refused):
                    said[message] = None
            if arrivals:
                heard_at = self.clock.now()
            elif self.clock.now() - heard_at > PATIENCE_S:
                break
            else:
                self.clock.sleep(POLL_S)
        return [*said, *self.left()]

    def _due(self, refused: set[str]) -> list[str]:
        online = self.transport.online()
        return [site for site in self.after.waiting_for if site in online and site not in refused]

    def _take(self, arrival: Arrival, refused: set[str]) -> Message | None:
        """Returns what went wrong, if anything did."""
        if arrival.payload is None:
            refused.add(arrival.site)
            return say("run.no_reply", site=arrival.site, failure=arrival.failure)
        try:
            self.after.accept(arrival.payload)
        except (VerificationError, ProtocolError) as wrong:
            refused.add(arrival.site)
            return say("run.reply_ignored", site=arrival.site, error=wrong.message)
        except Refused as no:
            refused.add(claimed_head(arrival.payload).sender)  # `accept` has verified who signed it
            return no.message
        return None

    def left(self) -> list[Message]:
        """Returns who has not cosigned the end, or else who has no receipt yet."""
        if away := self.after.has_not_cosigned:
            return [say("run.after_end.not_cosigned", run=self.after.run, sites=away)]
        if away := self.after.has_no_receipt:
            return [say("run.after_end.no_receipt", run=self.after.run, sites=away)]
        return []
