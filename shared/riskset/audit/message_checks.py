"""Checks the messages of a bundle: signed by whom they name, those of the log, each in answer to the one before, and
each site's cosignature of the log as it was then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from riskset.audit.bundle import LOG as FILE
from riskset.audit.bundle import message_name, read_request
from riskset.audit.checks import Checks, Finding
from riskset.audit.log_checks import LEAST_ROUNDS, RoundOfLog, RunOfLog
from riskset.audit.progress import Progress, unseen
from riskset.audit.recorded_run import RecordedRun, Round
from riskset.catalogue import say
from riskset.errors import ProtocolError, VerificationError
from riskset.ledger.checkpoint import open_checkpoint
from riskset.ledger.entry import Entry
from riskset.ledger.note import parse
from riskset.protocol.log_view import read_log_view
from riskset.protocol.messages import CLOSE, OPEN, REPLY_TO, ROUND
from riskset.protocol.opening import open_run, read_opened, read_opening
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.protocol.round import before_opening, chain, check_round
from riskset.protocol.witnessing import LOG, check_cosigned, cosigned_at, read_cosigned
from riskset.secure.envelope import Verified, sha256, verify
from riskset.study.load import study_hash
from riskset.study.spec import Study

CLOCKS_DIFFER_S: Final = 3600
"""So far the clocks of two parties may differ before somebody is asked."""
LATEST_S: Final = 253402300799
"""The end of the year 9999."""


def check_messages(
    checks: Checks,
    files: Mapping[str, bytes],
    of_log: RunOfLog,
    study: Study,
    roster: Roster,
    at: Progress = unseen,
) -> RecordedRun | None:
    """Returns the run with its messages; None where one of them is missing or not what it should be."""
    keys = roster.parties_of(roster.sites)
    rounds: list[Round] = []
    for round_, entries in enumerate(of_log.rounds):
        at(say("audit.progress.messages", round=round_, last=len(of_log.rounds) - 1))
        before = [one.raw for one in rounds[-1].replies] if rounds else []
        found = _round(checks, files, round_, entries, before, keys)
        if found is None:
            return None
        rounds.append(found)
    run = RecordedRun(of_log.id, study, roster, of_log.participants, of_log.entries, rounds)
    if len(rounds) < LEAST_ROUNDS or not _check_heads(checks, run):
        return None
    n_before = len(checks.failures)
    _check_opening(checks, run)
    for round_, one in enumerate(rounds[1:], 1):
        _check_witnessed(checks, of_log, round_, one, roster)
    if len(checks.failures) > n_before:
        return None
    _check_approvals(checks, run, of_log.rounds)
    return run


def _round(
    checks: Checks,
    files: Mapping[str, bytes],
    round_: int,
    entries: RoundOfLog,
    before: Sequence[bytes],
    keys: Mapping[str, Ed25519PublicKey],
) -> Round | None:
    """Returns the messages of a round if their signatures and hashes hold; `before` are the replies before it."""
    question: Verified | None = None
    new, replies = b"", list[Verified]()
    path = message_name(round_, COORDINATOR)
    with checks.each("signatures", path, entries.asked.number):
        request = read_request(_content(files, path))
        new, question = request.new, _listed(request.whole(before), entries.asked, keys)
    for site, entry in entries.received.items():
        path = message_name(round_, site)
        with checks.each("signatures", path, entry.number):
            replies.append(_listed(_content(files, path), entry, keys))
    is_whole = question is not None and len(replies) == len(entries.received)
    return Round(question, new, tuple(replies)) if question is not None and is_whole else None


def _content(files: Mapping[str, bytes], path: str) -> bytes:
    if path not in files:
        raise ProtocolError(say("audit.file.missing"))
    return files[path]


def _listed(raw: bytes, entry: Entry, keys: Mapping[str, Ed25519PublicKey]) -> Verified:
    """Returns a message. Raises VerificationError unless its sender signed it and the log's entry is of it."""
    message = verify(raw, keys)
    head, public = message.head, entry.public
    stated = [public.get(name) for name in ("run", "round", "sender", "message", "sha256")]
    if stated != [head.run, head.round, head.sender, message.id, sha256(raw)]:
        raise VerificationError(say("audit.message.not_listed"))
    return message


