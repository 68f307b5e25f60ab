"""A site's ledger as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from riskset.catalogue import Message, say
from riskset.disclosure.rules import LIMITS
from riskset_site.pages import Folded, Page, PagePart, PageSection
from riskset_site.pages.page import number
from riskset_site.pages.tables import bound, numbers, table, verdict_word
from riskset_site.records.journal import CLOSED, OPENED
from riskset_site.records.ledger_review import LedgerReply, LedgerReview

_SHORT = 12
"""Digits of a hash that people compare at a glance."""
_JUDGED = ("rule", "analysis", "subject", "here", "limit", "margin", "verdict")
_FIGURES = ("here", "limit", "margin")


def ledger_page(review: LedgerReview) -> Page:
    """Returns the page that a committee reads. It contains, unmasked, every number that was sent masked."""
    summary = ledger_summary(review)
    runs = (PageSection(say("site.ledger.run_heading", run=run), list(_run(review, run))) for run in review.runs)
    return replace(summary, sections=[*summary.sections, *runs])


def ledger_summary(review: LedgerReview) -> Page:
    """Returns the page without the numbers of runs."""
    sent = sum(len(reply.numbers) for reply in review.replies)
    origin, size, root, *_ = review.checkpoint.splitlines()
    facts = {
        "ledger": origin,
        "sent_to": review.coordinator,
        "entries": say("site.ledger.size", n=int(size)),
        "checkpoint": f"{size}:{root}",
        "runs": str(len(review.runs)),
        "numbers": say("site.ledger.masked", n=sent),
    }
    return Page(
        title=say("site.ledger.title", site=review.site),
        facts={say(f"site.ledger.fact.{name}"): fact for name, fact in facts.items()},
        sections=[
            PageSection(say("site.ledger.heading.acts"), [_acts(review)]),
            PageSection(say("site.ledger.heading.runs"), [_runs(review)]),
        ],
        footer=say("site.ledger.footer"),
    )


def _acts(review: LedgerReview) -> PagePart:
    if not review.said:
        return say("site.ledger.no_acts")
    rows = [(str(one.number), second(one.at), say(f"site.ledger.kind.{one.kind}"), one.told) for one in review.said]
    return table(("entry", "time", "event", "details"), rows, ("entry",))


def _runs(review: LedgerReview) -> PagePart:
    if not review.runs:
        return say("site.ledger.no_runs")
    counts = ("rounds", "numbers", "verdicts", "not_passed")
    columns = ("run", "study", "began", "last_reply", "status", *counts)
    return table(columns, [_row(review, run) for run in review.runs], counts)


def _row(review: LedgerReview, run: str) -> tuple[str, ...]:
    replies = _replies(review, run)
    first, last = replies[0], replies[-1]
    verdicts = [verdict["verdict"] for reply in replies for verdict in reply.verdicts]
    return (
        run,
        review.studies.get(first.study, first.study[:_SHORT]),
        second(first.at),
        second(last.at),
        say("site.ledger.closed") if last.kind == CLOSED else say("site.ledger.not_closed"),
        str(last.round),
        f"{sum(len(reply.numbers) for reply in replies):,}",
        str(len(verdicts)),
        str(len(verdicts) - verdicts.count("pass")),
    )


def _run(review: LedgerReview, run: str) -> Iterator[PagePart]:
    replies = _replies(review, run)
    yield tuple(_covered_by(review, replies))
    for reply in replies:
        if reply.kind != OPENED:
            yield from _reply(reply)


def _covered_by(review: LedgerReview, replies: list[LedgerReply]) -> Iterator[Message]:
    """The study, roster and approvals of a run."""
    study = replies[0].study
    if study in review.studies:
        yield say("site.ledger.study", study=review.studies[study], sha256=study)
    else:
        yield say("site.ledger.unknown_study", sha256=study)
    yield say("site.ledger.roster", sha256=replies[0].roster)
    for approval in dict.fromkeys(reply.approval for reply in replies):
        if approval in review.approvals:
            yield say("site.ledger.approval", approval=review.approvals[approval], sha256=approval)
        else:
            yield say("site.ledger.unknown_approval", sha256=approval)


def _reply(reply: LedgerReply) -> Iterator[PagePart]:
    rows = [(requested_by, label, number(value)) for requested_by, label, value in reply.numbers]
    yield Folded(_summary(reply), table(("requested_by", "number", "sent"), rows, ("sent",)))
    if reply.verdicts:
        judged = [_verdict(verdict) for verdict in reply.verdicts]
        if refused := [row for row in judged if row[-1] != "pass"]:
            yield table(_JUDGED, refused, _FIGURES, say("site.ledger.not_passed", round=reply.round))
        summary = say("site.ledger.verdicts", n=len(judged), round=reply.round)
        yield Folded(summary, table(_JUDGED, judged, _FIGURES))


def _summary(reply: LedgerReply) -> Message:
    of, time = numbers(len(reply.numbers)), second(reply.at)
    requesting = list(dict.fromkeys(requested_by for requested_by, _, _ in reply.numbers))
    if not requesting:
        return say("site.ledger.round", round=reply.round, time=time, entry=reply.number, numbers=of)
    names, more = ", ".join(requesting[:2]), len(requesting) - 2
    by = say("site.ledger.and_more", names=names, n=more) if more > 0 else names
    return say("site.ledger.round_of", round=reply.round, time=time, entry=reply.number, numbers=of, requested_by=by)


def _verdict(verdict: Mapping[str, str]) -> tuple[str, ...]:
    here, limit, margin = (number(float(verdict[name])) for name in ("value", "limit", "margin"))
    name = verdict["limit_name"]
    if name in LIMITS:  # an earlier version may have had others
        limit = bound(LIMITS[name], limit)
    return (name, verdict["analysis"], verdict["subject"], here, limit, margin, verdict_word(verdict["verdict"]))


def _replies(review: LedgerReview, run: str) -> list[LedgerReply]:
    return [reply for reply in review.replies if reply.run == run]


def second(at: str) -> str:
    """Returns a time of the ledger to the second."""
    return at[:19].replace("T", " ")
