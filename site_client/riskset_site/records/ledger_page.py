"""A site's ledger as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskset_site.pages import Folded, Page, PagePart, PageSection, PageTable
from riskset_site.pages.page import count, number
from riskset_site.records.ledger_review import LedgerReview, Reply

_SHORT = 12
"""Digits of a hash that people compare at a glance."""
_SENT = frozenset(("sent",))
_JUDGED = ("rule", "analysis", "of", "here", "limit", "margin", "verdict")
_NUMERIC = frozenset(("here", "limit", "margin"))


def ledger_page(review: LedgerReview) -> Page:
    """Returns the page that a committee reads. It holds, in clear, every number that left masked."""
    sent = sum(len(reply.numbers) for reply in review.replies)
    origin, size, root, *_ = review.checkpoint.splitlines()
    return Page(
        title=f"{review.site}: every number that left",
        facts={
            "Ledger": origin,
            "Sent to": review.coordinator,
            "Entries": f"{size}, each checked against the signed checkpoint, with every message kept beside it",
            "Checkpoint": f"{size}:{root}",
            "Runs": str(len(review.runs)),
            "Numbers that left": f"{sent:,}, masked under the secure sum; in clear they stand here alone",
        },
        sections=[
            PageSection("Approvals, pauses, refusals", list(_said(review))),
            PageSection("Runs", list(_runs(review))),
            *(PageSection(f"Run {run}", list(_run(review, run))) for run in review.runs),
        ],
        footer="Times are UTC. Nothing was sent.",
    )


def _said(review: LedgerReview) -> Iterator[PagePart]:
    if not review.said:
        yield "None."
        return
    yield PageTable(
        ("entry", "at", "what", "told"),
        [(str(one.number), second(one.at), one.kind, one.told) for one in review.said],
        frozenset(("entry",)),
    )


def _runs(review: LedgerReview) -> Iterator[PagePart]:
    if not review.runs:
        yield "None: no number has left."
        return
    columns = ("run", "study", "began", "last reply", "", "rounds", "numbers", "verdicts", "not passed")
    numeric = frozenset(("rounds", "numbers", "verdicts", "not passed"))
    yield PageTable(columns, [_of_run(review, run) for run in review.runs], numeric)


def _of_run(review: LedgerReview, run: str) -> tuple[str, ...]:
    replies = _replies(review, run)
    verdicts = [verdict["verdict"] for reply in replies for verdict in reply.verdicts]
    return (
        run,
        review.studies.get(replies[0].study, replies[0].study[:_SHORT]),
        second(replies[0].at),
        second(replies[-1].at),
        "closed" if replies[-1].kind == "closed" else "not ended",
        str(replies[-1].round),
        f"{sum(len(reply.numbers) for reply in replies):,}",
        str(len(verdicts)),
        str(len(verdicts) - verdicts.count("pass")),
    )


def _run(review: LedgerReview, run: str) -> Iterator[PagePart]:
    replies = _replies(review, run)
    yield tuple(_under(review, replies))
    for reply in replies:
        if reply.kind != "opened":
            yield from _reply(reply)


def _under(review: LedgerReview, replies: list[Reply]) -> Iterator[str]:
    study, roster = replies[0].study, replies[0].roster
    yield f"Study {review.studies.get(study, 'that was never approved here')}, SHA-256 {study}"
    yield f"Roster, SHA-256 {roster}"
    for approval in dict.fromkeys(reply.approval for reply in replies):
        yield f"Approved {review.approvals.get(approval, 'by nobody here')}, SHA-256 {approval}"


def _reply(reply: Reply) -> Iterator[PagePart]:
    rows = [(asked_by, label, number(value)) for asked_by, label, value in reply.numbers]
    asked = dict.fromkeys(asked_by for asked_by, _, _ in rows)
    by = ", ".join(list(asked)[:2]) + (f" and {len(asked) - 2} more" if len(asked) > 2 else "")
    summary = f"Round {reply.round}, {second(reply.at)}, entry {reply.number}: {count(len(rows), 'number')}"
    yield Folded(f"{summary} of {by}" if by else summary, PageTable(("asked by", "number", "sent"), rows, _SENT))
    if reply.verdicts:
        judged = [_verdict(verdict) for verdict in reply.verdicts]
        refused = [row for row in judged if row[-1] != "pass"]
        if refused:
            yield PageTable(_JUDGED, refused, _NUMERIC, f"Round {reply.round}: not passed, and so refused in this run")
        yield Folded(f"Round {reply.round}: {count(len(judged), 'verdict')}", PageTable(_JUDGED, judged, _NUMERIC))


def _verdict(verdict: Mapping[str, str]) -> tuple[str, ...]:
    figures = (number(float(verdict[name])) for name in ("value", "limit", "margin"))
    return (verdict["limit_name"], verdict["analysis"], verdict["subject"], *figures, verdict["verdict"])


def _replies(review: LedgerReview, run: str) -> list[Reply]:
    return [reply for reply in review.replies if reply.run == run]


def second(at: str) -> str:
    """Returns a time of the ledger to the second, as people read it."""
    return at[:19].replace("T", " ")
