"""Makes a bundle from the records of a finished run."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.audit.archive import pack
from riskset.audit.bundle import MANIFEST, Records, manifest
from riskset.audit.checks import Checks
from riskset.audit.end_checks import check_end
from riskset.audit.following import follows_from, readme
from riskset.audit.log_checks import check_log
from riskset.audit.message_checks import check_messages
from riskset.audit.replay import derived
from riskset.catalogue import say
from riskset.errors import VerificationError
from riskset.protocol.roster import read_roster
from riskset.study.load import study_from_json


def bundled(records: Records, run: str, key: Ed25519PrivateKey) -> bytes:
    """Returns the bundle of a run, its manifest signed by the coordinator: the same bytes for the same records.

    Raises VerificationError where the records are not those of a whole run.
    """
    files, checks = records.files(), Checks()
    study, roster = study_from_json(records.study), read_roster(records.roster)
    of_log = check_log(checks, files, run, study, roster)
    found = None if of_log is None else check_messages(checks, files, of_log, study, roster)
    if found is not None and of_log is not None:
        found = check_end(checks, files, of_log, found)
    if found is None or not checks.all_hold:
        first = checks.failures[0].told if checks.failures else say("audit.log.not_whole", run=run)
        raise VerificationError(say("audit.bundle.not_whole", run=run, reason=first), say("run.record.restore"))
    again = derived(found)
    files |= {**follows_from(found), **readme(found), "totals.json": again.totals, "verdicts.json": again.verdicts}
    return pack({**files, MANIFEST: manifest(run, files, key)})
