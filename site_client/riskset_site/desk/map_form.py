"""The form of the map: a proposal as rows with choices, and the answers that the form brings back.

Columns and texts are numbers in the form, of the proposal that it showed: a browser changes the ends of lines in what
it sends, and a name may have some.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from riskset.catalogue import Message, say
from riskset.desk.forms import Form, whole_number
from riskset.errors import DataError
from riskset.study.spec import BooleanVariable, CategoryVariable, Study
from riskset.visible_text import unseen, visible
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import KINDS
from riskset_site.mapping.proposal import Proposal, TableProposal, VariableProposal

AS_PROPOSED = "="
"""The value of a field that nobody has changed."""
_NO_COLUMN, _MISSING = "-", "missing"
_MOST_TEXTS = 60
"""Of one variable, the most frequent; the check lists what is left."""


@dataclass(frozen=True)
class Option:
    """One of the options of a field."""

    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True)
class ColumnRow:
    """Where a variable is."""

    field: str
    one: VariableProposal
    options: tuple[Option, ...]
    boxes: tuple[Option, ...]
    """The columns of yes and no over which it may be spread, each with the name of its field; of a number or a date,
    none."""


@dataclass(frozen=True)
class TextRow:
    """What a text means."""

    n: int
    variable: str
    text: str
    shown: str
    """An empty field in words."""
    rows: int
    is_sure: bool
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Exports:
    """The files in a folder that may be exports."""

    names: tuple[str, ...]
    unnameable: tuple[str, ...]
    """Names with characters that cannot be seen, or are no characters: no page and no site file can name them."""


def exports_in(folder: Path) -> Exports:
    """Returns the names of the files in the folder that may be exports."""
    found = sorted(one.name for one in folder.iterdir() if one.suffix.lower() in KINDS and one.is_file())
    return Exports(
        tuple(name for name in found if not unseen(name)),
        tuple(visible(name) for name in found if unseen(name)),
    )


def column_rows(proposal: Proposal, study: Study, given: Answers) -> Iterator[ColumnRow]:
    """Yields the variables in the study's order."""
    named = [(at, header) for at, header in enumerate(proposal.table.headers) if header]
    for n, one in enumerate(proposal.variables):
        chosen, spread = given.columns.get(one.variable), _several(one)
        options = [
            Option(AS_PROPOSED, _proposed(one), not isinstance(chosen, str)),
            Option(_NO_COLUMN, say("site.desk.map.no_column"), chosen == ""),
            *(Option(str(at), header, chosen == header) for at, header in named),
        ]
        may_be_spread = isinstance(study.variables[one.variable], BooleanVariable | CategoryVariable)
        boxes = [Option(_box(n, at), header, header in spread) for at, header in named if may_be_spread]
        yield ColumnRow(f"column-{n}", one, tuple(options), tuple(boxes))


def _several(one: VariableProposal) -> tuple[str, ...]:
    """Returns the columns over which a variable is spread; none where it is in one."""
    return one.columns if len(one.columns) > 1 else ()


def _box(n: int, at: int) -> str:
    return f"box-{n}-{at}"


def _proposed(one: VariableProposal) -> Message:
    if not one.columns:
        return say("site.desk.map.not_found")
    if one.is_sure:
        return say("site.desk.map.proposed", columns=one.columns)
    return say("site.desk.map.perhaps", columns=one.columns)


def text_rows(proposal: Proposal, study: Study, given: Answers) -> Iterator[TextRow]:
    """Yields the texts of categories and booleans, the most frequent of each."""
    n = 0
    for one in proposal.variables:
        known = study.levels_of(one.variable)  # of a number or date none: what is none of them can be missing
        for text in one.texts[:_MOST_TEXTS]:
            chosen = given.recode.get(one.variable, {}).get(text.text)
            meaning = _meaning(text.meaning)
            options = [Option(AS_PROPOSED, meaning, chosen is None)]
            options += [Option(f"={level}", level, chosen == level) for level in known]
            options.append(Option(_MISSING, say("site.desk.map.missing"), chosen == ""))
            is_sure = text.is_sure and text.meaning is not None
            yield TextRow(n, one.variable, text.text, text.shown, text.rows, is_sure, tuple(options))
            n += 1


def _meaning(meaning: str | None) -> Message:
    if meaning is None:
        return say("site.desk.map.unknown")
    return say("site.desk.map.means", meaning=meaning) if meaning else say("site.desk.map.means_missing")


