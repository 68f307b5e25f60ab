"""The part of a proposal that is about one variable: its columns, and the entry of [map] so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from riskset.catalogue import say
from riskset_site.mapping.boxes import suggested_boxes
from riskset_site.mapping.columns import ColumnMatch
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.entries import Entry, entry_of
from riskset_site.mapping.proposal import Choice, VariableProposal
from riskset_site.mapping.several_columns import Shape
from riskset_site.mapping.shapes import shape_of
from riskset_site.mapping.undated_deaths import undated_deaths

_SURE, _FIT, _CLOSE = 0.85, 0.5, 0.05
"""Of a name; of the texts of a number or date, since those of a category are asked about; of the scores of two
columns, of which it may be either."""
_EXAMPLES, _OTHERS = 3, 3


@dataclass(frozen=True)
class Part:
    """One variable."""

    proposal: VariableProposal
    """Without its entry."""
    entry: Mapping[str, Any] | None = None
    """The table of [map]; None where no column was found, or nobody knows what it is to say."""
    fuller: Mapping[str, Any] | None = None
    """The same with what is not sure."""
    missing: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def keys(self) -> Mapping[str, Any]:
        return self.entry or {}

    def finished(self, marks: Mapping[str, str], take: str | None) -> VariableProposal:
        """Returns the proposal with its entry, without the marks of numbers that [source] says."""
        found = self.proposal
        entry, fuller = (_written(table, marks, take) for table in (self.entry, self.fuller))
        if not found.is_sure:
            entry, fuller = None, fuller or entry
        return replace(found, entry=entry, suggestion=fuller)


def part_of(draft: Draft, name: str) -> Part:
    """Returns the columns of a variable, and how they are read."""
    variable = draft.study.variables[name]
    empty = VariableProposal(name, variable.label, variable.type, variable.required, None)
    if (shape := shape_of(draft, name)) is not None:
        return _of_shape(draft, empty, shape)
    column = draft.assigned.get(name)
    others = tuple(match.column for match in draft.matches[name] if match.column != column)[:_OTHERS]
    if column is None:
        return _without_column(draft, replace(empty, others=others))
    return _in_one_column(draft, replace(empty, others=others), column, entry_of(draft, name, column))


def date_columns(parts: Iterable[Part]) -> Iterator[str]:
    """Yields each column that is read as dates, once."""
    found: dict[str, None] = {}
    for part in parts:
        entry = part.entry or part.fuller or {}
        if part.proposal.kind == "date" and "column" in entry:
            found[entry["column"]] = None
        found |= dict.fromkeys([*entry.get("years_between", ()), *([entry["date"]] if "date" in entry else ())])
    yield from found


def _without_column(draft: Draft, empty: VariableProposal) -> Part:
    """A variable that nothing is read from. That is sure where a person said so, and of what the study can do without:
    not of an event, of which none would be counted then."""
    name, is_event = empty.variable, any(empty.variable in one.ends for one in draft.date_endpoints)
    is_sure = draft.answers.columns.get(name) == "" or not (empty.required or is_event)
    boxes = suggested_boxes(draft, name) if empty.required else None
    if empty.others:
        note = say("site.map.note.no_sure_column", variable=name, columns=empty.others)
    elif empty.required:
        note = say("site.map.note.no_column", variable=name)
    elif is_event:
        note = say("site.map.note.no_event_column", variable=name)
    else:
        note = say("site.map.note.no_optional_column", variable=name)
    return Part(replace(empty, notes=(note,), is_sure=is_sure), fuller=boxes)


def _of_shape(draft: Draft, empty: VariableProposal, shape: Shape) -> Part:
    is_answered = empty.variable in draft.answers.accept or empty.variable in draft.answers.columns
    is_sure = shape.entry is not None and (shape.is_sure or is_answered)
    proposal = replace(
        empty, columns=shape.columns, is_sure=is_sure, texts=shape.texts, notes=shape.notes, others=shape.others
    )
    return Part(proposal, shape.entry, shape.suggestion, shape.missing, shape.choices)


def _in_one_column(draft: Draft, empty: VariableProposal, column: str, entry: Entry) -> Part:
    name = empty.variable
    is_answered = name in draft.answers.accept or name in draft.answers.columns
    undated = undated_deaths(draft, name, column) if empty.kind == "date" else None
    is_sure = is_answered or (undated is None and _is_sure(draft, name, column))
    proposal = replace(
        empty,
        columns=(column,),
        is_sure=not entry.is_blocked and is_sure,
        texts=entry.texts,
        example=tuple(text for text in draft.counts(column) if text)[:_EXAMPLES],
        notes=entry.notes if undated is None else (undated, *entry.notes),
    )
    fuller = None if entry.fuller is None else {"column": column, **entry.fuller}
    return Part(proposal, {"column": column, **entry.keys}, fuller, entry.missing, entry.choices)


def _is_sure(draft: Draft, name: str, column: str) -> bool:
    of = {match.column: match for match in draft.matches[name]}
    match: ColumnMatch | None = of.pop(column, None)
    if match is None or match.certainty < _SURE:
        return False
    used = set(draft.assigned.values())
    if any(other.score > match.score - _CLOSE for other in of.values() if other.column not in used):
        return False
    return draft.study.variables[name].type in ("category", "boolean") or match.fit >= _FIT


def _written(
    table: Mapping[str, Any] | None, marks: Mapping[str, str], take: str | None
) -> str | Mapping[str, Any] | None:
    """Returns an entry as it is written: a column alone where there is nothing else to say."""
    if table is None:
        return None
    keys = {key: value for key, value in table.items() if marks.get(key) != value} | ({"take": take} if take else {})
    return str(keys["column"]) if keys.keys() == {"column"} else keys
