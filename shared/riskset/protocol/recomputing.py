"""A site's numbers of a run computed again from its rows, beside those in its ledger and those that it sent; and the
refusals judged again.

Nothing is written. What was refused, and what was told, is taken from the ledger for the numbers. Refusals follow from
the rows too, but for those of rules about other runs, which have changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

import numpy as np

from riskset.analyses.admission.alone import HOSPITALS
from riskset.analyses.admission.judging import Judged
from riskset.analyses.admission.step import Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.plan import Plan, plan
from riskset.catalogue import say
from riskset.errors import DataError, Refused, VerificationError
from riskset.protocol.clear_numbers import Named, Verdict, as_integers, refusals, values_asked
from riskset.protocol.contributing import Contributor, alone, in_clear, labelled
from riskset.protocol.history import History, open_history
from riskset.protocol.journal import ALONE, Begun, Exchange, Journal, Labelled, Sent
from riskset.protocol.masking import unmasked
from riskset.protocol.messages import CLOSE, OPEN, ROUND
from riskset.protocol.opening import read_coordinators_program, read_opened, read_opening
from riskset.protocol.participation import ApprovedConditions
from riskset.protocol.program import here
from riskset.protocol.remembered import Holding, Remembered
from riskset.protocol.roster import COORDINATOR, Roster
from riskset.protocol.witnessing import read_relayed
from riskset.secure.envelope import Verified, claimed_head, verify
from riskset.study.load import study_hash
from riskset.study.spec import Study

OF_OTHER_RUNS: Final = ("R9", "R13", "R14")
"""Rules whose findings follow from what other runs told, too."""


@dataclass(frozen=True)
class Refusal:
    """An analysis that a rule forbids on this site's rows."""

    analysis: str
    limit: str
    follows: bool | None
    """Whether the rows give it again; None where that depends on other runs."""


@dataclass(frozen=True)
class RecomputedRound:
    """One reply. It names numbers, and holds none of them."""

    round: int
    numbers: int
    same: int
    """How many of them are the same, to the bit."""
    largest: float
    """The largest relative difference; infinite where one is 0 or there are others."""
    at: Named
    """The number with the largest difference; empty texts where there is none."""
    refused: tuple[Refusal, ...]
    """What was refused then; its numbers were noise."""
    not_refused: tuple[Refusal, ...]
    """What the rules forbid on these rows, and was not refused then."""
    sent: int | None
    """How many numbers of the ledger are those that were sent, to the bit; None where the secret was destroyed."""
    masked: int
    """How many numbers behind the flags were sent that were not noise."""


@dataclass(frozen=True)
class Recomputed:
    """A run, computed again."""

    rounds: tuple[RecomputedRound, ...]
    populations: int
    """Derived populations that have the members that were fixed then."""
    other_populations: int
    """Those that have others now."""


class _Again(Contributor):
    """Computes what was sent, and tells what was told."""

    of_run: Sequence[Sent]
    """What was sent in the run, by round."""

    def tells(self, analysis: Analysis, history: History) -> bool:
        """Whether it told its own estimate in the run."""
        numbers = (of for one in self.of_run for of in one.numbers)
        texts = (text for id_, labels, _ in numbers if id_ == ALONE for text in labels)
        return any(text.endswith(f" ({analysis.id})") for text in texts)

    def _known_to(self, history: History) -> Own:
        return replace(super()._known_to(history), tells=self._is_not_hidden, has_told=False)

    def _is_not_hidden(self, analysis: Analysis) -> bool:
        """Whether it counted itself, once in the run, among those that tell something of their own."""
        [label] = HOSPITALS.labels([analysis])
        numbers = (of for one in self.of_run for of in one.numbers)
        known = (dict(zip(labels, values, strict=True)) for _, labels, values in numbers)
        return any(of.get(label.text) == 0.0 for of in known)


def recompute(site: str, study: Study, roster: Roster, holding: Holding, journal: Journal, run: str) -> Recomputed:
    """Returns what follows again from the rows of a run.

    Raises DataError where the journal has no such run, Refused where study, roster, data or program are not those with
    which it began, VerificationError where the messages do not lead to what was answered.
    """
    begun = journal.begun(run)
    exchanges = [one for one in journal.exchanges(run) if claimed_head(one.request).type in (OPEN, ROUND, CLOSE)]
    if begun is None:
        raise DataError(say("site.open.unknown_run", run=run), say("site.open.unknown_run_hint"))
    first = verify(exchanges[0].request, {COORDINATOR: roster.coordinator})
    _check_same(first, begun, study, roster, holding)
    remembered, stated = Remembered(journal, holding), read_opened(verify(exchanges[0].reply, roster.sites).payload)
    changes = remembered.changes(run, read_opening(first.payload))
    own = remembered.own(run, changes, stated.told, is_told_alone=False)
    contributor = _Again(own)
    if stated.approval is not None:
        approved = ApprovedConditions(site, study, roster, holding.cohort).contributor(own, stated.approval)
        contributor.alone, contributor.told = approved.alone, approved.told
    frozen = _Frozen(journal, run, begun.rows.digest)
    contributor.freeze = frozen.compared
    contributor.of_run = tuple(journal.sent_in(run))
    histories = _histories(plan(study), roster, run, exchanges)
    rounds = [
        _round(contributor, history, verify(exchange.reply, roster.sites), sent, begun.secret)
        for history, exchange, sent in zip(histories, exchanges[1:], contributor.of_run, strict=True)
    ]
    return Recomputed(tuple(rounds), frozen.same, frozen.others)


