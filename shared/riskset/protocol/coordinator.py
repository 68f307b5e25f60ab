"""The coordinator's side of a run: a relay that also signs and records. Bytes in, bytes out; no clock, file or socket.

It requests what the plan requires next, relays every site's signed contribution to all, and derives what they derive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset.analyses.analysis import Result
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.ledger.checkpoint import read_checkpoint
from riskset.ledger.note import parse
from riskset.protocol.end_messages import read_seen_to_end
from riskset.protocol.history import History, open_history
from riskset.protocol.log_view import LogView
from riskset.protocol.messages import CLOSE, OPEN, REFUSED, REPLY_TO, ROUND, WITNESSED, read_refusal, refusal_message
from riskset.protocol.opening import Opening, check_approved, read_coordinators_program, read_opened
from riskset.protocol.own_log import check_own_log, checkpoint_of
from riskset.protocol.program import Program, here
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.protocol.round import check_round
from riskset.protocol.witnessing import check_cosigned, read_relayed, relayed
from riskset.secure.envelope import Verified, claimed_head, seal, unframe, verify
from riskset.study.load import study_hash
from riskset.study.spec import Study


@dataclass(frozen=True)
class Outcome:
    """What a finished run yields: the results by analysis id, and every reply from which they follow."""

    run: str
    results: dict[str, Result]
    rounds: int
    replies: tuple[tuple[Verified, ...], ...]
    """By round, in the order of the sites' names."""
    history: History
    """The final state of the run: who took part, under which limits, with which figures."""


class Record(Protocol):
    """The coordinator's durable record of a run's replies."""

    def replies(self, run: str) -> Iterable[bytes]:
        """Returns the replies kept so far, in the order of their arrival."""

    def record(self, run: str, reply: bytes) -> None:
        """Keeps a reply; it is durable when this returns."""

    def request(self, run: str, round_: int) -> bytes | None:
        """Returns the message of a round as it was first sent."""

    def asked(self, run: str, round_: int, request: bytes) -> None:
        """Keeps a round's message before it is sent; it is durable when this returns."""

    def last_answer(self, run: str, site: str) -> tuple[bytes, bytes] | None:
        """Returns the last message of round 1 or later that the site answered before the run began, and its reply."""

    def shown(self, run: str, site: str) -> Iterable[tuple[bytes, bool]]:
        """Returns the replies in which the site showed its own log in other runs: when it opened them, and after their
        end; with each, whether it is known to have come before anybody was asked to open this run."""

    def checkpoint(self) -> str:
        """Returns the signed note of the coordinator's current log."""

    def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """Returns the proof that the log of `new` entries extends that of `old`."""


_State = tuple[History | None, list[tuple[Verified, ...]], dict[str, Verified]]
"""What follows from the finished rounds, their replies, and the replies to the current round."""


