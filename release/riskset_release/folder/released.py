"""A release as a value: what follows from proof.json and the files of its outputs, and from nothing else.

The pages are written from it, first and after each withdrawal, so they can tell nothing that is not in those files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskset.audit.proof import FILE, WITHOUT_WITHDRAWALS, check_release
from riskset.audit.trusted import Trusted
from riskset.catalogue import say
from riskset.errors import DataError
from riskset.joining.signed import read_file
from riskset.strict_json import read_json
from riskset_release.folder.described import Described, Hospital, read_described
from riskset_release.outputs import OutputKind
from riskset_release.votes import Vote, read_vote
from riskset_release.withdrawals import Withdrawal, read_withdrawal


@dataclass(frozen=True)
class ReleasedOutput:
    """One output, as it was released."""

    id: str
    kind: OutputKind
    title: str
    sha256: str
    files: Mapping[str, bytes]
    """By path; of a withdrawn output, those that are still there."""
    hashes: Mapping[str, str]
    """SHA-256 of every file, by path."""
    votes: tuple[Vote, ...]
    """The acceptances."""
    withdrawals: tuple[Withdrawal, ...]

    @property
    def is_withdrawn(self) -> bool:
        return bool(self.withdrawals)


@dataclass(frozen=True)
class Released:
    """A whole release, whose proof holds."""

    run: str
    study_sha256: str
    accepts: int
    described: Described
    hospitals: Mapping[str, Hospital]
    """Those that took part in the run, as the signed log has them."""
    outputs: tuple[ReleasedOutput, ...]
    """In reading order."""

    def output(self, id_: str) -> ReleasedOutput | None:
        return next((one for one in self.outputs if one.id == id_), None)


def released_of(proof: Mapping[str, Any], files: Mapping[str, bytes], trusted: Trusted | None = None) -> Released:
    """Returns the release of a proof; `files` are those of its outputs, by path.

    Raises DataError where the proof does not hold of these files, is of an earlier version, or what it describes does
    not name each hospital that took part, or each output: a page that leaves one out would mislead.
    """
    if proof.get("schema") == WITHOUT_WITHDRAWALS:
        raise DataError(say("release.folder.earlier"), say("release.folder.earlier_hint"))
    found = check_release(json.dumps(proof, ensure_ascii=False).encode(), files, trusted)
    if not found.checks.all_hold:
        raise DataError(say("release.folder.fails", finding=found.checks.failures[0].told))
    described = read_described(proof.get("described"))
    ids = [str(one["id"]) for one in proof["outputs"]]
    named = (sorted(described.origin.hospitals), sorted(described.outputs), described.decided.accepts)
    if named != (sorted(found.hospitals), sorted(ids), proof["accepts"]):
        raise DataError(say("release.folder.not_described"), say("release.folder.described_hint"))
    outputs = tuple(_output(one, described, files) for one in proof["outputs"])
    hospitals = dict(described.origin.hospitals)
    return Released(found.run, found.study, proof["accepts"], described, hospitals, outputs)


def _output(said: Mapping[str, Any], described: Described, files: Mapping[str, bytes]) -> ReleasedOutput:
    titled, hashes = described.outputs[said["id"]], {one["path"]: one["sha256"] for one in said["files"]}
    return ReleasedOutput(
        said["id"],
        titled.kind,
        titled.title,
        said["sha256"],
        {path: files[path] for path in hashes if path in files},
        hashes,
        tuple(read_vote(_bytes(one)) for one in said["votes"]),
        tuple(read_withdrawal(_bytes(one)) for one in said["withdrawals"]),
    )


def _bytes(signed: object) -> bytes:
    return json.dumps(signed, ensure_ascii=False).encode()


def read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Returns the content of proof.json, and the files of its outputs that are in the folder. Raises DataError where
    there is no proof, or a file cannot be read; nothing is checked yet."""
    data = read_file(folder / FILE, say("audit.called.proof"), say("release.folder.hint"))
    try:
        proof = read_json(data)
        paths = [one["path"] for output in proof["outputs"] for one in output["files"]]
    except (ValueError, KeyError, TypeError):
        raise DataError(say("audit.proof.form"), say("release.folder.hint")) from None
    inside = [path for path in paths if isinstance(path, str) and _is_inside(path)]
    if inside != paths:
        raise DataError(say("audit.proof.form"), say("release.folder.hint"))
    there = [path for path in inside if (folder / path).is_file()]
    called = say("audit.called.released")
    return proof, {path: read_file(folder / path, called, say("cli.check_path")) for path in there}


def _is_inside(path: str) -> bool:
    """Whether a path of a proof stays in its folder, whoever wrote it."""
    parts = path.split("/")
    return all(part not in ("", ".", "..") for part in parts) and not {"\\", ":", "\0"} & {*path}
