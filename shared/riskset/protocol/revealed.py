"""What the numbers of a study tell anyone who sees them, in a sentence for each of what requests them."""

from __future__ import annotations

from riskset.analyses.admission.joint import Joint
from riskset.analyses.admission.steps import steps
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.protocol.journal import ALONE, IN_CLEAR
from riskset.study.spec import Study


def revealed_by(study: Study) -> dict[str, str]:
    """Returns, by step of admission or analysis, what its totals show; and what is stated, or told by a hospital of its
    own rows, in clear."""
    of_steps: dict[str, str] = {step.id: step.reveals for step in steps(["an earlier run"], joint=(Joint(),))}
    of_steps[IN_CLEAR] = say("analyses.reveals.stated")
    of_steps[ALONE] = say("analyses.reveals.alone")
    reported = plan(study).reported
    if any(analysis.exposure.weights for analysis in reported):
        for step, code in {"admission/counts": "counts", "admission/pairs": "pairs"}.items():
            weights = say(f"analyses.reveals.weights.{code}")
            of_steps[step] = say("analyses.reveals.with_weights", told=of_steps[step], weights=weights)
    return of_steps | {analysis.id: analysis.reveals for analysis in reported}
