"""What the rules say of a study over these patients, without the messages of a run: for trying many variants of it.

The history and every judgement are those of a run. Only signatures, masks and the sites' own derivation of the same
history are left out, and sums are those of floating point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from riskset.analyses.admission.causes import cause_of
from riskset.analyses.admission.judge import Judge
from riskset.analyses.admission.step import Own
from riskset.analyses.analysis import Analysis, RefusedByRule
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import Plan, plan
from riskset.catalogue import Message
from riskset.disclosure.policy import Policy
from riskset.protocol import program
from riskset.protocol.contributing import Contributor
from riskset.protocol.history import History, begun
from riskset.protocol.opening import Opened, Opening
from riskset.protocol.participation import check_enough_rows
from riskset.study.spec import Study


@dataclass(frozen=True)
class NotPassed:
    """An analysis that a rule refuses, or refuses by arm."""

    analysis: Analysis
    limits: tuple[str, ...]
    """The limits that it does not meet, in full."""
    subject: str = ""
    """The column of which a limit on pooled figures was not met."""


def not_passed(study: Study, cohorts: Mapping[str, Cohort], policies: Mapping[str, Policy]) -> list[NotPassed]:
    """Returns the analyses that do not pass, in the study's order; `policies` are the sites' own limits.

    Where admission refuses some, no model is evaluated further: what only its evaluations would show is not returned.
    Raises Refused("rows") where a site has too few patients to take part.
    """
    for name, cohort in cohorts.items():
        check_enough_rows(policies[name], cohort)
    planned = plan(study)
    history = _opened(planned, policies)
    contributors = {name: Contributor(Own(cohort, {})) for name, cohort in cohorts.items()}
    own: dict[str, dict[str, None]] = {}
    while not history.is_closed:
        found = _refused(planned, history, own)
        if found and history.phase == "later":
            return found
        history = _after_a_round(history, contributors, own)
    return _refused(planned, history, own)


def _opened(planned: Plan, policies: Mapping[str, Policy]) -> History:
    opening, here = Opening(tuple(sorted(policies))), program.here()
    opened = {n: Opened("", here, opening, b"", policy.to_json(), False, 0) for n, policy in policies.items()}
    judge = Judge.of(planned, [said.policy for said in opened.values()], here.protocol)
    return begun(planned, opening, opened, judge, "")


def _after_a_round(
    history: History, contributors: Mapping[str, Contributor], own: dict[str, dict[str, None]]
) -> History:
    totals, states, dead = [], [], dict[str, str]()
    for contributor in contributors.values():
        failing = [(id_, finding) for id_, finding in contributor.judge_own(history) if not finding.passes]
        for id_, finding in failing:
            own.setdefault(id_, {})[finding.limit_name] = None
            dead.setdefault(id_, cause_of(history.phase_of(id_), finding))
        summary = contributor.summary(history, frozenset(id_ for id_, _ in failing))
        totals.append(np.where(summary.silent, 0.0, summary.values))
        states.append(summary.stated)
    total, of_step = sum(totals, np.zeros(len(totals[0]))).tolist(), len(history.step_labels)
    sites = [sum(of_sites) for of_sites in zip(*states, strict=True)]
    return history.with_totals(dead, total[:of_step], sites, total[of_step:], "")


def _refused(planned: Plan, history: History, own: Mapping[str, Mapping[str, None]]) -> list[NotPassed]:
    found = []
    for asked, analysis in zip(planned.reported, history.plan.reported, strict=True):
        for refusal in (history.results.get(analysis.id), analysis.arms_refusal):
            if isinstance(refusal, RefusedByRule):
                is_pooled = refusal.by == "all"
                limits = (refusal.limit_name,) if is_pooled else tuple(own[analysis.id])
                found.append(NotPassed(asked, limits, _column(refusal) if is_pooled else ""))
                break
    return found


def _column(refusal: RefusedByRule) -> str:
    """Returns what a finding is about: a column alone where its sentence says more of it."""
    subject = dict(refusal.message.values).get("subject", "")
    return str(dict(subject.values).get("column", subject)) if isinstance(subject, Message) else str(subject)