def _check_heads(checks: Checks, run: RecordedRun) -> bool:
    """Whether each message is of this run, of its round, and follows from all before it."""
    study, roster, n_before = study_hash(run.study), run.roster.sha256, len(checks.failures)
    history = ""
    for round_, one in enumerate(run.rounds):
        type_ = OPEN if round_ == 0 else CLOSE if round_ == len(run.rounds) - 1 else ROUND
        expected: dict[str, str | int] = {
            "study": study,
            "roster": roster,
            "run": run.id,
            "round": round_,
            "history": history,
        }
        with checks.each("order", message_name(round_, COORDINATOR)):
            check_round([one.request], [COORDINATOR], type=type_, **expected)
        for reply in one.replies:
            with checks.each("order", message_name(round_, reply.head.sender)):
                check_round([reply], [reply.head.sender], type=REPLY_TO[type_], **expected)
        history = chain(history or before_opening(study, roster, run.id), one.replies)
    return len(checks.failures) == n_before


def _check_opening(checks: Checks, run: RecordedRun) -> None:
    """All were asked to take part in the run that the log says has begun, and all of them agreed to that one."""
    opened, path = run.rounds[0], message_name(0, COORDINATOR)
    began = next(entry for entry in run.entries if entry.kind == "began")
    with checks.each("order", path, began.number):
        asked, (answered, _) = read_opening(opened.request.payload), open_run(opened.replies, run.plan.kinds)
        stated = (began.public.get("participants"), began.public.get("earlier"), began.public.get("unblinded", []))
        content = answered.content
        is_same = stated == (content["participants"], content["earlier"], content.get("unblinded", []))
        if asked != answered or not is_same:
            raise VerificationError(say("audit.message.other_opening"))


def _check_approvals(checks: Checks, run: RecordedRun, rounds: Sequence[RoundOfLog]) -> None:
    """Each site answered under an approval that covers its answers, and while that was in force."""
    for reply in run.rounds[0].replies:
        site, approval = reply.head.sender, read_opened(reply.payload).approval
        if approval is None:
            checks.odd.append(Finding(message_name(0, site), say("audit.approval.none", site=site)))
            continue
        until = approval.until.isoformat()
        for entry in (entries.received[site] for entries in rounds):
            expired = say("audit.approval.expired", site=site, until=until, at=entry.at)
            checks.that("approvals", entry.at[:10] <= until, FILE, expired, entry.number)


def _check_witnessed(checks: Checks, of_log: RunOfLog, round_: int, one: Round, roster: Roster) -> None:
    """The log that a message shows is the one in the bundle, as long as it was then; each site cosigned it."""
    path, entries, before = message_name(round_, COORDINATOR), of_log.rounds[round_], of_log.rounds[round_ - 1]
    with checks.each("cosignatures", path, entries.asked.number):
        view = read_log_view(one.new)
        shown = open_checkpoint(view.checkpoint, LOG, roster.coordinator)
        seen_last = max(entry.number for entry in before.received.values())
        if not seen_last < shown.size <= entries.asked.number or shown.root != of_log.tree.root(shown.size):
            raise VerificationError(say("audit.message.other_log"))
        for size, proof in view.proofs.items():
            if not 0 < size <= shown.size or of_log.tree.consistency(size, shown.size) != proof:
                raise VerificationError(say("audit.message.proof"))
        for reply in one.replies:
            with checks.each("cosignatures", message_name(round_, reply.head.sender)):
                check_cosigned([reply], view.checkpoint, roster.sites)
                _note_clock(checks, reply, view.checkpoint, entries, roster)


def _note_clock(checks: Checks, reply: Verified, checkpoint: str, entries: RoundOfLog, roster: Roster) -> None:
    """The log's times are the coordinator's word; a site's own clock says when it cosigned: between the two, but where
    clocks differ. (It may come later than that into the log, if it was lost on its way and sent again.)"""
    site, text, line = reply.head.sender, parse(checkpoint).text, read_cosigned(reply.payload).cosignature
    at = cosigned_at(text, line, site, roster.sites[site])
    asked, received = (_seconds(entry) for entry in (entries.asked, entries.received[site]))
    if not asked - CLOCKS_DIFFER_S <= at <= received + CLOCKS_DIFFER_S:
        by_its_clock = datetime.fromtimestamp(min(at, LATEST_S), UTC).isoformat()
        stated = {"asked": entries.asked.at, "received": entries.received[site].at, "at": by_its_clock}
        message = say("audit.message.clock", site=site, **stated)
        checks.odd.append(Finding(message_name(reply.head.round, site), message, entries.received[site].number))


def _seconds(entry: Entry) -> float:
    return datetime.fromisoformat(entry.at).timestamp()
