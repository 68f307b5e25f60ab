"""What a committee looks at before it approves: the study in words, the parties, the rules, and the numbers that would
leave, worked out on the site's own data. Nothing here leaves the site, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from riskset import __version__
from riskset.analyses.admission.steps import steps
from riskset.analyses.plan import plan
from riskset.disclosure.policy import Policy, default_policy, tightened
from riskset.disclosure.rules import LIMITS, Column
from riskset.errors import Refused
from riskset.joining.expiry import expiry_lines, of_members
from riskset.protocol.approval import Approval, Standing
from riskset.secure.words import fingerprint_words
from riskset.study.asked import OWN, installed
from riskset.study.differences import differences
from riskset.study.sentences import endpoint_in_words
from riskset.study.spec import DaysEndpoint, Endpoint, Study
from riskset_site.consent.approvals import Approvals, expiry_of
from riskset_site.consent.preview import Preview, preview
from riskset_site.consent.terms import seen_by_others, subtraction
from riskset_site.data.check import SiteCheck, check_site
from riskset_site.records.journal import own_ledger
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
    known: str
    """What this site knows of the key: its own, compared (by itself or by a party that vouches), or not compared."""


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
    """What this site has set otherwise, stricter or by a signed exception; empty where nothing."""
    reason: str
    """Of the exception."""


@dataclass(frozen=True)
class Method:
    """One installed kind of analysis."""

    kind: str
    package: str
    """The distribution that brings it and its version."""
    is_own: bool
    """True where riskset itself brings it."""
    is_asked: bool
    """By this study."""


@dataclass(frozen=True)
class Review:
    """All that the page tells."""

    site: str
    study: str
    version: str
    title: str
    study_sha256: str
    roster_sha256: str
    coordinator: str
    """Address of its server, and the words of its key."""
    methods: tuple[Method, ...]
    """What is installed here, and would be approved."""
    standing: str
    """Whether something is approved, and if not, why not."""
    ends: tuple[str, ...]
    """What ends within 30 days."""
    changes: tuple[str, ...] | None
    """Against the version last approved; None where none ever was."""
    questions: tuple[str, ...]
    populations: tuple[str, ...]
    check: SiteCheck
    parties: tuple[Party, ...]
    seen: tuple[str, ...]
    """Who can read what of this site."""
    column: Column
    """Of the rules: pooled, or local where somebody can read this site's own sums."""
    limits: tuple[LimitInForce, ...]
    reveals: dict[str, str]
    """By step of admission or analysis: what its totals tell."""
    preview: Preview


def review(folder: StudyFolder, today: date) -> Review:
    """Returns the review of what lies on the desk. Errors as `load_study_folder` and the ledger raise them."""
    standing, approved = _consent(folder)
    study = folder.study
    policy, *alone = _policies(folder, standing.approval)
    parties = tuple(_parties(folder, standing.approval))
    return Review(
        site=folder.site,
        study=study.id,
        version=study.version,
        title=study.title_in("en"),
        study_sha256=folder.study_hash,
        roster_sha256=folder.roster.sha256,
        coordinator=f"{folder.connection.address}, key: {fingerprint_words(folder.roster.coordinator)}",
        methods=tuple(_methods(study)),
        standing=_standing(folder, standing, today),
        ends=tuple(_ends(folder, standing, today)),
        changes=None if approved is None else tuple(differences(approved, study)),
        questions=questions(study),
        populations=populations(study),
        check=check_site(folder.path, study),
        parties=parties,
        seen=tuple(_seen(folder, standing.approval)),
        column=folder.column,
        limits=tuple(_limits(policy, study.disclosure.min_cell, standing.approval)),
        reveals={
            **{step.id: step.reveals for step in steps(["an earlier run"])},
            **{analysis.id: analysis.reveals for analysis in plan(study).reported},
        },
        preview=preview(study, folder.cohort, policy, *alone),
    )


def questions(study: Study) -> tuple[str, ...]:
    """Returns a sentence for everything that is computed, in the study's order."""
    return tuple(sentence for analysis in study.analyses.values() for sentence in analysis.sentences(study))


