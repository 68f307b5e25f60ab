"""Why a number is missing, as a publication says it: without what a rule found, which may be a small count, and without
the limit that it missed, which says between which values the count is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from riskset.analyses.analysis import WITHHELD, NotEstimable, RefusedByRule
from riskset.catalogue import NOTHING, Message, say
from riskset.results import ResultEntry

_REFUSED: Final = say("release.reason.refused")
_NOT_ESTIMABLE: Final = say("release.reason.not_estimable")
_WITHHELD: Final = say("release.reason.withheld")
_OF_RULES: Final = frozenset({"analyses.km.few_at_risk", "analyses.km.few_between"})
"""Sentences whose numbers are limits of the study."""
_FIGURES: Final = frozenset({"found", "figure", "n"})
"""Names under which a sentence has what was found, also as a text."""


def with_told_reasons(entry: ResultEntry) -> ResultEntry:
    """Returns a result whose reasons, wherever they are in it, tell no figure: then of a refusal the rule alone."""
    return replace(entry, analysis=_told(entry.analysis), result=_told(entry.result))


def _told(value: Any) -> Any:  # noqa: ANN401 - anything that a result has
    if isinstance(value, RefusedByRule):
        message = _REFUSED if has_figure(value.message) else value.message
        return replace(value, message=message, remedy=NOTHING if has_figure(value.remedy) else value.remedy)
    if isinstance(value, NotEstimable) and has_figure(value.message):
        return replace(value, message=_WITHHELD if value.code == WITHHELD else _NOT_ESTIMABLE)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        told = {name: _told(part) for name, part in parts.items()}
        return replace(value, **told) if any(told[name] is not part for name, part in parts.items()) else value
    if isinstance(value, Mapping):
        of = {key: _told(part) for key, part in value.items()}
        return of if any(of[key] is not part for key, part in value.items()) else value
    if type(value) in (list, tuple):
        items = [_told(part) for part in value]
        return type(value)(items) if any(a is not b for a, b in zip(items, value, strict=True)) else value
    return value


def has_figure(message: str) -> bool:
    """Whether a sentence says a number that was found. A text that is no message of the catalogue may say anything."""
    if not isinstance(message, Message):
        return bool(message)
    if message.code in _OF_RULES:
        return False
    return any(name in _FIGURES or _is_figure(value) for name, value in message.values)


def _is_figure(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_is_figure, value))
    return has_figure(value) if isinstance(value, Message) else not isinstance(value, str | bool)