def _check_same(first: Verified, begun: Begun, study: Study, roster: Roster, holding: Holding) -> None:
    program = here().difference(read_coordinators_program(first.payload), study.analysis_kinds)
    for is_other, of in (
        (first.head.study != study_hash(study), say("protocol.recompute.other.study")),
        (first.head.roster != roster.sha256, say("protocol.recompute.other.roster")),
        (begun.rows.digest != holding.rows.digest, say("protocol.recompute.other.data")),
        (program is not None, say("protocol.recompute.other.program")),
    ):
        if is_other:
            message = say("protocol.recompute.not_possible", run=first.head.run, of=of)
            raise Refused("recompute", message, say("protocol.recompute.hint"))


class _Frozen:
    """Compares derived populations with what was kept of them."""

    def __init__(self, journal: Journal, run: str, digest: str) -> None:
        self._journal, self._run, self._digest = journal, run, digest
        self.same = self.others = 0

    def compared(self, key: str, compute: Callable[[], bytes]) -> bytes:
        """Returns what was fixed under a key."""
        now, kept = compute(), self._journal.freeze(self._run, f"{self._digest}/{key}", _never_fixed)
        self.same, self.others = self.same + (now == kept), self.others + (now != kept)
        return kept


def _never_fixed() -> bytes:
    raise VerificationError(say("protocol.recompute.never_fixed"))


def _histories(planned: Plan, roster: Roster, run: str, exchanges: Sequence[Exchange]) -> Iterator[History]:
    """Yields the history that each reply from round 1 on answered."""
    history: History | None = None
    for exchange in exchanges[1:]:
        message = verify(exchange.request, {COORDINATOR: roster.coordinator})
        head, contributions = message.head, [verify(part, roster.sites) for part in read_relayed(message.payload)[1]]
        if history is None:
            history = open_history(planned, head.study, head.roster, run, contributions)
        else:
            history = history.advance(contributions)
        if history.hash != head.history:
            raise VerificationError(say("protocol.round.history"))
        yield history


def _round(contributor: _Again, history: History, reply: Verified, sent: Sent, secret: bytes) -> RecomputedRound:
    refused = refusals(history, sent.verdicts)
    again = contributor.summary(history, frozenset(refused))
    found = (
        *labelled(history, again.values, again.silent),
        *in_clear(history, again.stated),
        *alone(history, again.told),
    )
    differences = list(_differences(sent.numbers, found))
    largest, at = max(((difference, named) for named, difference in differences), default=(0.0, ("", "")))
    same = sum(difference == 0.0 for _, difference in differences)
    values, _ = values_asked(history, sent.numbers, again.silent)
    as_sent = None
    if secret or not history.opened[reply.head.sender].key:
        vector = unmasked(history, reply, secret)[:, len(history.live) :]
        differ = (vector != as_integers(history, values, again.silent)).any(axis=0)[~again.silent]
        as_sent = int(np.count_nonzero(~differ))
    named, judged = at if largest else ("", ""), contributor.judge_own(history)
    again_refused, not_refused = _refused(refused, judged)
    of_numbers = (reply.head.round, len(differences), same, largest, named)
    return RecomputedRound(*of_numbers, again_refused, not_refused, as_sent, len(values))


def _refused(then: Mapping[str, Verdict], judged: Sequence[Judged]) -> tuple[tuple[Refusal, ...], tuple[Refusal, ...]]:
    """Returns what was refused then, and what should have been."""
    now = {(id_, finding.limit_name) for id_, finding in judged if not finding.passes}
    of_other_runs = {id_ for id_, of in then.items() if of["rule"] in OF_OTHER_RUNS}
    refused = (
        Refusal(id_, of["limit_name"], None if id_ in of_other_runs else (id_, of["limit_name"]) in now)
        for id_, of in then.items()
    )
    first = {id_: finding for id_, finding in reversed(judged) if not finding.passes and id_ not in then}
    forbidden = (
        Refusal(id_, finding.limit_name, True) for id_, finding in first.items() if finding.rule not in OF_OTHER_RUNS
    )
    return tuple(refused), tuple(forbidden)


def _differences(before: Sequence[Labelled], now: Sequence[Labelled]) -> Iterator[tuple[Named, float]]:
    """Yields each number with its relative difference: 0 where it has the same bits."""
    was = {(id_, place, label): x for id_, labels, of in before for place, (label, x) in _placed(labels, of)}
    is_ = {(id_, place, label): x for id_, labels, of in now for place, (label, x) in _placed(labels, of)}
    for id_, place, label in {**was, **is_}:
        a, b = was.get((id_, place, label)), is_.get((id_, place, label))
        yield (id_, label), inf if a is None or b is None else _relative(a, b)


def _placed(labels: Sequence[str], values: Sequence[float]) -> Iterator[tuple[int, tuple[str, float]]]:
    yield from enumerate(zip(labels, values, strict=True))


def _relative(a: float, b: float) -> float:
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))
