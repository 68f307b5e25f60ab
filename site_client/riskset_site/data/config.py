"""The site file from disk: every problem in one pass, each with its line; nothing is guessed or skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from riskset.catalogue import NOTHING, say, verbatim
from riskset.errors import DataError, Problem, did_you_mean
from riskset.file_errors import reason_of
from riskset.study.spec import Study
from riskset.study.toml_lines import KeyPath, key_lines, line_of
from riskset.study.toml_syntax import how_to_write_line
from riskset.study.toml_table import Complaint, TomlTable
from riskset.study.toml_text import NotToml, read_text, read_toml, unseen_signs
from riskset.study.validation_errors import complaint_of, each_once, known_keys
from riskset.visible_text import LINE
from riskset_site.data.agreement import disagreements
from riskset_site.data.omop_columns import OmopColumn
from riskset_site.data.site_file import SiteFile
from riskset_site.data.site_mapping import AnyOf, DateWhere, FirstOf, MappedColumn, YearsBetween
from riskset_site.data.site_source import Rows, Source
from riskset_site.data.source_kinds import SOURCES
from riskset_site.data.sources.csv_form import RARER_DELIMITERS

TABLES: dict[tuple[str, ...], type[TomlTable]] = {
    (): SiteFile,
    ("source",): Source,
    **{("source", f"<{kind}>"): source for kind, source in SOURCES.items()},
    ("source", "rows"): Rows,
    ("source", "columns", "*"): OmopColumn,
    ("map", "*", "<column>"): MappedColumn,
    ("map", "*", "<date>"): DateWhere,
    ("map", "*", "<years>"): YearsBetween,
    ("map", "*", "<first>"): FirstOf,
    ("map", "*", "<boxes>"): AnyOf,
}
"""The model of every table of a site file, by path (`*` is any name) and form."""


_OF_EXPORT = (
    ("source", "key"),
    ("source", "missing"),
    ("source", "sheet"),
    ("source", "query"),
)


def load_site_file(path: Path, study: Study | None = None, *, needs_export: bool = True) -> SiteFile:
    """Returns the site file, with absolute paths in `source`.

    With a study, the file must match it; with `needs_export`, the export must exist. Raises DataError with every
    problem found.
    """
    text = _read(path)
    document = _parsed(path, text)
    if "analyses" in document or "variables" in document:
        raise DataError(say("study.file.study_file", file=path.name), say("study.file.give_site"))
    site, complaints = _validated(document)
    if complaints:  # check the valid rest against the study all the same
        site, _ = _validated(reduce(_without, (complaint.path for complaint in complaints), document))
    complaints += unseen_signs(document, _allowed)
    if site is not None:
        complaints += [
            *(_missing_export(site, path) if needs_export else ()),
            *_which_century(site),
            *(disagreements(site, study) if study else ()),
        ]
    if site is None or complaints:
        raise _wrong(path, _located(complaints, text))
    return site.model_copy(update={"source": site.source.under(path.absolute().parent)})


def problems_of_text(text: str) -> list[Problem]:
    """Returns the problems that a site file of this text has by itself, whatever its study and its export."""
    try:
        document = read_toml(text)
    except NotToml as error:
        return [Problem(say("data.where.site_file"), error.reason, line=error.line)]
    return _located([*_validated(document)[1], *unseen_signs(document, _allowed)], text)


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except NotToml as error:
        raise _wrong(path, [Problem(say("data.where.site_file"), error.reason)]) from None
    except OSError as error:
        unreadable = say("data.site_file.cannot_read", file=str(path), reason=reason_of(error))
        raise DataError(unreadable, say("study.file.give_site")) from None
    except UnicodeDecodeError:
        message = say("data.site_file.not_utf8", file=path.name)
        raise DataError(message, say("data.site_file.save_as_utf8")) from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return read_toml(text)
    except NotToml as error:
        is_known = error.reason.code != "verbatim"
        message = error.reason if is_known else say("data.site_file.not_toml", reason=error.reason)
        hint = NOTHING if is_known else how_to_write_line(text, error.line)
        if not is_known and "\\" in text:
            hint = say("data.site_file.backslash")
        problem = Problem(say("data.where.site_file"), message, hint, error.line, column=error.column)
        raise _wrong(path, [problem]) from None


def _validated(document: Mapping[str, Any]) -> tuple[SiteFile | None, list[Complaint]]:
    try:
        return SiteFile.model_validate(document), []
    except ValidationError as error:
        return None, [_complaint(details) for details in error.errors(include_url=False)]


def _allowed(path: KeyPath) -> str:
    """The words of an export are what its program wrote: a header over two lines cannot be named otherwise, nor a
    control sign between its fields."""
    if path == ("source", "delimiter"):
        return LINE + "".join(RARER_DELIMITERS)
    is_mapped = path[:1] == ("map",) and len(path) > 1
    return LINE if is_mapped or path[:2] in _OF_EXPORT else ""


def _without(table: Mapping[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """Returns the table without the invalid key, or without the table or list that lacks a required one."""
    key, *rest = path
    inner = table.get(str(key))
    if isinstance(inner, dict) and (len(rest) > 1 or (rest and rest[0] in inner)):
        return {**table, str(key): _without(inner, rest)}
    return {name: value for name, value in table.items() if name != key}


def _complaint(error: ErrorDetails) -> Complaint:
    if error["type"] != "extra_forbidden":
        return complaint_of(error)
    *table, key = error["loc"]  # an unknown key: the known ones are those of its table in a site file
    names = [str(part) for part in table]
    if names[:1] == ["map"]:
        names[1] = "*"
    if names[:1] == ["source"]:
        names[1 : 2 if len(names) > 2 else 1] = []  # the same table in every kind of source
        names[2:3] = ["*"] * len(names[2:3])
    known = known_keys(TABLES[tuple(names)])
    path = tuple(part for part in error["loc"] if not str(part).startswith("<"))
    hint = did_you_mean(str(key), known) or say("study.key.known", keys=tuple(known))
    return Complaint(path, say("study.key.unknown"), hint)


def _missing_export(site: SiteFile, path: Path) -> Iterator[Complaint]:
    for key, file in site.source.files.items():
        if not (path.absolute().parent / file).exists():
            message = say("data.site_file.no_export", file=str(file))
            yield Complaint(("source", key), message, say("data.site_file.relative_path"))


def _which_century(site: SiteFile) -> Iterator[Complaint]:
    """A year of two digits is of one of two centuries: a birthday of 1924, or a visit of 2024."""
    short = next((form for form in site.date_formats if "%y" in form), None)
    if short and site.source.two_digit_years is None:
        message = say("data.site_file.which_century", format=short)
        yield Complaint(("source", "dates"), message, say("data.site_file.two_digit_years"))


def _located(complaints: Iterable[Complaint], text: str) -> list[Problem]:
    lines = key_lines(text)
    problems = (
        Problem(_where(one), verbatim(one.message), verbatim(one.hint), line_of(lines, one.path))
        for one in each_once(complaints)
    )
    return sorted(problems, key=lambda problem: problem.line or 0)


def _where(complaint: Complaint) -> str:
    """Returns the key as a person looks for it; in a site file these are keys, not tables."""
    return (
        str(complaint.path[0])
        if complaint.path in (("schema",), ("study",), ("site",), ("language",))
        else complaint.where
    )


def _wrong(path: Path, problems: list[Problem]) -> DataError:
    message = say("data.site_file.problems", n=len(problems), file=path.name)
    return DataError(message, say("data.site_file.documentation"), problems)
