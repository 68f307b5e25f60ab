"""Acts of consent: an approval is signed, paused, resumed or withdrawn, by a command or in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskset.catalogue import Message, say
from riskset.joining.expiry import expiry_lines, today_utc
from riskset.joining.signed import as_text
from riskset.private_files import replace_file
from riskset.protocol.approval import Approval
from riskset.study.asked import OWN, installed
from riskset_site.consent.approvals import Approvals, expiry_of
from riskset_site.consent.terms import Terms, draft, seen_by_others, subtraction, told_alone
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, load_keys
from riskset_site.records.journal import own_ledger
from riskset_site.study_folder import StudyFolder


@dataclass(frozen=True)
class Signed:
    """An approval that is in the ledger."""

    approval: Approval
    after_withdrawal: str
    """Why the site takes part again, where it had withdrawn."""
    stopped: Message
    """Why nothing is answered all the same; empty where it is."""
    file: Path
    """The signed document, for the records of others."""


def sign(folder: StudyFolder, terms: Terms, today: date, signed_at: str) -> Signed:
    """Signs an approval into the ledger, and writes its document beside the site file.

    Raises DataError where the terms are invalid; Refused where others could read this site's own sums and not all of
    their keys have been compared, or where the site has withdrawn and the terms do not say why it takes part again.
    """
    approval = draft(folder, terms, today, signed_at)
    with closing(own_ledger(folder.paths, folder.identity, folder.site)) as ledger:
        approvals = Approvals(ledger, folder.identity)
        entry = approvals.approve(approval, folder.study, terms.after_withdrawal)
        stopped = approvals.standing().stopped
    file = folder.paths.root / f"{folder.site}.approval.json"
    replace_file(file, as_text(entry.public))
    return Signed(approval, terms.after_withdrawal, stopped, file)


def act(site_file: Path, decide: Callable[[Approvals], object]) -> None:
    """Lets a person pause, resume or withdraw. Reads neither study nor data: stopping must not wait for a file to be
    corrected. Refused where there is nothing to decide."""
    site = load_site_file(site_file, needs_export=False).site
    paths = SitePaths(site_file.parent)
    identity = load_keys(paths)
    with closing(own_ledger(paths, identity, site)) as ledger:
        decide(Approvals(ledger, identity))


def signed_lines(folder: StudyFolder, signed: Signed) -> Iterator[str]:
    """Yields, in sentences, what was signed."""
    approval, stopped = signed.approval, signed.stopped
    if signed.after_withdrawal:
        yield say("site.approval.rejoined", reason=signed.after_withdrawal)
    study, until = folder.study, approval.until.isoformat()
    yield say("site.approval.signed", by=approval.by, study=study.id, version=study.version, site=folder.site)
    yield say("site.approval.until", until=until, irb=approval.irb)
    yield say(
        "site.approval.hashes",
        study=approval.study[:12],
        roster=approval.roster[:12],
        approval=approval.sha256[:12],
    )
    for kind, package in installed().items():
        if kind not in OWN:
            yield say("site.approval.method", kind=kind, package=package)
    yield from seen_by_others(folder)
    if approval.may_be_subtracted:
        yield subtraction(folder)
    if approval.may_be_told_alone:
        yield told_alone(folder)
    for one in approval.exceptions:
        yield say("site.approval.exception", limit=one.limit, value=one.value, reason=one.reason)
    if approval.compared:
        yield say("site.approval.compared", sites=approval.compared)
    else:
        yield say("site.approval.none_compared")
    if unknown := tuple(site for site in folder.others if site not in approval.compared):
        yield say("site.approval.not_compared", sites=unknown)
    if stopped:
        yield say("site.approval.stopped", stopped=stopped)
    yield from expiry_lines([expiry_of(approval)], today_utc())
    yield say("site.approval.document", file=str(signed.file))
