"""What a site makes of one round: cohort -> judgement of its own rows -> local sums -> gate -> mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.judging import Judged, own_findings
from riskset.analyses.admission.steps import Own
from riskset.analyses.cox_model import CoxModel
from riskset.disclosure.gate import Gate, Released, Summary
from riskset.disclosure.policy import Policy
from riskset.errors import Refused
from riskset.protocol.history import History, Question
from riskset.protocol.journal import Sent
from riskset.protocol.sending import contribution
from riskset.secure.masks import Masks


@dataclass(frozen=True)
class _Evaluated:
    """A Cox model at the beta that the next round asks for, on this site's rows."""

    analysis: CoxModel
    state: Any
    prepared: Any

    @property
    def evaluations(self) -> int:
        return self.analysis.evaluations(self.state)

    def linear_predictor(self) -> NDArray[np.float64]:
        return self.analysis.linear_predictor(self.prepared, self.state)


@dataclass
class Contributor:
    """One site's computing in one run."""

    own: Own
    alone: Policy | None = None
    """The local column's limits, of a site that signed `may_be_subtracted`: its own sums may come out one day."""
    gate: Gate = field(default_factory=Gate)
    prepared: dict[str, Any] = field(default_factory=dict)
    """What analyses made of the rows, by their ids; made once, so that a round only evaluates."""
    refused: dict[str, int] = field(default_factory=dict)
    """The analyses that this site's rows forbade in this run, by id: after which round. Its flag ends them for all,
    unless somebody who adds last takes the flag out of the sum."""

    def contribute(self, history: History, masks: Masks) -> tuple[bytes, Sent]:
        """Returns the payload of the next contribution, and what it holds in clear for the site's own ledger."""
        findings = self.findings(history)
        asked = [analysis.id for analysis in history.live]
        numbers = history.vector_size - len(asked)
        released = self.gate.release(asked, findings, lambda refused: self.summary(history, refused), numbers)
        parties = len(history.opening.participants)
        payload = contribution(released, parties, masks, history.round + 1, history.hash)
        return payload, self._sent(history, released, findings)

    def findings(self, history: History) -> list[Judged]:
        """Returns what the rules say of this site's rows before the next vector; none where no rules are applied.

        Refused("history") where an analysis is still asked that this site refused in an earlier round.
        """
        if any(self.refused.get(analysis.id, history.round) < history.round for analysis in history.live):
            raise Refused("history", "an analysis that this site refused is asked again: a flag was taken out of a sum")
        found = self.judge_own(history)
        self.refused |= {id_: history.round for id_, finding in found if not finding.passes}
        return found

    def judge_own(self, history: History) -> list[Judged]:
        """Returns the same, and remembers nothing."""
        policy = history.judge.policy
        if policy is None:
            return []
        evaluated = [
            _Evaluated(q.analysis, q.state, self._of_rows(q, history))
            for q in history.questions
            if history.phase == "later" and isinstance(q.analysis, CoxModel)
        ]
        found = own_findings(policy, history.phase, history.live, self.own, history.figures, evaluated)
        if self.alone is not None and policy.column == "pooled":
            found += own_findings(self.alone, history.phase, history.live, self.own, history.figures, evaluated)
        return found

    def summary(self, history: History, refused: frozenset[str]) -> Summary:
        """Returns this site's numbers of the next vector, behind the flags; those of `refused` analyses are not
        computed."""
        step = history.step
        if step is not None:
            return Summary(step.local(self.own, history.live), step.silent(history.live, refused))
        parts = [np.zeros(q.size) if q.analysis.id in refused else self._local(q, history) for q in history.questions]
        silent = [np.full(q.size, q.analysis.id in refused) for q in history.questions]
        return Summary(np.concatenate([np.zeros(0), *parts]), np.concatenate([np.zeros(0, bool), *silent]))

    def _local(self, question: Question, history: History) -> NDArray[np.float64]:
        return question.analysis.local(self._of_rows(question, history), question.state)

    def _of_rows(self, question: Question, history: History) -> Any:  # noqa: ANN401 - each analysis has its own type
        analysis = question.analysis
        if analysis.id not in self.prepared:
            self.prepared[analysis.id] = analysis.prepare(self.own.cohort, history.inputs(analysis))
        return self.prepared[analysis.id]

    def _sent(self, history: History, released: Released, findings: Sequence[Judged]) -> Sent:
        verdicts = tuple({"analysis": id_, **finding.to_json()} for id_, finding in findings)
        return Sent(labelled(history, released.values, released.silent), verdicts)


Labelled = tuple[str, tuple[str, ...], tuple[float, ...]]
"""The id of an analysis or step, a label a number, the numbers."""


def labelled(history: History, values: NDArray[np.float64], silent: NDArray[np.bool_]) -> tuple[Labelled, ...]:
    """Returns the spoken numbers of a vector behind the flags, by what asked for them."""
    told: list[Labelled] = []
    at = 0
    for id_, labels in history.labels():
        own = slice(at, at + len(labels))
        spoken = [(label, float(x)) for label, x, s in zip(labels, values[own], silent[own], strict=True) if not s]
        told.append((id_, tuple(label for label, _ in spoken), tuple(x for _, x in spoken)))
        at = own.stop
    return tuple(told)
