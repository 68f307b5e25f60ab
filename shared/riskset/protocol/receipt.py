"""A site's receipt of a run: what it sent is in the coordinator's log, which all sites cosigned up to the run's end.

With it a site, or its auditor, shows to anybody that the coordinator has its replies, that the run has ended, and with
which results; and a run that a coordinator does not show has a receipt at every site that took part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.catalogue import say
from riskset.errors import ProtocolError, VerificationError
from riskset.ledger.checkpoint import Checkpoint, open_note
from riskset.ledger.entry import Entry
from riskset.ledger.note import Note, parse
from riskset.ledger.witness import cosigners
from riskset.protocol.end_messages import Listed, read_listed
from riskset.protocol.own_log import name_of
from riskset.protocol.roster import COORDINATOR
from riskset.protocol.witnessing import LOG
from riskset.strict_json import NotStrictJson, read_exact

SCHEMA: Final = 1
MOST_BYTES: Final = 2**24
_TEXTS: Final = ("run", "site", "study", "roster", "checkpoint", "log")


@dataclass(frozen=True)
class Receipt:
    """What a site is given after the end of a run. It holds no number of a patient, nor of a site."""

    run: str
    site: str
    study: str
    """SHA-256."""
    roster: str
    """SHA-256."""
    checkpoint: str
    """Of the coordinator's log, up to the entry `ended`: signed, and cosigned by every participant."""
    began: Listed
    ended: Listed
    replies: tuple[Listed, ...]
    """The entries of the site's replies, by round; each has the reply's id and SHA-256."""
    log: str
    """The checkpoint that the site stated of its own log after the end, cosigned by the coordinator."""

    @property
    def content(self) -> dict[str, Any]:
        texts = {name: getattr(self, name) for name in _TEXTS}
        listed = {"began": self.began.content, "ended": self.ended.content}
        return {"schema": SCHEMA, **texts, **listed, "replies": [one.content for one in self.replies]}

    def to_bytes(self) -> bytes:
        """Returns canonical JSON."""
        return rfc8785.dumps(self.content)


@dataclass(frozen=True)
class Proven:
    """What a receipt proves."""

    checkpoint: Checkpoint
    began: Entry
    ended: Entry
    replies: tuple[Entry, ...]

    @property
    def participants(self) -> tuple[str, ...]:
        return tuple(map(str, self.began.public["participants"]))


def read_receipt(data: bytes) -> Receipt:
    """Returns the receipt. Raises ProtocolError where it is malformed."""
    try:
        content = read_exact(data, MOST_BYTES)
        texts = {name: content[name] for name in _TEXTS}
        replies = tuple(map(read_listed, content["replies"]))
        receipt = Receipt(
            **texts, began=read_listed(content["began"]), ended=read_listed(content["ended"]), replies=replies
        )
        is_exact = receipt.content == content and all(isinstance(text, str) for text in texts.values())
    except (NotStrictJson, KeyError, TypeError):
        is_exact = False
    if not is_exact:
        raise ProtocolError(say("protocol.receipt.form"))
    return receipt


def proven_by(receipt: Receipt, coordinator: Ed25519PublicKey) -> Proven:
    """Returns what the coordinator alone states in a receipt; whether sites cosigned it is not looked at.

    Raises ProtocolError where a part is malformed; VerificationError where the coordinator has not signed the
    checkpoint, or where an entry is not under it or not of the run.
    """
    checkpoint = open_note(parse(receipt.checkpoint), LOG, coordinator)
    began, ended = receipt.began.under(checkpoint), receipt.ended.under(checkpoint)
    replies = tuple(one.under(checkpoint) for one in receipt.replies)
    if not _are_of_the_run(receipt, checkpoint, began, ended, replies):
        raise VerificationError(say("protocol.receipt.other_run", site=receipt.site, run=receipt.run))
    return Proven(checkpoint, began, ended, replies)


def check_receipt(receipt: Receipt, keys: Mapping[str, Ed25519PublicKey]) -> Proven:
    """Returns what a receipt proves; `keys` are those of the coordinator and of the sites by name.

    Raises as `proven_by`, and VerificationError where a participant has not cosigned the checkpoint, or where the
    coordinator has not cosigned the site's own log.
    """
    proven = proven_by(receipt, keys[COORDINATOR])
    note, names = parse(receipt.checkpoint), proven.participants
    check_all_cosigned(note, {name: keys[name] for name in names if name in keys}, names)
    log = parse(receipt.log)
    open_note(log, name_of(receipt.site), keys[receipt.site])
    check_all_cosigned(log, {COORDINATOR: keys[COORDINATOR]}, (COORDINATOR,))
    return proven


def _are_of_the_run(
    receipt: Receipt, checkpoint: Checkpoint, began: Entry, ended: Entry, replies: tuple[Entry, ...]
) -> bool:
    stated = (began.public.get("run"), began.public.get("study"), began.public.get("roster"), ended.public.get("run"))
    names = began.public.get("participants")
    sent = [(e.kind, e.public.get("run"), e.public.get("sender"), e.public.get("round")) for e in replies]
    return (
        (began.kind, ended.kind, ended.number) == ("began", "ended", checkpoint.size - 1)
        and stated == (receipt.run, receipt.study, receipt.roster, receipt.run)
        and isinstance(names, list)
        and receipt.site in names
        and sent == [("received", receipt.run, receipt.site, round_) for round_ in range(len(replies))]
    )


def check_all_cosigned(note: Note, keys: Mapping[str, Ed25519PublicKey], names: tuple[str, ...]) -> None:
    """Raises VerificationError unless all of these parties have cosigned a note."""
    found = {one.name for one in cosigners(note, keys)}
    if missing := sorted(set(names) - found):
        raise VerificationError(say("protocol.receipt.not_cosigned", parties=tuple(missing)))
