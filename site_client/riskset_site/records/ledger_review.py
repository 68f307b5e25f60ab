"""What a site's committee reads in its ledger: every number that ever left, for whom, under which approval, what the
rules said of it, and every act and refusal between. Opened with the site's own key; nothing here leaves."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskset.errors import DataError, VerificationError
from riskset.ledger.checkpoint import read_checkpoint
from riskset.ledger.entry import Entry
from riskset.ledger.log_file import LedgerFile
from riskset.ledger.merkle import Tree
from riskset.ledger.note import parse
from riskset.protocol.consent import ACTS, APPROVED
from riskset.protocol.messages import refusal_message
from riskset.study.asked import OWN
from riskset.study.load import study_from_json
from riskset_site.records.journal import JournalFile, read_sent

_RUN = ("opened", "contributed", "closed")


@dataclass(frozen=True)
class Reply:
    """A signed reply that left."""

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
    """What asked for it, what it is, the number in clear, before the mask."""
    verdicts: tuple[Mapping[str, Any], ...]
    """What the rules said of this site's rows before it left."""


@dataclass(frozen=True)
class Said:
    """An act of consent, a refusal, a change of keys."""

    number: int
    at: str
    kind: str
    told: str
    """In a sentence."""


@dataclass(frozen=True)
class LedgerReview:
    """All that the page tells, in the order of the entries."""

    site: str
    coordinator: str
    """To whom the numbers went: address, and the words of the key."""
    checkpoint: str
    """The last signed note: whoever has an earlier one can tell whether this ledger goes on from it."""
    entries: int
    studies: Mapping[str, str]
    """By SHA-256: id and version, of every study that was approved here."""
    approvals: Mapping[str, str]
    """By SHA-256: by whom and until when."""
    replies: tuple[Reply, ...]
    said: tuple[Said, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reply.run for reply in self.replies))


def ledger_review(journal: JournalFile, site: str, coordinator: str) -> LedgerReview:
    """Returns what the ledger says. The journal has checked every entry, and every message kept beside it, against the
    last signed checkpoint."""
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
        replies=tuple(_reply(entry, ledger) for entry in entries if entry.kind in _RUN),
        said=tuple(_said(entries)),
    )


def check_begins_with(journal: JournalFile, held: str) -> None:
    """Raises VerificationError unless the ledger begins with what it held when the checkpoint `held` was noted.

    A checkpoint is written as the page shows it: number of entries, colon, root. DataError where it is none.
    """
    size, _, root = held.strip().partition(":")
    try:
        count, expected = int(size), base64.b64decode(root, validate=True)
    except ValueError:
        raise DataError(f"{held!r} is no checkpoint", "give it as the page shows it, for example 13:JBJ2...=") from None
    entries = journal.ledger.entries()[:count]
    if len(entries) < count or Tree(entry.leaf for entry in entries).root() != expected:
        message = f"this ledger does not begin with the {count} entries that it had then: some were changed or dropped"
        raise VerificationError(message, "keep the file as evidence, and compare it with your backups")


def _study(private: Mapping[str, Any] | None) -> str:
    study = study_from_json(str((private or {})["study"]).encode())
    return f"{study.id} {study.version}"


def _approved(content: Mapping[str, Any]) -> str:
    return f"by {content['by']} (IRB {content['irb']}) until {content['until']}"


def _reply(entry: Entry, ledger: LedgerFile) -> Reply:
    public, sent = entry.public, read_sent(ledger, entry)
    numbers = (
        (asked_by, label, value)
        for asked_by, labels, values in (sent.numbers if sent else ())
        for label, value in zip(labels, values, strict=True)
    )
    return Reply(
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


def _said(entries: Sequence[Entry]) -> Iterator[Said]:
    for entry in entries:
        if entry.kind not in _RUN:
            yield Said(entry.number, entry.at, entry.kind, _sentence(entry))


def _sentence(entry: Entry) -> str:
    public = entry.public
    if entry.kind == APPROVED:
        return "; ".join(_of_approval(public["approval"]))
    if entry.kind == "refused":
        run = f" to run {public['run']}" if public.get("run") else ""
        return f"said no{run}: {refusal_message(public['code'], 'this site')}"
    if entry.kind in ACTS:
        reason = f": {public['reason']}" if public.get("reason") else ""
        return f"by {public['by']}{reason}"
    return ", ".join(f"{name} {value}" for name, value in public.items())


def _of_approval(content: Mapping[str, Any]) -> Iterator[str]:
    yield _approved(content)
    yield f"compared: {', '.join(content['compared']) or 'nobody'}"
    for kind, package in content.get("methods", {}).items():
        if kind not in OWN:
            yield f"method {kind} of {package}"
    for one in content["exceptions"]:
        yield f"exception {one['limit']} = {one['value']}: {one['reason']}"
    if content["may_be_subtracted"]:
        yield "may be subtracted"
