"""Checks what follows the end of a run: who has cosigned the log up to the end, and that each site's own log went on.

None of it must be there: a site that was away gives its cosignature later. What is missing is shown, since then nobody
but the coordinator vouches for what came after the last message.
"""

from __future__ import annotations

from collections.abc import Mapping

from riskset.audit.bundle import LOG as FILE
from riskset.audit.bundle import message_name
from riskset.audit.checks import Checks, Finding
from riskset.audit.log_checks import RunOfLog
from riskset.audit.recorded_run import RecordedRun
from riskset.catalogue import say
from riskset.errors import VerificationError
from riskset.ledger.note import parse
from riskset.protocol.after_end import check_kept, check_seen_to_end
from riskset.protocol.end_messages import SeenToEnd, read_seen_to_end
from riskset.protocol.log_view import LogView
from riskset.protocol.messages import KEPT, WITNESSED
from riskset.protocol.opening import read_opened
from riskset.protocol.own_log import check_own_log
from riskset.protocol.round import check_round
from riskset.protocol.witnessing import cosigned_at
from riskset.secure.envelope import Verified, verify


def check_end(checks: Checks, files: Mapping[str, bytes], of_log: RunOfLog, run: RecordedRun) -> RecordedRun:
    """Returns the run with the answers after its end, those that hold."""
    opened, final = _opened(checks, run), of_log.note
    # sites that show no log of their own, as those of earlier versions, cannot have cosigned the end either
    witnessed = _answers(checks, files, run, WITNESSED, 1) if opened else {}
    seen: dict[str, SeenToEnd] = {}
    for site, message in witnessed.items():
        if site not in opened:
            continue  # what it showed does not hold, and has been told
        with checks.each("cosignatures", message_name(message.head.round, site)):
            seen[site] = _seen_to_end(message, final, run, opened[site])
    for site in run.participants:
        if site not in witnessed:
            checks.odd.append(Finding(FILE, say("audit.end.not_cosigned", site=site), of_log.ended))
    kept: list[Verified] = []
    for site, message in (_answers(checks, files, run, KEPT, 2) if opened else {}).items():
        with checks.each("cosignatures", message_name(message.head.round, site)):
            check_kept(message, seen, run.roster)
            kept.append(message)
    if missing := {*run.participants} - {message.head.sender for message in kept}:
        checks.odd.append(Finding(FILE, say("audit.end.not_kept", sites=tuple(sorted(missing))), of_log.ended))
    return run.with_end(final, tuple(witnessed[site] for site in seen), tuple(kept))


def _seen_to_end(message: Verified, final: str, run: RecordedRun, opened: LogView) -> SeenToEnd:
    """As `check_seen_to_end`; says so where the site has cosigned another end than this one."""
    site, line = message.head.sender, read_seen_to_end(message.payload).cosignature
    try:
        cosigned_at(parse(final).text, line, site, run.roster.sites[site])
    except VerificationError:
        raise VerificationError(say("audit.end.other_end", site=site)) from None
    return check_seen_to_end(message, final, run.roster, opened)


def _opened(checks: Checks, run: RecordedRun) -> dict[str, LogView]:
    """Returns what each site showed of its own log when it opened the run; nothing of an earlier version."""
    found = {}
    for reply in run.rounds[0].replies:
        site, log = reply.head.sender, read_opened(reply.payload).log
        if log is not None:
            with checks.each("cosignatures", message_name(0, site)):
                check_own_log(site, run.roster.sites[site], log)
                found[site] = log
    return found


def _answers(
    checks: Checks, files: Mapping[str, bytes], run: RecordedRun, type_: str, later: int
) -> dict[str, Verified]:
    """Returns the answers of one kind that are there and that their sites signed, by site."""
    closing, found = run.rounds[-1].request.head, {}
    round_ = closing.round + later
    for site in run.participants:
        path = message_name(round_, site)
        if path not in files:
            continue
        with checks.each("signatures", path):
            message = verify(files[path], run.roster.sites)
            stated = {"study": closing.study, "roster": closing.roster, "run": closing.run, "history": closing.history}
            check_round([message], [site], type=type_, round=round_, **stated)
            found[site] = message
    return found
