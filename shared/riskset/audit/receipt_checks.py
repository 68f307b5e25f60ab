"""Checks a bundle against receipts that sites kept: of this run, and of runs that the coordinator does not show."""

from __future__ import annotations

from collections.abc import Mapping

from riskset.audit.checks import Checks, Finding
from riskset.audit.log_checks import RunOfLog
from riskset.audit.recorded_run import RecordedRun
from riskset.catalogue import say
from riskset.errors import DataError
from riskset.ledger.note import parse
from riskset.protocol.end_messages import read_seen_to_end
from riskset.protocol.receipt import Proven, Receipt, check_receipt, proven_by, read_receipt
from riskset.secure.envelope import sha256

TOPIC = "receipts"


def check_receipts(checks: Checks, receipts: Mapping[str, bytes], of_log: RunOfLog, run: RecordedRun) -> None:
    """Takes in each receipt, by the name of its file."""
    keys = run.roster.parties_of(run.roster.sites)
    for file, data in receipts.items():
        with checks.each(TOPIC, file):
            receipt = read_receipt(data)
            if receipt.roster != run.roster.sha256:  # other sites or keys; the coordinator's signature says enough
                _compare(checks, file, receipt, proven_by(receipt, run.roster.coordinator), of_log, run)
                continue
            if receipt.site not in run.roster.sites:
                raise DataError(say("audit.receipt.no_site", site=receipt.site))
            _compare(checks, file, receipt, check_receipt(receipt, keys), of_log, run)


def _compare(checks: Checks, file: str, receipt: Receipt, proven: Proven, of_log: RunOfLog, run: RecordedRun) -> None:
    then, site, tree = proven.checkpoint, receipt.site, of_log.tree
    if receipt.run != run.id and then.size > tree.size:
        study, ended = str(proven.began.public.get("study_id")), proven.ended.at
        checks.odd.append(
            Finding(file, say("audit.receipt.later_run", site=site, run=receipt.run, study=study, ended=ended))
        )
        return
    is_same = then.size <= tree.size and tree.root(then.size) == then.root
    if not checks.that(TOPIC, is_same, file, say("audit.receipt.other_log", site=site)) or receipt.run != run.id:
        return
    sent = [sha256(reply.raw) for one in run.rounds for reply in one.replies if reply.head.sender == site]
    listed = [entry.public.get("sha256") for entry in proven.replies]
    checks.that(TOPIC, sent == listed, file, say("audit.receipt.other_replies", site=site))
    shown = [read_seen_to_end(one.payload).log.checkpoint for one in run.witnessed if one.head.sender == site]
    is_shown = all(parse(one).text == parse(receipt.log).text for one in shown)
    checks.that(TOPIC, is_shown, file, say("audit.receipt.other_own_log", site=site))
