"""pydantic's errors as complaints in the file's own terms.

pydantic's messages are for programmers. Values of a study file or site file may be shown: they hold no patient's data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, time
from typing import Any, Final

from pydantic_core import ErrorDetails

from riskset.catalogue import Message, say
from riskset.errors import did_you_mean
from riskset.study import spec
from riskset.study.asked import ENTRIES, PACKAGES
from riskset.study.propensity import ADJUSTMENTS, Gates
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, TomlTable

TABLES: dict[tuple[str, ...], type[TomlTable]] = {
    (): spec.Study,
    ("study",): spec.Header,
    ("study", "enrolled"): spec.Period,
    ("sites", "*"): spec.SiteEntry,
    ("variables", "*", "number"): spec.NumberVariable,
    ("variables", "*", "boolean"): spec.BooleanVariable,
    ("variables", "*", "category"): spec.CategoryVariable,
    ("variables", "*", "date"): spec.DateVariable,
    ("eligibility", "*"): spec.EligibilityRule,
    ("comparison",): spec.Comparison,
    ("time",): spec.Time,
    ("time", "grid"): spec.GridTable,
    ("endpoints", "*", "<dates>"): spec.DateEndpoint,
    ("endpoints", "*", "<days>"): spec.DaysEndpoint,
    ("adverse_events",): spec.AdverseEvents,
    ("adverse_events", "terms", "*"): spec.EventTerm,
    ("propensity",): spec.Propensity,
    ("propensity", "gates"): Gates,
    **{("propensity", "adjustments", "*", method): of for method, of in ADJUSTMENTS.items()},
    **{("analyses", "*", kind): entry for kind, entry in ENTRIES.items()},
    **{("analyses", "*", kind, key): table for kind, entry in ENTRIES.items() for key, table in entry.inner.items()},
    ("disclosure",): spec.Disclosure,
    ("release",): spec.Release,
}
"""The model of each table of a study file, by place (`*` is a name or a position) and, where several exist, form."""

OFFERED: Final = say("study.analysis.offered")

_EXPECTED = {
    "int_type": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "finite_number": "finite_number",
    "string_type": "text",
    "bool_type": "boolean",
    "tuple_type": "list",
    "dict_type": "table",
    "model_type": "table",
    "model_attributes_type": "table",
    "date_type": "date",
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
    "date_from_datetime_inexact": "date",
}
"""What pydantic expected, as the catalogue's code, by the type of its error."""
_NEAREST: Final = "cli.did_you_mean"
_OF_A_REST: Final = frozenset(
    {"study.expected.not_empty", "study.expected.items_at_least", "study.analysis.population"}
)
"""Complaints about a list that follow from one about an item."""
NO_FORMS: Final[Mapping[str, type[TomlTable]]] = {}
_MEANT = {
    **dict.fromkeys(("integer", "int", "count"), "whole"),
    **dict.fromkeys(("float", "double", "decimal", "numeric", "real", "continuous"), "number"),
    **dict.fromkeys(("string", "str", "text", "factor", "enum", "categorical", "char", "ordinal"), "category"),
    **dict.fromkeys(("bool", "logical", "binary", "flag", "yesno"), "boolean"),
    **dict.fromkeys(("datetime", "timestamp", "day", "time"), "date"),
}
"""What other programs call the types of variables."""
_BOUNDS = {"ge": "at_least", "gt": "more_than", "le": "at_most"}
_PATTERNS = {
    "version": "version",
    "country": "country",
    "title": "language",
    "language": "language",
    "requesters": "auditor",
}
_SHOWN = 60
"""Characters of a text that a message repeats."""


