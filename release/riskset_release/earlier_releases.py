"""Earlier releases of a study, read from a folder that the committee keeps: bundles, and beside them the records of
what was released of each.

Nothing is taken for unpublished because it could not be read: a record without its bundle, a bundle without its record
and a record that does not fit its run are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from riskset.audit.bundle import LOG as LOG_FILE
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.replay import Replayed, replay
from riskset.audit.trusted import Trusted
from riskset.audit.verify import Verification, verify
from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.signed import read_file
from riskset.ledger.trusted_log import read_log
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import sha256
from riskset.strict_json import NotStrictJson, read_json
from riskset_release.gate.earlier import Earlier
from riskset_release.gate.links import counts_in
from riskset_release.record import RECORD, SCHEMA

MOST_FILES: Final = 100
"""Bundles and records in a folder; more is taken for a mistake."""


def earlier_in(folder: Path, trusted: Trusted) -> list[Earlier]:
    """Returns the releases of a folder, the first one first. Raises DataError where a file is unreadable or alone, or a
    bundle does not hold."""
    bundles = {sha256(data): (path, data) for path, data in _files(folder, "*.zip")}
    records = [(path, _record(path, data)) for path, data in _files(folder, RECORD)]
    if not records:
        raise DataError(say("release.earlier.none", folder=folder), say("release.earlier.hint"))
    for path, record in records:
        if record["bundle_sha256"] not in bundles:
            raise DataError(say("release.earlier.no_bundle", record=path), say("release.earlier.hint"))
    named = {record["bundle_sha256"] for _, record in records}
    for digest, (path, _) in bundles.items():
        if digest not in named:
            raise DataError(say("release.earlier.no_record", bundle=path), say("release.earlier.hint"))
    replayed = {digest: _results(path, data, trusted) for digest, (path, data) in bundles.items()}
    found = (_earlier(path, record, replayed[record["bundle_sha256"]]) for path, record in records)
    return sorted(found, key=lambda one: (one.at, one.run))


def checked_and_replayed(bundle: bytes, trusted: Trusted) -> tuple[Verification, Replayed | None]:
    """Returns what holds of a bundle, and its results as they follow from the sites' signed sums; None where nothing
    follows."""
    found = verify(bundle, trusted)
    return found, None if found.run is None else replay(found.checks, found.files, found.run)


def ended_before(files: Mapping[str, bytes], run: RecordedRun) -> list[str]:
    """Returns the runs of the study that ended before a run began, by the coordinator's log in its bundle."""
    log = read_log(files[LOG_FILE].decode(), LOG, run.roster.coordinator)
    began = {str(one.public.get("run")): one for one in log.entries if one.kind == "began"}
    study = began[run.id].public.get("study_id")
    before = [str(one.public.get("run")) for one in log.entries[: began[run.id].number] if one.kind == "ended"]
    return [one for one in before if one in began and began[one].public.get("study_id") == study]


def _files(folder: Path, pattern: str) -> list[tuple[Path, bytes]]:
    if not folder.is_dir():
        raise DataError(say("release.earlier.no_folder", folder=folder), say("release.earlier.hint"))
    paths = sorted(path for path in folder.rglob(pattern) if path.is_file())
    if len(paths) > MOST_FILES:
        raise DataError(say("release.earlier.many", folder=folder, most=MOST_FILES), say("release.earlier.hint"))
    return [(path, read_file(path, say("release.called.earlier"), say("cli.check_path"))) for path in paths]


def _record(path: Path, data: bytes) -> Mapping[str, Any]:
    """Returns a record whose form is known."""
    try:
        record = read_json(data)
        published = record["published"]
        texts = [record["run"], record["at"], record["bundle_sha256"], *published["counts"], *published["results"]]
        is_record = record["schema"] == SCHEMA and all(isinstance(text, str) for text in texts)
    except (NotStrictJson, KeyError, TypeError):
        is_record = False
    if not is_record:
        raise DataError(say("release.earlier.no_form", record=path), say("release.earlier.hint"))
    return record  # type: ignore[no-any-return]


def _results(path: Path, bundle: bytes, trusted: Trusted) -> Replayed:
    found, again = checked_and_replayed(bundle, trusted)
    if again is None or found.checks.failures:
        reason: Message = next((one.told for one in found.checks.failures), say("release.candidate.empty"))
        raise DataError(say("release.earlier.fails", bundle=path, reason=reason), say("release.candidate.none_hint"))
    return again


def _earlier(path: Path, record: Mapping[str, Any], replayed: Replayed) -> Earlier:
    results, published = replayed.results, record["published"]
    counts, of = frozenset(published["counts"]), frozenset(published["results"])
    is_of_run = record["run"] == results.run and of <= {entry.id for entry in results.entries}
    if not is_of_run or not counts <= counts_in(results):
        raise DataError(say("release.earlier.other", record=path), say("release.earlier.hint"))
    return Earlier(record["run"], record["at"], record["bundle_sha256"], results, counts, of)
