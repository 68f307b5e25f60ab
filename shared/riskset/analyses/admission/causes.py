"""What a site's flag stands for: the limit that its own rows do not meet, and what would pass.

A flag is noise. Which multiples it is drawn from shows the cause, and nothing else: neither the site nor, in the sum,
how many sites refused. Where sites refuse for different causes, the sum shows the first of them in `OWN_CAUSES`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Final

from riskset.analyses.analysis import Analysis, RefusedByRule
from riskset.catalogue import NOTHING, Message, say
from riskset.disclosure import cells, span
from riskset.disclosure import models as of_models
from riskset.disclosure.finding import Finding, judge
from riskset.disclosure.policy import Policy, default_policy

OWN_CAUSES: Final = {
    "admission/changes": ("R14.changed_rows", "R14.entered_rows", "R14.alike", "R14.untold"),
    "admission/cohorts": (
        "R1.population_rows",
        "R2.apart_rows",
        "R3.events",
        "R4.level",
        "R4.lost",
        "R6.parameters",
        "R2.leverage",
        "R4.leverage",
        "R14.set_since",
    ),
    "admission/counts": (
        "R9.other_levels",
        "R9.other_steps",
        "R9.outside_order",
        "R9.linked",
        "R9.other_patients",
        "R9.populations",
        "R9.endpoints",
        "R2.apart_rows",
        "R4.cell",
    ),
    "admission/pairs": (
        "R4.column",
        "R14.untold",
        "R2.outcomes",
        "R2.apart_rows",
        "R8.site_weight",
        "R8.in_arm",
        "R5.fitted",
    ),
    "admission/joint": (
        "R2.leverage",
        "R2.cell",
        "R4.level",
        "R1.subgroup_rows",
        "R3.events",
        "R3.events_per_parameter",
        "R4.lost",
        "R6.parameters",
        "R5.fitted",
    ),
    "admission/products": (
        "R2.leverage",
        "R4.column",
        "R2.outcomes",
        "R4.same_order",
        "R8.weight",
        "R9.weighted",
        "R8.cell",
    ),
    "first": (
        "R4.leverage",
        "R5.opened",
        "R8.influence",
        "R8.site_influence",
        "R8.unjudged",
        "R14.outcomes",
        "R8.in_cell",
    ),
    "later": (
        "R7.largest",
        "R7.spread",
        "R7.unjudged",
        "R5.numbers",
        "R5.evaluations",
        "R4.halved",
        "R5.fitted",
        "R8.influence",
        "R8.unjudged",
    ),
}
"""By phase of a run, the causes that a site's own rows may have."""
_BEFORE: Final = {
    "admission/changes": "R14",
    "admission/cohorts": "R1 to R6",
    "admission/counts": "R9",
    "admission/pairs": "R4",
    "admission/joint": "R2",
    "admission/products": "R2",
    "first": "R4",
    "later": "R7",
}
"""By phase, the rules behind a flag of a run whose flags show no cause."""
_BY_SUBJECT: Final = {
    cells.ALIKE: "R14.alike",
    cells.UNTOLD: "R14.untold",
    cells.SET_SINCE: "R14.set_since",
    cells.WEIGHTS_SINCE: "R14.set_since",
    cells.NOT_COMPARED: "R14.set_since",
    cells.OUTCOMES: "R2.outcomes",
    cells.OUTCOMES_SINCE: "R14.outcomes",
}
"""Causes of findings that share a limit with others, by the code of what they are about."""
_IN_ORDER: Final = (
    "R2.outcomes",
    "R2.apart_rows",
    "R2.leverage",
    "R4.leverage",
    "R4.same_order",
    "R5.opened",
    "R9.outside_order",
    "R9.linked",
    "R9.other_patients",
    "R9.endpoints",
)
"""Causes that an analysis may have with those before it in the study."""


def cause_of(phase: str, finding: Finding | None) -> str:
    """Returns the cause of a finding that does not pass; nothing for none."""
    if finding is None:
        return ""
    if cause := _BY_SUBJECT.get(getattr(finding.subject, "code", "")):
        return cause
    if phase == "admission/cohorts" and finding.limit_name == "R3.events_per_parameter":
        return "R3.events"  # what would pass is the same, and a flag has room for nine causes
    if phase == "admission/counts" and finding.limit_name in ("R2.apart_sites", "R2.leverage"):
        return "R2.apart_rows"
    if phase == "admission/pairs" and finding.limit_name in (
        "R2.apart_rows",
        "R8.site_weight",
        "R8.in_arm",
        "R5.fitted",
    ):
        return finding.limit_name
    if phase == "admission/pairs" or (phase == "admission/products" and finding.limit_name == "R4.leverage"):
        return "R4.column"
    return {"R4": "R4.lost", "R7": "R7.unjudged", "R8": "R8.unjudged"}.get(finding.limit_name, finding.limit_name)


def causes_under(phase: str, rule: str, limit_name: str) -> frozenset[str]:
    """Returns the causes that a finding in a ledger may have had, which knows rule and limit, but of what it is about
    only the words."""
    finding = Finding(rule, limit_name, "", "fail", nan, nan, nan, lambda: NOTHING, NOTHING)
    of_subject = {cause for cause in _BY_SUBJECT.values() if cause.partition(".")[0] == rule}
    return frozenset({cause_of(phase, finding), *of_subject}.intersection(OWN_CAUSES[phase]))