def complaint_of(error: ErrorDetails) -> Complaint:
    """Returns one of pydantic's errors as a complaint."""
    if not error["loc"]:  # of the whole document
        return Complaint((), say("study.value.rejected", reason=error["msg"]))
    path = _path_in_file(error["loc"])
    match error["type"]:
        case "missing" if path[-2:-1] == ("range",):
            return Complaint(path[:-1], say("study.expected.two_numbers"))
        case "missing":
            return Complaint(path, say("study.key.missing"))
        case "extra_forbidden":
            return _unknown_key(error["loc"], path)
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_form(error, path)
        case "complaint":
            return Complaint(path, error["ctx"]["message"])
    return _wrong_value(error, path, _as_toml(error["input"]))


def _path_in_file(loc: tuple[str | int, ...]) -> KeyPath:
    """Returns pydantic's location without the names of the forms it tried, which are not in the file."""
    named = loc[:2] + loc[3:] if loc[0] in ("variables", "endpoints", "analyses") and loc[2:3] != ("[key]",) else loc
    if loc[:2] == ("propensity", "adjustments") and loc[3:4] != ("[key]",):
        named = loc[:3] + loc[4:]
    return tuple(part for part in named if part != "[key]" and not (isinstance(part, str) and part.startswith("<")))


def _unknown_key(loc: tuple[str | int, ...], path: KeyPath) -> Complaint:
    table = [str(part) for part in loc[:-1]]
    if table[:1] in (["sites"], ["variables"], ["eligibility"], ["endpoints"], ["analyses"]):
        table[1] = "*"
    if table[:2] == ["adverse_events", "terms"]:
        table[2] = "*"
    if table[:2] == ["propensity", "adjustments"]:
        table[2] = "*"
    is_entry = len(path) == (4 if path[0] == "propensity" else 3)
    return unknown_key(path, TABLES[tuple(table)], forms_of(path[0]) if is_entry else {})


def forms_of(table: str | int) -> dict[str, type[TomlTable]]:
    """Returns the forms that an entry of a table has, by the type of a variable, the kind of an analysis or the method
    of an adjustment."""
    if table == "propensity":
        return dict(ADJUSTMENTS)
    names = {"variables", "analyses"} & {table}
    return {form[2]: model for form, model in TABLES.items() if len(form) == 3 and form[0] in names}


def unknown_key(path: KeyPath, table: type[TomlTable], forms: Mapping[str, type[TomlTable]] = NO_FORMS) -> Complaint:
    """Returns the complaint about a key, the last of `path`, that a table lacks; one of `forms` may have it."""
    known, key = known_keys(table), str(path[-1])
    hint = did_you_mean(key, known) or say("study.key.known", keys=tuple(known))
    others = tuple(name for name, other in forms.items() if key in known_keys(other))
    if others and hint.code != _NEAREST:
        hint = say("study.key.of_others", key=key, forms=others, keys=tuple(known))
    return Complaint(path, say("study.key.unknown"), hint)


def each_once(complaints: Iterable[Complaint]) -> list[Complaint]:
    """Returns the complaints without repeats, without those about a missing key that is there but misspelt, and without
    those about a list of which an item is wrong: what is left of it is not what was written."""
    found = list(dict.fromkeys(complaints))
    with_wrong_items = {one.path[:-1] for one in found if one.path and isinstance(one.path[-1], int)}
    found = [one for one in found if not (one.path in with_wrong_items and _code(one.message) in _OF_A_REST)]
    misspelt = {
        (*one.path[:-1], dict(one.hint.values)["name"])
        for one in found
        if _code(one.message) == "study.key.unknown" and isinstance(one.hint, Message) and one.hint.code == _NEAREST
    }
    return [one for one in found if not (_code(one.message) == "study.key.missing" and one.path in misspelt)]


def _code(message: Message | str) -> str:
    return message.code if isinstance(message, Message) else ""


def known_keys(table: type[TomlTable]) -> list[str]:
    """Returns the keys of a table as they are written in the file."""
    return [field.alias or name for name, field in table.model_fields.items()]


