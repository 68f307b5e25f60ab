"""What a new version of a study changes, in sentences for the committee that approved the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskset.study.spec import Study
from riskset.study.toml_table import WHOLE

_TABLES = {
    "sites": "site",
    "variables": "variable",
    "endpoints": "endpoint",
    "analyses": "analysis",
}
"""Tables of named entries: the key, and what one entry is called. Their order has a meaning and is compared too."""


def differences(old: Study, new: Study) -> list[str]:
    """Returns a sentence for each thing that differs; none where both are the same study to the letter.

    The order is the study file's. What is told is complete: two studies with different hashes differ in a sentence.
    """
    before, after = (study.model_dump(mode="json", by_alias=True, context=WHOLE) for study in (old, new))
    return list(_differences(before, after))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in after:
        if key in _TABLES:
            yield from _entries(_TABLES[key], before[key], after[key])
        elif key == "eligibility":
            yield from _rules(before[key], after[key])
        else:
            yield from _values(key, before[key], after[key])


def _entries(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{_capital(what)} {name} is gone: {_shown(before[name])}." for name in before if name not in after)
    yield from (f"{_capital(what)} {name} is new: {_shown(after[name])}." for name in after if name not in before)
    for name in after:
        if name in before:
            yield from _values(f"{what} {name}", before[name], after[name])
    yield from _order(what, [name for name in before if name in after], [name for name in after if name in before])


def _rules(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Eligibility rules are told apart by their ids; a repeated id cannot stand in a study."""
    old, new = (
        {rule["id"]: {k: v for k, v in rule.items() if k != "id"} for rule in rules} for rules in (before, after)
    )
    yield from _entries("eligibility rule", old, new)


def _order(what: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    if before != after:
        yield f"The order of {_plural(what)} was {', '.join(before)} and is now {', '.join(after)}."


def _values(where: str, before: object, after: object) -> Iterator[str]:
    """Tables are entered, anything else is told whole: old and new."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from _values(f"{where}: {key}", before.get(key), after.get(key))
    elif before is None:
        yield f"{_capital(where)} is new: {_shown(after)}."
    elif after is None:
        yield f"{_capital(where)} is gone: {_shown(before)}."
    else:
        yield f"{_capital(where)} was {_shown(before)} and is now {_shown(after)}."


def _shown(value: object) -> str:
    """A value as the study file has it; defaults that say nothing are left out of a table."""
    if isinstance(value, dict):
        told = {key: part for key, part in value.items() if part not in (None, "", [], {}, False)}
        return ", ".join(f"{key} {_shown(part)}" for key, part in told.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, bool) or value is None:
        return "not given" if value is None else str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value).removesuffix(".0")  # all digits: two values that differ are shown differently


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plural(what: str) -> str:
    return "analyses" if what == "analysis" else f"{what}s"
