"""A run that a site opens to its auditor: what the site sent, and what follows once others have opened it too.

Openings add up. Anyone who has those of all participants but one, and the totals, knows the sums of that one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.audit.site_opening import Notice, OpenedRound, SiteOpening, read_notice
from riskset.catalogue import Message, say
from riskset.errors import DataError, Refused, VerificationError
from riskset.ledger.entry import Entry
from riskset.protocol.journal import Begun, Exchange
from riskset.protocol.opening import read_opened
from riskset.secure.envelope import sha256, unframe, verify
from riskset.secure.keys import public_from_hex
from riskset_site.keys import Identity
from riskset_site.records.journal import CLOSED, CONTRIBUTED, DESTROYED, DISCLOSED, OPENED, JournalFile, read_sent

LONGEST: Final = 200
"""Characters of an auditor's name and of a reason, as everybody reads them back."""


@dataclass(frozen=True)
class RunOver:
    """A run that is over at this site, and can be opened."""

    journal: JournalFile
    site: str
    run: str
    begun: Begun
    opened: Entry
    """Of the ledger: the site's answer to the opening of the run."""
    reply: bytes
    """That answer."""
    is_masked: bool

    @property
    def others(self) -> tuple[str, ...]:
        return tuple(name for name in self.begun.participants if name != self.site)

    def of_kind(self, kind: str) -> list[Entry]:
        """Returns the ledger's entries of a kind about this run."""
        return [entry for entry in self.journal.ledger.entries(kind) if entry.public.get("run") == self.run]


def run_over(journal: JournalFile, site: str, run: str) -> RunOver:
    """Returns a run of the journal. Raises DataError where there is none, Refused where it is not over."""
    begun = journal.begun(run)
    if begun is None:
        raise DataError(say("site.open.unknown_run", run=run), say("site.open.unknown_run_hint"))
    if not journal.is_over(run):
        raise Refused("unfinished", say("site.open.not_over", run=run), say("site.open.not_over_hint"))
    first: Exchange = journal.exchanges(run)[0]
    opened = next(entry for entry in journal.ledger.entries(OPENED) if entry.public["run"] == run)
    key = read_opened(unframe(first.reply)[1]).key
    return RunOver(journal, site, run, begun, opened, first.reply, bool(key))


def check_secret(of: RunOver) -> None:
    """Raises Refused where the secret of a masked run was destroyed."""
    for entry in of.of_kind(DESTROYED):
        destroyed = say("site.open.destroyed", run=of.run, date=entry.at[:10])
        raise Refused("destroyed", destroyed, say("site.open.destroyed_hint"))


def opening_of(of: RunOver, to: str, reason: str, at: str) -> SiteOpening:
    """Returns what the site opens of a run: one hospital's sums, for its auditor alone. Raises Refused where the secret
    was destroyed."""
    check_secret(of)
    public = of.opened.public
    return SiteOpening(
        of.run,
        of.site,
        public["study"],
        public["roster"],
        to,
        reason,
        at,
        of.begun.secret,
        tuple(_rounds(of)),
        of.journal.ledger.export(),
    )


def _rounds(of: RunOver) -> Iterator[OpenedRound]:
    ledger = of.journal.ledger
    for entry in (*of.of_kind(CONTRIBUTED), *of.of_kind(CLOSED)):
        sent = read_sent(ledger, entry)
        if sent is not None:
            key = ledger.key_of(entry)
            yield OpenedRound(entry.public["round"], entry.number, key, sent.numbers, tuple(sent.verdicts))


def record_disclosed(of: RunOver, opening: SiteOpening, data: bytes) -> Entry:
    """Writes into the ledger that the run is opened, to whom and why, before the file with these bytes is written."""
    public = {"run": of.run, "to": opening.to, "reason": opening.reason, "sha256": sha256(data)}
    return of.journal.ledger.append(DISCLOSED, public)


def signing_key(of: RunOver, identity: Identity) -> Ed25519PrivateKey:
    """Returns the key with which the site signed in the run; it may have renewed its keys since. Raises
    VerificationError where it has none that did."""
    for key in (identity.signing, *identity.earlier):
        with suppress(VerificationError):
            verify(of.reply, {of.site: key.public_key()})
            return key
    raise VerificationError(say("site.open.no_key", run=of.run), say("site.open.no_key_hint"))


def notices_of(of: RunOver, notices: Mapping[str, bytes]) -> dict[str, Notice]:
    """Returns the notices of the other participants that have opened the run, by site; `notices` by the name of their
    file. Raises DataError where a file is no notice or is of another run or site, VerificationError where the site that
    it names did not sign it."""
    found = {}
    for file, data in notices.items():
        document, notice = read_notice(data)
        if notice.run != of.run or notice.site not in of.others or notice.site not in of.begun.keys:
            other = say("site.open.other_notice", file=file, site=notice.site, run=notice.run)
            raise DataError(other, say("site.open.other_notice_hint"))
        unsigned = say("site.open.unsigned_notice", file=file, site=notice.site)
        key = public_from_hex(of.begun.keys[notice.site])
        document.check_signed(key, unsigned, say("site.open.other_notice_hint"))
        found[notice.site] = notice
    return found


def what_follows(of: RunOver, opened: Sequence[str]) -> Message:
    """Returns what anyone who has the openings and the totals knows once this site has opened too; `opened` are the
    others that have."""
    left = tuple(name for name in of.others if name not in opened)
    if not of.is_masked:
        return say("site.open.follows.unmasked")
    if not left:
        return say("site.open.follows.last")
    if len(left) == 1:
        return say("site.open.follows.one_left", site=left[0])
    return say("site.open.follows.adds_up", n=len(left), of=len(of.begun.participants))
