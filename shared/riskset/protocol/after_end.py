"""The coordinator's side after the end of a run: it collects every site's cosignature of its log, then gives each a
receipt. Bytes in, bytes out; the run does not wait for it, and a site that is away is asked later.

Both messages follow from the record: asked again, they have the same bytes. (The first has further proofs where the log
was shown to sites since.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.catalogue import say
from riskset.errors import ProtocolError, VerificationError
from riskset.ledger.note import Note, Signature, parse
from riskset.ledger.witness import cosign
from riskset.protocol.end_messages import (
    End,
    Listed,
    SeenToEnd,
    delivery,
    read_cosignatures,
    read_seen_to_end,
)
from riskset.protocol.log_view import LogView
from riskset.protocol.messages import END, KEPT, RECEIPT, REFUSED, WITNESSED, read_refusal
from riskset.protocol.own_log import check_own_log, checkpoint_of
from riskset.protocol.receipt import Receipt
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.protocol.round import check_round
from riskset.protocol.witnessing import cosigned_at
from riskset.secure.envelope import Head, Verified, seal, verify


@dataclass(frozen=True)
class EndOfRun:
    """What the coordinator's record has of a run that has ended."""

    closing: Head
    """Of the closing message."""
    view: LogView
    """The log up to the entry `ended`, with the proof that it continues what the closing message showed."""
    began: Listed
    ended: Listed
    replies: Mapping[str, tuple[Listed, ...]]
    """By participant: the entries of its replies, by round."""
    logs: Mapping[str, LogView]
    """By participant: what it showed of its own log when it opened the run."""


class EndRecord(Protocol):
    """The part of the coordinator's record that is needed."""

    def after_end(self, run: str) -> Iterable[tuple[str, bytes]]:
        """Returns the replies that arrived after the end, each with the time (UTC, ISO 8601) at which it was kept."""

    def record(self, run: str, reply: bytes) -> None:
        """Keeps a reply; it is durable when this returns."""


class AfterEnd:
    """What is still to be exchanged of one run."""

    def __init__(self, key: Ed25519PrivateKey, roster: Roster, end: EndOfRun, record: EndRecord) -> None:
        self.run = end.closing.run
        self.participants = tuple(end.replies)
        self._key, self._roster, self._end, self._record = key, roster, end, record
        self._seen: dict[str, tuple[Verified, SeenToEnd, int]] = {}
        """By site: its answer to the end, and when it was kept, in seconds since 1970."""
        self._kept: set[str] = set()
        self._take_in()

    def _take_in(self) -> None:
        """Reads again what is kept; all of it was checked before."""
        for at, raw in self._record.after_end(self.run):
            message = verify(raw, self._roster.sites)
            site = message.head.sender
            if message.head.type == WITNESSED:
                seconds = int(datetime.fromisoformat(at).timestamp())
                self._seen.setdefault(site, (message, read_seen_to_end(message.payload), seconds))
            else:
                self._kept.add(site)

    @property
    def has_not_cosigned(self) -> tuple[str, ...]:
        """The participants whose cosignature of the end is missing."""
        return tuple(site for site in self.participants if site not in self._seen)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """The participants that can be asked for something now."""
        return self.has_not_cosigned or self.has_no_receipt

    @property
    def has_no_receipt(self) -> tuple[str, ...]:
        """The participants that have not confirmed their receipt."""
        return tuple(site for site in self.participants if site not in self._kept)

    def request(self, site: str) -> bytes:
        """Returns the message for a site that is waited for."""
        if site in self._seen:
            payload = delivery(self._receipt(site).to_bytes(), [self._seen[name][0].raw for name in self.participants])
            return self._sealed(RECEIPT, 2, payload)
        return self._sealed(END, 1, End(self._end.view, self._end.ended).to_bytes())

    def _sealed(self, type_: str, later: int, payload: bytes) -> bytes:
        closing = self._end.closing
        return seal(
            self._key,
            payload,
            type=type_,
            study=closing.study,
            roster=closing.roster,
            run=self.run,
            round=closing.round + later,
            sender=COORDINATOR,
            history=closing.history,
        )

    def _receipt(self, site: str) -> Receipt:
        closing, (_, seen, seconds) = self._end.closing, self._seen[site]
        log = parse(seen.log.checkpoint)
        own = cosign(log.text, COORDINATOR, self._key, seconds)
        return Receipt(
            self.run,
            site,
            closing.study,
            closing.roster,
            str(self._cosigned()),
            self._end.began,
            self._end.ended,
            self._end.replies[site],
            str(log.joined([own])),
        )

    def _cosigned(self) -> Note:
        """Returns the last checkpoint of the run with the cosignatures of all participants."""
        note, lines = parse(self._end.view.checkpoint), list[Signature]()
        for site in self.participants:
            lines += parse(f"{note.text}\n{self._seen[site][1].cosignature}").signatures
        return note.joined(lines)

    def accept(self, reply: bytes) -> str | None:
        """Takes in one reply and returns its site; None for a repeat, or a reply to an earlier message.

        Raises VerificationError where it is not what its site may sign, ProtocolError where it does not answer the
        message, Refused where the site refuses. Nothing is kept of a reply that raises.
        """
        message = verify(reply, self._roster.sites)
        head = message.head
        if head.type == REFUSED and head.run in (self.run, ""):
            raise read_refusal(head.sender, message.payload)
        if head.run != self.run or head.sender not in self.participants or head.type not in (WITNESSED, KEPT):
            return None
        if head.sender in (self._seen if head.type == WITNESSED else self._kept):
            return None
        self._check(message)
        self._record.record(self.run, reply)
        self._take_in()
        return head.sender

    def _check(self, message: Verified) -> None:
        closing, head = self._end.closing, message.head
        if head.type == KEPT and self.has_not_cosigned:
            raise ProtocolError(say("protocol.round.order"))
        check_round(
            [message],
            [head.sender],
            study=closing.study,
            roster=closing.roster,
            round=closing.round + (1 if head.type == WITNESSED else 2),
            history=closing.history,
        )
        if head.type == WITNESSED:
            check_seen_to_end(message, self._end.view.checkpoint, self._roster, self._end.logs[head.sender])
        else:
            stated = {site: seen for site, (_, seen, _) in self._seen.items()}
            check_kept(message, stated, self._roster)


def check_seen_to_end(message: Verified, final: str, roster: Roster, opened: LogView) -> SeenToEnd:
    """Returns what a site answered to the end. Raises VerificationError where it has not cosigned the checkpoint
    `final`, or shows another log of its own than when it opened the run (`opened`), or one without its replies to all
    rounds; ProtocolError where malformed."""
    site = message.head.sender
    seen = read_seen_to_end(message.payload)
    cosigned_at(parse(final).text, seen.cosignature, site, roster.sites[site])
    now = check_own_log(site, roster.sites[site], seen.log, [opened])
    least = checkpoint_of(opened).size + message.head.round  # an entry for each reply of the run
    if now.size < least:
        raise VerificationError(say("protocol.own_log.older", site=site, now=now.size, least=least))
    return seen


def check_kept(message: Verified, seen: Mapping[str, SeenToEnd], roster: Roster) -> None:
    """Raises VerificationError unless a site has cosigned every other participant's own log as that one stated it in
    `seen`; ProtocolError where its message is malformed."""
    site = message.head.sender
    lines = read_cosignatures(message.payload)
    if set(lines) != set(seen) - {site}:
        raise ProtocolError(say("protocol.end.cosignatures"))
    for other, line in lines.items():
        cosigned_at(parse(seen[other].log.checkpoint).text, line, site, roster.sites[site])
