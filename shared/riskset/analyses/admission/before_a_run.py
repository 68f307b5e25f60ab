"""How many numbers the rounds of admission ask of each hospital, as far as a study says it: before anybody has seen a
patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskset.analyses.admission.blocks import is_joint
from riskset.analyses.admission.exclusions import Exclusions
from riskset.analyses.admission.joint import Joint
from riskset.analyses.admission.steps import steps
from riskset.analyses.analysis import Analysis
from riskset.analyses.plan import Plan
from riskset.disclosure.policy import Policy


@dataclass(frozen=True)
class AskedInStep:
    """A round of admission."""

    id: str
    numbers: int
    """That each hospital sends, the flags apart, where nothing was refused in a round before it."""
    stated: int
    """Of how many of them it states whether it has any patients."""


def first_admission(plan: Plan, policy: Policy) -> tuple[AskedInStep, ...]:
    """Returns the rounds in which the analyses of eligible patients are admitted."""
    return _asked(plan, policy, [a for a in _examined(plan) if not plan.waits_for_population(a.population)])


def last_admission(plan: Plan, policy: Policy) -> tuple[AskedInStep, ...]:
    """Returns the rounds in which the last analyses of derived populations are admitted, beside all others: the most
    numbers that an admission asks. Nothing where every analysis is of eligible patients."""
    examined = _examined(plan)
    is_known = all(not plan.waits_for_population(analysis.population) for analysis in examined)
    return () if is_known else _asked(plan, policy, examined)


def _examined(plan: Plan) -> list[Analysis]:
    return [analysis for analysis in plan.judging_order if analysis.id not in plan.admitted_with]


def _asked(plan: Plan, policy: Policy, live: Sequence[Analysis]) -> tuple[AskedInStep, ...]:
    joint = (Joint(policy.k),) if any(map(is_joint, live)) else ()
    exclusions = Exclusions(plan.excluded, policy.k if policy.column == "local" else 0)
    found = steps((), exclusions, joint=joint)
    return tuple(AskedInStep(step.id, len(step.labels(live)), len(step.stated(live))) for step in found)
