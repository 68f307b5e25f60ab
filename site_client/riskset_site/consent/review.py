"""What a committee reviews before it approves: the study in words, the parties, the rules, and the numbers that would
be sent, computed from the site's own data. Nothing here leaves the site, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from riskset import __version__
from riskset.catalogue import ENGLISH, Message, say
from riskset.disclosure.curves import Curve
from riskset.disclosure.policy import Policy, default_policy, tightened
from riskset.disclosure.rules import LIMITS, RuleColumn
from riskset.errors import DataError, Refused
from riskset.joining.expiry import of_members, what_expires
from riskset.protocol.approval import Approval
from riskset.protocol.consent import ConsentState
from riskset.protocol.derived_sets import runs_of
from riskset.protocol.earlier_runs import opened_in
from riskset.protocol.opened_curves import opened_curves
from riskset.protocol.revealed import revealed_by
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.study.asked import OWN, installed
from riskset.study.differences import differences
from riskset.study.in_words import decided_by, populations, questions
from riskset.study.spec import Study
from riskset_site.consent.approvals import Approvals, expiry_of
from riskset_site.consent.leaving_alone import leaving_alone
from riskset_site.consent.preview import Preview, preview
from riskset_site.consent.terms import seen_by_others, stated_when_a_run_opens, subtraction, told_alone
from riskset_site.consent.told_alone import would_be_told
from riskset_site.data.check import SiteCheck, check_site
from riskset_site.records.journal import JournalFile, ledger_to_read, sent_of
from riskset_site.study_folder import StudyFolder


@dataclass(frozen=True)
class Party:
    """A site of the roster."""

    site: str
    name: str
    country: str
    words: str
    """The fingerprint of its identity key, to be compared by telephone."""
    telephone: str
    irb: str
    irb_until: str
    known: Message
    """What this site knows of the key: its own, compared (here or by a party that vouches), or not compared."""


@dataclass(frozen=True)
class LimitInForce:
    """One limit."""

    rule: str
    limit: str
    means: str
    direction: str
    default: str
    """For the study's smallest cell."""
    own: str
    """This site's own value where it differs: stricter, or looser by a signed exception; empty where it does not."""
    reason: str
    """For the exception."""


@dataclass(frozen=True)
class Method:
    """An installed kind of analysis."""

    kind: str
    package: str
    """The distribution that contains it, and its version."""
    is_own: bool
    """True where it is part of riskset."""
    is_asked: bool
    """True where this study uses it."""


@dataclass(frozen=True)
class Review:
    """Everything on the page. Its fields are the keys of `riskset site review --json`."""

    site: str
    study: str
    version: str
    title: str
    study_sha256: str
    roster_sha256: str
    coordinator: Message
    """Address of its server, and the words of its key."""
    methods: tuple[Method, ...]
    """What is installed here, and would be approved."""
    standing: Message
    """Whether an approval is in force, and if not, why."""
    ends: tuple[str, ...]
    """What expires within 30 days."""
    changes: tuple[Message, ...] | None
    """Since the version last approved; None where none ever was."""
    questions: tuple[str, ...]
    """What is computed, one sentence for each, in the study's order."""
    populations: tuple[Message, ...]
    """Which patients are counted, and how each endpoint is defined."""
    decided_by: tuple[Message, ...]
    """Who decides what is published, where the study says it."""
    check: SiteCheck
    parties: tuple[Party, ...]
    seen: tuple[Message, ...]
    """Who can see what of this site."""
    alone: tuple[Message, ...]
    """By endpoint with a curve: what would be told of a patient who leaves alone in a step, and how many here do."""
    told: tuple[Message, ...]
    """What the site would tell of its own rows alone, by analysis that asks for it."""
    column: RuleColumn
    """Of the rules: pooled, or local where others can read this site's own sums."""
    limits: tuple[LimitInForce, ...]
    reveals: dict[str, str]
    """By step of admission or analysis: what its totals show."""
    preview: Preview


def review(folder: StudyFolder, today: date, language: str = ENGLISH) -> Review:
    """Returns the review of what is in the folder, with the study's title in the language. Errors as
    `load_study_folder` and the ledger raise them."""
    standing, approved, opened = _consent(folder)
    study = folder.study
    policy, *alone = _policies(folder, standing.approval)
    words = fingerprint_words(folder.roster.coordinator)
    return Review(
        site=folder.site,
        study=study.id,
        version=study.version,
        title=study.title_in(language),
        study_sha256=folder.study_hash,
        roster_sha256=folder.roster.sha256,
        coordinator=say("site.review.coordinator", address=folder.connection.address, words=words),
        methods=tuple(_methods(study)),
        standing=_standing(folder, standing, today),
        ends=tuple(_ends(folder, standing, today)),
        changes=None if approved is None else tuple(differences(approved, study)),
        questions=questions(study),
        populations=populations(study),
        decided_by=decided_by(study),
        check=check_site(folder.path, study, today),
        parties=tuple(_parties(folder, standing.approval)),
        seen=tuple(_seen(folder, standing.approval)),
        alone=leaving_alone(study, folder.cohort),
        told=tuple(_told(folder, standing.approval)),
        column=folder.column,
        limits=tuple(_limits(policy, study.disclosure.min_cell, standing.approval)),
        reveals=revealed_by(study),
        preview=preview(study, folder.cohort, policy, *alone, curves=_curves(folder), opened_before=opened),
    )


