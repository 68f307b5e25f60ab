"""The public proof of a release: that a file is what a committee released, of a run that every hospital saw.

Anybody can check it with the base install and no network. It holds no total, no row and no secret: hashes, signatures,
and the names of who signed. What it does not show is that the numbers follow from the hospitals' sums: auditors have
checked that before they voted, with the bundle, which stays with them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from riskset.audit.checks import Checks, Finding
from riskset.audit.trusted import Trusted
from riskset.catalogue import Message, say
from riskset.errors import DataError, RisksetError
from riskset.joining.signed import read_signed
from riskset.ledger.checkpoint import open_note
from riskset.ledger.note import parse
from riskset.protocol.end_messages import read_listed
from riskset.protocol.receipt import check_all_cosigned
from riskset.protocol.roster import COORDINATOR, Roster, read_roster
from riskset.protocol.witnessing import LOG
from riskset.secure.envelope import sha256
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex
from riskset.strict_json import NotStrictJson, read_exact

FILE: Final = "proof.json"
SCHEMA: Final = 1
MOST_BYTES: Final = 2**24
_ACCEPTS: Final = ("accept", "exception")


@dataclass(frozen=True)
class Signed:
    """One acceptance."""

    name: str
    at: str
    meaning: str
    words: str
    """The fingerprint of the auditor's key."""
    decision: str


@dataclass(frozen=True)
class Proven:
    """What a proof shows of a file."""

    checks: Checks
    run: str = ""
    study: str = ""
    """SHA-256."""
    hospitals: tuple[str, ...] = ()
    """Those that cosigned the end of the run."""
    output: str = ""
    accepted: tuple[Signed, ...] = ()
    withdrawn: str = ""
    """When the release of the output was withdrawn, and why; empty where it was not."""


def output_hash(id_: str, files: Mapping[str, str]) -> str:
    """Returns the hash of an output, which votes name: over its id and the SHA-256 of each of its files, by path."""
    return sha256("\n".join([id_, *(f"{digest}  {path}" for path, digest in sorted(files.items()))]).encode())


def proof_of(path: Path) -> Path:
    """Returns the proof of a released file: in its folder or one above. Raises DataError where there is none."""
    for folder in list(path.absolute().parents)[:3]:
        if (folder / FILE).is_file():
            return folder / FILE
    raise DataError(say("audit.proof.none", file=path), say("audit.proof.none_hint"))


def check_proof(proof: bytes, name: str, content: bytes, trusted: Trusted | None) -> Proven:
    """Returns what a proof shows of a file, `name` being its path in the release folder."""
    checks = Checks()
    try:
        said = read_exact(proof, MOST_BYTES)
        if not isinstance(said, dict) or said.get("schema") != SCHEMA:
            raise DataError(say("audit.proof.form"))
        run, study = str(said["run"]), str(said["study"])
        roster = read_roster(json.dumps(said["roster"], ensure_ascii=False).encode())
        hospitals = _check_run(checks, said, run, study, roster, trusted)
        output = _output(checks, said, name, content)
        accepted = () if output is None else _accepted(checks, output, run, study)
        if output is not None:
            is_enough = type(said["accepts"]) is int and len(accepted) >= max(1, said["accepts"])
            checks.that("votes", is_enough, FILE, say("audit.proof.few", n=len(accepted)))
    except (RisksetError, NotStrictJson, KeyError, TypeError, ValueError) as wrong:
        message = wrong.message if isinstance(wrong, RisksetError) else say("audit.proof.form")
        checks.failures.append(Finding(FILE, message))
        return Proven(checks)
    withdrawn = str(output.get("withdrawn", "")) if output else ""
    return Proven(checks, run, study, hospitals, str(output["id"]) if output else "", accepted, withdrawn)


