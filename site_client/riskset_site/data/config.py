"""The site file from disk: every problem in one pass, with its line; nothing is guessed and nothing is skipped."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from riskset.errors import DataError, Problem, did_you_mean
from riskset.study.spec import Study
from riskset.study.toml_lines import key_lines, line_of
from riskset.study.toml_table import Complaint, TomlTable
from riskset.study.validation_errors import complaint_of, known_keys
from riskset_site.data.agreement import disagreements
from riskset_site.data.site_file import ColumnOfTexts, SiteFile, Source, YearsBetween

TABLES: dict[tuple[str, ...], type[TomlTable]] = {
    (): SiteFile,
    ("source",): Source,
    ("map", "*", "<column>"): ColumnOfTexts,
    ("map", "*", "<years>"): YearsBetween,
}
"""Every table of a site file: where it stands (`*` is a name) and which form of it, and its model."""


def load_site_file(path: Path, study: Study | None = None, *, needs_export: bool = True) -> SiteFile:
    """Returns the site file, with `source.csv` as a path that leads there from anywhere.

    With a study, the file must also belong to it; `needs_export` asks for the export to be there. Raises DataError
    with every problem found.
    """
    text = _read(path)
    document = _parsed(path, text)
    site, complaints = _validated(document)
    if complaints:  # what is right of it can still be held against the study
        site, _ = _validated(reduce(_without, (complaint.path for complaint in complaints), document))
    if site is not None:
        complaints += [
            *(_missing_export(site, path) if needs_export else ()),
            *(disagreements(site, study) if study else ()),
        ]
    if site is None or complaints:
        raise _wrong(path, _located(complaints, text))
    return site.model_copy(update={"source": site.source.model_copy(update={"csv": _export(site, path)})})


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise DataError(f"cannot read the site file {str(path)!r}: {reason}") from None
    except UnicodeDecodeError:
        raise DataError(f"the site file {path.name!r} is not UTF-8 text", "save it as UTF-8 in your editor") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, line = str(error), re.search(r"at line (\d+)", str(error))
        backslash = r"in a path write / for \, or put the path in single quotes" if "\\" in text else ""
        problem = Problem("the file", f"is no valid TOML: {message}", backslash, int(line[1]) if line else None)
        raise _wrong(path, [problem]) from None


def _validated(document: Mapping[str, Any]) -> tuple[SiteFile | None, list[Complaint]]:
    try:
        return SiteFile.model_validate(document), []
    except ValidationError as error:
        return None, [_complaint(details) for details in error.errors(include_url=False)]


def _without(table: Mapping[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """Returns the table without what is complained of: a key, or the table or list around one that is missing."""
    key, *rest = path
    inner = table.get(str(key))
    if isinstance(inner, dict) and (len(rest) > 1 or (rest and rest[0] in inner)):
        return {**table, str(key): _without(inner, rest)}
    return {name: value for name, value in table.items() if name != key}


def _complaint(error: ErrorDetails) -> Complaint:
    if error["type"] != "extra_forbidden":  # the one that needs to know which keys a site file has
        return complaint_of(error)
    *table, key = error["loc"]
    names = [str(part) for part in table]
    if names[:1] == ["map"]:
        names[1] = "*"
    known = known_keys(TABLES[tuple(names)])
    path = tuple(part for part in error["loc"] if not str(part).startswith("<"))
    return Complaint(path, "unknown key", did_you_mean(str(key), known) or f"known here: {', '.join(known)}")


def _missing_export(site: SiteFile, path: Path) -> Iterator[Complaint]:
    if not _export(site, path).is_file():
        hint = "a relative path begins at the folder of the site file"
        yield Complaint(("source", "csv"), f"there is no file {str(site.source.csv)!r}", hint)


def _export(site: SiteFile, path: Path) -> Path:
    return path.absolute().parent / site.source.csv


def _located(complaints: Iterable[Complaint], text: str) -> list[Problem]:
    lines = key_lines(text)
    problems = (Problem(_where(told), told.message, told.hint, line_of(lines, told.path)) for told in complaints)
    return sorted(problems, key=lambda problem: problem.line or 0)


def _where(told: Complaint) -> str:
    """Returns the key as a person looks for it; at the top of a site file `study` and `site` are no tables."""
    return str(told.path[0]) if told.path in (("schema",), ("study",), ("site",)) else told.where


def _wrong(path: Path, problems: list[Problem]) -> DataError:
    count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
    return DataError(f"the site file {path.name!r} has {count}", "docs/site-file.md explains every key", problems)
