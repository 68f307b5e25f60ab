"""What a site would tell of its own rows alone, if its approval says so, for its committee."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.admission.own_rows import own_findings_alone
from riskset.analyses.admission.step import Own
from riskset.analyses.cohort import Cohort
from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.disclosure.policy import Policy
from riskset.study.spec import Study


def would_be_told(study: Study, cohort: Cohort, local: Policy, *, is_signed: bool) -> Iterator[Message]:
    """Yields a sentence for each analysis that asks for sites' own estimates: whether the site signed, and whether its
    rows pass the limits for two sites, `local`. Never leaves the site."""
    asked = tuple(analysis for analysis in plan(study).reported if analysis.exposure.alone)
    if asked:
        yield say("site.review.told.signed") if is_signed else say("site.review.told.not_signed")
    failing: dict[str, list[str]] = {}
    for id_, finding in own_findings_alone(local, asked, Own(cohort, {})):
        if not finding.passes:
            failing.setdefault(id_, []).append(finding.limit_name)
    for analysis in asked:
        if limits := tuple(dict.fromkeys(failing.get(analysis.id, ()))):
            yield say("site.review.told.fails", analysis=analysis.id, limits=limits)
        else:
            yield say("site.review.told.passes", analysis=analysis.id)
