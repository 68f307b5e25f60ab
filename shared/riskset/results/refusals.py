"""Refusals as people are told them: each once, with the analyses that it concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from riskset.analyses.analysis import RefusedByRule
from riskset.catalogue import Message, say, verbatim

_FINDINGS: Final = ("rules.finding", "rules.finding_of_analysis")


@dataclass(frozen=True)
class ToldOnce:
    """A refusal, and the ids of the analyses that it concerns."""

    ids: tuple[str, ...]
    refusal: RefusedByRule


def of_analysis(id_: str, refusal: RefusedByRule) -> RefusedByRule:
    """Returns the refusal as it is printed beside the analysis: its sentence does not name the analysis again."""
    values = _values(refusal)
    if values.pop("subject", None) != id_:
        return refusal
    return replace(refusal, message=say("rules.finding_of_analysis", **values))


def told_once(refusals: Iterable[tuple[str, RefusedByRule]]) -> list[ToldOnce]:
    """Returns the refusals in their order, those together that differ only in what they concern and in the figure that
    was found."""
    alike: dict[tuple[object, ...], list[tuple[str, RefusedByRule]]] = {}
    for id_, refusal in refusals:
        own = of_analysis(id_, refusal)
        values = tuple((name, of) for name, of in _values(own).items() if name not in ("subject", "found"))
        what = (*values, "subject" in _values(own)) if values else (str(own.message),)
        alike.setdefault((own.rule, own.by, own.remedy, *what), []).append((id_, own))
    return [ToldOnce(tuple(id_ for id_, _ in group), _together([one for _, one in group])) for group in alike.values()]


def in_short(ids: Iterable[str]) -> tuple[str, ...]:
    """Returns ids of results as people write several: `cox/{os,pfs}/all/multivariable`."""
    groups: list[tuple[tuple[str, ...], ...]] = [tuple((part,) for part in id_.split("/")) for id_ in ids]
    for at in reversed(range(max(map(len, groups), default=0))):
        alike: dict[object, list[tuple[tuple[str, ...], ...]]] = {}
        for one in groups:
            alike.setdefault((one[:at], one[at + 1 :], len(one)), []).append(one)
        groups = [_merged(several, at) for several in alike.values()]
    return tuple("/".join(p[0] if len(p) == 1 else "{" + ",".join(p) + "}" for p in one) for one in groups)


def _merged(alike: list[tuple[tuple[str, ...], ...]], at: int) -> tuple[tuple[str, ...], ...]:
    """Returns one group in place of several that differ in the part `at` alone."""
    parts = tuple(dict.fromkeys(part for one in alike for of in one[at : at + 1] for part in of))
    return (*alike[0][:at], *([parts] if parts else []), *alike[0][at + 1 :])


def _together(refusals: list[RefusedByRule]) -> RefusedByRule:
    first, values = refusals[0], _values(refusals[0])
    if not values:
        return first
    every = [_values(one) for one in refusals]
    found: list[Message] = list(dict.fromkeys(one["found"] for one in every))
    if all(one.code == "rules.found.total" for one in found):
        values["found"] = say("rules.found.total", figure=tuple(dict(one.values)["figure"] for one in found))
    if "subject" not in values:
        return replace(first, message=say("rules.finding_of_analysis", **values))
    values["subject"] = tuple(dict.fromkeys(one["subject"] for one in every))
    return replace(first, message=say("rules.finding", **values))


def _values(refusal: RefusedByRule) -> dict[str, Any]:
    """Returns what the sentence of a finding was made of; nothing for other sentences."""
    message = verbatim(refusal.message)
    return dict(message.values) if message.code in _FINDINGS else {}
