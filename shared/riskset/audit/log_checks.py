"""Checks the coordinator's log of a bundle: whole, signed, and of this run each entry once, in an order that can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from riskset.audit.bundle import LOG as FILE
from riskset.audit.checks import Checks, Finding
from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset.ledger.entry import COORDINATOR as KINDS
from riskset.ledger.entry import Entry
from riskset.ledger.merkle import Tree
from riskset.ledger.note import parse
from riskset.ledger.trusted_log import TrustedLog, read_log, write_log
from riskset.protocol.roster import Roster
from riskset.protocol.witnessing import LOG
from riskset.study.load import study_hash
from riskset.study.spec import Study

LEAST_ROUNDS: Final = 2
"""The opening, and the closing round, which a site answers only where all results follow."""


@dataclass(frozen=True)
class RoundOfLog:
    """The entries of one round."""

    asked: Entry
    received: Mapping[str, Entry]
    """By site, in the order of the participants."""


@dataclass(frozen=True)
class RunOfLog:
    """The entries of one run, all that a whole run has."""

    id: str
    participants: tuple[str, ...]
    entries: tuple[Entry, ...]
    """Of this run, in order."""
    rounds: Sequence[RoundOfLog]
    results: Mapping[str, str]
    """SHA-256 of each file of the results, by its path in their folder."""
    ended: int
    """Number of the entry that ended the run."""
    tree: Tree
    """Over the whole log."""
    note: str
    """The signed checkpoint over the whole log."""


def check_log(checks: Checks, files: Mapping[str, bytes], run: str, study: Study, roster: Roster) -> RunOfLog | None:
    """Returns the run's entries; None where the log cannot be read, or does not have a whole run."""
    if FILE not in files:
        return None
    try:
        log = read_log(files[FILE].decode(), LOG, roster.coordinator)
    except (RisksetError, UnicodeDecodeError) as wrong:
        message = wrong.message if isinstance(wrong, RisksetError) else say("ledger.entry.form")
        checks.failures.append(Finding(FILE, message))
        return None
    _check_form(checks, files[FILE], log)
    _note_times(checks, log.entries)
    own = tuple(entry for entry in log.entries if entry.public.get("run") == run)
    began, ended = _only(own, "began"), _only(own, "ended")
    if began is None or ended is None:
        checks.failures.append(Finding(FILE, say("audit.log.not_whole", run=run)))
        return None
    participants = _names(began.public.get("participants"))
    _check_ends(checks, own, began, ended, log.entries[-1], study, roster)
    _note_earlier(checks, log.entries, began)
    are_known = len(set(participants)) == len(participants) > 0 and set(participants) <= set(roster.sites)
    if not checks.that("log", are_known, FILE, say("audit.log.participants"), began.number):
        return None
    rounds = [*_rounds(checks, own, participants, began.number, ended.number)]
    checks.that("order", len(rounds) >= LEAST_ROUNDS, FILE, say("audit.log.no_close"), ended.number)
    hashes = ended.public.get("files")
    checks.that("log", isinstance(hashes, dict), FILE, say("audit.log.no_files"), ended.number)
    results = dict(hashes) if isinstance(hashes, dict) else {}
    tree = Tree(entry.leaf for entry in log.entries)
    return RunOfLog(run, participants, own, rounds, results, ended.number, tree, log.signed)


def _check_form(checks: Checks, data: bytes, log: TrustedLog) -> None:
    """A log has one form. Beside the coordinator's signature others could stand that nobody gave."""
    checks.that("log", not log.was_cut, FILE, say("audit.log.cut"))
    is_bare = len(parse(log.signed).signatures) == 1 and write_log(log.entries, log.signed).encode() == data
    checks.that("log", is_bare or log.was_cut, FILE, say("audit.log.form"))
    for entry in log.entries:
        checks.that("log", entry.kind in KINDS, FILE, say("audit.log.kind", kind=entry.kind), entry.number)


def _note_times(checks: Checks, entries: Sequence[Entry]) -> None:
    """A clock may be set back; somebody should say so."""
    for before, after in pairwise(entries):
        if after.at < before.at:
            checks.odd.append(Finding(FILE, say("audit.log.clock", before=before.at, after=after.at), after.number))


def _only(entries: Sequence[Entry], kind: str) -> Entry | None:
    found = [entry for entry in entries if entry.kind == kind]
    return found[0] if len(found) == 1 else None


def _names(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else []
    return tuple(names) if all(isinstance(name, str) for name in names) else ()


def _check_ends(
    checks: Checks, own: Sequence[Entry], began: Entry, ended: Entry, last: Entry, study: Study, roster: Roster
) -> None:
    stated = (began.public.get("study_id"), began.public.get("study"), began.public.get("roster"))
    is_same = stated == (study.id, study_hash(study), roster.sha256)
    checks.that("log", is_same, FILE, say("audit.log.other_study"), began.number)
    for entry in own:
        if entry.kind == "cancelled":
            checks.failures.append(Finding(FILE, say("audit.log.cancelled"), entry.number))
    is_between = began is own[0] and ended is own[-1] and ended is last
    checks.that("order", is_between, FILE, say("audit.log.ends"), ended.number)


def _note_earlier(checks: Checks, entries: Sequence[Entry], began: Entry) -> None:
    """What a run is opened without, the sites that were not there cannot take into account. (Of two commands at once
    neither may know the other's run.)"""
    named, study = began.public.get("earlier"), began.public.get("study_id")
    before = entries[: began.number]
    of_study = [e.public.get("run") for e in before if (e.kind, e.public.get("study_id")) == ("began", study)]
    messages = [
        e for kind in ("asked", "received") for round_, of in _by_round(before, kind).items() if round_ > 0 for e in of
    ]
    contributed = [str(entry.public.get("run")) for entry in messages]
    for run in sorted({*contributed} & {*map(str, of_study)} - {*_names(named)}):
        checks.odd.append(Finding(FILE, say("audit.log.earlier", run=run), began.number))


def _rounds(
    checks: Checks, own: Sequence[Entry], participants: Sequence[str], began: int, ended: int
) -> Iterator[RoundOfLog]:
    """Yields the rounds up to the first that is not whole: a message, then one reply of each participant."""
    asked, received = _by_round(own, "asked"), _by_round(own, "received")
    before = began
    for round_ in range(len(asked)):
        question, replies = asked.get(round_, []), received.get(round_, [])
        of_site = {_sender(entry): entry for entry in replies}
        is_whole = len(question) == 1 and sorted(map(_sender, replies)) == sorted(participants)
        if not checks.that("order", is_whole, FILE, say("audit.log.round", round=round_), before):
            return
        numbers = [entry.number for entry in replies]
        follows = before < question[0].number < min(numbers) and max(numbers) < ended
        checks.that("order", follows, FILE, say("audit.log.order", round=round_), question[0].number)
        before = max(numbers)
        yield RoundOfLog(question[0], {site: of_site[site] for site in participants})
    further = received.keys() - range(len(asked))
    checks.that("order", not further, FILE, say("audit.log.unasked"), ended)


def _by_round(own: Sequence[Entry], kind: str) -> dict[int, list[Entry]]:
    """Returns the entries of a kind by their round; under -1 those that name none."""
    found: dict[int, list[Entry]] = {}
    for entry in own:
        if entry.kind == kind:
            stated = entry.public.get("round")
            found.setdefault(stated if type(stated) is int and stated >= 0 else -1, []).append(entry)
    return found


def _sender(entry: Entry) -> str:
    """Returns who sent a message; no site's name where the entry names nobody."""
    stated = entry.public.get("sender")
    return stated if isinstance(stated, str) else ""