def layout_in(form: Form) -> Answers:
    """Returns what the form says of the site, and of how the export is written. DataError where that is not right."""
    header, footer = form.line("header"), form.line("footer")
    if 0 in _rows(header):
        raise DataError(say("site.map.ask.not_a_row", text=header))
    named = {name: form.text(name) for name in ("site", "encoding", "sheet")}
    said = {**named, "header": _rows(header), "footer": next(iter(_rows(footer)), None)}
    try:
        return Answers.model_validate({name: value for name, value in said.items() if value not in ("", (), None)})
    except ValidationError:
        raise DataError(say("site.map.ask.not_a_row", text=header)) from None


def sheet_of(table: TableProposal) -> str:
    """Returns the name of the sheet of a workbook; empty where nothing says it."""
    return str(table.keys.get("sheet", ""))


def has_layout(table: TableProposal, layout: Answers) -> bool:
    """Whether an export that is laid out so is the same table: only then answers about it mean anything."""
    said = (layout.encoding, layout.sheet, layout.header, layout.footer)
    found = (table.encoding, sheet_of(table), table.header, table.footer)
    return all(one is None or one == other for one, other in zip(said, found, strict=True))


def has_more(now: Proposal, shown: Proposal) -> bool:
    """Whether a proposal has what the one that was shown has not: another table, a column whose texts nobody has seen,
    a question, or several rows of a patient. Nobody has accepted that."""
    is_answered = shown.table.is_encoding_answered  # by the form, which shows the encoding
    if (replace(now.table, is_encoding_answered=is_answered), now.export) != (shown.table, shown.export):
        return True
    if any(one.columns and one.columns != shown.of(one.variable).columns for one in now.variables):
        return True
    more = {choice.id for choice in now.choices} - {choice.id for choice in shown.choices}
    return bool(more) or ("rows" in now.source and now.source["rows"] != shown.source.get("rows"))


def answers_in(form: Form, layout: Answers, before: Proposal, given: Answers, study: Study) -> Answers:
    """Returns the layout with what the form answers of the proposal that it showed, which followed from the answers
    `given`. Ticks that were changed are the last word on where a variable is: one alone is its column."""
    return layout.model_copy(
        update={
            "columns": dict(_columns(form, before, given)),
            "recode": _recode(form, before, study),
            "choose": dict(_choices(form, before)),
            "key": _key(form.text("key"), before.table.headers),
        }
    )


def _rows(text: str) -> tuple[int, ...]:
    """Returns `3` or `2, 3` as numbers; none of an empty text."""
    parts = [part.strip() for part in text.replace("、", ",").split(",") if part.strip()]
    numbers = tuple(number for part in parts if (number := whole_number(part)) is not None)
    if len(numbers) < len(parts):
        raise DataError(say("site.map.ask.not_a_row", text=text))
    return numbers


def _columns(form: Form, before: Proposal, given: Answers) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    headers = before.table.headers
    for n, one in enumerate(before.variables):
        chosen = form.text(f"column-{n}")
        said: str | tuple[str, ...] | None = "" if chosen == _NO_COLUMN else _column(chosen, headers)
        ticked = tuple(header for at, header in enumerate(headers) if form.is_ticked(_box(n, at)))
        if set(ticked) != set(_several(one)):
            said = ticked if len(ticked) > 1 else next(iter(ticked), said or "")
        elif said is None:
            said = given.boxes.get(one.variable)
        if said is not None:
            yield one.variable, said


def _recode(form: Form, before: Proposal, study: Study) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in text_rows(before, study, Answers()):
        chosen = form.text(f"text-{row.n}")
        if chosen == _MISSING:
            found.setdefault(row.variable, {})[row.text] = ""
        elif chosen.startswith("=") and chosen != AS_PROPOSED:
            found.setdefault(row.variable, {})[row.text] = chosen[1:]
    return found


def _choices(form: Form, before: Proposal) -> Iterator[tuple[str, str]]:
    for n, choice in enumerate(before.choices):
        if (chosen := form.text(f"choice-{n}")) in choice.options:
            yield choice.id, chosen


def _key(chosen: str, headers: tuple[str, ...]) -> str | None:
    if chosen == _NO_COLUMN:
        return ""
    return _column(chosen, headers)


def _column(chosen: str, headers: tuple[str, ...]) -> str | None:
    """Returns the column that a field has by its number; None where it has none."""
    number = whole_number(chosen)
    return headers[number] if number is not None and number < len(headers) else None
