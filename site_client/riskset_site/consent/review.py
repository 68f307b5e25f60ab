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
from riskset.disclosure.rules import LIMITS, RuleColumn
from riskset.errors import Refused
from riskset.joining.expiry import expiry_lines, of_members
from riskset.protocol.approval import Approval
from riskset.protocol.consent import ConsentState
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.study.asked import OWN, installed
from riskset.study.differences import differences
from riskset.study.spec import Study
from riskset_site.consent.approvals import Approvals, expiry_of
from riskset_site.consent.approving import seen_by_others, subtraction
from riskset_site.consent.preview import Preview, preview
from riskset_site.consent.review_words import populations, questions
from riskset_site.data.check import SiteCheck, check_site
from riskset_site.papers import Papers
from riskset_site.records.own_ledger import own_ledger


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
class InForce:
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
    column: RuleColumn
    """Of the rules: pooled, or local where somebody can read this site's own sums."""
    limits: tuple[InForce, ...]
    reveals: dict[str, str]
    """By step of admission or analysis: what its totals tell."""
    preview: Preview


def review(papers: Papers, today: date) -> Review:
    """Returns the review of what lies on the desk. Errors as `load_papers` and the ledger raise them."""
    standing, approved = _consent(papers)
    study = papers.study
    policy, *alone = _policies(papers, standing.approval)
    parties = tuple(_parties(papers, standing.approval))
    return Review(
        site=papers.site,
        study=study.id,
        version=study.version,
        title=study.title_in("en"),
        study_sha256=papers.study_hash,
        roster_sha256=papers.roster.sha256,
        coordinator=f"{papers.connection.address}, key: {fingerprint_words(papers.roster.coordinator)}",
        methods=tuple(_methods(study)),
        standing=_told(papers, standing, today),
        ends=tuple(_ends(papers, standing, today)),
        changes=None if approved is None else tuple(map(str, differences(approved, study))),
        questions=questions(study),
        populations=populations(study),
        check=check_site(papers.path, study),
        parties=parties,
        seen=tuple(_seen(papers, standing.approval)),
        column=papers.column,
        limits=tuple(_limits(policy, study.disclosure.min_cell, standing.approval)),
        reveals={
            **{step.id: str(step.reveals) for step in steps(["an earlier run"])},
            **{analysis.id: str(analysis.reveals) for analysis in plan(study).reported},
        },
        preview=preview(study, papers.cohort, policy, *alone),
    )


def _consent(papers: Papers) -> tuple[ConsentState, Study | None]:
    if not papers.folder.journal.exists():  # to look at it makes no file
        return ConsentState(), None
    with closing(own_ledger(papers.folder, papers.identity, papers.site)) as ledger:
        approvals = Approvals(ledger, papers.identity)
        return approvals.standing(), approvals.study()


def _methods(study: Study) -> Iterator[Method]:
    for kind, package in installed().items():
        yield Method(kind, package, kind in OWN, kind in study.analysis_kinds)


def _told(papers: Papers, standing: ConsentState, today: date) -> str:
    try:
        asked = papers.study_hash, papers.roster.sha256, papers.snapshot, papers.methods
        found = standing.in_force(*asked, __version__, today)
    except Refused as no:
        return f"not approved: {no}"
    return f"approved by {found.by} (IRB {found.irb}) until {found.until}, {(found.until - today).days} days from now"


def _ends(papers: Papers, standing: ConsentState, today: date) -> Iterator[str]:
    own = [expiry_of(standing.approval)] if standing.approval else []
    for line in expiry_lines([*own, *of_members(papers.roster.members)], today):
        yield line.removeprefix("warning: ")


def _policies(papers: Papers, approval: Approval | None) -> Iterator[Policy]:
    """The limits that hold, or would hold: with the exceptions signed for this study, else by the site file alone; and
    those for this site's rows alone, where it may be subtracted."""
    k = papers.study.disclosure.min_cell
    if approval is None or approval.study != papers.study_hash:
        yield tightened(default_policy(papers.column, k), papers.site_file.limits)
        return
    yield approval.limits(papers.column, k)
    if approval.may_be_subtracted and papers.column == "pooled":
        yield approval.limits("local", k)


def _parties(papers: Papers, approval: Approval | None) -> Iterator[Party]:
    trusted = approval.compared if approval and approval.roster == papers.roster.sha256 else ()
    for site, member in papers.roster.members.items():
        known = "this site" if site == papers.site else "compared" if site in trusted else "not compared"
        entry = papers.study.sites[site]
        yield Party(
            site,
            entry.name,
            entry.country or "",
            papers.roster.fingerprint(site),
            member.telephone,
            member.irb,
            member.irb_until,
            known,
        )


def _seen(papers: Papers, approval: Approval | None) -> Iterator[str]:
    yield from seen_by_others(papers)
    if approval and approval.may_be_subtracted:
        yield subtraction(papers)


def _limits(policy: Policy, k: int, approval: Approval | None) -> Iterator[InForce]:
    reasons = {one.limit: one.reason for one in approval.exceptions} if approval else {}
    for name, value in policy.values.items():
        limit = LIMITS[name]
        default = limit.default(policy.column, k)
        own = "" if value == default else shown(value)
        reason = reasons.get(name, "") if own else ""
        yield InForce(limit.rule, name, limit.means, limit.direction, shown(default), own, reason)


def shown(value: Fraction | None) -> str:
    """Returns an amount as people write it."""
    return "" if value is None else str(value)