class Coordinator:
    """One run, from its opening or continued from its record."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        study: Study,
        roster: Roster,
        run: str,
        opening: Opening,
        record: Record,
        program: Program | None = None,
    ) -> None:
        """`program` defaults to that of this process."""
        self.run = run
        self.participants = opening.participants
        self._opening = opening
        self._own = {COORDINATOR: key.public_key()}
        self._key = key
        self._roster = roster
        self._study_hash = study_hash(study)
        self.plan = plan(study)
        self._record = record
        self._program = program or here()
        self._history: History | None = None
        self._rounds: list[tuple[Verified, ...]] = []
        self._replies: dict[str, Verified] = {}
        try:
            self._replay(record.replies(run))
        except (ProtocolError, Refused):
            self.check_program()  # a different program may be the cause
            raise

    def _replay(self, replies: Iterable[bytes]) -> None:
        for reply in replies:
            message = verify(reply, self._roster.sites)
            is_repeat = message.head.round != self.round or message.head.sender in self._replies
            if not is_repeat:  # two commands at once may both have kept one reply
                self._history, self._rounds, self._replies = self._after(message)

    @property
    def round(self) -> int:
        """The current round, from 0."""
        return len(self._rounds)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """The sites whose reply to this round is missing."""
        return () if self.is_finished else tuple(s for s in self.participants if s not in self._replies)

    @property
    def is_finished(self) -> bool:
        return self._history is not None and self._history.is_closed

    @property
    def analyses_left(self) -> tuple[str, ...]:
        """The ids of the analyses without a result, for which this round asks."""
        return () if self._history is None else tuple(analysis.id for analysis in self._history.live)

    def check_program(self) -> None:
        """Raises Refused("program") where the run is not finished and was opened with a different program, since this
        one could derive a different next point from the same sums."""
        kept = self._record.request(self.run, 0)
        if kept is None or self.is_finished:
            return
        opened = read_coordinators_program(verify(kept, self._own).payload)
        if found := opened.difference(self._program, self.plan.kinds):
            changed = say(
                "protocol.program.changed", run=self.run, where=found.where, first=found.first, second=found.second
            )
            raise Refused("program", changed, say("protocol.program.changed_hint"))

    def request(self) -> bytes:
        """Returns this round's message: the same bytes for every site and at every call. Raises as `check_program`."""
        self.check_program()
        kept = self._record.request(self.run, self.round)
        if kept is None:
            kept = self._message(
                relayed(self._log_view(), self._rounds[-1]) if self._rounds else self._opening.to_bytes(self._program)
            )
            self._record.asked(self.run, self.round, kept)
        return kept

    def _log_view(self) -> LogView:
        """Returns the current log, with a proof from what each participant last saw of it. A site that saw a longer log
        gets none and refuses: this log was rolled back."""
        checkpoint = self._record.checkpoint()
        now = _size(checkpoint)
        proofs = {size: tuple(self._record.consistency(size, now)) for size in self._seen if 0 < size <= now}
        return LogView(checkpoint, proofs)

    @property
    def _seen(self) -> set[int]:
        """How many entries of the log the participants have seen."""
        before = self._record.request(self.run, self.round - 1) if self.round > 1 else None
        if before is not None:
            return {_size(read_relayed(verify(before, self._own).payload)[0].checkpoint)}
        return {said.seen for said in self._history.opened.values()} if self._history else set()

    def _message(self, payload: bytes) -> bytes:
        return seal(
            self._key,
            payload,
            type=self._type,
            study=self._study_hash,
            roster=self._roster.sha256,
            run=self.run,
            round=self.round,
            sender=COORDINATOR,
            history=self._history.hash if self._history else "",
        )

    @property
    def _type(self) -> str:
        if self._history is None:
            return OPEN
        return CLOSE if self._history.is_closing else ROUND

    def accept(self, reply: bytes) -> str | None:
        """Takes in one reply and returns its site; None for a reply to an earlier round, or a repeat.

        Raises VerificationError where it is not signed by the site it names, ProtocolError where it does not answer the
        request, Refused where it is the site's refusal. Nothing is kept of a reply that raises.
        """
        message = verify(reply, self._roster.sites)
        head = message.head
        is_over = head.run != self.run or head.round < self.round or head.sender in self._replies
        if head.type == REFUSED and (not is_over or not head.run):  # a site that cannot read a message names no run
            raise read_refusal(head.sender, message.payload)
        if is_over:
            return None
        self._check(message)
        after = self._after(message)
        self._record.record(self.run, reply)
        self._history, self._rounds, self._replies = after
        return head.sender

    def _check(self, message: Verified) -> None:
        check_round(
            [message],
            [message.head.sender],
            type=REPLY_TO[self._type],
            study=self._study_hash,
            roster=self._roster.sha256,
            round=self.round,
            history=self._history.hash if self._history else "",
        )
        if self._history is None:
            self._check_its_program(message)
            self._check_its_journal(message)
            self._check_its_log(message)
        else:
            self._history.read(message)
            view, _ = read_relayed(unframe(self.request())[1])
            try:
                check_cosigned([message], view.checkpoint, self._roster.sites)
            except Refused:  # kept, it would stop the run: the others would take it for a fork of this log
                raise VerificationError(say("protocol.log.cosigned", site=message.head.sender)) from None

    def _check_its_program(self, message: Verified) -> None:
        """Raises Refused where a site opens the run with a different program, as riskset 0.1.0 does unawares."""
        site, opened = message.head.sender, read_opened(message.payload)
        check_approved(message, opened)
        if found := opened.program.difference(self._program, self.plan.kinds):
            differs = say(
                "protocol.program.differs",
                refusal=refusal_message(found.code, site),
                where=found.where,
                first=found.first,
                second=found.second,
            )
            raise Refused(found.code, differs, say("protocol.program.differs_hint"))

    def _check_its_journal(self, message: Verified) -> None:
        """Raises Refused where a site opens the run with a journal that is older than its last reply: restored from a
        backup, it has forgotten runs by which rules R13 and R14 judge. A site with new keys begins a new journal."""
        site, answered = message.head.sender, self._record.last_answer(self.run, message.head.sender)
        if answered is None:
            return
        request, reply = answered
        try:
            verify(reply, {site: self._roster.sites[site]})
        except VerificationError:
            return
        stated = read_opened(message.payload).seen
        cosigned = _size(read_relayed(verify(request, self._own).payload)[0].checkpoint)
        if stated < cosigned:
            older = say("protocol.opening.older_journal", site=site, stated=stated, cosigned=cosigned)
            raise Refused("journal", older, say("protocol.opening.older_journal_hint", site=site))

    def _check_its_log(self, message: Verified) -> None:
        """Raises Refused where a site shows another log of its own than in the runs before, under whichever of its keys
        that was; or a state of it that is older than one that came before this run."""
        site, view = message.head.sender, read_opened(message.payload).log
        if view is None:
            return
        shown = [(_shown(reply), was) for reply, was in self._record.shown(self.run, site) if self._is_of(reply, site)]
        seen = [(one, was_before) for one, was_before in shown if one is not None]
        try:
            now = check_own_log(site, self._roster.sites[site], view, [one for one, _ in seen])
        except VerificationError as wrong:
            raise Refused("site_log", wrong.message, wrong.hint) from None
        least = max([checkpoint_of(one).size for one, was_before in seen if was_before], default=0)
        if now.size < least:
            older = say("protocol.own_log.older", site=site, now=now.size, least=least)
            raise Refused("site_log", older, say("protocol.own_log.changed_hint", site=site))

    def _is_of(self, reply: bytes, site: str) -> bool:
        """Whether a reply was signed by the site of that name that is in the roster now, with this key or an earlier
        one: under one name there can have been another hospital."""
        for key in self._roster.all_keys_of(site):
            with suppress(VerificationError):
                return verify(reply, {site: key}).head.sender == site
        return False

    def _after(self, message: Verified) -> _State:
        """Returns the state of the run with one more checked reply; the last reply of a round begins the next round."""
        replies = self._replies | {message.head.sender: message}
        if len(replies) < len(self.participants):
            return self._history, self._rounds, replies
        contributions = tuple(replies[site] for site in self.participants)
        return self._advance(contributions), [*self._rounds, contributions], {}

    def _advance(self, contributions: Sequence[Verified]) -> History:
        if self._history is not None:
            return self._history.advance(contributions)
        return open_history(self.plan, self._study_hash, self._roster.sha256, self.run, contributions)

    def outcome(self) -> Outcome:
        """Returns the results of a finished run. Raises ProtocolError before the end."""
        if self._history is None or not self._history.is_closed:
            raise ProtocolError(say("protocol.round.unfinished"))
        return Outcome(self.run, dict(self._history.results), len(self._rounds), tuple(self._rounds), self._history)


def _shown(reply: bytes) -> LogView | None:
    """Returns what a reply shows of its site's own log; None of an earlier version."""
    head, payload = claimed_head(reply), unframe(reply)[1]
    return read_seen_to_end(payload).log if head.type == WITNESSED else read_opened(payload).log


def _size(signed: str) -> int:
    return read_checkpoint(parse(signed).text).size