def _check_run(
    checks: Checks, said: Mapping[str, Any], run: str, study: str, roster: Roster, trusted: Trusted | None
) -> tuple[str, ...]:
    """Returns the hospitals that cosigned the coordinator's log, in which the run began and ended."""
    note = parse(str(said["checkpoint"]))
    checkpoint = open_note(note, LOG, roster.coordinator)
    began, ended = read_listed(said["began"]).under(checkpoint), read_listed(said["ended"]).under(checkpoint)
    stated = (began.kind, began.public.get("run"), began.public.get("study"), began.public.get("roster"))
    is_run = stated == ("began", run, study, roster.sha256) and (ended.kind, ended.public.get("run")) == ("ended", run)
    checks.that("log", is_run, FILE, say("audit.proof.other_run"))
    names = tuple(map(str, began.public["participants"]))
    with checks.each("cosignatures", FILE):
        check_all_cosigned(note, {name: roster.sites[name] for name in names if name in roster.sites}, names)
    for party, key in roster.parties_of(names).items() if trusted is not None else ():
        known = trusted is not None and trusted.knows(party, key)
        checks.that("fingerprints", known, FILE, say("audit.fingerprint.other", party=party))
    return tuple(name for name in names if name != COORDINATOR)


def _output(checks: Checks, said: Mapping[str, Any], name: str, content: bytes) -> Mapping[str, Any] | None:
    """Returns the output to which the file belongs; None where it belongs to none, or was changed."""
    for output in said["outputs"]:
        files = {str(one["path"]): str(one["sha256"]) for one in output["files"]}
        if name in files:
            is_same = checks.that("files", files[name] == sha256(content), name, say("audit.proof.changed"))
            is_whole = output_hash(str(output["id"]), files) == output["sha256"]
            checks.that("files", is_whole, FILE, say("audit.proof.other_output", output=str(output["id"])))
            return output if is_same and is_whole else None
    checks.failures.append(Finding(name, say("audit.proof.not_listed")))
    return None


def _accepted(checks: Checks, output: Mapping[str, Any], run: str, study: str) -> tuple[Signed, ...]:
    """Returns the acceptances of an output that hold: of these bytes, each by another key."""
    found: dict[str, Signed] = {}
    for written in output["votes"]:
        not_this = DataError(say("audit.proof.vote"))
        document = read_signed(json.dumps(written, ensure_ascii=False).encode(), "vote", not_this)
        vote = document.content
        key = public_from_hex(str(vote["key"]))
        with checks.each("signatures", FILE):
            document.check_signed(key, say("audit.proof.vote"), say("audit.proof.none_hint"))
            stated = (vote["run"], vote["study"], vote["output"], vote["output_sha256"])
            if stated != (run, study, output["id"], output["sha256"]) or vote["decision"] not in _ACCEPTS:
                raise not_this
            words = fingerprint_words(key)
            found[words] = Signed(
                str(vote["name"]), str(vote["at"]), str(vote["meaning"]), words, str(vote["decision"])
            )
    return tuple(found.values())


def told(proven: Proven) -> Sequence[Message]:
    """Returns what a proof shows, in sentences."""
    lines = []
    if proven.run:
        lines.append(say("audit.proof.run", run=proven.run, study=proven.study, n=len(proven.hospitals)))
    for one in proven.accepted:
        values = {"name": one.name, "date": one.at[:10], "words": one.words}
        is_exception = one.decision == "exception"
        lines.append(say("audit.proof.exception", **values) if is_exception else say("audit.proof.accept", **values))
    if proven.withdrawn:
        lines.append(say("audit.proof.withdrawn", when=proven.withdrawn))
    return lines


def proof_json(proven: Proven) -> dict[str, Any]:
    """Returns the same for programs."""
    accepted = [asdict(one) for one in proven.accepted]
    of = {"run": proven.run, "study": proven.study, "hospitals": list(proven.hospitals), "output": proven.output}
    return {**of, "accepted": accepted, "withdrawn": proven.withdrawn}
