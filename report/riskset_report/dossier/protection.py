"""The rules with their limits in force, and what they do not protect."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.disclosure.policy import Policy, exceptions_of
from riskset.disclosure.rules import RULES, Rule
from riskset.protocol.rule_column import LEAST_MASKED
from riskset.study.spec import Study
from riskset_report.dossier.document import Cell, Items, Section, Table, section, table
from riskset_report.dossier.limits import bound_of, policy_of, read_by_others

_COLUMNS = {"rule": 17, "words": 37, "limits": 46}


def protection(study: Study) -> Section:
    """Returns each rule in plain words, with its limits if nobody signs an exception."""
    policy = policy_of(study)
    return section(
        "rules",
        say("dossier.rules.intro"),
        *_seen(study),
        rules_in_words(policy),
        say("dossier.rules.which"),
        say("dossier.rules.stricter"),
        say("dossier.rules.exceptions", limits=exceptions_of(policy)),
    )


def _seen(study: Study) -> Iterator[Message]:
    """Yields who can see what of a hospital's numbers."""
    match read_by_others(study):
        case "clear":
            yield say("dossier.rules.off")
        case "two":
            yield say("dossier.rules.two")
            yield say("site.seen.two_coordinator")
        case "masked":
            yield say("dossier.rules.pooled")
            yield say("site.seen.masked")
            if study.disclosure.min_sites < LEAST_MASKED:
                yield say("dossier.rules.fewer")


def rules_in_words(policy: Policy) -> Table:
    """Returns each rule in plain words, with the limits of a policy."""
    return table(_COLUMNS, [_row(rule, policy) for rule in RULES.values()])


def _row(rule: Rule, policy: Policy) -> tuple[Cell, ...]:
    limits = tuple(
        say("dossier.rules.limit", means=limit.means, bound=bound_of(policy, name))
        for name, limit in rule.limits.items()
        if name in policy.values
    )
    return say(f"methods.rules.name.{rule.id}"), say(f"dossier.rule.{rule.id}"), limits or say("dossier.rules.none")


def unprotected(study: Study) -> Section:
    """Returns what the rules do not protect, in short."""
    return section("open", Items(tuple(_unprotected(study))))


def _unprotected(study: Study) -> Iterator[Message]:
    yield say("dossier.open.results")
    yield say("site.seen.totals")
    if any(one.exposure.in_time and one.exposure.in_time.grid for one in plan(study).reported):
        yield say("dossier.open.alone", n=study.time.grid.width_days)
    if policy_of(study).column == "pooled":
        yield say("dossier.open.refused")
    for code in ("lies", "knowledge", "later", "machine", "more"):
        yield say(f"dossier.open.{code}")
