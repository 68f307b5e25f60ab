"""What a study may not ask of a weighted population without saying that patients have weights."""

from dataclasses import replace

from riskset.analyses.cohort import SetId
from riskset.analyses.plan import plan


def test_it_is_refused_by_name(patients):
    score = {"covariates": ["age"], "adjustments": {"w": {"method": "overlap"}}}
    asked = {"score": {"kind": "propensity"}, "table": {"kind": "table1", "variables": ["stage"]}}
    planned = plan(patients.study(("asan", "kurume", "osaka"), analyses=asked, propensity=score))
    assert not list(planned.problems())
    head = planned.by_id["table1/all"]
    undeclared = replace(head, id="counts/w", set_id=SetId(None, "w", head.set_id.complete_in))
    (problem,) = replace(planned, reported=(*planned.reported, undeclared)).problems()
    assert problem.message.code == "analyses.plan.weights_not_declared"