def refusal_by_a_site(policy: Policy | None, phase: str, cause: str, analysis: Analysis) -> RefusedByRule:
    """Returns the refusal behind a site's flag; the cause is empty in a run whose flags show none."""
    if not cause or policy is None:
        rule, remedy = _BEFORE.get(phase, "R1 to R7"), say("rules.remedy.own_figure")
        return RefusedByRule(rule, say("rules.own.other"), remedy, by="a site")
    remedy = _remedy(policy, cause, analysis)
    if cause in _IN_ORDER and not analysis.exposure.is_one_way:
        remedy = say("rules.remedy.in_order", remedy=remedy)
    about = "R4.column_of_weights" if cause == "R4.column" and analysis.exposure.weights else cause
    return RefusedByRule(
        cause.partition(".")[0], say(f"rules.own.{about}"), say("rules.remedy.own", remedy=remedy), by="a site"
    )


def _remedy(policy: Policy, cause: str, analysis: Analysis) -> Message:
    """Returns what would pass, without any site's figure."""
    own = policy if policy.column == "local" else default_policy("local", policy.k)
    p, is_table = max(len(analysis.exposure.design), 1), analysis.exposure.is_one_way
    follows = analysis.exposure.weights_follow and not is_table
    of: dict[str, Callable[[], Message]] = {
        "R1.population_rows": lambda: cells.population_rows(own, "", 1).remedy,
        "R1.subgroup_rows": lambda: cells.subgroup_rows(own, "", 1).remedy,
        "R2.apart_rows": lambda: say("rules.remedy.table_of_others") if is_table else cells.apart_remedy(own),
        "R3.events": lambda: of_models.events(own, "", 0, p).remedy,
        "R3.events_per_parameter": lambda: of_models.events(own, "", 0, p).remedy,
        "R2.cell": lambda: cells.two_levels(own, say("rules.subject.this_site"), 1).remedy,
        "R4.level": lambda: cells.level(own, "", 1, 2).remedy,
        "R4.cell": lambda: cells.cell(policy, "", 1, is_ranked=bool(analysis.exposure.ranked)).remedy,
        "R4.halved": lambda: cells.halved(own, "", 1).remedy,
        "R4.same_order": lambda: cells.same_order(policy, "", 1).remedy,
        "R4.lost": lambda: say("rules.instead.some_narrower_range"),
        "R4.column": lambda: _failing(
            policy,
            "R4.leverage",
            say("rules.remedy.leverage_weights") if follows else say("rules.remedy.leverage_column", k=policy.k),
        ),
        "R5.fitted": lambda: say(f"rules.remedy.{'fitted_beside' if analysis.exposure.from_fit else 'fitted'}"),
        "R6.parameters": lambda: of_models.parameters(own, "", 1, p).remedy,
        "R2.leverage": lambda: _failing(policy, cause, span.remedy(policy, cause, is_table=is_table)),
        "R4.leverage": lambda: _failing(policy, cause, span.remedy(policy, cause, is_table=is_table, follows=follows)),
        "R5.opened": lambda: _failing(policy, cause, say("rules.remedy.opened.here")),
        "R5.numbers": lambda: say("rules.remedy.evaluations_here"),
        "R5.evaluations": lambda: say("rules.remedy.evaluations_here"),
        "R7.largest": lambda: say("rules.remedy.largest"),
        "R7.spread": lambda: say("rules.remedy.spread"),
        "R7.unjudged": lambda: say("rules.remedy.no_linear_predictor"),
        "R8.influence": lambda: _failing(policy, cause, say("rules.remedy.influence")),
        "R8.site_influence": lambda: _failing(policy, cause, say("rules.remedy.site_influence")),
        "R8.site_weight": lambda: of_models.site_weight_remedy(follows=follows),
        "R8.cell": lambda: cells.weighed(own, "", 1).remedy,
        "R8.in_arm": lambda: say("rules.remedy.weights_in_table"),
        "R8.in_cell": lambda: _failing(policy, cause, say("rules.remedy.weights_in_table")),
        "R8.weight": lambda: _failing(policy, cause, say("rules.remedy.weight")),
        "R8.unjudged": lambda: say("rules.remedy.no_linear_predictor"),
        "R14.changed_rows": lambda: cells.changes(own, "", 1, 1)[0].remedy,
        "R14.entered_rows": lambda: cells.entered(own, "", 1, 1)[0].remedy,
        "R14.alike": lambda: cells.alike(own, "", 1).remedy,
        "R14.set_since": lambda: say("rules.remedy.set_since_or_new_run"),
        "R2.outcomes": lambda: say("rules.remedy.outcomes", rows=policy.k),
        "R14.outcomes": lambda: cells.outcomes_since(own, "", "", 1).remedy,
        "R14.untold": lambda: cells.untold(own, "", 1).remedy,
    }
    if cause.startswith("R9."):
        return _failing(policy, cause, say(f"rules.remedy.{cause.partition('.')[2]}"))
    return of[cause]()


def _failing(policy: Policy, limit: str, remedy: Message) -> Message:
    """Returns a remedy with the exception that the limit allows."""
    return judge(policy, limit, "", nan, own=True, remedy=remedy).remedy
