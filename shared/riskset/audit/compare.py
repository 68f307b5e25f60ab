"""Compares what sites opened with what they sent: their numbers in clear, less masks, to the bit; and with all openings
who raised which flag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.audit.checks import Checks, Finding
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.replay import totals_of
from riskset.audit.site_log import check_extends, check_site_log
from riskset.audit.site_opening import OpenedRound, SiteOpening, read_opening
from riskset.catalogue import say
from riskset.errors import RisksetError
from riskset.ledger.merkle import Tree
from riskset.ledger.trusted_log import TrustedLog
from riskset.protocol.clear_numbers import (
    as_integers,
    flags_raised,
    is_as_stated,
    refusals,
    values_asked,
    wrong_flags,
)
from riskset.protocol.end_messages import read_seen_to_end
from riskset.protocol.history import History
from riskset.protocol.masking import unmasked
from riskset.protocol.opening import read_opened
from riskset.secure import fixed_point
from riskset.secure.envelope import Verified
from riskset.secure.masks import public_of
from riskset.strict_json import NotStrictJson, read_json
from riskset.study.load import study_hash


@dataclass(frozen=True)
class Flag:
    """A refusal that nobody else could see: whose it was, and by which rule."""

    site: str
    round: int
    analysis: str
    rule: str
    limit: str


@dataclass
class OfSite:
    """What one opening showed."""

    opening: SiteOpening
    numbers: int = 0
    """How many agree with what was sent, to the bit."""
    refused: int = 0
    """How many were noise, since the site's rows forbade them."""
    flags: list[Flag] = field(default_factory=list)
    clear: dict[int, fixed_point.Vector] = field(default_factory=dict)
    """By round: the numbers in clear, as integers; 0 where they were noise."""
    silent: dict[int, NDArray[np.bool_]] = field(default_factory=dict)
    """By round: which numbers behind the flags were noise."""


@dataclass(frozen=True)
class Comparison:
    """What all openings showed."""

    sites: Sequence[OfSite]
    """By site, as far as an opening is one of this run."""
    missing: tuple[str, ...]
    """Participants of whom there is no opening."""


def compare(checks: Checks, files: Mapping[str, bytes], run: RecordedRun, opened: Mapping[str, bytes]) -> Comparison:
    """Checks openings, by the name of their file, against the records of a verified run."""
    try:
        asked = list(run.histories())
    except RisksetError as wrong:
        checks.that("replay", False, "messages/", wrong.message)
        return Comparison((), run.participants)
    if asked[0].is_before_statements:
        checks.failures.append(Finding("messages/", say("audit.opening.protocol")))
        return Comparison((), run.participants)
    found: dict[str, OfSite] = {}
    logs: dict[str, list[tuple[str, TrustedLog]]] = {}
    for file, data in opened.items():
        opening = _of_this_run(checks, run, file, data)
        if opening is None:
            continue
        log = check_site_log(checks, run, opening, file)
        if log is not None:
            logs.setdefault(opening.site, []).append((file, log))
            _check_shown(checks, run, opening.site, log, file)
        of_site = OfSite(opening)
        if _check_secret(checks, run, opening, file):
            for history, one in zip(asked[:-1], run.rounds[1:], strict=True):
                _check_round(checks, history, _reply(one.replies, opening.site), of_site, file)
        found[opening.site] = of_site
    _check_one_log(checks, run, logs)
    missing = tuple(site for site in run.participants if site not in found)
    sites = [found[site] for site in run.participants if site in found]
    for history, one in zip(asked[:-1], run.rounds[1:], strict=True):
        _check_cancelled(checks, history, one.replies, sites)
    if not missing:
        _check_totals(checks, files, asked, sites)
    return Comparison(sites, missing)


def _of_this_run(checks: Checks, run: RecordedRun, file: str, data: bytes) -> SiteOpening | None:
    """Returns an opening that a participant signed, of this run."""
    with checks.each("openings", file):
        document, opening = read_opening(data)
        other = say("audit.opening.of_another_run", run=run.id)
        if not checks.that("openings", opening.site in run.participants, file, say("audit.opening.no_site")):
            return None
        signed, hint = say("audit.opening.not_signed", site=opening.site), say("audit.opening.form_hint")
        document.check_signed(run.roster.sites[opening.site], signed, hint)
        of = (opening.run, opening.study, opening.roster)
        is_same = of == (run.id, study_hash(run.study), run.roster.sha256)
        return opening if checks.that("openings", is_same, file, other) else None
    return None


def _check_secret(checks: Checks, run: RecordedRun, opening: SiteOpening, file: str) -> bool:
    stated = read_opened(_reply(run.rounds[0].replies, opening.site).payload).key
    public = public_of(opening.secret) if opening.secret else b""
    return checks.that("openings", public == stated, file, say("audit.opening.secret", site=opening.site))


def _reply(replies: Sequence[Verified], site: str) -> Verified:
    return next(reply for reply in replies if reply.head.sender == site)


