"""A whole federation in memory: the real codec, signatures, gate, masks and sums, without a network.

Use it to write a study before anyone signs it, to teach, to check against other programs, and to attack it in tests.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from riskset import __version__
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.step import Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.catalogue import say
from riskset.errors import ProtocolError
from riskset.ledger.checkpoint import Checkpoint, sign_checkpoint
from riskset.ledger.entry import canonical
from riskset.ledger.merkle import Tree, leaf_hash
from riskset.protocol.approval import Approval, ExceptionSigned, commitment
from riskset.protocol.contributing import Contributor
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.protocol.derived_once import derived_once
from riskset.protocol.history import History
from riskset.protocol.journal import Begun, Exchange, RowMarks, Sent, most_sent, told_in
from riskset.protocol.messages import CLOSED, CONTRIBUTION, OPENED
from riskset.protocol.opening import Opening
from riskset.protocol.own_log import OwnLog
from riskset.protocol.remembered import Holding
from riskset.protocol.roster import Member, Roster, read_roster, sign_roster
from riskset.protocol.site import Site
from riskset.protocol.stated import stated
from riskset.protocol.told import with_told
from riskset.protocol.unblinding import Decision
from riskset.protocol.witnessing import LOG, longest_seen
from riskset.secure import fixed_point
from riskset.secure.envelope import claimed_head
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.masks import Masks
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.study.load import study_hash
from riskset.study.spec import Study

Wire = Callable[[str, bytes], bytes]
"""Takes a site and the message on its way to it, and returns what the site receives: the place of an attack."""


class MemoryJournal:
    """A site's journal that ends with the process."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Exchange]] = {}
        self.sent: dict[str, list[Sent]] = {}
        self._seen = ""
        self._log, self._shown = Tree([leaf_hash(b"approved")]), list[int]()  # nobody answers before that
        self._over: set[str] = set()
        self._begun: dict[str, Begun] = {}
        self._frozen: dict[tuple[str, str], bytes] = {}
        self._populations: dict[str, dict[str, bytes]] = {}
        self.opened: dict[str, Mapping[str, Any]] = {}
        """By run: the public part of the ledger's entry that opened it."""

    def begun(self, run: str) -> Begun | None:
        return self._begun.get(run)

    def exchanges(self, run: str) -> Sequence[Exchange]:
        return tuple(self.kept.get(run, ()))

    def contributed(self) -> Mapping[str, Begun]:
        return {run: begun for run, begun in self._begun.items() if len(self.kept[run]) > 1}

    def answered(self, run: str) -> Mapping[str, int]:
        return most_sent(self.sent[run])

    def told(self, run: str) -> frozenset[str]:
        return told_in(self.sent[run])

    def is_over(self, run: str) -> bool:
        return run in self._over

    def sent_in(self, run: str) -> Iterable[Sent]:
        return tuple(self.sent[run])

    def sent_besides(self, run: str) -> Iterable[Sent]:
        return tuple(sent for other, of_run in self.sent.items() if other != run for sent in of_run)

    def seen(self) -> str:
        return self._seen

    def log(self) -> OwnLog:
        size = self._log.size
        return OwnLog(size, self._log.root(), {old: self._log.consistency(old, size) for old in self._shown})

    def begin(self, run: str, begun: Begun, exchange: Exchange, head: Mapping[str, Any]) -> None:
        if run in self._begun:
            raise ProtocolError(say("protocol.journal.begun", run=run))
        self._begun[run], self.kept[run], self.sent[run] = begun, [exchange], []
        self.opened[run] = head
        self._enter(head)

    def _enter(self, head: Mapping[str, Any]) -> None:
        if head.get("type") not in (CONTRIBUTION, CLOSED):
            self._shown.append(self._log.size)  # or was, if this journal is a copy and what came then is lost
        self._log.append(leaf_hash(canonical(head)))

    def record(self, run: str, exchange: Exchange, sent: Sent | None, head: Mapping[str, Any]) -> None:
        if exchange.round != len(self.kept[run]):
            raise ProtocolError(say("protocol.journal.answered", round=exchange.round, run=run))
        self.kept[run].append(exchange)
        self.sent[run] += [sent] if sent is not None else []
        if head["type"] == CLOSED:
            self._over.add(run)
        self._seen = longest_seen([self._seen, head.get("coordinator", "")])
        self._enter(head)

    def freeze(self, run: str, key: str, compute: Callable[[], bytes]) -> bytes:
        if (run, key) not in self._frozen:
            self._frozen[run, key] = compute()
        return self._frozen[run, key]

    def keep_population(self, run: str, population: str, compute: Callable[[], bytes]) -> None:
        if population not in self._populations.setdefault(run, {}):
            self._populations[run][population] = compute()

    def populations(self, run: str) -> Sequence[bytes]:
        return tuple(self._populations.get(run, {}).values())


