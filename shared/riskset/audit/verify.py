"""Checks a bundle: every signature, hash, order, expiry and cosignature in it. Nothing is computed from patients' sums.

Trust begins outside: with the fingerprints of the coordinator and the sites, as the auditor heard them. What anybody
but the coordinator changes, its signature over the manifest shows. What the coordinator itself changes is shown by what
others signed: the replies, and the sites' cosignatures of its log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskset.audit.archive import NotAsWritten, unpack
from riskset.audit.bundle import KIND, MANIFEST, RESULTS, ROSTER, STUDY, read_manifest
from riskset.audit.checks import Checks, Finding
from riskset.audit.end_checks import check_end
from riskset.audit.following import follows_from, readme
from riskset.audit.log_checks import RunOfLog, check_log
from riskset.audit.message_checks import check_messages
from riskset.audit.progress import Progress, unseen
from riskset.audit.receipt_checks import check_receipts
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.trusted import Trusted
from riskset.catalogue import say
from riskset.errors import DataError, RisksetError
from riskset.protocol.roster import COORDINATOR, Roster, read_roster
from riskset.secure.envelope import sha256
from riskset.study.load import canonical_json, study_from_json
from riskset.study.spec import Study

BY_REPLAY = ("totals.json", "verdicts.json")
"""What follows from the sums: `replay` compares them, and results.json."""


@dataclass(frozen=True)
class Verification:
    """How a bundle was found."""

    checks: Checks
    files: Mapping[str, bytes]
    """By path; nothing where the archive could not be read."""
    run: RecordedRun | None
    """What can be derived again; None where the records of the run are not whole."""
    log: RunOfLog | None = None
    """The coordinator's log; None where it does not have a whole run."""


def verify(
    data: bytes, trusted: Trusted | None, receipts: Mapping[str, bytes] | None = None, at: Progress = unseen
) -> Verification:
    """Returns what holds of a bundle and what does not, whatever the bytes are. Without `trusted` nobody's fingerprint
    is compared: then anybody may have made the bundle. `receipts` are files that sites kept, by name."""
    checks = Checks()
    at(say("audit.progress.archive"))
    try:
        files = unpack(data)
    except NotAsWritten as wrong:
        checks.failures.append(Finding(say("audit.finding.archive"), wrong.message))
        if wrong.files is None:
            return Verification(checks, {}, None)
        files = dict(wrong.files)  # what else is wrong says more of the place
    else:
        checks.held["archive"] += len(files)
    run_id = _check_manifest(checks, files)
    study, roster = _study(checks, files), _roster(checks, files)
    if study is None or roster is None or run_id is None:
        return Verification(checks, files, None)
    with checks.each("parties", ROSTER):
        roster.check_belongs_to(study)
    of_log = check_log(checks, files, run_id, study, roster)
    run = None if of_log is None else check_messages(checks, files, of_log, study, roster, at)
    if run is not None and of_log is not None:
        run = check_end(checks, files, of_log, run)
        check_receipts(checks, receipts or {}, of_log, run)
    if trusted is not None:
        _check_fingerprints(checks, of_log.participants if of_log else (), roster, trusted)
    if of_log is not None:
        _check_results(checks, files, of_log)
    if run is not None:
        _check_following(checks, files, run)
    return Verification(checks, files, run, of_log)


def _check_manifest(checks: Checks, files: Mapping[str, bytes]) -> str | None:
    """Returns the run that the manifest names; None where there is no manifest."""
    if not checks.that("files", MANIFEST in files, MANIFEST, say("audit.file.missing")):
        return None
    try:
        document = read_manifest(files[MANIFEST])
    except RisksetError as wrong:
        checks.failures.append(Finding(MANIFEST, wrong.message))
        return None
    listed = {one["path"]: (one["bytes"], one["sha256"]) for one in document.content["files"]}
    for path in sorted({*listed, *files} - {MANIFEST}):
        if path not in files:
            checks.failures.append(Finding(path, say("audit.file.missing")))
        elif path not in listed:
            checks.failures.append(Finding(path, say("audit.file.not_listed")))
        else:
            is_same = listed[path] == (len(files[path]), sha256(files[path]))
            checks.that("files", is_same, path, say("audit.file.changed"))
    with checks.each("signatures", MANIFEST):
        key = read_roster(files.get(ROSTER, b"")).coordinator
        document.check_signed(key, say("audit.manifest.changed"), say("audit.manifest.hint"))
    as_written = document.as_written(KIND)
    checks.that("files", files[MANIFEST] == as_written, MANIFEST, say("audit.manifest.spaces"))
    return document.text("run")


def _study(checks: Checks, files: Mapping[str, bytes]) -> Study | None:
    if STUDY not in files:
        return None  # the manifest has told it
    with checks.each("parties", STUDY):
        study = study_from_json(files[STUDY])
        if canonical_json(study) != files[STUDY]:
            raise DataError(say("audit.study.spelling"))
        return study
    return None


def _roster(checks: Checks, files: Mapping[str, bytes]) -> Roster | None:
    if ROSTER not in files:
        return None
    with checks.each("signatures", ROSTER):
        return read_roster(files[ROSTER])
    return None


def _check_fingerprints(checks: Checks, sites: Sequence[str], roster: Roster, trusted: Trusted) -> None:
    """The keys of the roster are those that the auditor heard of."""
    for party, key in roster.parties_of(sites).items():
        if not trusted.has(party):
            checks.failures.append(Finding(ROSTER, say("audit.fingerprint.missing", party=party)))
        else:
            known = trusted.knows(party, key)
            checks.that("fingerprints", known, ROSTER, say("audit.fingerprint.other", party=party))
    for party in sorted(trusted.fingerprints.keys() - {COORDINATOR, *sites}):
        checks.odd.append(Finding(ROSTER, say("audit.fingerprint.no_part", party=party)))


def _check_results(checks: Checks, files: Mapping[str, bytes], of_log: RunOfLog) -> None:
    """The files of the results are those of which the log has the hashes since the run ended."""
    found = {path.removeprefix(RESULTS): content for path, content in files.items() if path.startswith(RESULTS)}
    for name in sorted({*found, *of_log.results}):
        path = f"{RESULTS}{name}"
        if name not in found:
            checks.failures.append(Finding(path, say("audit.results.missing"), of_log.ended))
        else:
            is_same = of_log.results.get(name) == sha256(found[name])
            checks.that("results", is_same, path, say("audit.results.changed"), of_log.ended)


def _check_following(checks: Checks, files: Mapping[str, bytes], run: RecordedRun) -> None:
    """Files that repeat what the messages say, for a reader, say the same; and there are no others."""
    following = {**follows_from(run), **readme(run)}
    for path, content in following.items():
        checks.that("copies", files.get(path) == content, path, say("audit.file.differs"))
    for path in (*BY_REPLAY, f"{RESULTS}results.json"):
        checks.that("files", path in files, path, say("audit.file.missing"))
    wrong = {failure.file for failure in checks.failures}  # an answer after the end that does not hold, for one
    known = {*following, *run.files, *BY_REPLAY, MANIFEST, *wrong}
    for path in sorted(path for path in files if path not in known and not path.startswith(RESULTS)):
        checks.failures.append(Finding(path, say("audit.file.unknown")))
