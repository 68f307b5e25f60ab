"""Reads a study file into a checked `Study`, and computes the hash that approvals name."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, time
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Final, TypeVar

import rfc8785
from pydantic import TypeAdapter, ValidationError

from riskset.catalogue import NOTHING, say, verbatim
from riskset.errors import DataError, Problem
from riskset.file_errors import reason_of
from riskset.strict_json import read_canonical
from riskset.study import spec
from riskset.study.itself import Itself
from riskset.study.references import Draft, complaints_about
from riskset.study.spec import Study
from riskset.study.toml_lines import KeyLines, key_lines, line_of
from riskset.study.toml_syntax import how_to_write_line
from riskset.study.toml_table import Complaint
from riskset.study.toml_text import NotToml, read_text, read_toml, unseen_signs
from riskset.study.validation_errors import complaint_of, each_once, known_keys
from riskset.study.variables import with_levels

MOST_JSON_BYTES: Final = 2**20
_ORDERED = ("sites", "variables", "endpoints", "analyses")
_T = TypeVar("_T")


def load_study(path: FilePath) -> Study:
    """Returns the study in `path` (TOML, UTF-8).

    Raises DataError: without problems where the file cannot be read at all, otherwise with every problem found.
    """
    try:
        text = read_text(path)
    except NotToml as error:
        raise DataError(say("study.file.not_toml", source=str(path)), verbatim(error.reason)) from None
    except OSError as error:
        unreadable = say("study.file.unreadable", path=str(path), reason=reason_of(error))
        raise DataError(unreadable, say("study.file.give_path")) from None
    except UnicodeDecodeError as error:
        encoded = say("study.file.not_utf8", path=str(path), byte=error.start + 1)
        raise DataError(encoded, say("study.file.save_utf8")) from None
    return parse_study(text, str(path))


def parse_study(text: str, source: str = "the study file") -> Study:
    """Returns the study in `text` (TOML). Raises DataError with every problem and its line."""
    try:
        document = read_toml(text)
    except NotToml as error:
        not_toml = say("study.file.not_toml", source=source)
        raise DataError(not_toml, say("study.file.see_toml"), [_syntax(error, text)]) from None
    if isinstance(document.get("site"), str) and "source" in document:
        raise DataError(say("study.file.site_file", source=source), say("study.file.give_study"))
    return _checked(document, key_lines(text), source)


def study_from_json(data: bytes) -> Study:
    """Returns the study whose `canonical_json` is `data`. Raises DataError with every problem, and where the bytes are
    another spelling of the study: what approvals name is their hash."""
    not_canonical = DataError(say("study.file.not_canonical"), say("study.file.not_canonical_hint"))
    try:
        document = read_canonical(data, MOST_JSON_BYTES)
        order = document.pop("order")
        ordered = {name: {key: document[name][key] for key in order[name]} for name in _ORDERED}
        is_whole = all(ordered[name] == document[name] for name in _ORDERED)
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole = False
    if not is_whole:
        raise not_canonical
    study = _checked(document | ordered, {}, "the study")
    if canonical_json(study) != data:
        raise not_canonical
    return study


def canonical_json(study: Study) -> bytes:
    """Returns the RFC 8785 JSON of the study with defaults filled in.

    JSON objects have no order, but the order of sites, variables, endpoints and analyses decides columns, printing and
    which of two conflicting analyses is dropped. It is therefore written out under `order`: parties with the same hash
    compute the same.
    """
    document = study.model_dump(mode="json", by_alias=True)
    return rfc8785.dumps(document | {"order": {name: list(document[name]) for name in _ORDERED}})


def study_hash(study: Study) -> str:
    """Returns the SHA-256 of `canonical_json`, 64 hex digits."""
    return _hash_of(Itself(study))


@lru_cache(maxsize=16)
def _hash_of(one: Itself) -> str:
    """Kept, since every party of a run asks for it again and again."""
    return hashlib.sha256(canonical_json(one.study)).hexdigest()


def _checked(document: dict[str, Any], lines: KeyLines, source: str) -> Study:
    """Returns the study of a parsed document; raises DataError with all its problems in the order of the file."""
    spelled_out = _spelled_out(document)
    complaints: list[Complaint] = []
    study = None
    try:
        study = Study.model_validate_json(_as_json(spelled_out), strict=True)
    except ValidationError as errors:
        complaints = [complaint_of(error) for error in errors.errors()]
    complaints.extend(unseen_signs(document))
    complaints.extend(complaints_about(_draft(_with_misspelt(spelled_out))))
    if study is None or complaints:
        problems = sorted((_problem(c, lines) for c in each_once(complaints)), key=lambda p: p.line or 0)
        found = say("study.file.problems", source=source, n=len(problems))
        raise DataError(found, say("study.file.correct"), problems)
    return study


def _problem(complaint: Complaint, lines: KeyLines) -> Problem:
    line = line_of(lines, complaint.path)
    return Problem(
        complaint.where, verbatim(complaint.message), verbatim(complaint.hint), line, column=complaint.column
    )


def _syntax(error: NotToml, text: str) -> Problem:
    """Returns the problem with what to write instead, where that is known."""
    is_known = error.reason.code != "verbatim"
    found = error.reason if is_known else say("study.file.syntax", reason=error.reason)
    hint = NOTHING if is_known else how_to_write_line(text, error.line)
    return Problem("syntax", found, hint, line=error.line, column=error.column)


def _spelled_out(document: dict[str, Any]) -> dict[str, Any]:
    """Returns the document with its shorthands expanded: a plain title is English, `endpoint` is a list of one, the
    levels of a cut are its intervals, a propensity score and matched patients have analyses of their own."""
    spelled = dict(document)
    header, analyses = document.get("study"), document.get("analyses")
    if isinstance(header, dict) and isinstance(header.get("title"), str):
        spelled["study"] = header | {"title": {"en": header["title"]}}
    if isinstance(variables := document.get("variables"), dict):
        spelled["variables"] = {name: with_levels(variable) for name, variable in variables.items()}
    if isinstance(analyses, dict):
        spelled["analyses"] = {name: _with_endpoints(analysis) for name, analysis in analyses.items()}
        if "propensity" in document:
            first, last = (_implied(kind, document["propensity"], analyses) for kind in ("propensity", "balance"))
            spelled["analyses"] = first | spelled["analyses"] | last
    return spelled


def _with_misspelt(document: dict[str, Any]) -> dict[str, Any]:
    """Returns the document with the tables whose names are misspelt under the names that were meant: the one mistake is
    told, and not that everything in the table is unknown."""
    meant = dict(document)
    for key in document.keys() - known_keys(Study):
        for name in difflib.get_close_matches(key, known_keys(Study), n=1):
            found, there = document[key], document.get(name, {})
            if isinstance(found, dict) and isinstance(there, dict):
                meant[name] = there | found
    return meant


def _with_endpoints(analysis: object) -> object:
    if not isinstance(analysis, dict) or "endpoint" not in analysis or "endpoints" in analysis:
        return analysis
    rest = {key: value for key, value in analysis.items() if key != "endpoint"}
    return rest | {"endpoints": [analysis["endpoint"]]}


def _implied(kind: str, propensity: object, analyses: Mapping[str, object]) -> dict[str, object]:
    """Returns the entry that a study with a propensity score has, listed or not: the score, which is judged first; and,
    where adjustments have a balance, that, which is judged last."""
    listed = {entry.get("kind") for entry in analyses.values() if isinstance(entry, dict)}
    adjustments = propensity.get("adjustments") if isinstance(propensity, dict) else None
    of = adjustments.values() if isinstance(adjustments, dict) else ()
    is_of_it = kind == "propensity" or any(not isinstance(one, dict) or one.get("method") != "strata" for one in of)
    return {kind: {"kind": kind}} if is_of_it and kind not in listed and kind not in analyses else {}


def _as_json(value: object) -> str:
    """Returns TOML values as JSON: in strict mode pydantic reads dates from text and tuples from lists in JSON only."""
    return json.dumps(value, default=_iso)


def _iso(value: object) -> str:
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    raise TypeError(f"not a TOML value: {type(value).__name__}")


def _draft(document: Mapping[str, Any]) -> Draft:
    """Returns the parts of a document that can be read by themselves."""
    rules, propensity = document.get("eligibility"), document.get("propensity")
    score = _partly(propensity, TypeAdapter(spec.Propensity))
    is_known = score is not None and bool(score.adjustments) == bool(dict(propensity or {}).get("adjustments"))
    return Draft(
        sites=_entries(document.get("sites"), TypeAdapter(spec.SiteEntry)),
        variables=_entries(document.get("variables"), TypeAdapter(spec.Variable)),
        eligibility=tuple(
            _partly(rule, TypeAdapter(spec.EligibilityRule)) for rule in (rules if isinstance(rules, list) else ())
        ),
        comparison=_partly(document.get("comparison"), TypeAdapter(spec.Comparison)),
        time=_read(document.get("time"), TypeAdapter(spec.Time)),
        endpoints=_entries(document.get("endpoints"), TypeAdapter(spec.Endpoint), _partly),
        analyses=_entries(document.get("analyses"), TypeAdapter(spec.Analysis), _partly),
        adverse_events=_partly(document.get("adverse_events"), TypeAdapter(spec.AdverseEvents)),
        has_adverse_events="adverse_events" in document,
        propensity=score if is_known else None,
        score=score,
        has_propensity="propensity" in document,
        disclosure=_partly(document.get("disclosure"), TypeAdapter(spec.Disclosure)),
    )


def _read(entry: object, adapter: TypeAdapter[_T]) -> _T | None:
    try:
        return adapter.validate_json(_as_json(entry), strict=True)
    except ValidationError:
        return None


def _partly(entry: object, adapter: TypeAdapter[_T]) -> _T | None:
    """Returns the entry, without its wrong keys if need be, so that the names in the other keys can be checked."""
    try:
        return adapter.validate_json(_as_json(entry), strict=True)
    except ValidationError as errors:
        wrong = {part for error in errors.errors() for part in error["loc"]}
    rest = {key: value for key, value in entry.items() if key not in wrong} if isinstance(entry, dict) else None
    return _read(rest, adapter)


def _entries(
    table: object, adapter: TypeAdapter[_T], read: Callable[[object, TypeAdapter[_T]], _T | None] = _read
) -> dict[str, _T | None]:
    return {name: read(entry, adapter) for name, entry in table.items()} if isinstance(table, dict) else {}
