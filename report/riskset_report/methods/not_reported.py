"""Which results have no numbers, and why: by rule or reason, with how many they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.catalogue import Message, say
from riskset.disclosure.rules import RULES
from riskset.results.refusals import in_short
from riskset_report.cells import Mark
from riskset_report.methods.done import Done


def paragraphs(done: Done) -> Iterator[Iterator[Message]]:
    """Yields the results without numbers, then what is missing within results."""
    yield _whole(done)
    yield _within(done)
    yield _marked(done)


def _whole(done: Done) -> Iterator[Message]:
    entries = done.results.entries
    given = sum(entry.status == "ok" for entry in entries)
    if given == len(entries):
        yield say("methods.not_reported.all_given", n=given)
        return
    yield say("methods.not_reported.given", n=given, all=len(entries))
    refused: dict[str, list[str]] = {}
    ended: dict[str, list[str]] = {}
    for entry in entries:
        if isinstance(entry.result, RefusedByRule):
            refused.setdefault(entry.result.rule, []).append(entry.id)
        elif isinstance(entry.result, NotEstimable):
            ended.setdefault(entry.result.code, []).append(entry.id)
    for rule, ids in sorted(refused.items(), key=lambda item: _order(item[0])):
        yield say("methods.not_reported.refused", n=len(ids), rule=rule_of(rule), ids=in_short(ids))
    for code, ids in ended.items():
        yield say("methods.not_reported.not_estimable", n=len(ids), reason=_reason(code), ids=in_short(ids))


def _within(done: Done) -> Iterator[Message]:
    rules: Counter[str] = Counter()
    results: dict[str, dict[str, None]] = {}
    for one in done.given:
        for rule in _refusals(one.said):
            rules[rule] += 1
            results.setdefault(rule, {})[one.entry.id] = None
    for rule in sorted(rules, key=_order):
        yield say("methods.not_reported.within", n=rules[rule], rule=rule_of(rule), ids=in_short(results[rule]))
    marks = Counter((cell.value.text, cell.value.reason) for cell in done.cells if isinstance(cell.value, Mark))
    for (mark, reason), n in marks.items():
        yield say("methods.not_reported.held_back", n=n, mark=mark, reason=reason)


def _marked(done: Done) -> Iterator[Message]:
    if n := sum(one.entry.meets_demands is False for one in done.given):
        yield say("methods.not_reported.marked", n=n)


def rule_of(rule: str) -> Message:
    """Returns a rule with what it is about; by its id alone where that is not known."""
    return say(f"methods.rules.name.{rule}") if rule in RULES else say("methods.rules.unnamed", rule=rule)


_CODES = {
    "no patients": "no_patients",
    "no events": "no_events",
    "no covariate": "no_covariate",
    "separated": "separated",
    "not converged": "not_converged",
    "withheld": "withheld",
    "needs": "needs",
}


def _reason(code: str) -> Message:
    return (
        say(f"methods.not_reported.code.{_CODES[code]}")
        if code in _CODES
        else say("methods.not_reported.as_is", code=code)
    )


def _order(rule: str) -> tuple[int, str]:
    """Rules in the order of their numbers."""
    digits = rule.removeprefix("R").split(" ")[0]
    return (int(digits) if digits.isdigit() else len(RULES) + 1, rule)


def _refusals(said: object) -> Iterator[str]:
    """Yields the rule of each refusal inside a result."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            if key.endswith("reason") and isinstance(value, Mapping) and "rule" in value:
                yield str(value["rule"])
            else:
                yield from _refusals(value)
    elif isinstance(said, Sequence) and not isinstance(said, str):
        for item in said:
            yield from _refusals(item)
