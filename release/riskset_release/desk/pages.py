"""The desk's pages: what a template needs beside the texts that are always the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from jinja2 import Environment
from markupsafe import Markup

from riskset.catalogue import Message, say
from riskset.desk.sessions import Session
from riskset.desk.signs import Sign
from riskset.desk.templates import environment_of
from riskset.language import spoken
from riskset.secure.envelope import sha256
from riskset_release.desk.review import Review
from riskset_release.desk.seats import Seat, Standing
from riskset_release.desk.words import WORDS
from riskset_release.markup import Drawing, shown
from riskset_release.outputs import Output, Verdict
from riskset_release.votes import (
    CATEGORIES,
    DECISIONS,
    LONGEST_NAME,
    LONGEST_REASON,
    MEANINGS,
    SHORTEST_REASON,
    Judgement,
    Vote,
)
from riskset_release.who_decides import facts_of

_DECISION_OF_MEANING = {meaning: decision for decision, meaning in MEANINGS.items()}


@dataclass(frozen=True)
class Pages:
    """Writes the pages of one review, below one address."""

    ending: ClassVar[str]
    """The template with which the form of a decision ends."""
    leave: ClassVar[str] = ""
    """The template by which whoever is at the desk leaves it; empty where they close the browser."""
    offered: ClassVar[Sequence[str]] = ()
    """The languages among which a reader chooses; empty where they gave the command, and chose there."""
    review: Review
    base: str
    """The path of the desk, without a slash at its end."""

    def what_holds(self) -> Message:
        """Returns what it means that the records hold: the desk's auditor checked them."""
        return say("release.proof.meaning.holds")

    def message(self, title: Message, text: Message) -> str:
        return self.page("message", title=title, text=text)

    def queue(self, session: Session[Seat], wrong: Message | None = None) -> str:
        """Returns the first page; `wrong` is why a file that was brought was not taken."""
        standings = session.seat.standings()
        rows = [(one, state_of(one), own_of(one)) for one in standings.outputs]
        return self.seated("queue", session, rows=rows, problems=standings.problems, wrong=wrong)

    def output(self, session: Session[Seat], output: Output, typed: Judgement, wrong: Message | None = None) -> str:
        """Returns the page of one output; `typed` is what a form had that was `wrong`."""
        outputs, standing = self.review.candidate.outputs, session.seat.standings().of(output)
        at = outputs.index(output)
        content = shown(output)
        return self.seated(
            "output",
            session,
            standing=standing,
            output=output,
            state=state_of(standing),
            shown=content,
            parts=_numbered(content.parts),
            files=[(path, len(data), sha256(data)) for path, data in sorted(output.files.items())],
            verdicts=[(verdict, sign_of(verdict)) for verdict in output.verdicts],
            before=outputs[at - 1] if at else None,
            after=outputs[at + 1] if at + 1 < len(outputs) else None,
            choices=[(word, say(f"release.decision.{word}"), say(f"release.explained.{word}")) for word in DECISIONS],
            categories=[(word, say(f"release.category.{word}")) for word in CATEGORIES],
            typed=typed,
            wrong=wrong,
            sizes={"reason": LONGEST_REASON, "least": SHORTEST_REASON, "name": LONGEST_NAME},
            ending=self.ending,
        )

    def signed(self, session: Session[Seat], output: Output, vote: Vote) -> str:
        """Returns the page after a signature, which leads to the next output that waits for this auditor."""
        waiting = [one.output for one in session.seat.standings().outputs if one.turn == "yours"]
        return self.seated("signed", session, output=output, vote=vote, after=waiting[0] if waiting else None)

    def summary(self, session: Session[Seat]) -> str:
        standings = session.seat.standings()
        rows = [(one, state_of(one)) for one in standings.outputs]
        return self.seated("summary", session, rows=rows, problems=standings.problems)

    def seated(self, template: str, session: Session[Seat], **values: Any) -> str:  # noqa: ANN401 - whatever a template prints
        """Returns a page for whoever is at the desk."""
        return self.page(template, session=session, seat=session.seat, **values)

    def page(self, template: str, **values: Any) -> str:  # noqa: ANN401 - whatever a template prints
        """Returns a page, with what every template needs."""
        return (
            _environment()
            .get_template(f"{template}.html.j2")
            .render(
                base=self.base,
                language=spoken(),
                review=self.review,
                candidate=self.review.candidate,
                proof=self._proof(),
                words=WORDS,
                leave=self.leave,
                offered=[(code, say("release.desk.own_name").in_language(code)) for code in self.offered],
                **{"session": None, **values},
            )
        )

    def _proof(self) -> tuple[Sign, Message]:
        """Returns whether the records hold, and what that means."""
        candidate = self.review.candidate
        if candidate.failures:
            fails = say("release.proof.fails", n=len(candidate.failures))
            return Sign("bad", "\N{BALLOT X}", fails), say("release.proof.meaning.fails")
        if candidate.odd:
            odd = say("release.proof.odd", n=len(candidate.odd))
            return Sign("good", "\N{CHECK MARK}", odd), say("release.proof.meaning.odd")
        return Sign("good", "\N{CHECK MARK}", say("release.proof.holds")), self.what_holds()


