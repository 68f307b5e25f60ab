"""The public proof of a release: that a file is what a committee released, of a run that every hospital saw.

Anybody can check it with the base install and no network. It holds no total, no row and no secret: hashes, signatures,
the names of who signed, and what the pages beside it say. Nobody signs those pages: they are listed, not proven.
What it does not show is that the numbers follow from the hospitals' sums: auditors have checked that before they voted,
with the bundle, which stays with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from riskset.audit.checks import Checks, Finding
from riskset.audit.trusted import Trusted
from riskset.audit.withdrawn import Withdrawers, Withdrawn, check_withdrawals
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
SCHEMA: Final = 2
WITHOUT_WITHDRAWALS: Final = 1
"""The schema before withdrawals and pages. A reader of that time refuses the present one, so that none overlooks a
withdrawal."""
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
    withdrawn: tuple[Withdrawn, ...] = ()
    """Withdrawals of the output that hold; none where this copy of the proof knows of none."""
    is_signed: bool = True
    """False of a page of the release, which nobody signed."""

    @property
    def holds(self) -> bool:
        """Whether the file is what a committee released, and still stands as far as this proof knows."""
        return self.checks.all_hold and self.is_signed and not self.withdrawn

    def verdict(self, file: str) -> Message:
        """Returns what follows for the file, in a sentence."""
        if not self.checks.all_hold:
            return say("audit.proof.fails")
        if not self.is_signed:
            return say("audit.proof.unsigned", file=file)
        return say("audit.proof.is_withdrawn", file=file) if self.withdrawn else say("audit.proof.holds", file=file)


@dataclass(frozen=True)
class _Opened:
    """A proof whose run holds, or for which `checks` say why not."""

    said: Mapping[str, Any]
    run: str
    study: str
    roster: Roster
    hospitals: tuple[str, ...]
    trusted: Trusted | None


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
        opened = _opened(checks, proof, trusted)
        of_run = (opened.run, opened.study, opened.hospitals)
        if (page := _page(opened, name)) is not None:
            checks.that("files", page == sha256(content), name, say("audit.proof.changed"))
            return Proven(checks, *of_run, is_signed=False)
        output = _output(checks, opened.said, name, content)
        if output is None:
            return Proven(checks, *of_run)
        return Proven(checks, *of_run, str(output["id"]), *_decided(checks, opened, output))
    except (RisksetError, NotStrictJson, KeyError, TypeError, ValueError) as wrong:
        checks.failures.append(_malformed(wrong))
        return Proven(checks)


def check_release(proof: bytes, files: Mapping[str, bytes], trusted: Trusted | None) -> Proven:
    """Returns what a proof shows of a whole release, `files` being those of its outputs, by their path. It holds where
    each file of an output is there and unchanged, and each output is accepted; the files of a withdrawn one may be
    missing. `withdrawn` are the withdrawals of all outputs."""
    checks = Checks()
    try:
        opened, withdrawn = _opened(checks, proof, trusted), list[Withdrawn]()
        for output in opened.said["outputs"]:
            _, taken_back = _decided(checks, opened, output)
            withdrawn += taken_back
            for one in output["files"]:
                path = str(one["path"])
                if path in files:
                    _output(checks, opened.said, path, files[path])
                elif not taken_back:
                    checks.failures.append(Finding(path, say("audit.file.missing")))
        return Proven(checks, opened.run, opened.study, opened.hospitals, withdrawn=tuple(withdrawn))
    except (RisksetError, NotStrictJson, KeyError, TypeError, ValueError) as wrong:
        checks.failures.append(_malformed(wrong))
        return Proven(checks)


def _malformed(wrong: Exception) -> Finding:
    return Finding(FILE, wrong.message if isinstance(wrong, RisksetError) else say("audit.proof.form"))


def _opened(checks: Checks, proof: bytes, trusted: Trusted | None) -> _Opened:
    said = read_exact(proof, MOST_BYTES)
    schema = said.get("schema") if isinstance(said, dict) else None
    if type(schema) is not int or schema not in (SCHEMA, WITHOUT_WITHDRAWALS):
        raise DataError(say("audit.proof.form"))
    if schema == WITHOUT_WITHDRAWALS:
        said = {**said, "pages": [], "outputs": [{**one, "withdrawals": []} for one in said["outputs"]]}
    run, study = str(said["run"]), str(said["study"])
    roster = read_roster(json.dumps(said["roster"], ensure_ascii=False).encode())
    return _Opened(said, run, study, roster, _check_run(checks, said, run, study, roster, trusted), trusted)


def _page(opened: _Opened, name: str) -> str | None:
    """Returns the hash of a page of the release; None where the file is none. A file of an output is no page."""
    of_outputs = {str(one["path"]) for output in opened.said["outputs"] for one in output["files"]}
    pages = {str(one["path"]): str(one["sha256"]) for one in opened.said["pages"]}
    return pages.get(name) if name not in of_outputs else None


def _decided(
    checks: Checks, opened: _Opened, output: Mapping[str, Any]
) -> tuple[tuple[Signed, ...], tuple[Withdrawn, ...]]:
    """Returns who accepted an output, enough or not, and who withdrew it."""
    accepted, least = _accepted(checks, output, opened), opened.said["accepts"]
    is_enough = type(least) is int and len(accepted) >= max(1, least)
    checks.that("votes", is_enough, FILE, say("audit.proof.few", n=len(accepted)))
    others = opened.said["outputs"] if output["withdrawals"] else ()
    of_all = [one for of in others if _holds(of, opened) for one in _accepted(Checks(), of, opened)]
    hospitals = {name: opened.roster.sites[name] for name in opened.hospitals if name in opened.roster.sites}
    able = Withdrawers({one.words for one in of_all}, hospitals, opened.trusted)
    return accepted, check_withdrawals(checks, FILE, output, (opened.run, opened.study), able)


def _holds(output: Mapping[str, Any], opened: _Opened) -> bool:
    """Whether an output has files, and as many acceptances of them as it needs, all of which hold."""
    files, checks = {str(one["path"]): str(one["sha256"]) for one in output["files"]}, Checks()
    accepted, least = _accepted(checks, output, opened), opened.said["accepts"]
    is_whole = bool(files) and output_hash(str(output["id"]), files) == output["sha256"]
    return is_whole and checks.all_hold and type(least) is int and len(accepted) >= max(1, least)


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


def _accepted(checks: Checks, output: Mapping[str, Any], opened: _Opened) -> tuple[Signed, ...]:
    """Returns the acceptances of an output that hold: of these bytes, each by another key; where a reader knows the
    auditors, by theirs."""
    trusted = opened.trusted
    found: dict[str, Signed] = {}
    for written in output["votes"]:
        not_this = DataError(say("audit.proof.vote"))
        document = read_signed(json.dumps(written, ensure_ascii=False).encode(), "vote", not_this)
        vote = document.content
        key = public_from_hex(str(vote["key"]))
        with checks.each("signatures", FILE):
            document.check_signed(key, say("audit.proof.vote"), say("audit.proof.none_hint"))
            stated = (vote["run"], vote["study"], vote["output"], vote["output_sha256"])
            of = (opened.run, opened.study, output["id"], output["sha256"])
            if stated != of or vote["decision"] not in _ACCEPTS:
                raise not_this
            words = fingerprint_words(key)
            if trusted is not None and trusted.auditors and trusted.auditor(key) is None:
                raise DataError(say("audit.proof.no_auditor", name=str(vote["name"]), words=words))
            found[words] = Signed(
                str(vote["name"]), str(vote["at"]), str(vote["meaning"]), words, str(vote["decision"])
            )
    return tuple(found.values())


def told(proven: Proven) -> Iterator[Message]:
    """Yields what a proof shows, in sentences."""
    if proven.run:
        yield say("audit.proof.run", run=proven.run, study=proven.study, n=len(proven.hospitals))
    for one in proven.accepted:
        values = {"name": one.name, "date": one.at[:10], "words": one.words}
        is_exception = one.decision == "exception"
        yield say("audit.proof.exception", **values) if is_exception else say("audit.proof.accept", **values)
    for taken_back in proven.withdrawn:
        yield taken_back.told
    if proven.withdrawn:
        yield say("audit.proof.not_undone")


def proof_json(proven: Proven) -> dict[str, Any]:
    """Returns the same for programs."""
    of = {"run": proven.run, "study": proven.study, "hospitals": list(proven.hospitals), "output": proven.output}
    accepted, withdrawn = ([asdict(one) for one in found] for found in (proven.accepted, proven.withdrawn))
    state = {"holds": proven.holds, "is_signed": proven.is_signed}
    return {**of, "accepted": accepted, "withdrawn": withdrawn, **state}
