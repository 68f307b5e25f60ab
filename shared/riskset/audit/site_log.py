"""Checks a site's own log in its opening: whole, signed, with the replies of the bundle, each under an approval that
was in force, and with the numbers that the site opens, as it sealed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.audit.checks import Checks
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.site_opening import OpenedRound, SiteOpening
from riskset.catalogue import Message, say
from riskset.errors import VerificationError
from riskset.ledger.checkpoint import open_checkpoint
from riskset.ledger.entry import Entry, read_line
from riskset.ledger.merkle import Tree
from riskset.ledger.seals import opened_with
from riskset.ledger.trusted_log import TrustedLog, read_log
from riskset.protocol.consent import ACTS, consent_after
from riskset.protocol.messages import REPLY_TO
from riskset.protocol.opening import read_opened
from riskset.protocol.own_log import checkpoint_of, name_of
from riskset.secure.envelope import Verified, sha256
from riskset.secure.keys import public_from_hex, public_hex
from riskset.strict_json import read_json

KINDS = ("opened", "contributed", "closed")
"""Of the entries that are replies of a run."""


def check_site_log(checks: Checks, run: RecordedRun, opening: SiteOpening, file: str) -> TrustedLog | None:
    """Returns the log of an opening; None where it is not whole, or not signed by the site."""
    key, n_before = run.roster.sites[opening.site], len(checks.failures)
    with checks.each("site_log", file):
        log = read_log(opening.log, name_of(opening.site), _key_now(opening.log, key))
        if log.was_cut:
            raise VerificationError(say("audit.log.cut"))
    if len(checks.failures) > n_before:
        return None
    checks.held["site_log"] += len(log.entries)
    replies = {entry.number: entry for entry in log.entries if entry.kind in KINDS}
    own = [entry for entry in replies.values() if entry.public.get("run") == run.id]
    if _check_replies(checks, run, opening.site, own, file):
        _check_consent(checks, run, opening.site, log.entries, own, file)
        _check_sealed(checks, opening.rounds, own, file)
    return log


def check_extends(checks: Checks, log: Tree, held: str, key: Ed25519PublicKey, site: str, file: str) -> None:
    """A site's log begins with the entries that an earlier checkpoint of it covers, a note that the site signed:
    nothing of what it had then was rewritten since."""
    with checks.each("site_log", file):
        checkpoint = open_checkpoint(held, name_of(site), key)
        if log.size < checkpoint.size or log.root(checkpoint.size) != checkpoint.root:
            raise VerificationError(say("audit.site_log.rewritten", site=site, n=checkpoint.size))


def _key_now(log: str, key: Ed25519PublicKey) -> Ed25519PublicKey:
    """Returns the key that signs a log, where the site of this `key` has renewed it since."""
    for line in log.split("\n"):
        if '"kind":"renewed"' in line:
            handed_over = read_line(line).public
            if handed_over.get("from") == public_hex(key):
                key = public_from_hex(str(handed_over.get("to")))
    return key


def _check_replies(checks: Checks, run: RecordedRun, site: str, own: Sequence[Entry], file: str) -> bool:
    """Whether the log has exactly the replies of the bundle, in their order."""
    sent = list(_sent(run, site))
    for (question, reply), entry in zip(sent, own, strict=False):
        head = reply.head
        last = KINDS[0] if head.round == 0 else KINDS[2] if head.round == len(sent) - 1 else KINDS[1]
        expected = {
            "type": REPLY_TO[question.head.type],
            "round": head.round,
            "study": head.study,
            "roster": head.roster,
            "history": head.history,
            "request": sha256(question.raw),
            "reply": sha256(reply.raw),
        }
        found = {name: entry.public.get(name) for name in expected}
        is_same = (entry.kind, found) == (last, expected)
        other = say("audit.site_log.other_reply", site=site, round=head.round)
        if not checks.that("site_log", is_same, file, other, entry.number):
            return False
    number = say("audit.site_log.replies", site=site, n=len(own), expected=len(sent))
    return checks.that("site_log", len(own) == len(sent), file, number)


def _sent(run: RecordedRun, site: str) -> Iterator[tuple[Verified, Verified]]:
    for one in run.rounds:
        yield one.request, next(reply for reply in one.replies if reply.head.sender == site)


def _check_consent(
    checks: Checks, run: RecordedRun, site: str, entries: Sequence[Entry], own: Sequence[Entry], file: str
) -> None:
    """Each reply came under the approval that it names, and nothing had stopped it; the first is the one that the site
    stated to all."""
    acts, key = [entry for entry in entries if entry.kind in ACTS], run.roster.sites[site]
    opened = next(reply for reply in run.rounds[0].replies if reply.head.sender == site)
    stated = read_opened(opened.payload).approval
    first, shown = own[0].public.get("approval"), read_opened(opened.payload).log
    by_then = own[0].number if shown is None else min(own[0].number, checkpoint_of(shown).size)
    is_stated = stated is not None and stated.sha256 == first
    checks.that("approvals", is_stated, file, say("audit.site_log.other_approval", site=site), own[0].number)
    for entry in own:
        with checks.each("approvals", file, entry.number):
            before = by_then if entry is own[0] else entry.number
            consent = consent_after([act for act in acts if act.number < before], [key])
            approval, why = consent.approval, _not_in_force(site, entry)
            if consent.stopped or approval is None or approval.sha256 != entry.public.get("approval"):
                raise VerificationError(why)
            if (approval.site, approval.study, approval.roster) != (site, opened.head.study, opened.head.roster):
                raise VerificationError(why)
            if entry.at[:10] > approval.until.isoformat():
                raise VerificationError(why)


def _not_in_force(site: str, entry: Entry) -> Message:
    return say("audit.site_log.not_in_force", site=site, round=int(entry.public["round"]))


def _check_sealed(checks: Checks, rounds: Sequence[OpenedRound], own: Sequence[Entry], file: str) -> None:
    """The numbers that are opened are those that the log has sealed since they were sent."""
    with_numbers = own[1:]
    listed = [(one.round, one.entry) for one in rounds]
    expected = [(entry.public["round"], entry.number) for entry in with_numbers]
    if not checks.that("site_log", listed == expected, file, say("audit.opening.rounds")):
        return
    for one, entry in zip(rounds, with_numbers, strict=True):
        other = say("audit.site_log.other_numbers", round=one.round)
        checks.that("site_log", _is_sealed(one, entry), file, other, entry.number)


def _is_sealed(one: OpenedRound, entry: Entry) -> bool:
    try:
        private = read_json(opened_with(one.key, entry.private))
    except (InvalidTag, ValueError):  # NotStrictJson is one
        return False
    content = one.content
    return isinstance(private, dict) and all(private.get(name) == content[name] for name in ("numbers", "verdicts"))
