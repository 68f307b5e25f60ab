"""A site's acts of consent in its ledger, and which approval is in force now.

The ledger is read again each time, so that the running process obeys `riskset site pause`, given beside it, at its
next message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from riskset import __version__
from riskset.catalogue import say
from riskset.errors import DataError, Refused, VerificationError
from riskset.joining.expiry import Expiry, today_utc
from riskset.ledger.entry import Entry
from riskset.ledger.log_file import LedgerFile
from riskset.protocol.approval import Approval, sign_approval
from riskset.protocol.consent import ACTS, APPROVED, PAUSED, REJOINED, RESUMED, WITHDREW, ConsentState, consent_after
from riskset.study.load import canonical_json, study_from_json
from riskset.study.spec import Study
from riskset_site.keys import Identity


@dataclass(frozen=True)
class Approvals:
    """The acts of consent in the site's ledger. Approvals signed with the site's earlier keys are read, too."""

    ledger: LedgerFile
    identity: Identity

    def acts(self) -> list[Entry]:
        """Returns the acts in their order. VerificationError where the ledger does not verify."""
        self.ledger.verify()
        found = [entry for kind in ACTS for entry in self.ledger.entries(kind)]
        return sorted(found, key=lambda entry: entry.number)

    def standing(self) -> ConsentState:
        """Returns what the acts add up to. VerificationError as `acts`."""
        return consent_after(self.acts(), [key.public_key() for key in (self.identity.signing, *self.identity.earlier)])

    def study(self) -> Study | None:
        """Returns the study as last approved, also where that was withdrawn since; None where none ever was."""
        approved = self.ledger.entries(APPROVED)
        private = self.ledger.opened(approved[-1]) if approved else None
        return study_from_json(str(private["study"]).encode()) if private else None

    def approve(self, approval: Approval, study: Study, after_withdrawal: str = "") -> Entry:
        """Signs. The entry's private part keeps the study, so that a review can list the changes in a later version.

        Refused where the site has withdrawn and `after_withdrawal` does not say why it takes part again, or where it
        says so and the site has not withdrawn.
        """
        now = self.standing()
        if now.is_withdrawn and not after_withdrawal:
            raise Refused("withdrawn", now.stopped, say("protocol.approval.withdrawn_hint"))
        if after_withdrawal and not now.is_withdrawn:
            raise Refused("approval", say("site.approval.not_withdrawn"), say("site.approval.not_withdrawn_hint"))
        if after_withdrawal:
            self.ledger.append(REJOINED, {"by": approval.by, "reason": after_withdrawal})
        document = sign_approval(approval, self.identity.signing)
        return self.ledger.append(APPROVED, document, {"study": canonical_json(study).decode()})

    def pause(self, by: str, reason: str) -> Entry:
        """Refused where nothing is approved, or the site is already paused."""
        now = self.standing()
        if now.stopped or now.approval is None:
            raise Refused("approval", now.stopped or say("site.approval.none"), say("site.approval.no_pause_hint"))
        return self.ledger.append(PAUSED, {"by": by, "reason": reason})

    def resume(self, by: str, reason: str) -> Entry:
        """Refused where the site is not paused."""
        now = self.standing()
        if not now.is_paused:
            message = now.stopped or say("site.approval.not_paused")
            hint = say("protocol.approval.withdrawn_hint") if now.is_withdrawn else say("site.approval.no_resume_hint")
            raise Refused("approval", message, hint)
        return self.ledger.append(RESUMED, {"by": by, "reason": reason})

    def withdraw(self, by: str, reason: str) -> Entry:
        """Refused where nothing is approved, or the approval is already withdrawn."""
        now = self.standing()
        if now.approval is None:
            raise Refused("approval", now.stopped or say("site.approval.none"), say("site.approval.no_withdraw_hint"))
        return self.ledger.append(WITHDREW, {"by": by, "reason": reason})


@dataclass
class LedgerConsent:
    """`riskset.protocol.consent.Consent` from a site's ledger. `log` is the site's log, which gets the reason once
    when no approval is in force, and a line when one is again."""

    approvals: Approvals
    log: Callable[[str], None]
    today: Callable[[], date] = today_utc
    code: str = __version__
    _last_logged: str = field(default="", init=False)

    def approval(self, study: str, roster: str, snapshot: str, methods: Mapping[str, str]) -> Approval:
        try:
            found = self.approvals.standing().in_force(study, roster, snapshot, methods, self.code, self.today())
        except Refused as refused:
            reason = say("site.approval.reason", error=refused.message, hint=refused.hint) if refused.hint else refused
            self._log_once(str(reason))
            raise
        except VerificationError as broken:  # in this site's ledger, not in a message: nothing about it travels
            raise DataError(broken.message, broken.hint) from None
        if self._last_logged:
            self._last_logged = ""
            self.log(say("site.approval.again", by=found.by, until=found.until.isoformat()))
        return found

    def look(self, study: str, roster: str, snapshot: str, methods: Mapping[str, str]) -> None:
        """Logs, as `approval` does, whether an approval is in force: a pause is in the log before anyone asks."""
        with suppress(Refused):
            self.approval(study, roster, snapshot, methods)

    def _log_once(self, line: str) -> None:
        """The coordinator may ask a stopped site again for days."""
        if line != self._last_logged:
            self._last_logged = line
            self.log(line)


def expiry_of(approval: Approval) -> Expiry:
    """Returns when the approval expires, for `expiry_lines`."""
    return Expiry(say("site.approval.expires"), approval.until, say("site.approval.expires_remedy"))
