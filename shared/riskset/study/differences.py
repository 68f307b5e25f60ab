"""What a new version of a study changes, in sentences for the committee that approved the old one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskset.catalogue import Message, say
from riskset.study.spec import Study
from riskset.study.toml_table import WHOLE

_NAMED = ("sites", "variables", "eligibility", "endpoints", "analyses")
"""Tables of named entries. Their order has a meaning and is compared too."""


def differences(old: Study, new: Study) -> list[Message]:
    """Returns a sentence for each difference, in the order of the study file; none where the studies are identical.

    The list is complete: two studies with different hashes differ in at least one sentence.
    """
    before, after = (study.model_dump(mode="json", by_alias=True, context=WHOLE) for study in (old, new))
    return list(_differences(before, after))


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Message]:
    for table in after:
        if table in _NAMED:
            yield from _entries(table, _by_name(before[table]), _by_name(after[table]))
        elif before[table] is None or after[table] is None or not isinstance(after[table], dict):
            yield from _values(say("study.change.file"), table, before[table], after[table])
        else:
            yield from _keys(say("study.change.table", name=table), before[table], after[table])


def _by_name(entries: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Returns the entries of a table; eligibility rules by their ids, which are unique in a study."""
    if isinstance(entries, Mapping):
        return entries
    return {rule["id"]: {key: value for key, value in rule.items() if key != "id"} for rule in entries}


def _entries(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Message]:
    named = {name: say(f"study.change.entry_of_{table}", name=name) for name in (*before, *after)}
    for name in before:
        if name not in after:
            yield say("study.change.removed", what=named[name], value=_written(before[name]))
    for name in after:
        if name not in before:
            yield say("study.change.added", what=named[name], value=_written(after[name]))
    for name in after:
        if name in before:
            yield from _keys(named[name], before[name], after[name])
    old, new = (tuple(name for name in names if name in others) for names, others in ((before, after), (after, before)))
    if old != new:
        yield say("study.change.order", table=table, old=old, new=new)


def _keys(what: Message, before: Mapping[str, Any], after: Mapping[str, Any], table: str = "") -> Iterator[Message]:
    """Yields the differences of the keys of one table; keys of a table inside it are written `grid.width_days`."""
    for key in dict.fromkeys((*before, *after)):
        old, new, name = before.get(key), after.get(key), f"{table}{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _keys(what, old, new, f"{name}.")
        else:
            yield from _values(what, name, old, new)


def _values(what: Message, key: str, old: object, new: object) -> Iterator[Message]:
    if old == new:
        return
    if old is None:
        yield say("study.change.key_added", what=what, key=key, value=_written(new))
    elif new is None:
        yield say("study.change.key_removed", what=what, key=key, value=_written(old))
    else:
        yield say("study.change.changed", what=what, key=key, old=_written(old), new=_written(new))


def _written(value: object) -> str:
    """Returns a value as TOML writes it; a table without the keys that have an empty or false default."""
    if isinstance(value, dict):
        given = {key: part for key, part in value.items() if part is not False and part not in (None, "", [], {})}
        return "{ " + ", ".join(f"{key} = {_written(part)}" for key, part in given.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value).removesuffix(".0")  # all digits: two values that differ are shown differently
