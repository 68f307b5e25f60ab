"""The rules of a run, as all participants hold them: what they say of pooled figures, of a site's flag, and of what an
analysis would send next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from riskset.analyses.admission.causes import refusal_by_a_site
from riskset.analyses.admission.figures import Figures
from riskset.analyses.admission.judging import Judged, pooled
from riskset.analyses.admission.openings import adds_in_blocks, openings
from riskset.analyses.admission.step import Live
from riskset.analyses.analysis import Analysis, RefusedByRule
from riskset.analyses.opened import Begun, judged
from riskset.analyses.plan import Plan
from riskset.catalogue import say
from riskset.disclosure import cells
from riskset.disclosure import models as of_models
from riskset.disclosure.coverage import adds_weights, first_uncovered, uncovered_alone
from riskset.disclosure.exposure import Label
from riskset.disclosure.finding import Finding, cannot_judge
from riskset.disclosure.policy import Policy, policy_from_json, strictest


@dataclass(frozen=True)
class Judge:
    """The rules of one run, as all participants hold them."""

    policy: Policy | None
    """The strictest of all participants' policies; None in a rehearsal that ignores the gate."""
    arm: str | None
    """The variable by which curves may be split."""
    cut_freely: frozenset[str] = frozenset()
    """The derived populations of which a study chooses the places where the score is cut."""

    @classmethod
    def of(cls, plan: Plan, policies: Sequence[Mapping[str, str]], protocol: int | None = None) -> Judge:
        """Returns the judge of a run of this protocol from each participant's policy; DataError where one cannot be
        read."""
        stated = [policy_from_json(policy, protocol) for policy in policies if policy]
        return cls(strictest(stated) if stated else None, plan.arm, plan.cut_freely)

    def pooled(self, phase: str, live: Live, figures: Figures) -> dict[str, Finding]:
        """Returns, for each analysis that fails, the first finding on pooled figures that does not pass."""
        failing: dict[str, Finding] = {}
        for id_, finding in self.pooled_findings(phase, live, figures):
            if not finding.passes:
                failing.setdefault(id_, finding)
        return failing

    def pooled_findings(self, phase: str, live: Live, figures: Figures) -> Sequence[Judged]:
        """Returns what the rules say about the figures of a phase; "open" is judged without any."""
        if self.policy is None:
            return ()
        if phase == "open":
            return tuple(openings(self.policy, live, self.arm, self.cut_freely))
        return tuple(pooled(self.policy, phase, live, figures, self.arm))

    def by_a_site(self, phase: str, cause: str, analysis: Analysis) -> RefusedByRule:
        """Returns the refusal behind a site's flag."""
        return refusal_by_a_site(self.policy, phase, cause, analysis)

    def rounds_allowed(self, analysis: Analysis, figures: Figures) -> int | None:
        """Returns how many rounds the points take at which an analysis may be evaluated (R5 on pooled rows); None for
        any number."""
        if not analysis.exposure.is_iterative:
            return 1
        if self.policy is None or analysis.exposure.halved:  # R4 ends what is halved
            return None
        n = figures.rows[analysis.rows_name].rows
        exposure = analysis.exposure
        of = len(exposure.design), exposure.held, exposure.slopes, exposure.predictors
        points = of_models.evaluations_allowed(self.policy, n, *of)
        return max(1, points) * exposure.rounds_of_a_point

    def opened(self, begun: Begun, figures: Figures, fields: Mapping[str, Sequence[str]]) -> Sequence[Judged]:
        """Returns what R5 says of all numbers that the analyses open, on pooled rows; in the local column each site
        judges its own rows."""
        policy = self.policy
        if policy is None or policy.column == "local" or "R5.opened" not in policy.values:
            return ()
        found = judged(policy, begun, lambda name: figures.rows[name].rows, fields, figures.opened_before)
        return tuple((id_, finding) for id_, finding, _ in found)

    def halved(self, analysis: Analysis, state: object, labels: Sequence[Label]) -> RefusedByRule | None:
        """Returns the refusal of an analysis that would next count half of an interval of few patients (R4); None where
        it would not. Each such count has a label with the number, and the analysis says how many the interval has."""
        policy, numbers = self.policy, set(analysis.exposure.halved)
        counted = [label for label in labels if not numbers.isdisjoint(label.columns)]
        if policy is None or not counted:
            return None
        inside = analysis.halved(state)
        if "R4.halved" not in policy.values or len(inside) != len(counted):
            finding = cannot_judge("R4", analysis.id, say("rules.beyond.halved"), say("rules.instead.later_version"))
            return RefusedByRule.of(finding)
        if policy.column == "local":  # each site judges its own patients
            return None
        finding = cells.halved(policy, analysis.id, min(inside))
        return None if finding.passes else RefusedByRule.of(finding)

    def in_blocks(self, analysis: Analysis, state: object, labels: Sequence[Label], live: Live) -> RefusedByRule | None:
        """Returns the refusal of an analysis that would next add up weights in blocks of few patients (R9); None where
        it would not. Each such sum has a label, and the analysis says how many patients the block has: as many for each
        endpoint of the `live` analyses that add up weights."""
        sums = [label for label in labels if adds_weights(analysis.exposure, label)]
        if self.policy is None or not sums:
            return None
        inside = analysis.in_blocks(state)
        if len(inside) != len(sums):
            finding = cannot_judge("R9", analysis.id, say("rules.beyond.blocks"), say("rules.instead.later_version"))
        else:
            endpoints = {one.endpoint for one in (analysis, *live) if adds_in_blocks(one)}
            finding = cells.block(self.policy, analysis.id, min(inside) // len(endpoints))
        return None if finding.passes else RefusedByRule.of(finding)

    def uncovered(
        self, analysis: Analysis, labels: Sequence[Label], told: Sequence[Label] = ()
    ) -> RefusedByRule | None:
        """Returns the refusal of an analysis that would send a number its exposure does not cover, or have it `told`
        by a hospital alone; None where it would not."""
        if self.policy is None:
            return None
        why = first_uncovered(analysis.exposure, labels, self.arm) or uncovered_alone(analysis.exposure, told)
        if not why:
            return None
        return RefusedByRule("R2", say("rules.uncovered", analysis=analysis.id, why=why), say("rules.declare"))