class MemoryRecord:
    """A coordinator's record, and its log, that end with the process."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.kept: dict[str, list[bytes]] = {}
        self._asked: dict[tuple[str, int], bytes] = {}
        self._key = key
        self._log = Tree()

    def replies(self, run: str) -> Iterable[bytes]:
        return tuple(self.kept.get(run, ()))

    def record(self, run: str, reply: bytes) -> None:
        self.kept.setdefault(run, []).append(reply)
        self._log.append(leaf_hash(reply))

    def last_answer(self, run: str, site: str) -> tuple[bytes, bytes] | None:
        for other, replies in reversed([item for item in self.kept.items() if item[0] != run]):
            for reply in reversed(replies):
                head = claimed_head(reply)
                if head.sender == site and head.round >= 1:
                    return self._asked[other, head.round], reply
        return None

    def shown(self, run: str, site: str) -> Iterable[tuple[bytes, bool]]:
        others = (reply for other, replies in self.kept.items() if other != run for reply in replies)
        heads = ((reply, claimed_head(reply)) for reply in others)
        return tuple((reply, False) for reply, head in heads if (head.sender, head.type) == (site, OPENED))

    def request(self, run: str, round_: int) -> bytes | None:
        return self._asked.get((run, round_))

    def asked(self, run: str, round_: int, request: bytes) -> None:
        self._asked[run, round_] = request
        self._log.append(leaf_hash(request))

    def checkpoint(self) -> str:
        return sign_checkpoint(Checkpoint(LOG, self._log.size, self._log.root()), self._key)

    def consistency(self, old: int, new: int) -> Sequence[bytes]:
        return self._log.consistency(old, new)


@dataclass(frozen=True)
class EverySiteConsents:
    """A rehearsal's consent: a single party that holds all rows has no one to protect them from."""

    site: str
    compared: tuple[str, ...]
    exceptions: tuple[ExceptionSigned, ...] = ()
    limits: Mapping[str, str] = field(default_factory=dict)
    """The site's own stricter limits, by name."""
    may_be_told_alone: bool = False

    def approval(self, study: str, roster: str, snapshot: str, methods: Mapping[str, str]) -> Approval:
        signed_at = "1970-01-01T00:00:00Z"
        return Approval(
            site=self.site,
            study=study,
            roster=roster,
            policy=self.limits,
            exceptions=self.exceptions,
            snapshot=commitment(snapshot, signed_at),
            code=__version__,
            by="rehearsal",
            irb="none",
            until=date.max,
            signed_at=signed_at,
            compared=self.compared,
            methods=methods,
            may_be_told_alone=self.may_be_told_alone,
        )


@dataclass(frozen=True)
class Ungated:
    """Numbers that passed no gate. Only a rehearsal can send them, to itself."""

    values: NDArray[np.float64]

    def payload(self, flags: int, parties: int, masks: Masks, round_: int, history: str) -> bytes:
        numbers = fixed_point.encode(self.values, parties)
        vector = fixed_point.concatenate([fixed_point.zeros(flags), numbers])
        return fixed_point.to_bytes(masks.mask(vector, round_, history))


VectorWatch = Callable[[Contributor, History, Sent], None]
"""Called with each vector of an ungated rehearsal: what computed it, what it follows from, its numbers in clear."""


def _unwatched(contributor: Contributor, history: History, sent: Sent) -> None:
    pass


