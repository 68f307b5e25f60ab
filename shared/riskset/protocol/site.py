"""One hospital's side of a run: bytes in, bytes out. No clock, no file, no socket.

The path of every number that is sent: cohort -> local -> gate -> mask -> journal -> reply. The order is the policy:
nothing is returned before the journal has it, and what the journal has is returned again, never computed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riskset import __version__
from riskset.analyses.analysis import Result
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.protocol.approval import Approval
from riskset.protocol.code import code_here
from riskset.protocol.consent import Consent
from riskset.protocol.contributing import Contributor
from riskset.protocol.earlier_runs import (
    Changes,
    check_asked,
    check_earlier,
    check_not_subtracted,
    check_opened,
    check_told,
    lists_of,
    opened_in,
    ran_otherwise,
)
from riskset.protocol.ended_here import EndedHere, check_shown, shown_before
from riskset.protocol.history import History, open_history
from riskset.protocol.journal import Begun, Exchange, Journal
from riskset.protocol.log_view import LogView
from riskset.protocol.masking import masks_of
from riskset.protocol.messages import CLOSE, END, OPEN, OPENED, RECEIPT, REFUSED, REPLY_TO, ROUND, refused
from riskset.protocol.opening import Opened, Opening, read_coordinators_program, read_opened, read_opening
from riskset.protocol.participation import ApprovedConditions, Conditions
from riskset.protocol.parties import parties_of_runs
from riskset.protocol.program import Program, here
from riskset.protocol.remembered import Holding, Remembered
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.protocol.round import check_round
from riskset.protocol.sets_of_patients import told_in_runs
from riskset.protocol.unblinding import NoDecision, check_decidable
from riskset.protocol.witnessing import (
    check_cosigned,
    cosignature,
    cosigned,
    has_forgotten,
    read_relayed,
    witness_of,
    witnessed,
)
from riskset.secure.envelope import Head, Verified, claimed_head, seal, sha256, verify
from riskset.secure.masks import new_secret, public_of
from riskset.study.load import study_hash
from riskset.study.spec import Study


@dataclass(frozen=True)
class _Run:
    """What a site remembers of a run. All of it follows from the journal and the holding."""

    begun: Begun
    opening: Opening
    program: Program
    """The coordinator's at the opening: for the kinds of analysis in the study, also this site's."""
    answered: tuple[Exchange, ...]
    """By round: the first is round 0."""
    contributor: Contributor
    changes: Mapping[str, Changes]
    """Of the site's own patients, by earlier run that the opening names."""
    history: History | None = None

    @property
    def is_over(self) -> bool:
        """True once the closing message is answered."""
        return self.history is not None and self.history.is_closing


