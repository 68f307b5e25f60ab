"""A proposal for the site file of an export, from its names and texts, and from what a person has answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from riskset.study.spec import Study
from riskset_site.data.source_kinds import SOURCES
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.answers_fit import check_choices, check_texts
from riskset_site.mapping.date_forms import EXCEL, EXCEL_1904, all_counts, date_forms
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.keys import key_candidates, several_rows
from riskset_site.mapping.parts import date_columns, part_of
from riskset_site.mapping.proposal import Proposal
from riskset_site.mapping.source_lines import common_marks, date_lines, missing_lines
from riskset_site.mapping.understood import understood


def propose(
    export: ExportFile, study: Study, today: date, answers: Answers | None = None, folder: Path | None = None
) -> Proposal:
    """Returns the proposal; what `answers` has is as it says. `folder` is that of the site file, from which a path
    begins. Raises DataError where the export cannot be read, or an answer names what is not there."""
    given = answers or Answers()
    described, table = export.table(study, given)
    described = replace(described, keys={key: _written(value, folder) for key, value in described.keys.items()})
    given = understood(given, study, table.headers)
    draft = Draft(study, table, given, today)
    parts = {name: part_of(draft, name) for name in study.read_variables}
    keys = key_candidates(draft)
    rows, of_rows, take = several_rows(draft, given.key)
    of_days = dict.fromkeys([*date_columns(parts.values()), *filter(None, [rows.get("order")])])
    dates = date_forms(all_counts(dict(draft.counts(column)) for column in of_days))
    if not SOURCES[described.kind].has_days_of_excel:
        dates = replace(dates, formats=tuple(one for one in dates.formats if one != EXCEL))
    if table.counts_from_1904:
        dates = replace(dates, formats=tuple(EXCEL_1904 if one == EXCEL else one for one in dates.formats))
    of_dates, date_choices = date_lines(draft, dates)
    marks = common_marks({name: part.keys for name, part in parts.items()})
    missing = [text for part in parts.values() for text in part.missing]
    source = {**missing_lines([*missing, *dates.missing]), **of_dates, **marks, **({"rows": rows} if rows else {})}
    variables = tuple(parts[name].finished(marks, take.get(name)) for name in study.read_variables)
    choices = (*date_choices, *of_rows, *(choice for part in parts.values() for choice in part.choices))
    check_texts(given, variables)
    check_choices(given, choices)
    return Proposal(
        study.id, given.site or "", _path(export.path, folder), described, variables, keys, given.key, source, choices
    )


def _written(value: Any, folder: Path | None) -> Any:  # noqa: ANN401 - any value of [source]
    return _path(value, folder) if isinstance(value, Path) else value


def _path(export: Path, folder: Path | None) -> str:
    """Returns the path as the site file writes it: from its folder where it is in that, with `/`."""
    whole = export.absolute()
    base = (folder or export.parent).absolute()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else whole.as_posix()
