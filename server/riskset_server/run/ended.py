"""What the coordinator's record has of a run that has ended, for what is then exchanged with its sites."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.ledger.checkpoint import read_checkpoint
from riskset.ledger.entry import Entry
from riskset.ledger.log_file import LedgerFile
from riskset.ledger.note import parse
from riskset.protocol.after_end import EndOfRun
from riskset.protocol.end_messages import Listed
from riskset.protocol.log_view import LogView
from riskset.protocol.opening import read_opened
from riskset.protocol.witnessing import read_relayed
from riskset.secure.envelope import claimed_head, unframe
from riskset_server.run.record import RunRecord


def end_of(record: RunRecord, run: str) -> EndOfRun | None:
    """Returns what is exchanged with the sites about the end of a run; None where it has not ended, or where its sites
    show no log of their own, as those of earlier versions."""
    began, ended = record.entry("began", run), record.entry("ended", run)
    opened = {claimed_head(reply).sender: read_opened(unframe(reply)[1]).log for reply in record.of_round(run, 0)}
    logs = {site: log for site, log in opened.items() if log is not None}
    if began is None or ended is None or not record.has_all_replies(run) or not logs:
        return None
    request, size, ledger = record.last_request(run), ended.number + 1, record.ledger
    shown, later = _shown(request), {*map(_shown, _asked_since(record, ended)), *_ends(ledger)}
    proofs = {shown: ledger.consistency(shown, size)}
    # a site that answers after it has seen more of the log does so with a proof that this is its beginning
    proofs |= {more: ledger.consistency(size, more) for more in sorted(later) if more > size}
    received = [e for e in ledger.entries("received") if e.public["run"] == run and e.number < size]
    return EndOfRun(
        claimed_head(request),
        LogView(ledger.checkpoint_at(size), proofs),
        _listed(ledger, began, size),
        _listed(ledger, ended, size),
        {
            site: tuple(_listed(ledger, entry, size) for entry in received if entry.public["sender"] == site)
            for site in sorted(record.participants(run))
        },
        logs,
    )


def _asked_since(record: RunRecord, ended: Entry) -> Iterator[bytes]:
    """Yields the messages, of any run, that were made since and show the log."""
    for entry in record.ledger.entries("asked"):
        if entry.number > ended.number and entry.public["round"] >= 1:
            request = record.request(entry.public["run"], entry.public["round"])
            if request is not None:
                yield request


def _ends(ledger: LedgerFile) -> Iterator[int]:
    """Yields how many entries of the log the messages after the ends of all runs show."""
    return (entry.number + 1 for entry in ledger.entries("ended"))


def _shown(request: bytes) -> int:
    """Returns how many entries of the log a message shows."""
    return read_checkpoint(parse(read_relayed(unframe(request)[1])[0].checkpoint).text).size


def _listed(ledger: LedgerFile, entry: Entry, size: int) -> Listed:
    return Listed(entry.proven, ledger.inclusion(entry.number, size))