def populations(study: Study) -> tuple[str, ...]:
    """Returns who is counted, and how each endpoint comes about."""
    return (*_enrolled(study), *(_endpoint(name, endpoint, study) for name, endpoint in study.endpoints.items()))


def _enrolled(study: Study) -> Iterator[str]:
    period, cutoff = study.header.enrolled, study.header.data_cutoff
    if period:
        yield f"Patients enrolled from {period.from_} to {period.to} who fulfil the rules below."
    else:
        yield "Patients who fulfil the rules below." if study.eligibility else "All patients of the export."
    yield from (f"{rule.label}: {rule.rule}" for rule in study.eligibility if rule.label)
    if cutoff:
        yield f"What happened after {cutoff} is not counted."


def _endpoint(name: str, endpoint: Endpoint, study: Study) -> str:
    if isinstance(endpoint, DaysEndpoint):
        entry = f", at risk from the day in {study.label_of(endpoint.entry)}" if endpoint.entry else ""
        days, event = study.label_of(endpoint.days), study.label_of(endpoint.event)
        return f"{endpoint_in_words(name, study)}: the days in {days}, with the event in {event}{entry}."
    events = " or ".join(study.label_of(event) for event in endpoint.event)
    first = ", whichever is first," if len(endpoint.event) > 1 else ""
    start, censor = study.label_of(endpoint.origin), study.label_of(endpoint.censor)
    return f"{endpoint_in_words(name, study)}: from {start} to {events}{first} or, without it, to {censor}."


def _consent(folder: StudyFolder) -> tuple[Standing, Study | None]:
    if not folder.paths.journal.exists():  # to look at it makes no file
        return Standing(), None
    with closing(own_ledger(folder.paths, folder.identity, folder.site)) as ledger:
        approvals = Approvals(ledger, folder.identity)
        return approvals.standing(), approvals.study()


def _methods(study: Study) -> Iterator[Method]:
    for kind, package in installed().items():
        yield Method(kind, package, kind in OWN, kind in study.analysis_kinds)


def _standing(folder: StudyFolder, standing: Standing, today: date) -> str:
    try:
        asked = folder.study_hash, folder.roster.sha256, folder.snapshot, folder.methods
        found = standing.in_force(*asked, __version__, today)
    except Refused as no:
        return f"not approved: {no}"
    return f"approved by {found.by} (IRB {found.irb}) until {found.until}, {(found.until - today).days} days from now"


def _ends(folder: StudyFolder, standing: Standing, today: date) -> Iterator[str]:
    own = [expiry_of(standing.approval)] if standing.approval else []
    for line in expiry_lines([*own, *of_members(folder.roster.members)], today):
        yield line.removeprefix("warning: ")


def _policies(folder: StudyFolder, approval: Approval | None) -> Iterator[Policy]:
    """The limits that hold, or would hold: with the exceptions signed for this study, else by the site file alone; and
    those for this site's rows alone, where it may be subtracted."""
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
        known = "this site" if site == folder.site else "compared" if site in trusted else "not compared"
        entry = folder.study.sites[site]
        yield Party(
            site,
            entry.name,
            entry.country or "",
            folder.roster.fingerprint(site),
            member.telephone,
            member.irb,
            member.irb_until,
            known,
        )


def _seen(folder: StudyFolder, approval: Approval | None) -> Iterator[str]:
    yield from seen_by_others(folder)
    if approval and approval.may_be_subtracted:
        yield subtraction(folder)


def _limits(policy: Policy, k: int, approval: Approval | None) -> Iterator[LimitInForce]:
    reasons = {one.limit: one.reason for one in approval.exceptions} if approval else {}
    for name, value in policy.values.items():
        limit = LIMITS[name]
        default = limit.default(policy.column, k)
        own = "" if value == default else _amount(value)
        reason = reasons.get(name, "") if own else ""
        yield LimitInForce(limit.rule, name, limit.means, limit.direction, _amount(default), own, reason)


def _amount(value: Fraction | None) -> str:
    """Returns an amount as people write it."""
    return "" if value is None else str(value)