@dataclass
class UngatedContributor(Contributor):
    """Computes what the rules hold back: the rows are on one machine already."""

    watch: VectorWatch = _unwatched
    is_told: bool = False
    """Whether it tells its own estimates."""

    def tells(self, analysis: Analysis, history: History) -> bool:
        return self.is_told

    def findings(self, history: History) -> list[Judged]:
        return []

    def contribute(self, history: History, masks: Masks) -> tuple[bytes, bytes, Sent]:
        summary = self.summary(history, frozenset())
        sent = self._sent(history, summary, ())
        self.watch(self, history, sent)
        parties = len(history.opening.participants)
        payload = Ungated(summary.values).payload(len(history.live), parties, masks, history.round + 1, history.hash)
        return payload, with_told(stated(summary.stated), summary.told), sent


@dataclass(frozen=True)
class UngatedConditions:
    """The conditions of a rehearsal without rules: a site takes part in any run, and applies no limit."""

    watch: VectorWatch = _unwatched

    def policy(self, opening: Opening, approval: Approval) -> None:
        return None

    def contributor(self, own: Own, approval: Approval) -> Contributor:
        return UngatedContributor(own, watch=self.watch, is_told=approval.may_be_told_alone)


class Rehearsal:
    """Sites and a coordinator with throw-away keys, on one machine."""

    def __init__(
        self,
        study: Study,
        cohorts: Mapping[str, Cohort],
        run: str = "rehearsal",
        *,
        is_gated: bool = True,
        exceptions: tuple[ExceptionSigned, ...] = (),
        limits: Mapping[str, Mapping[str, str]] | None = None,
        told_alone: Collection[str] = (),
        watch: VectorWatch = _unwatched,
    ) -> None:
        """`exceptions` are those that every site would sign; `limits` each site's own stricter ones; the sites
        `told_alone` sign that their own estimates may be told. With `is_gated`
        False no rule is applied, and `watch` is called with every vector."""
        self.study = study
        self.cohorts = dict(cohorts)
        self.run_id = run
        self.is_gated = is_gated
        self.exceptions = exceptions
        self.limits = limits or {}
        self.told_alone = told_alone
        self.conditions = None if is_gated else UngatedConditions(watch)
        self.coordinator_key = new_identity()
        self.keys = {name: new_identity() for name in cohorts}
        members = {n: Member(public_hex(k), public_node_text(new_node_key())) for n, k in self.keys.items()}
        self.roster: Roster = read_roster(sign_roster(study.id, self.coordinator_key, members, study_hash(study)))
        self.journals = {name: MemoryJournal() for name in cohorts}
        self.rows = {name: RowMarks("", {}) for name in cohorts}
        self.record = MemoryRecord(self.coordinator_key)
        self.sites: dict[str, Site] = {}
        for name in cohorts:
            self.start_site(name)
        self.start_coordinator()

    def start_site(self, name: str) -> None:
        """Starts a site, or starts it again from its journal."""
        compared = tuple(other for other in self.cohorts if other != name)
        self.sites[name] = Site(
            name,
            self.keys[name],
            self.study,
            self.roster,
            Holding(self.cohorts[name], self.rows[name]),
            self.journals[name],
            EverySiteConsents(
                name, compared, self.exceptions, self.limits.get(name, {}), may_be_told_alone=name in self.told_alone
            ),
            conditions=self.conditions,
        )

    def start_coordinator(
        self, participants: Iterable[str] = (), earlier: Sequence[str] = (), unblinded: Sequence[Decision] = ()
    ) -> None:
        """Starts the coordinator, or starts it again from its record."""
        opening = Opening(tuple(sorted(participants or self.cohorts)), tuple(earlier), tuple(unblinded))
        self.coordinator = Coordinator(self.coordinator_key, self.study, self.roster, self.run_id, opening, self.record)

    def start_again(self, run: str, unblinded: Sequence[Decision] = ()) -> None:
        """Starts a later run of the same sites over the same rows."""
        self.run_id = run
        self.start_coordinator(earlier=tuple(self.record.kept), unblinded=unblinded)

    def step(self, wire: Wire | None = None) -> None:
        """Sends the request to the sites that have not answered this round."""
        request = self.coordinator.request()
        with derived_once():
            for name in self.coordinator.waiting_for:
                received = wire(name, request) if wire else request
                self.coordinator.accept(self.sites[name].answer(received))

    def run(self, wire: Wire | None = None) -> Outcome:
        """Runs from the current round to the end."""
        while not self.coordinator.is_finished:
            self.step(wire)
        return self.coordinator.outcome()
