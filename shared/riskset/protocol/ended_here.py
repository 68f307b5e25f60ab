"""A site's side after the end of a run: it cosigns the coordinator's log up to the end, and keeps its receipt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.ledger.merkle import verify_consistency
from riskset.ledger.note import parse
from riskset.ledger.witness import Witness, cosign
from riskset.protocol.after_end import check_seen_to_end
from riskset.protocol.end_messages import SeenToEnd, cosignatures, read_delivery, read_end, read_seen_to_end
from riskset.protocol.journal import Exchange, Journal
from riskset.protocol.log_view import LogView
from riskset.protocol.messages import CLOSE, END, RECEIPT, WITNESSED, refused
from riskset.protocol.opening import read_opened, read_opening
from riskset.protocol.own_log import OwnLog, check_own_log
from riskset.protocol.receipt import Proven, Receipt, check_receipt, read_receipt
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.protocol.round import check_round
from riskset.protocol.witnessing import cosignature, read_relayed, witness_of, witnessed
from riskset.secure.envelope import Head, Verified, claimed_head, sha256, unframe, verify

_AFTER = {END: CLOSE, RECEIPT: END}
"""After which message each of them comes."""


@dataclass(frozen=True)
class EndedHere:
    """A run that this site has closed."""

    site: str
    key: Ed25519PrivateKey
    roster: Roster
    exchanges: Sequence[Exchange]
    """All of the run, by round."""

    def check_due(self, message: Verified) -> None:
        """Raises Refused("order") unless the message is the next one after the end of this run."""
        head, last = message.head, claimed_head(self.exchanges[-1].request)
        closing = next(reversed([one for one in self.exchanges if claimed_head(one.request).type == CLOSE]), None)
        is_next = (last.type, len(self.exchanges)) == (_AFTER.get(head.type), head.round)
        if not is_next or closing is None or claimed_head(closing.reply).history != head.history:
            raise Refused("order", say("protocol.round.order"))

    def seen_to_end(
        self, message: Verified, shown: str, longest: str, own: OwnLog, time: int
    ) -> tuple[SeenToEnd, Witness]:
        """Returns the answer to the end, and what this site has then seen of the coordinator's log; `shown` is the
        checkpoint that it cosigned last in the run, `longest` the longest in any run, `time` in seconds since 1970.

        Raises Refused("ledger") where the log does not continue the first, or is not the beginning of the second, or
        does not end with this run."""
        end = read_end(message.payload)
        witness = witnessed(end.view, self.roster.coordinator, shown)
        checkpoint, later = witness.checkpoint, witness_of(self.roster.coordinator, longest).checkpoint
        try:
            if later.size > checkpoint.size:
                proof = end.view.proofs.get(later.size, ())
                verify_consistency(checkpoint.size, later.size, checkpoint.root, later.root, proof)
            entry = end.ended.under(checkpoint)
        except (VerificationError, ProtocolError):
            raise refused("ledger") from None
        is_the_end = (entry.kind, entry.public.get("run"), entry.number)
        if is_the_end != ("ended", message.head.run, checkpoint.size - 1):
            raise refused("ledger")
        line = cosignature(witness, self.site, self.key, time)
        return SeenToEnd(line, own.shown(self.site, self.key)), witness

    def kept(self, message: Verified, time: int) -> bytes:
        """Returns the answer to a receipt: this site's cosignatures of the others' logs.

        Raises Refused("ledger") where the receipt does not prove that the coordinator has this site's replies under the
        checkpoint that all cosigned; Refused("site_log") where another site's log is not the one that it showed at the
        opening."""
        data, parts = read_delivery(message.payload)
        try:
            receipt = read_receipt(data)
            proven = check_receipt(receipt, self.roster.parties_of(self.roster.sites))
        except (VerificationError, ProtocolError):
            raise refused("ledger") from None
        if not self._is_mine(message.head, receipt, proven):
            raise refused("ledger")
        seen = self._seen_by_others(message, parts, proven.participants, receipt.checkpoint)
        logs = {site: parse(one.log.checkpoint).text for site, one in seen.items() if site != self.site}
        return cosignatures({site: str(cosign(text, self.site, self.key, time)) for site, text in logs.items()})

    def _is_mine(self, head: Head, receipt: Receipt, proven: Proven) -> bool:
        """Whether a receipt is of this run and its participants, and of what this site did: it has the checkpoint that
        this site cosigned, the replies that it sent before, and what it showed of its own log."""
        opening, end = self.exchanges[0], self.exchanges[-1]
        cosigned = parse(read_end(unframe(end.request)[1]).view.checkpoint).text
        shown = parse(read_seen_to_end(unframe(end.reply)[1]).log.checkpoint).text
        stated = (receipt.run, receipt.study, receipt.roster, receipt.site, parse(receipt.checkpoint).text)
        return (
            stated == (head.run, head.study, head.roster, self.site, cosigned)
            and proven.participants == read_opening(unframe(opening.request)[1]).participants
            and [entry.public.get("sha256") for entry in proven.replies]
            == [sha256(one.reply) for one in self.exchanges[:-1]]
            and parse(receipt.log).text == shown
        )

    def _seen_by_others(
        self, message: Verified, parts: Sequence[bytes], participants: Collection[str], final: str
    ) -> Mapping[str, SeenToEnd]:
        head = message.head
        opened = shown_at_opening(self.exchanges)
        try:
            answers = [verify(part, self.roster.sites) for part in parts]
            stated = {"study": head.study, "roster": head.roster, "run": head.run, "history": head.history}
            check_round(answers, list(participants), type=WITNESSED, round=head.round - 1, **stated)
            return {
                one.head.sender: check_seen_to_end(one, final, self.roster, opened[one.head.sender]) for one in answers
            }
        except (VerificationError, ProtocolError, KeyError):
            raise refused("site_log") from None


def shown_at_opening(exchanges: Sequence[Exchange]) -> dict[str, LogView]:
    """Returns what each participant showed of its own log when it opened a run, as the first round relays it; nothing
    of a run of an earlier version, or that went no further. The messages were verified when they were kept."""
    if len(exchanges) < 2:
        return {}
    _, parts = read_relayed(unframe(exchanges[1].request)[1])
    stated = {claimed_head(part).sender: read_opened(unframe(part)[1]).log for part in parts}
    return {site: log for site, log in stated.items() if log is not None}


def shown_before(journal: Journal, roster: Roster, run: str) -> dict[str, list[LogView]]:
    """Returns what each party (its first identity key, hex) showed of its own log in other runs of this site."""
    found: dict[str, list[LogView]] = {}
    for other, begun in journal.contributed().items():
        exchanges = journal.exchanges(other) if other != run else ()
        views = [*shown_at_opening(exchanges).items()]
        if exchanges and claimed_head(exchanges[-1].request).type == RECEIPT:
            _, parts = read_delivery(unframe(exchanges[-1].request)[1])
            views += [(claimed_head(part).sender, _stated(part)) for part in parts]
        for site, view in views:
            found.setdefault(roster.party(begun.keys[site]), []).append(view)
    return found


def _stated(part: bytes) -> LogView:
    return read_seen_to_end(unframe(part)[1]).log


def check_shown(
    opened: Mapping[str, LogView | None], roster: Roster, seen: Mapping[str, Sequence[LogView]], besides: str
) -> None:
    """Raises Refused("site_log") where a participant other than `besides` shows another log of its own when it opens a
    run (`opened`) than in the runs before (`seen`, by party)."""
    for site, key in roster.parties_of([site for site in opened if site != besides]).items():
        view = opened.get(site)
        if site == COORDINATOR or view is None:
            continue
        try:
            check_own_log(site, key, view, seen.get(roster.party(roster.keys_of([site])[site]), ()))
        except (VerificationError, ProtocolError):
            raise refused("site_log") from None