class Site:
    """Answers a coordinator's messages over one frozen cohort."""

    def __init__(
        self,
        name: str,
        key: Ed25519PrivateKey,
        study: Study,
        roster: Roster,
        holding: Holding,
        journal: Journal,
        consent: Consent,
        clock: Callable[[], float] = time.time,
        program: Program | None = None,
        conditions: Conditions | None = None,
    ) -> None:
        """`clock` gives seconds since 1970, for the time of a cosignature and nothing else. `program` defaults to that
        of this process, `conditions` to those of the approval; a rehearsal gives its own."""
        self.name = name
        self._key = key
        self._study = study
        self._study_hash = study_hash(study)
        self._plan = plan(study)
        self._roster = roster
        self._holding = holding
        self._journal = journal
        self._remembered = Remembered(journal, holding)
        self._consent = consent
        self._clock = clock
        self._program = program or here()
        self._code = code_here()
        self._conditions = conditions or ApprovedConditions(name, study, roster, holding.cohort)
        self._runs: dict[str, _Run] = {}
        self._outrun: set[str] = set()
        """Runs in which this site has sent more than its journal knows."""

    def answer(self, request: bytes) -> bytes:
        """Returns the signed reply: the answer to the round, the bytes already sent for it, or a refusal.

        A refusal carries one code of `REFUSALS` and nothing else, and is not kept: the same message may be answered
        once the cause is removed.
        """
        try:
            message = verify(request, {COORDINATOR: self._roster.coordinator})
        except (ProtocolError, VerificationError):
            return self._refusal("message", None)
        try:
            return self._answer(message)
        except Refused as no:
            return self._refusal(no.code, message.head)
        except (ProtocolError, VerificationError):
            return self._refusal("history", message.head)

    def refusal(self, code: str) -> bytes:
        """Returns a signed refusal for a message that could not be read or answered at all."""
        return self._refusal(code, None)

    def _answer(self, message: Verified) -> bytes:
        head = message.head
        self._check_head(head)
        methods = self._program.of(self._plan.kinds)
        approval = self._consent.approval(self._study_hash, self._roster.sha256, self._holding.rows.digest, methods)
        run = self._resume(head.run, approval)
        if run is not None and head.round < len(run.answered):
            return run.answered[head.round].reply
        self._check_journal(message, () if run is None else run.answered)
        if run is not None and head.type in (END, RECEIPT):
            return self._after_end(message, run, approval)
        if run is None:
            return self._open(message, approval)
        if run.begun.rows.digest != self._holding.rows.digest:
            raise refused("data")
        if self._is_of_another_program(run):
            raise refused("program")
        return self._contribute(message, run, approval)

    def _check_head(self, head: Head) -> None:
        if head.study != self._study_hash:
            raise refused("study")
        if head.roster != self._roster.sha256:
            raise refused("roster")

    def _check_journal(self, message: Verified, answered: tuple[Exchange, ...]) -> None:
        """Raises Refused where a message relays a reply of this site that its journal does not have. The journal has
        forgotten what it sent and which runs it answered: it answers nothing more in this run."""
        head = message.head
        if head.run not in self._outrun and head.type in (ROUND, CLOSE):
            kept = {exchange.reply for exchange in answered}
            with suppress(ProtocolError):  # a malformed message shows nothing, and is refused as such
                if has_forgotten(read_relayed(message.payload)[1], kept, head.run, self.name, self._key.public_key()):
                    self._outrun.add(head.run)
        if head.run in self._outrun:
            raise refused("journal")

    def _open(self, message: Verified, approval: Approval) -> bytes:
        head = message.head
        if head.type != OPEN or head.round != 0:
            raise Refused("order", say("protocol.round.opening"))
        try:
            opening, program = read_opening(message.payload), read_coordinators_program(message.payload)
        except NoDecision:
            raise refused("message") from None
        except ProtocolError:
            raise Refused("participants", say("protocol.participants.none")) from None
        if difference := self._program.difference(program, self._plan.kinds):
            raise refused(difference.code)
        limits = self._limits(opening, approval)
        for decision in opening.unblinded:
            check_decidable(self._plan, decision.population, self._ended(decision.run, opening, approval))
        secret = new_secret() if self._study.disclosure.secure_sum == "required" else b""
        log = self._journal.log()
        opened = self._opened(head.run, opening, limits, secret, approval, log.shown(self.name, self._key))
        reply = self._seal(head, OPENED, opened.to_bytes(), history="")
        begun = self._remembered.begun(self._study.id, opening, self._plan.reported, secret, approval, self._roster)
        exchange = Exchange(0, message.raw, reply)
        run = self._begun(head.run, begun, message.payload, exchange, approval)  # may refuse, before anything is kept
        more: dict[str, Any] = {"log": log.size}
        if opening.unblinded:
            more["unblinded"] = [one.content for one in opening.unblinded]
        self._journal.begin(head.run, begun, exchange, _public(OPENED, head, "", approval, reply) | more)
        self._runs[head.run] = run
        return reply

    def _opened(
        self,
        run_id: str,
        opening: Opening,
        limits: Mapping[str, str],
        secret: bytes,
        approval: Approval,
        log: LogView,
    ) -> Opened:
        """Returns what the site states when it opens a run."""
        return Opened(
            __version__,
            self._program,
            opening,
            public_of(secret) if secret else b"",
            limits,
            approval.may_be_subtracted,
            witness_of(self._roster.coordinator, self._journal.seen()).checkpoint.size,
            opened_in(self._journal.sent_besides(run_id)),
            lists_of(parties_of_runs(self._journal, self._roster, self.name), run_id, self._roster),
            approval,
            self._code,
            told_in_runs(self._journal, opening.earlier),
            log,
        )

    def _limits(self, opening: Opening, approval: Approval) -> Mapping[str, str]:
        """Returns the limits that this site states; Refused where it does not take part."""
        policy = self._conditions.policy(opening, approval)
        if policy is None:
            return {}
        check_earlier(opening, self._journal.contributed())
        return policy.to_json()

    def _contribute(self, message: Verified, run: _Run, approval: Approval) -> bytes:
        head = message.head
        if head.type not in (ROUND, CLOSE) or head.round != len(run.answered) or run.is_over:
            raise Refused("order", say("protocol.round.order"))
        history = self._advance(run, message)
        if (head.type == CLOSE) != history.is_closing:
            raise Refused("order", say("protocol.round.phase"))
        if head.round == 1:
            logs = {name: said.log for name, said in history.opened.items()}
            check_shown(logs, self._roster, shown_before(self._journal, self._roster, head.run), self.name)
            contributed = self._journal.contributed()
            ran = parties_of_runs(self._journal, self._roster, self.name)
            check_not_subtracted(head.run, self.name, self._roster, history, ran)
            check_asked(run.changes, self._remembered.changes_since_all(head.run))
            if history.judge.policy is not None:
                rest = contributed.keys() - history.opened[self.name].told.keys() - {head.run}
                check_told(told_in_runs(self._journal, self._remembered.of_other_studies(rest, head.study)))
        if any(question.is_first for question in history.questions):
            check_opened(history.opened[self.name].opened, opened_in(self._journal.sent_besides(head.run)))
            run.contributor.check_curves(history)
        view = read_relayed(message.payload)[0]
        witness = witnessed(view, self._roster.coordinator, self._last_shown(run))
        masks = masks_of(history, self.name, run.begun.secret, study=head.study, roster=head.roster, run=head.run)
        vector, stated, sent = run.contributor.contribute(history, masks)
        payload = cosigned(vector, cosignature(witness, self.name, self._key, int(self._clock())), stated)
        reply = self._seal(head, REPLY_TO[head.type], payload, history.hash)
        exchange = Exchange(head.round, message.raw, reply)
        public = _public(REPLY_TO[head.type], head, history.hash, approval, reply)
        self._journal.record(head.run, exchange, sent, public | {"coordinator": witness.seen})
        self._runs[head.run] = replace(run, history=history, answered=(*run.answered, exchange))
        return reply

    def _after_end(self, message: Verified, run: _Run, approval: Approval) -> bytes:
        """Answers what is exchanged once a run has ended: no number, and whatever program this site has by now."""
        head, ended = message.head, EndedHere(self.name, self._key, self._roster, run.answered)
        ended.check_due(message)
        now = int(self._clock())
        if head.type == END:
            log = self._journal.log()
            seen, witness = ended.seen_to_end(message, self._last_shown(run), self._journal.seen(), log, now)
            payload, more = seen.to_bytes(), {"coordinator": witness.seen, "log": log.size}
        else:
            payload, more = ended.kept(message, now), {}
        reply = self._seal(head, REPLY_TO[head.type], payload, head.history)
        exchange = Exchange(head.round, message.raw, reply)
        public = _public(REPLY_TO[head.type], head, head.history, approval, reply)
        self._journal.record(head.run, exchange, None, public | more)
        self._runs[head.run] = replace(run, answered=(*run.answered, exchange))
        return reply

    def _advance(self, run: _Run, message: Verified) -> History:
        """Takes in the contributions that a message carries, after checking that the participants signed them and that
        this site's is the one it sent."""
        head = message.head
        _, parts = read_relayed(message.payload)
        if run.answered[-1].reply not in parts:
            raise Refused("history", say("protocol.round.own"))
        contributions = [verify(part, self._roster.sites) for part in parts]
        last = head.round - 1
        check_round(
            contributions,
            run.opening.participants,
            type=OPENED if last == 0 else REPLY_TO[ROUND],
            study=self._study_hash,
            roster=self._roster.sha256,
            run=head.run,
            round=last,
            history="" if run.history is None else run.history.hash,
        )
        if run.history is None:
            history = open_history(self._plan, self._study_hash, self._roster.sha256, head.run, contributions)
        else:
            check_cosigned(contributions, self._last_shown(run), self._roster.sites)
            history = run.history.advance(contributions)
        if history.hash != head.history:
            raise Refused("history", say("protocol.round.history"))
        return history

    def _last_shown(self, run: _Run) -> str:
        """Returns the checkpoint that this site cosigned last in the run, or before it; empty for none. (Each of
        several alternating runs continues from what it showed.)"""
        last = run.answered[-1]
        if last.round == 0:
            return run.begun.seen
        message = verify(last.request, {COORDINATOR: self._roster.coordinator})
        return read_relayed(message.payload)[0].checkpoint

    def _resume(self, run_id: str, approval: Approval) -> _Run | None:
        """Returns the run, rebuilt from the journal where this process has not seen it."""
        begun = self._journal.begun(run_id) if run_id not in self._runs else None
        if begun is not None:
            first, *rest = self._journal.exchanges(run_id)
            keys = {COORDINATOR: self._roster.coordinator}
            run = self._begun(run_id, begun, verify(first.request, keys).payload, first, approval)
            # another program repeats what it sent, and derives nothing of it; after the end nothing is derived either
            is_other = self._is_of_another_program(run)
            derived = [one for one in rest if claimed_head(one.request).type in (ROUND, CLOSE) and not is_other]
            for exchange in derived:
                history = self._advance(run, verify(exchange.request, keys))
                run.contributor.findings(history)  # so that it remembers what it refused
                run = replace(run, history=history, answered=(*run.answered, exchange))
            run = replace(run, answered=(first, *rest))
            self._runs[run_id] = run
        return self._runs.get(run_id)

    def _ended(self, run_id: str, opening: Opening, approval: Approval) -> Mapping[str, Result] | None:
        """Returns the results of a run that is over, as far as they follow from what this site was shown; None where
        its journal has no such run of the same study, roster, participants and data: what was found in another need
        not hold here."""
        begun = self._journal.begun(run_id)
        if begun is None or not self._journal.is_over(run_id):
            return None
        head = claimed_head(self._journal.exchanges(run_id)[0].request)
        same = (self._study_hash, self._roster.sha256, opening.participants, self._holding.rows.digest)
        if (head.study, head.roster, begun.participants, begun.rows.digest) != same:
            return None
        run = self._resume(run_id, approval)
        return run.history.results if run is not None and run.history is not None else None

    def _is_of_another_program(self, run: _Run) -> bool:
        return self._program.difference(run.program, self._plan.kinds) is not None

    def _begun(self, run_id: str, begun: Begun, payload: bytes, exchange: Exchange, approval: Approval) -> _Run:
        """Returns the run as the opening message, of this payload, began it."""
        opening, program = read_opening(payload), read_coordinators_program(payload)
        stated = read_opened(verify(exchange.reply, self._roster.sites).payload).told
        changes = self._remembered.changes(run_id, opening)
        asked_alone = tuple(analysis for analysis in self._plan.reported if analysis.exposure.alone)
        own = self._remembered.own(run_id, changes, stated, is_told_alone=bool(asked_alone))
        contributor = self._conditions.contributor(own, approval)
        contributor.asked_alone = asked_alone
        contributor.ran_otherwise = lambda history: ran_otherwise(
            run_id, self._roster, history, parties_of_runs(self._journal, self._roster, self.name)
        )
        contributor.freeze = lambda key, compute: self._journal.freeze(run_id, f"{begun.rows.digest}/{key}", compute)
        contributor.keep = lambda *population: self._remembered.keep(run_id, stated, *population)
        return _Run(begun, opening, program, (exchange,), contributor, changes)

    def _seal(self, request: Head, type_: str, payload: bytes, history: str) -> bytes:
        return seal(
            self._key,
            payload,
            type=type_,
            study=self._study_hash,
            roster=self._roster.sha256,
            run=request.run,
            round=request.round,
            sender=self.name,
            history=history,
        )

    def _refusal(self, code: str, request: Head | None) -> bytes:
        head = request or Head("", "", "", "", 0, "", "", "")
        return self._seal(head, REFUSED, rfc8785.dumps({"code": code}), history="")


def _public(type_: str, request: Head, history: str, approval: Approval, reply: bytes) -> dict[str, Any]:
    """Returns the public part of a reply's entry in the ledger."""
    return {
        "type": type_,
        "study": request.study,
        "roster": request.roster,
        "history": history,
        "approval": approval.sha256,
        "reply": sha256(reply),
    }