def _check_round(checks: Checks, history: History, reply: Verified, of_site: OfSite, file: str) -> None:
    """One round of an opening is what was asked for and what was sent."""
    site, round_ = of_site.opening.site, history.round + 1
    one = next((one for one in of_site.opening.rounds if one.round == round_), None)
    if not checks.that("opened", one is not None, file, say("audit.opening.no_round", round=round_)) or one is None:
        return
    sent, refused = unmasked(history, reply, of_site.opening.secret), refusals(history, one.verdicts)
    silent = history.silent(frozenset(refused))
    for wrong in wrong_flags(history, sent, refused):
        checks.failures.append(Finding(file, wrong, one.entry))
    of_site.flags += [
        Flag(site, round_, id_, of["rule"], of["limit_name"])
        for id_, of in refused.items()
        if id_ in flags_raised(history, sent)
    ]
    stated = say("audit.opening.stated", site=site, round=round_)
    checks.that("opened", is_as_stated(history, reply, one.numbers), file, stated, one.entry)
    _check_numbers(checks, history, one, sent, silent, of_site, file)


def _check_numbers(
    checks: Checks,
    history: History,
    one: OpenedRound,
    sent: fixed_point.Vector,
    silent: NDArray[np.bool_],
    of_site: OfSite,
    file: str,
) -> None:
    with checks.each("opened", file, one.entry):
        values, names = values_asked(history, one.numbers, silent)
        clear = as_integers(history, values, silent)
        differ = (sent[:, len(history.live) :] != clear).any(axis=0)[~silent]
        of_site.clear[one.round], of_site.silent[one.round] = clear, silent
        of_site.numbers += int((~differ).sum())
        of_site.refused += int(silent.sum())
        if differ.any():
            asked_by, what = names[int(np.argmax(differ))]
            n, of = int(differ.sum()), len(values)
            where = {"site": of_site.opening.site, "round": one.round, "asked_by": asked_by, "what": what}
            checks.failures.append(Finding(file, say("audit.opening.differs", n=n, of=of, **where), one.entry))


def _check_shown(checks: Checks, run: RecordedRun, site: str, log: TrustedLog, file: str) -> None:
    """The log continues what the site showed of it when the run opened, and after its end."""
    shown = [read_opened(_reply(run.rounds[0].replies, site).payload).log]
    shown += [read_seen_to_end(one.payload).log for one in run.witnessed if one.head.sender == site]
    tree = Tree(entry.leaf for entry in log.entries)
    for view in shown:
        if view is not None:
            check_extends(checks, tree, view.checkpoint, run.roster.sites[site], site, file)


def _check_one_log(checks: Checks, run: RecordedRun, logs: Mapping[str, Sequence[tuple[str, TrustedLog]]]) -> None:
    """A site that opened more than once has one log: the longer one extends the others."""
    for site, of_site in logs.items():
        *shorter, (file, longest) = sorted(of_site, key=lambda one: len(one[1].entries))
        tree = Tree(entry.leaf for entry in longest.entries)
        for _, log in shorter:
            check_extends(checks, tree, log.signed, run.roster.sites[site], site, file)


def _check_cancelled(checks: Checks, history: History, replies: Sequence[Verified], sites: Sequence[OfSite]) -> None:
    """A flag that a site raised is in the total; otherwise somebody who knew it took it out."""
    total = flags_raised(history, fixed_point.total([history.read(reply) for reply in replies]))
    round_ = history.round + 1
    for of_site in sites:
        for flag in of_site.flags:
            if flag.round == round_:
                gone = say("audit.opening.cancelled", site=flag.site, round=round_, analysis=flag.analysis)
                checks.that("flags", flag.analysis in total, "messages/", gone)


def _check_totals(
    checks: Checks, files: Mapping[str, bytes], asked: Sequence[History], sites: Sequence[OfSite]
) -> None:
    """What all sites opened adds up to totals.json, where nobody sent noise."""
    try:
        listed = read_json(files.get("totals.json", b""))
    except NotStrictJson:
        listed = None
    for round_, history in enumerate(asked[:-1], 1):
        if not all(round_ in one.clear for one in sites):
            continue
        flags = fixed_point.zeros(len(history.live))
        expected = totals_of(history, [fixed_point.concatenate([flags, one.clear[round_]]) for one in sites])
        noise = np.any([one.silent[round_] for one in sites], axis=0)
        found = _totals(listed, round_)
        flat = [x["total"] for part in expected for x in part["totals"]]
        is_same = len(found) == len(flat) == len(noise)
        agree = is_same and all(a == b for a, b, n in zip(found, flat, noise, strict=True) if not n)
        checks.that("totals", agree, "totals.json", say("audit.opening.totals", round=round_))


def _totals(listed: Any, round_: int) -> list[Any]:  # noqa: ANN401 - any JSON value
    """Returns the totals of a round of totals.json; none where it is malformed."""
    try:
        return [one["total"] for of in listed[round_ - 1]["asked"] for one in of["totals"]]
    except (IndexError, KeyError, TypeError):
        return []
