"""What a site's committee reads in its ledger: every number ever sent, to whom, under which approval and with which
findings of the rules, and every act of consent and refusal. Opened with the site's own key; nothing here leaves."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskset.catalogue import Message, say
from riskset.errors import DataError, VerificationError
from riskset.ledger.checkpoint import read_checkpoint
from riskset.ledger.entry import Entry
from riskset.ledger.log_file import LedgerFile
from riskset.ledger.merkle import Tree
from riskset.ledger.note import parse
from riskset.protocol.consent import ACTS, APPROVED
from riskset.protocol.messages import own_refusal
from riskset.study.asked import OWN
from riskset.study.load import study_from_json
from riskset_site.records.journal import AFTER_END, DESTROYED, DISCLOSED, REPLIES, JournalFile, read_sent


@dataclass(frozen=True)
class LedgerReply:
    """A signed reply that was sent."""

    number: int
    """Of the entry."""
    at: str
    """UTC."""
    kind: str
    run: str
    round: int
    study: str
    """SHA-256."""
    roster: str
    """SHA-256."""
    approval: str
    """SHA-256."""
    numbers: tuple[tuple[str, str, float], ...]
    """What requested it, its label, and the number before masking."""
    verdicts: tuple[Mapping[str, Any], ...]
    """The findings of the rules on this site's rows, before it was sent."""


@dataclass(frozen=True)
class OtherEntry:
    """An entry without numbers: an act of consent, a refusal, a change of keys."""

    number: int
    at: str
    kind: str
    told: Message
    """Its details, in a sentence."""


@dataclass(frozen=True)
class LedgerReview:
    """Everything on the page, in the order of the entries. Its fields are the keys of `riskset site ledger --json`."""

    site: str
    coordinator: Message
    """To whom the numbers were sent: address, and the words of the key."""
    checkpoint: str
    """The latest signed note: with an earlier one, a reader can verify that this ledger continues it."""
    entries: int
    studies: Mapping[str, str]
    """By SHA-256: id and version, of every study that was approved here."""
    approvals: Mapping[str, Message]
    """By SHA-256: by whom and until when."""
    replies: tuple[LedgerReply, ...]
    said: tuple[OtherEntry, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reply.run for reply in self.replies))


def ledger_review(journal: JournalFile, site: str, coordinator: Message) -> LedgerReview:
    """Returns the contents of the ledger. The journal has verified every entry, and every message stored beside it,
    against the latest signed checkpoint."""
    ledger = journal.ledger
    entries = ledger.entries()
    approved = [(entry, ledger.opened(entry)) for entry in entries if entry.kind == APPROVED]
    checkpoint = ledger.checkpoint()
    return LedgerReview(
        site=site,
        coordinator=coordinator,
        checkpoint=checkpoint,
        entries=read_checkpoint(parse(checkpoint).text).size,
        studies={entry.public["approval"]["study"]: _study(private) for entry, private in approved},
        approvals={entry.public["sha256"]: _approved(entry.public["approval"]) for entry, _ in approved},
        replies=tuple(_reply(entry, ledger) for entry in entries if entry.kind in REPLIES),
        said=tuple(_others(entries)),
    )


def check_begins_with(journal: JournalFile, held: str) -> None:
    """Raises VerificationError unless the ledger begins with the entries that the checkpoint `held` covers.

    A checkpoint is written as on the page: number of entries, colon, root. DataError where it is not.
    """
    size, _, root = held.strip().partition(":")
    try:
        count, expected = int(size), base64.b64decode(root, validate=True)
    except ValueError:
        hint = say("site.ledger.not_a_checkpoint_hint")
        raise DataError(say("site.ledger.not_a_checkpoint", text=held), hint) from None
    entries = journal.ledger.entries()[:count]
    if len(entries) < count or Tree(entry.leaf for entry in entries).root() != expected:
        hint = say("site.ledger.begins_otherwise_hint")
        raise VerificationError(say("site.ledger.does_not_begin", n=count), hint)


def _study(private: Mapping[str, Any] | None) -> str:
    study = study_from_json(str((private or {})["study"]).encode())
    return f"{study.id} {study.version}"


def _approved(content: Mapping[str, Any]) -> Message:
    return say("site.ledger.approved", by=content["by"], irb=content["irb"], until=content["until"])


def _reply(entry: Entry, ledger: LedgerFile) -> LedgerReply:
    public, sent = entry.public, read_sent(ledger, entry)
    numbers = (
        (asked_by, label, value)
        for asked_by, labels, values in (sent.numbers if sent else ())
        for label, value in zip(labels, values, strict=True)
    )
    return LedgerReply(
        entry.number,
        entry.at,
        entry.kind,
        public["run"],
        public["round"],
        public["study"],
        public["roster"],
        public["approval"],
        tuple(numbers),
        sent.verdicts if sent else (),
    )


def _others(entries: Sequence[Entry]) -> Iterator[OtherEntry]:
    for entry in entries:
        if entry.kind not in REPLIES:
            yield OtherEntry(entry.number, entry.at, entry.kind, _details(entry))
        for decision in entry.public.get("unblinded", ()):
            yield OtherEntry(entry.number, entry.at, entry.kind, _unblinded(entry.public["run"], decision))


def _unblinded(run: str, decision: Mapping[str, str]) -> Message:
    said = {name: decision[name] for name in ("population", "by", "reason")}
    return say("site.ledger.unblinded", run=run, earlier=decision["run"], date=decision["at"][:10], **said)


def _details(entry: Entry) -> Message:
    public = entry.public
    if entry.kind == APPROVED:
        return say("site.ledger.details", details=tuple(_of_approval(public["approval"])))
    if entry.kind == "refused":
        reason = own_refusal(public["code"])
        if public.get("run"):
            return say("site.ledger.refused_run", run=public["run"], reason=reason)
        return say("site.ledger.refused", reason=reason)
    if entry.kind == DISCLOSED:
        return say("site.ledger.disclosed", run=public["run"], to=public["to"], reason=public["reason"])
    if entry.kind == DESTROYED:
        return say("site.ledger.destroyed", run=public["run"])
    if entry.kind in AFTER_END:
        return say("site.ledger.run", run=public["run"])
    if entry.kind in ACTS:
        by, because = public["by"], public.get("reason")
        return say("site.ledger.by_because", by=by, reason=because) if because else say("site.ledger.by", by=by)
    return say("site.ledger.other_details", details=tuple(f"{name} {value}" for name, value in public.items()))


def _of_approval(content: Mapping[str, Any]) -> Iterator[Message]:
    yield _approved(content)
    compared = tuple(content["compared"])
    yield say("site.ledger.compared", sites=compared) if compared else say("site.ledger.none_compared")
    for kind, package in content.get("methods", {}).items():
        if kind not in OWN:
            yield say("site.approval.method", kind=kind, package=package)
    for one in content["exceptions"]:
        yield say("site.approval.exception", limit=one["limit"], value=one["value"], reason=one["reason"])
    if content["may_be_subtracted"]:
        yield say("site.ledger.may_be_subtracted")
    if content.get("may_be_told_alone"):
        yield say("site.ledger.may_be_told_alone")
