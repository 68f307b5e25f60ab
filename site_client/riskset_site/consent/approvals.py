"""A site's acts of consent in its ledger, and what they come to at this moment.

The ledger is read anew each time, so that the running process obeys `riskset site pause`, typed beside it, at its next
message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from riskset import __version__
from riskset.errors import DataError, Refused, VerificationError
from riskset.joining.expiry import Expiry, today_utc
from riskset.ledger.entry import Entry
from riskset.ledger.log_file import LedgerFile
from riskset.protocol.approval import Approval, sign_approval
from riskset.protocol.consent import ACTS, APPROVED, PAUSED, RESUMED, WITHDREW, ConsentState, consent_after
from riskset.study.load import canonical_json, study_from_json
from riskset.study.spec import Study
from riskset_site.keys.identity import Identity


@dataclass(frozen=True)
class Approvals:
    """The acts, in a ledger that is the site's own. Approvals signed with earlier keys are still read as its own."""

    ledger: LedgerFile
    identity: Identity

    def acts(self) -> list[Entry]:
        """Returns the acts in their order, after checking the ledger. VerificationError where it does not hold."""
        self.ledger.verify()
        found = [entry for kind in ACTS for entry in self.ledger.entries(kind)]
        return sorted(found, key=lambda entry: entry.number)

    def standing(self) -> ConsentState:
        return consent_after(self.acts(), [key.public_key() for key in (self.identity.signing, *self.identity.earlier)])

    def study(self) -> Study | None:
        """Returns the study as it was last approved, also where that was withdrawn since; None where it never was."""
        approved = self.ledger.entries(APPROVED)
        private = self.ledger.opened(approved[-1]) if approved else None
        return study_from_json(str(private["study"]).encode()) if private else None

    def approve(self, approval: Approval, study: Study) -> Entry:
        """Signs. The study stands in the entry's private part, so that a later version can be told as old and new."""
        document = sign_approval(approval, self.identity.signing)
        return self.ledger.append(APPROVED, document, {"study": canonical_json(study).decode()})

    def pause(self, by: str, reason: str) -> Entry:
        """Refused where nothing is approved, or it is paused already."""
        now = self.standing()
        if now.stopped or now.approval is None:
            raise Refused("approval", now.stopped or "nothing is approved here", "there is nothing to pause")
        return self.ledger.append(PAUSED, {"by": by, "reason": reason})

    def resume(self, by: str, reason: str) -> Entry:
        """Refused where it is not paused."""
        now = self.standing()
        if not now.is_paused:
            raise Refused("approval", now.stopped or "this site is not paused", "there is nothing to resume")
        return self.ledger.append(RESUMED, {"by": by, "reason": reason})

    def withdraw(self, by: str, reason: str) -> Entry:
        """Refused where nothing is approved, or it was withdrawn already."""
        now = self.standing()
        if now.approval is None:
            raise Refused("approval", now.stopped or "nothing is approved here", "there is nothing to withdraw")
        return self.ledger.append(WITHDREW, {"by": by, "reason": reason})


@dataclass
class LedgerConsent:
    """`riskset.protocol.approval.Consent` over a site's ledger. `tell` hears why there is none, once: the site's own
    log."""

    approvals: Approvals
    tell: Callable[[str], None]
    today: Callable[[], date] = today_utc
    code: str = __version__
    _told: str = field(default="", init=False)

    def approval(self, study: str, roster: str, snapshot: str, methods: Mapping[str, str]) -> Approval:
        try:
            found = self.approvals.standing().in_force(study, roster, snapshot, methods, self.code, self.today())
        except Refused as no:
            self._tell_once(f"{no} ({no.hint})" if no.hint else str(no))
            raise
        except VerificationError as broken:  # of this site's own ledger, not of a message: no word about it travels
            raise DataError(str(broken), broken.hint) from None
        self._told = ""
        return found

    def _tell_once(self, line: str) -> None:
        """The coordinator asks again for as long as the site is stopped, days perhaps."""
        if line != self._told:
            self._told = line
            self.tell(line)


def expiry_of(approval: Approval) -> Expiry:
    """Returns when the approval ends, for `expiry_lines`."""
    return Expiry("the approval of this site", approval.until, "renew it with: riskset site approve")