def _wrong_form(error: ErrorDetails, path: KeyPath) -> Complaint:
    """A variable without a known type, an analysis without a known kind, or an adjustment without a known method."""
    key = {"variables": "type", "propensity": "method"}.get(str(path[0]), "kind")
    choices = tuple(forms_of(path[0]))
    at = (*path, key)
    if error["type"] == "union_tag_not_found":
        return Complaint(at, say("study.key.missing"), say("study.key.choices", choices=choices))
    found = str(error["ctx"]["tag"])
    if key == "kind" and found in PACKAGES.broken:
        return Complaint(at, PACKAGES.broken[found], say("study.method.update"))
    complaint = _wrong_choice(at, choices, error["input"][key])
    meant = _MEANT.get(found.lower()) if key == "type" else None
    if meant is None:
        return complaint
    hint = say("study.expected.meant_whole") if meant == "whole" else say("study.expected.meant", type=meant)
    return replace(complaint, hint=hint)


def _is_covariate(path: KeyPath) -> bool:
    return path[0] == "analyses" and isinstance(path[-1], int)


def _wrong_value(error: ErrorDetails, path: KeyPath, found: str) -> Complaint:
    context: dict[str, Any] = error.get("ctx", {})
    if "populations" in path:
        return Complaint(path, say("study.analysis.population", found=found), OFFERED)
    match error["type"]:
        case "literal_error" if path[-1] == "baseline":
            return Complaint(path, say("study.analysis.baseline"), say("study.analysis.baseline_site"))
        case "literal_error" if path == ("schema",):
            return Complaint(path, say("study.key.schema", expected=str(context["expected"]), found=found))
        case "literal_error":
            choices = tuple(re.findall(r"'([^']*)'", str(context["expected"])))
            return _wrong_choice(path, choices, error["input"])
        case "greater_than_equal" | "greater_than" | "less_than_equal":
            ((bound, value),) = context.items()
            return Complaint(path, say(f"study.expected.{_BOUNDS[bound]}", bound=value, found=found))
        case "too_short" | "too_long" | "string_too_short" | "string_too_long":
            return Complaint(path, _wrong_length(error["type"], context))
        case "string_pattern_mismatch" if re.search(r"[:*^+~()|]", str(error["input"])) and _is_covariate(path):
            return Complaint(
                path, say("study.expected.interaction", found=found), say("study.expected.no_interactions")
            )
        case "string_pattern_mismatch":
            return Complaint(path, say(f"study.expected.{_pattern(path)}", found=found))
        case "bool_type" if path[-1] == "univariable":
            return Complaint(path, say("study.expected.flag_or_list", found=found))
    if expected := _EXPECTED.get(error["type"]):
        return Complaint(path, say(f"study.expected.{expected}", found=found))
    return Complaint(path, say("study.value.rejected", reason=error["msg"]))


def _wrong_choice(path: KeyPath, choices: tuple[str, ...], found: object) -> Complaint:
    quoted = tuple(map(_as_toml, choices))
    message = say("study.expected.choice", choices=quoted, found=_as_toml(found))
    return Complaint(path, message, did_you_mean(str(found), choices))


def _wrong_length(kind: str, context: Mapping[str, Any]) -> Message:
    if kind == "string_too_long":
        return say("study.expected.characters", most=context["max_length"])
    if kind == "too_long":
        return say("study.expected.items_at_most", most=context["max_length"])
    if context["min_length"] == 1:
        return say("study.expected.not_empty")
    return say("study.expected.items_at_least", least=context["min_length"])


def _pattern(path: KeyPath) -> str:
    """Returns the code of what the text at `path` must look like."""
    return next((_PATTERNS[part] for part in reversed(path) if isinstance(part, str) and part in _PATTERNS), "name")


def _as_toml(value: object) -> str:
    """Returns a value as TOML writes it, shortened."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float() | date() | time():
            return str(value)
        case str():
            return json.dumps(value[:_SHOWN], ensure_ascii=False)
        case list() | tuple():
            return "[...]"
    return "{...}"