def _consent(folder: StudyFolder) -> tuple[ConsentState, Study | None, int]:
    """Returns the state of consent, the study last approved, and how many numbers were opened in earlier runs."""
    if not folder.paths.journal.exists():  # opening it would create it
        return ConsentState(), None, 0
    with closing(ledger_to_read(folder.paths, folder.identity, folder.site)) as ledger:
        approvals = Approvals(ledger, folder.identity)
        return approvals.standing(), approvals.study(), opened_in(sent_of(ledger))


def _curves(folder: StudyFolder) -> tuple[Curve, ...]:
    if not folder.paths.journal.exists():
        return ()
    with closing(JournalFile(ledger_to_read(folder.paths, folder.identity, folder.site))) as journal:
        return opened_curves(runs_of(journal), journal.answered, folder.holding.rows, folder.cohort)


def _methods(study: Study) -> Iterator[Method]:
    for kind, package in installed().items():
        yield Method(kind, package, kind in OWN, kind in study.analysis_kinds)


def _standing(folder: StudyFolder, standing: ConsentState, today: date) -> Message:
    try:
        asked = folder.study_hash, folder.roster.sha256, folder.snapshot, folder.methods
        found = standing.in_force(*asked, __version__, today)
    except Refused as refused:
        return say("site.review.not_approved", reason=refused.message)
    days, until = (found.until - today).days, found.until.isoformat()
    return say("site.review.approved", n=days, by=found.by, irb=found.irb, until=until)


def _ends(folder: StudyFolder, standing: ConsentState, today: date) -> list[Message]:
    own = [expiry_of(standing.approval)] if standing.approval else []
    return what_expires([*own, *of_members(folder.roster.members)], today)


def _policies(folder: StudyFolder, approval: Approval | None) -> Iterator[Policy]:
    """The limits in force, with the exceptions signed for this study, or else those of the site file; then, where this
    site may be subtracted, those for its own sums."""
    k = folder.study.disclosure.min_cell
    if approval is None or approval.study != folder.study_hash:
        yield tightened(default_policy(folder.column, k), folder.site_file.limits)
        return
    yield approval.limits(folder.column, k)
    if approval.may_be_subtracted and folder.column == "pooled":
        yield approval.limits("local", k)


def _parties(folder: StudyFolder, approval: Approval | None) -> Iterator[Party]:
    trusted = approval.compared if approval and approval.roster == folder.roster.sha256 else ()
    for site, member in folder.roster.members.items():
        known = "own" if site == folder.site else "compared" if site in trusted else "not_compared"
        entry = folder.study.sites[site]
        yield Party(
            site,
            entry.name,
            entry.country or "",
            folder.roster.fingerprint(site),
            member.telephone,
            member.irb,
            member.irb_until,
            say(f"site.review.key.{known}"),
        )


def _seen(folder: StudyFolder, approval: Approval | None) -> Iterator[Message]:
    yield from seen_by_others(folder)
    yield stated_when_a_run_opens()
    if approval and approval.may_be_subtracted:
        yield subtraction(folder)
    if approval and approval.may_be_told_alone:
        yield told_alone(folder)


def _told(folder: StudyFolder, approval: Approval | None) -> Iterator[Message]:
    k = folder.study.disclosure.min_cell
    if approval is not None and approval.study == folder.study_hash:
        local, is_signed = approval.limits("local", k), approval.may_be_told_alone
    else:
        local, is_signed = default_policy("local", k), False
        for name, value in folder.site_file.limits.items():
            with suppress(DataError):  # a limit of the other column only
                local = tightened(local, {name: value})
    yield from would_be_told(folder.study, folder.cohort, local, is_signed=is_signed)


def _limits(policy: Policy, k: int, approval: Approval | None) -> Iterator[LimitInForce]:
    reasons = {one.limit: one.reason for one in approval.exceptions} if approval else {}
    for name, value in policy.values.items():
        limit = LIMITS[name]
        default = limit.default(policy.column, k)
        own = "" if value == default else _amount(value)
        reason = reasons.get(name, "") if own else ""
        yield LimitInForce(limit.rule, name, limit.means, limit.direction, _amount(default), own, reason)


def _amount(value: Fraction | None) -> str:
    """Returns an amount as in rules.toml."""
    return "" if value is None else str(value)
