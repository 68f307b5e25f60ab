"""A proposal for the site file of an export, from its names and texts, and from what a person has answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.study.spec import DateVariable, Study
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.contents import known_names
from riskset_site.mapping.date_forms import all_counts, date_forms
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.entries import entry_of
from riskset_site.mapping.export_table import table_proposal
from riskset_site.mapping.keys import key_candidates, several_rows
from riskset_site.mapping.proposal import Choice, Proposal, VariableProposal
from riskset_site.mapping.shapes import shape_of
from riskset_site.mapping.source_lines import common_marks, date_lines, missing_lines
from riskset_site.mapping.words import meanings, plain

_SURE = 0.8
_EXAMPLES = 3
_OTHERS = 3


def propose(
    export: Path, study: Study, today: date, answers: Answers | None = None, folder: Path | None = None
) -> Proposal:
    """Returns the proposal; what `answers` has is as it says. `folder` is that of the site file, from which a path
    begins. Raises DataError where the export cannot be read, or an answer names what is not there."""
    given = answers or Answers()
    described, table = table_proposal(export, _known_words(study), known_names(study), given)
    draft = Draft(study, table, given, today)
    parts = {name: _part(draft, name) for name in study.read_variables}
    keys = key_candidates(draft)
    if given.key and given.key not in table.headers:
        raise DataError(say("site.map.answers.no_column", column=given.key))
    rows, of_rows, take = several_rows(draft, given.key)
    dates = date_forms(all_counts(dict(draft.counts(column)) for column in _date_columns(draft, parts)))
    of_dates, date_choices, date_notes = date_lines(draft, dates)
    marks = common_marks({name: part.keys for name, part in parts.items()})
    missing = [text for part in parts.values() for text in part.missing]
    source = {**missing_lines([*missing, *dates.missing]), **of_dates, **marks, **({"rows": rows} if rows else {})}
    variables = tuple(_finished(parts[name], marks, take.get(name), date_notes) for name in study.read_variables)
    choices = (*date_choices, *of_rows, *(choice for part in parts.values() for choice in part.choices))
    _check_choices(given, choices)
    return Proposal(
        study.id, given.site or "", _path(export, folder), described, variables, keys, given.key, source, choices
    )


@dataclass(frozen=True)
class _Part:
    proposal: VariableProposal
    keys: Mapping[str, Any]
    missing: tuple[str, ...]
    choices: tuple[Choice, ...]


def _part(draft: Draft, name: str) -> _Part:
    variable = draft.study.variables[name]
    empty = VariableProposal(name, draft.study.variables[name].label, variable.type, variable.required, None)
    if (shape := shape_of(draft, name)) is not None:
        proposal = replace(
            empty,
            entry=shape.entry,
            columns=shape.columns,
            is_sure=False,
            texts=shape.texts,
            notes=shape.notes,
            suggestion=shape.suggestion,
        )
        return _Part(proposal, {}, (), shape.choices)
    column = draft.assigned.get(name)
    others = tuple(match.column for match in draft.matches[name] if match.column != column)[:_OTHERS]
    if column is None:
        notes = (say("site.map.note.no_column", variable=name),) if variable.required else ()
        return _Part(replace(empty, others=others, notes=notes, is_sure=not variable.required), {}, (), ())
    entry = entry_of(draft, name, column)
    score = next((match.score for match in draft.matches[name] if match.column == column), 0.0)
    is_sure = score >= _SURE or name in draft.answers.columns
    example = tuple(text for text in draft.counts(column) if text)[:_EXAMPLES]
    proposal = replace(
        empty,
        entry=column,
        columns=(column,),
        is_sure=is_sure,
        others=others,
        texts=entry.texts,
        example=example,
        notes=entry.notes,
    )
    return _Part(proposal, entry.keys, entry.missing, entry.choices)


def _finished(
    part: _Part, marks: Mapping[str, str], take: str | None, date_notes: tuple[Message, ...]
) -> VariableProposal:
    """Returns the proposal with all keys of its entry, but for the marks that [source] says."""
    found = part.proposal
    keys = {key: value for key, value in part.keys.items() if marks.get(key) != value}
    keys |= {"take": take} if take else {}
    if isinstance(found.entry, str) and keys:
        found = replace(found, entry={"column": found.entry, **keys})
    return replace(found, notes=(*found.notes, *date_notes)) if found.kind == "date" and found.columns else found


def _date_columns(draft: Draft, parts: Mapping[str, _Part]) -> Iterator[str]:
    """Yields each column that is read as dates, once."""
    found: dict[str, None] = {}
    for name, part in parts.items():
        entry = part.proposal.entry
        if isinstance(entry, Mapping):
            found |= dict.fromkeys([*entry.get("years_between", ()), *([entry["date"]] if "date" in entry else ())])
        elif isinstance(draft.study.variables[name], DateVariable) and entry:
            found[entry] = None
    yield from found


def _known_words(study: Study) -> frozenset[str]:
    """Returns the plain words by which an encoding is known: the study's, and the field's in its languages."""
    levels = (plain(level) for name in study.read_variables for level in study.levels_of(name))
    return frozenset({*known_names(study), *levels, *meanings()})


def _check_choices(answers: Answers, choices: tuple[Choice, ...]) -> None:
    by_id = {choice.id: choice for choice in choices}
    for id_, chosen in answers.choose.items():
        if id_ not in by_id:
            known = tuple(by_id) or ("-",)
            raise DataError(
                say("site.map.answers.no_choice", choice=id_), say("site.map.answers.choices", choices=known)
            )
        if chosen not in by_id[id_].options:
            hint = say("site.map.answers.options", options=by_id[id_].options)
            raise DataError(say("site.map.answers.no_option", choice=id_, option=chosen), hint)


def _path(export: Path, folder: Path | None) -> str:
    """Returns the path as the site file writes it: from its folder where it is in that, with `/`."""
    whole = export.absolute()
    base = (folder or export.parent).absolute()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else whole.as_posix()
