"""Which analyses of a run are admitted, begin or end once a round is taken in: the same at every party.

An analysis is admitted when its patients are known: those of a derived population when the results that define it are
there. It begins when every analysis that it needs has a result, and ends without one where one of these did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from riskset.analyses.admission.blocks import is_joint
from riskset.analyses.admission.exclusions import NOT_COUNTED, Exclusions
from riskset.analyses.admission.features import Feature
from riskset.analyses.admission.figures import ToldSet
from riskset.analyses.admission.joint import Joint
from riskset.analyses.admission.steps import steps
from riskset.analyses.analysis import WITHHELD, Analysis, NotEstimable, RefusedByRule, Result, has_result
from riskset.analyses.opened import Begun
from riskset.catalogue import Message, say
from riskset.protocol.progress import Progress

P = TypeVar("P", bound=Progress)


def moved_on(run: P) -> P:
    """Returns the run after all analyses were ended, admitted and begun that are due.

    A step without numbers is asked for its flags: curves have no moments, but their arms may single out a patient.
    """
    after = _begun(_batch_ended(run) if run.batch else run)
    if after.batch:
        return after
    waiting = [a for a in after.live if a.id not in after.passed and a.id not in after.plan.admitted_with]
    ready = tuple(a.id for a in waiting if _is_known(after, a.population))
    if not ready:
        return after
    earlier = () if after.passed else after.opening.earlier  # changes are examined once per run
    return replace(
        after,
        figures=replace(after.figures, sent=after.sent),
        batch=ready,
        admitted=0,
        steps=steps(
            earlier,
            _exclusions(after),
            *_earlier_sets(after),
            counts_entered=not after.is_before_statements,
            joint=_joint(after, ready),
        ),
    )


def _batch_ended(run: P) -> P:
    """Returns the run after an admission that is done, or in which every analysis was refused."""
    alive = tuple(id_ for id_ in run.batch if id_ not in run.results)
    if alive and run.admitted < len(run.steps):
        return run
    return _without_arms(replace(run, batch=(), passed=(*run.passed, *alive)), run.batch)


def _without_arms(run: P, batch: Sequence[str]) -> P:
    """Returns the run in which analyses that were refused are asked otherwise: by arm, of all patients together; by
    levels, in fewer. They have an admission of their own, which may refuse that too. A rule that refuses the patients
    or the run would refuse that: so would all parties before the columns were counted, but for R5."""
    if run.is_of_0_1_0:
        return run
    asked: dict[str, Analysis] = {}
    for id_ in batch:
        refusal, analysis = run.results.get(id_), run.plan.by_id[id_]
        if not isinstance(refusal, RefusedByRule) or refusal.rule == "R14":
            continue
        counted = any(Feature(analysis.analysis_set, c) in run.figures.columns for c in analysis.columns)
        if counted or refusal.by == "a site" or refusal.rule == "R5":
            again = analysis.without_arms(refusal)
            asked |= {} if again is None else {id_: again}
    if not asked:
        return run
    reported = tuple(asked.get(analysis.id, analysis) for analysis in run.plan.reported)
    results = {id_: result for id_, result in run.results.items() if id_ not in asked}
    return replace(run, plan=replace(run.plan, reported=reported), results=results)


def _begun(run: P) -> P:
    """Returns the run after every analysis was begun, or ended, whose needs have their results."""
    states, results, begun = dict(run.states), dict(run.results), run.begun
    waiting = [analysis for analysis in run.live if analysis.id not in states]
    while True:
        for analysis in waiting:
            if failed := _failed(run, analysis, results):
                results[analysis.id] = failed
            elif _is_admitted(run, analysis) and run.plan.has_all_of(analysis, results):
                inputs = {name: results[name] for name in analysis.needs}
                keep(run, analysis, analysis.start(inputs), states, results)
        begun = _within_budget(run, begun, states, results)
        still = [a for a in waiting if a.id not in states and a.id not in results]
        if len(still) == len(waiting):
            return replace(run, states=states, results=results, begun=begun)
        waiting = still


def _within_budget(run: Progress, begun: Begun, states: dict[str, Any], results: dict[str, Result]) -> Begun:
    """Returns `begun` with the analyses that have a first state since; those that would open too much end (R5)."""
    known = {analysis.id for analysis, _ in begun}
    new = [a for a in run.live if a.id in states and a.id not in known]
    if not new:
        return begun
    both = (*begun, *((analysis, analysis.labels(states[analysis.id])) for analysis in new))
    for id_, finding in run.judge.opened(both, run.figures, run.plan.fields):
        if id_ not in known and not finding.passes:
            results[id_] = RefusedByRule.of(finding)
            del states[id_]
    return tuple((analysis, labels) for analysis, labels in both if analysis.id in known | states.keys())


def keep(
    run: Progress, analysis: Analysis, outcome: object, states: dict[str, Any], results: dict[str, Result]
) -> None:
    """Stores the next state of an analysis, or its result; what would send undeclared numbers is ended."""
    if not isinstance(outcome, Result):
        told = analysis.tells(outcome) if analysis.id not in run.asked else ()
        labels = analysis.labels(outcome)
        few = run.judge.halved(analysis, outcome, labels)
        few = few or run.judge.in_blocks(analysis, outcome, labels, run.plan.reported)
        ended = run.judge.uncovered(analysis, labels, told) or (few and analysis.refused(outcome, few))
        outcome = ended or outcome
    if isinstance(outcome, Result):
        results[analysis.id] = outcome
        states.pop(analysis.id, None)
    else:
        states[analysis.id] = outcome


def _is_admitted(run: Progress, analysis: Analysis) -> bool:
    return run.plan.admitted_with.get(analysis.id, analysis.id) in run.passed


def _failed(run: Progress, analysis: Analysis, results: Mapping[str, Result]) -> NotEstimable | None:
    """Returns the result of an analysis that needs one without a result, or that a gate withholds; None where nothing
    failed so far."""
    gates = run.plan.gate_of(analysis)
    for id_ in run.plan.waits_for(analysis):
        if id_ not in results or id_ in analysis.reports:
            continue
        if id_ in gates:
            if id_ in run.batch:  # a rule refused it; it may be asked otherwise once the admission is over
                continue
            if why := _withholds(id_, results[id_]):
                asks = analysis.population in run.plan.asks
                return NotEstimable(WITHHELD, _until_decided(analysis.population, why) if asks else why)
        elif not has_result(results[id_]):
            return NotEstimable("needs", _needed(id_, results[id_]))
    return None


def _withholds(gate: str, result: Result) -> Message | None:
    """Returns why a gate that has ended withholds outcomes; one without a result shows nothing, and does so too."""
    return result.withholds if has_result(result) else say("protocol.withheld.unknown", because=_needed(gate, result))


def _until_decided(population: str, why: Message) -> Message:
    return say("protocol.withheld.ask", population=population, why=why)


def _is_known(run: Progress, population: str) -> bool:
    return all(id_ in run.results for id_ in run.plan.waits_for_population(population))


def _joint(run: Progress, ready: Sequence[str]) -> tuple[Joint, ...]:
    """Returns the round of admission for products of columns, where an analysis has one."""
    if not any(is_joint(run.plan.by_id[id_]) for id_ in (*run.passed, *ready)):
        return ()
    return (Joint(run.judge.policy.k if run.judge.policy else 1),)


def _earlier_sets(run: Progress) -> tuple[tuple[ToldSet, ...], frozenset[ToldSet], frozenset[ToldSet]]:
    """Returns the sets of which a participant told in an earlier run or may still tell; and those of them of which all
    participants of this one told: only these were compared there with what each of them had told before; and those of
    which none told more than tables by arm."""
    said = [one.told for one in run.opened.values()]
    every = sorted(
        {(earlier, place) for told in said for earlier, of in told.items() for place in of.told + of.pending}
    )
    by_all = ((one, p) for one, p in every if all(one in told and p in told[one].told for told in said))
    crossed = {
        (one, p) for told in said for one, of in told.items() for p in of.told + of.pending if p not in of.tables
    }
    return tuple(every), frozenset(by_all), frozenset(every) - crossed


def _exclusions(run: Progress) -> Exclusions:
    """Returns what the admission counts of patients who are not analysed: nothing in a run of riskset 0.1.0."""
    policy, stated = run.judge.policy, run.opened.values()
    if run.is_of_0_1_0:
        return NOT_COUNTED
    may_be_seen = policy is not None and (policy.column == "local" or any(s.may_be_subtracted for s in stated))
    return Exclusions(run.plan.excluded, policy.k if policy is not None and may_be_seen else 0)


def _needed(analysis: str, result: Result) -> Message:
    """Returns why an analysis that is needed has no result."""
    if isinstance(result, RefusedByRule):
        return say("protocol.needs.refused", analysis=analysis, rule=result.rule)
    return say("protocol.needs.not_estimable", analysis=analysis, code=getattr(result, "code", ""))
