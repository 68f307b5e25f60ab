"""What is said to a person whose study file is wrong, in the file's own terms.

pydantic's messages are for programmers; the common ones are put here into plain words. Values of a study file may be
shown: it holds no patient's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from riskset.errors import did_you_mean
from riskset.study import spec
from riskset.study.asked import ENTRIES
from riskset.study.sentences import listed
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
    ("time", "grid"): spec.Grid,
    ("endpoints", "*", "<dates>"): spec.DateEndpoint,
    ("endpoints", "*", "<days>"): spec.DaysEndpoint,
    **{("analyses", "*", kind): entry for kind, entry in ENTRIES.items()},
    ("disclosure",): spec.Disclosure,
}
"""Every table of a study file: where it stands (`*` is a name or a position) and which form of it, and its model."""

OFFERED = f"this version offers {listed(tuple(ENTRIES))} of all patients"
_LATER_TABLES = ("propensity", "adverse_events")
_LATER_KINDS = ("table1", "subgroup", "response", "adverse-events")

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "tuple_type": "a list in square brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "date_type": "a date such as 2024-05-31",
    "date_parsing": "a date such as 2024-05-31",
    "date_from_datetime_parsing": "a date such as 2024-05-31",
    "date_from_datetime_inexact": "a date such as 2024-05-31",
}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most"}
_PATTERNS = {
    "version": "letters, digits, '.', '+' and '-', as in 1.0.0",
    "country": "a country in two capital letters, as in KR",
    "title": "a language in small letters, as in en",
}
_NAME = "a name that begins with a letter and has letters, digits, _ and - only (at most 64)"


def complaint_of(error: ErrorDetails) -> Complaint:
    """One of pydantic's errors in plain words."""
    path = _path_in_file(error["loc"])
    match error["type"]:
        case "missing" if path[-2:-1] == ("range",):
            return Complaint(path[:-1], "expected two numbers, [lowest, highest]")
        case "missing":
            return Complaint(path, "required and missing")
        case "extra_forbidden":
            return _unknown_key(error["loc"], path)
        case "union_tag_invalid" | "union_tag_not_found":
            return _wrong_form(error, path)
        case "sentence":
            return Complaint(path, error["ctx"]["sentence"])
    return _wrong_value(error, path, _found(error["input"]))


def _path_in_file(loc: tuple[str | int, ...]) -> KeyPath:
    """pydantic's location without the names of the forms it tried, which stand in no file."""
    named = loc[:2] + loc[3:] if loc[0] in ("variables", "endpoints", "analyses") and loc[2:3] != ("[key]",) else loc
    return tuple(part for part in named if part != "[key]" and not (isinstance(part, str) and part.startswith("<")))


def _unknown_key(loc: tuple[str | int, ...], path: KeyPath) -> Complaint:
    key = str(path[-1])
    if len(path) == 1 and key in _LATER_TABLES:
        return Complaint(path, "not offered yet", OFFERED)
    table = [str(part) for part in loc[:-1]]
    if table[:1] in (["sites"], ["variables"], ["eligibility"], ["endpoints"], ["analyses"]):
        table[1] = "*"
    known = known_keys(TABLES[tuple(table)])
    return Complaint(path, "unknown key", did_you_mean(key, known) or f"known here: {', '.join(known)}")


def known_keys(table: type[TomlTable]) -> list[str]:
    """The keys of a table as they stand in the file."""
    return [field.alias or name for name, field in table.model_fields.items()]


def _wrong_form(error: ErrorDetails, path: KeyPath) -> Complaint:
    """A variable without a known type, or an analysis without a known kind."""
    key = "type" if path[0] == "variables" else "kind"
    choices = [table[2] for table in TABLES if table[:1] == path[:1]]
    offered = f"one of {', '.join(choices)}"
    if error["type"] == "union_tag_not_found":
        return Complaint((*path, key), "required and missing", offered)
    found = str(error["ctx"]["tag"])
    if key == "kind" and found in _LATER_KINDS:
        return Complaint((*path, key), f"{found!r} is not offered yet", OFFERED)
    return Complaint((*path, key), f"expected {offered}, found {found!r}", did_you_mean(found, choices))


def _wrong_value(error: ErrorDetails, path: KeyPath, found: str) -> Complaint:
    context: dict[str, Any] = error.get("ctx", {})
    if "populations" in path:
        return Complaint(path, f'the only population is "all", found {found}', OFFERED)
    match error["type"]:
        case "literal_error":
            return _wrong_choice(path, str(context["expected"]), error["input"])
        case "greater_than_equal" | "greater_than" | "less_than_equal":
            (bound,) = context
            return Complaint(path, f"must be {_BOUNDS[bound]} {context[bound]:g}, found {found}")
        case "too_short" | "too_long" | "string_too_short" | "string_too_long":
            return Complaint(path, _wrong_length(error["type"], context))
        case "string_pattern_mismatch":
            return Complaint(path, f"expected {_pattern(path)}, found {found}")
        case "bool_type" if path[-1] == "univariable":
            return Complaint(path, f"expected true, false or a list of covariates, found {found}")
    expected = _EXPECTED.get(error["type"])
    return Complaint(path, f"expected {expected}, found {found}" if expected else error["msg"])


def _wrong_choice(path: KeyPath, expected: str, value: object) -> Complaint:
    if path[-1] == "baseline":
        return Complaint(path, "a common baseline is not offered yet", 'baseline = "site"')
    if path == ("schema",):
        return Complaint(path, f"this riskset reads study files of schema {expected}, found {_found(value)}")
    return Complaint(
        path,
        f"expected {expected}, found {_found(value)}",
        did_you_mean(str(value), re.findall(r"'([^']*)'", expected)),
    )


def _wrong_length(kind: str, context: Mapping[str, Any]) -> str:
    what = "character" if kind.startswith("string") else "item"
    if kind.endswith("long"):
        return f"too long: at most {context['max_length']} {what}s"
    return "must not be empty" if context["min_length"] == 1 else f"needs at least {context['min_length']} {what}s"


def _pattern(path: KeyPath) -> str:
    """What the text at `path` must look like."""
    return next((_PATTERNS[part] for part in reversed(path) if isinstance(part, str) and part in _PATTERNS), _NAME)


def _found(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"text {value[:60]!r}"
        case list() | tuple():
            return "a list"
    return "a table"