def state_of(standing: Standing) -> Sign:
    """Returns how an output stands; before the auditor's own first vote nothing of the others' is in it."""
    decision = standing.decision
    if decision.state == "unproven":
        return Sign("bad", "\N{BALLOT X}", say("release.state.unproven"))
    if decision.state == "vetoed":
        sites = tuple(dict.fromkeys(veto.site for veto in standing.ballot.vetoes))
        return Sign("bad", "\N{BALLOT X}", say("release.state.vetoed", sites=sites))
    if not standing.may_see:
        awaited = say("release.state.blind") if standing.turn == "yours" else say("release.state.voting")
        return Sign("open", "\N{WHITE CIRCLE}", awaited)
    if decision.state == "accepted":
        n, needed = decision.accepts, decision.needed
        return Sign("good", "\N{CHECK MARK}", say("release.state.accepted", accepts=n, needed=needed))
    if decision.state == "rejected":
        return Sign("bad", "\N{BALLOT X}", say("release.state.rejected"))
    if decision.state == "changes":
        return Sign("bad", "\N{ANTICLOCKWISE OPEN CIRCLE ARROW}", say("release.state.changes"))
    n, needed = decision.accepts, decision.needed
    return Sign("open", "\N{WHITE CIRCLE}", say("release.state.waiting", accepts=n, needed=needed))


def own_of(standing: Standing) -> Message | None:
    """Returns what the auditor decided; None before the first vote."""
    return say(f"release.decision.{standing.own.decision}") if standing.own else None


def sign_of(verdict: Verdict) -> Sign:
    """Returns the verdict of one rule."""
    if verdict.passes:
        return Sign("good", "\N{CHECK MARK}", say("release.verdict.passes"))
    if verdict.needs_exception:
        return Sign("bad", "\N{BALLOT X}", say("release.verdict.exception"))
    return Sign("open", "\N{BLACK SQUARE}", say("release.verdict.held_back"))


def _numbered(parts: tuple[Markup | Drawing, ...]) -> list[tuple[int | None, Markup | Drawing]]:
    """Returns each part with the number of the drawing that it is; None for text."""
    numbered, n = list[tuple[int | None, Markup | Drawing]](), 0
    for part in parts:
        numbered.append((n, part) if isinstance(part, Drawing) else (None, part))
        n += isinstance(part, Drawing)
    return numbered


def _meaning(vote: Vote) -> Message:
    return say(f"release.meaning.{_DECISION_OF_MEANING[vote.meaning]}")


def _who(seat: Seat) -> Message:
    return say("release.desk.coordinator_here") if seat.is_coordinator else say("release.desk.who", name=seat.name)


def _category(vote: Vote | Judgement) -> Message | None:
    return say(f"release.category.{vote.category}") if vote.category else None


def _time(at: str) -> str:
    """`2026-06-30 09:15:00 UTC`"""
    return f"{at[:10]} {at[11:19]} UTC"


@cache
def _environment() -> Environment:
    filters: Mapping[str, Any] = {
        "meaning": _meaning,
        "category": _category,
        "time": _time,
        "decides": facts_of,
        "who": _who,
        "log_in_lasts": lambda minutes: say("release.door.lasts", minutes=minutes),
        "decision": lambda vote: say(f"release.decision.{vote.decision}"),
        "kind": lambda output: say(f"release.kind.{output.kind}"),
        "turn": lambda standing: say(f"release.turn.{standing.turn}"),
        "summary": lambda candidate: say("release.desk.summary_of", title=candidate.title),
        "veto": lambda veto: say("release.desk.veto", site=veto.site, at=_time(veto.at), reason=veto.reason),
        "refusal": lambda reasons: say("release.cast.markup", found=tuple(reasons)),
        "reason_size": lambda sizes: say("release.desk.reason_size", least=sizes["least"], most=sizes["reason"]),
    }
    return environment_of("riskset_release.desk", filters)
