"""A decision to compute outcomes that a run withheld: of which population, after which run, by whom, why and when.

A study that says `on_fail = "ask"` withholds the outcomes of a population that is not what it demands, until a person
decides. The decision opens a later run: it is in the coordinator's opening, and every site states it in its answer and
keeps it in its ledger. A site takes part only where its own records show that the run did withhold them, so that nobody
decides before the balance is known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from riskset.analyses.analysis import Result
from riskset.analyses.plan import Plan
from riskset.catalogue import say
from riskset.errors import DataError, ProtocolError, Refused
from riskset.secure.envelope import LONGEST_NAME, is_shown
from riskset.visible_text import unseen

LEAST_REASON: Final = 20
"""Characters of a reason: a sentence, and not a word."""
LONGEST_REASON: Final = 500
_MOST: Final = 100
"""Decisions in one opening."""
_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


class NoDecision(ProtocolError):
    """An opening's decisions are malformed."""


@dataclass(frozen=True)
class Decision:
    """What a person decided. It may be shown to all parties."""

    population: str
    run: str
    """The finished run that withheld the outcomes."""
    by: str
    reason: str
    at: str
    """UTC, ISO 8601, by the coordinator's clock."""

    @property
    def content(self) -> dict[str, str]:
        """The JSON object of it."""
        return asdict(self)


@dataclass(frozen=True)
class Unblinding:
    """What a person asks for: populations, each once, and who decides so and why."""

    populations: tuple[str, ...]
    by: str
    reason: str

    @classmethod
    def typed(cls, populations: Collection[str], by: str, reason: str) -> Unblinding:
        """Raises DataError where the name or the reason is malformed."""
        by, reason = by.strip(), reason.strip()
        if not _is_name(by):
            raise DataError(say("protocol.unblinding.by", longest=LONGEST_NAME))
        if not _is_reason(reason):
            found = len(reason)
            raise DataError(say("protocol.unblinding.reason", least=LEAST_REASON, most=LONGEST_REASON, found=found))
        return cls(tuple(dict.fromkeys(populations)), by, reason)

    def after(self, plan: Plan, run: str, results: Mapping[str, Result] | None, at: str) -> tuple[Decision, ...]:
        """Returns the decisions about what a finished run withheld. Raises as `check_decidable`."""
        for population in self.populations:
            check_decidable(plan, population, results)
        return tuple(Decision(population, run, self.by, self.reason, at) for population in self.populations)


def read_decisions(content: Mapping[str, object]) -> tuple[Decision, ...]:
    """Returns the decisions of an opening; most have none. Raises NoDecision where malformed."""
    stated = content.get("unblinded", [])
    if not isinstance(stated, list) or len(stated) > _MOST:
        raise NoDecision(say("protocol.unblinding.form"))
    found = tuple(map(_read, stated))
    if len({one.population for one in found}) != len(found):
        raise NoDecision(say("protocol.unblinding.form"))
    return found


def check_decidable(plan: Plan, population: str, results: Mapping[str, Result] | None) -> None:
    """Raises Refused where a decision about a population has no ground: "not_asked" where the study lets nobody decide,
    "not_withheld" where `results` are not those of a run that withheld its outcomes. They are None where no such run is
    known."""
    if population not in plan.asks:
        asked = tuple(sorted(plan.asks))
        hint = say("protocol.unblinding.not_asked_hint", asked=asked) if asked else say("protocol.unblinding.none")
        raise Refused("not_asked", say("protocol.unblinding.not_asked", population=population), hint)
    if results is None or not plan.withheld(population, results):
        message = say("protocol.unblinding.not_withheld", population=population)
        raise Refused("not_withheld", message, say("protocol.unblinding.not_withheld_hint"))


def unblinded(plan: Plan, decisions: Collection[Decision]) -> Plan:
    """Returns the plan of a run that was opened with these decisions: outcomes do not wait, and are marked. Raises
    ProtocolError where the study lets nobody decide about one."""
    populations = frozenset(one.population for one in decisions)
    if not populations <= plan.asks:
        raise ProtocolError(say("protocol.unblinding.not_asked", population=min(populations - plan.asks)))
    return plan.without_gates_of(populations)


def _read(stated: object) -> Decision:
    names = [field.name for field in fields(Decision)]
    if not isinstance(stated, dict) or sorted(stated) != sorted(names):
        raise NoDecision(say("protocol.unblinding.form"))
    values: list[Any] = [stated[name] for name in names]
    if not all(isinstance(value, str) for value in values):
        raise NoDecision(say("protocol.unblinding.form"))
    found = Decision(*values)
    in_form = all(map(_is_name, (found.population, found.run, found.by))) and _AT.fullmatch(found.at)
    if not in_form or not _is_reason(found.reason):
        raise NoDecision(say("protocol.unblinding.form"))
    return found


def _is_name(text: str) -> bool:
    return bool(text.strip()) and is_shown(text)


def _is_reason(text: str) -> bool:
    return text == text.strip() and LEAST_REASON <= len(text) <= LONGEST_REASON and not unseen(text)
