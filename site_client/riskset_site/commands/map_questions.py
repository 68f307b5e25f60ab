"""The five questions of `riskset site map` at a terminal: the encoding, the row of the names, the column of each
variable, what texts mean, and the patient number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import typer

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.language import spoken, told
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.first_look import EncodingCandidate
from riskset_site.mapping.proposal import Choice, Proposal, VariableProposal
from riskset_site.mapping.propose import propose
from riskset_site.pages.page import PageTable
from riskset_site.pages.text import grid, printed

Answer = Callable[[Message], str]
"""Asks a person; empty for the default."""
_NONE = "-"


@dataclass(frozen=True)
class Interview:
    """What is asked, and how."""

    export: ExportFile
    study: Study
    today: date
    answer: Answer

    def proposal(self, given: Answers) -> Proposal:
        return propose(self.export, self.study, self.today, given)


def prompted(question: Message) -> str:
    """Asks at the terminal."""
    return str(typer.prompt(told(question), default="", show_default=False, prompt_suffix=" "))


def ask(export: ExportFile, study: Study, today: date, given: Answers, answer: Answer = prompted) -> Answers:
    """Returns the answers to the questions that are not answered yet. Raises DataError where the export cannot be
    read."""
    interview = Interview(export, study, today, answer)
    for question in (_encoding, _layout, _columns, _texts, _key):
        given = question(interview, given)
    return given


def _with(given: Answers, **more: Any) -> Answers:  # noqa: ANN401 - the fields of Answers
    return given.model_copy(update=more)


def _encoding(interview: Interview, given: Answers) -> Answers:
    """Asks only where encodings show different texts."""
    candidates = interview.proposal(given).table.encodings
    if given.encoding or len({candidate.example for candidate in candidates}) < 2:
        return given
    _heading(say("site.map.ask.encoding"))
    titles = ("number", "encoding", "words", "example")
    rows = [(str(n), *_of_encoding(one)) for n, one in enumerate(candidates, 1)]
    _show([say(f"site.map.column.{title}") for title in titles], rows)
    while True:
        text = interview.answer(say("site.map.ask.which", default=candidates[0].encoding)).strip()
        names = [candidate.encoding for candidate in candidates]
        chosen = _one_of(text, names, names[0])
        if chosen is not None:
            return _with(given, encoding=chosen)
        tell(say("site.map.ask.not_one", text=text))


def _of_encoding(candidate: EncodingCandidate) -> tuple[str, ...]:
    return candidate.encoding, str(candidate.words), " | ".join(candidate.example)


def _one_of(text: str, options: Sequence[str], default: str) -> str | None:
    """Returns the option that a person means by its name or number; None where it is none."""
    if not text:
        return default
    if text in options:
        return text
    return options[int(text) - 1] if text.isdecimal() and 0 < int(text) <= len(options) else None


def _layout(interview: Interview, given: Answers) -> Answers:
    if not interview.proposal(given).table.header:
        return given
    _heading(say("site.map.ask.layout"))
    while True:
        table = interview.proposal(given).table
        if table.sheets:
            tell(say("site.map.ask.sheets", sheet=table.keys.get("sheet", ""), sheets=table.sheets))
        if table.encoding:
            tell(say("site.map.ask.read_as", encoding=table.encoding))
        header = ", ".join(map(str, table.header))
        tell(say("site.map.ask.names", row=header, names=table.headers))
        tell(say("site.map.ask.rows", n=table.rows))
        for line in table.left_out:
            tell(say("site.map.ask.left_out", line=line))
        text = interview.answer(say("site.map.ask.header", default=header)).strip()
        if not text:
            return _with(given, header=table.header, footer=table.footer, sheet=table.keys.get("sheet"))
        changed = _changed_layout(given, text)
        if changed is None or not _can_be_read(interview, changed):
            tell(say("site.map.ask.not_a_row", text=text))
        else:
            given = changed


def _changed_layout(given: Answers, text: str) -> Answers | None:
    """Returns the answers with `3`, `2,3`, `footer = 2` or `sheet = NAME`; None where it is none of these."""
    key, _, value = text.rpartition("=")
    if key.strip() == "sheet":
        return _with(given, sheet=value.strip(), header=None, footer=None)
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isdecimal() for part in parts):
        return None
    numbers = tuple(map(int, parts))
    if key.strip() == "footer" and len(numbers) == 1:
        return _with(given, footer=numbers[0])
    is_header = key.strip() in ("", "header") and len(numbers) in (1, 2) and all(numbers)
    return _with(given, header=numbers) if is_header else None


def _can_be_read(interview: Interview, given: Answers) -> bool:
    try:
        return bool(interview.proposal(given).table.headers)
    except DataError:
        return False


def _columns(interview: Interview, given: Answers) -> Answers:
    """Shows all variables with their columns, and takes corrections until there is none."""
    _heading(say("site.map.ask.columns"))
    while True:
        proposal = interview.proposal(given)
        titles = ("variable", "label", "column", "example", "note")
        _show([say(f"site.map.column.{title}") for title in titles], list(map(_of_variable, proposal.variables)))
        tell(say("site.map.ask.all_columns", columns=tuple(filter(None, proposal.table.headers))))
        text = interview.answer(say("site.map.ask.correct_column")).strip()
        if not text:
            return _with(given, accept=tuple(interview.study.read_variables))
        corrected = {}
        for part in filter(None, text.split(";")):
            name, _, column = (side.strip() for side in part.partition("="))
            corrected[name] = "" if column == _NONE else column
        given = _if_right(interview, given, _with(given, columns={**given.columns, **corrected}))


def _of_variable(one: VariableProposal) -> tuple[str, ...]:
    column = " + ".join(one.columns) or _NONE
    sign = "" if one.is_sure else "? "
    notes = () if one.texts else one.notes[:1]  # those of texts are asked about next
    return one.variable, one.label, f"{sign}{column}", " | ".join(one.example[:2]), "; ".join(map(told, notes))


@dataclass(frozen=True)
class _Line:
    """One numbered line of the fourth question: a text of a variable, or a choice."""

    cells: tuple[str, ...]
    answered: Callable[[Answers, str], Answers]
    is_open: bool
    """True where nothing is proposed."""


def _texts(interview: Interview, given: Answers) -> Answers:
    """Shows what every text of a category or boolean means, and the choices; takes corrections until there is none."""
    if not _lines(interview.proposal(given)):
        return given
    _heading(say("site.map.ask.texts"))
    for name in interview.study.read_variables:
        if levels := interview.study.levels_of(name):
            tell(say("site.map.ask.levels", variable=name, levels=levels))
    is_told = False
    while True:
        lines = _lines(interview.proposal(given))
        titles = ("number", "variable", "text", "rows", "meaning")
        numbered = [(str(n), *line.cells) for n, line in enumerate(lines, 1)]
        _show([say(f"site.map.column.{title}") for title in titles], numbered)
        text = interview.answer(say("site.map.ask.correct_text")).strip()
        is_open = tuple(str(n) for n, line in enumerate(lines, 1) if line.is_open)
        if not text and is_open and not is_told:
            tell(say("site.map.ask.still_unknown", lines=is_open))
            is_told = True
            continue
        if not text:
            return _accepted(interview.proposal(given), given)
        changed = given
        for part in filter(None, text.split(";")):
            number, _, meaning = (side.strip() for side in part.partition("="))
            name, _, pattern = number.partition(" ")
            if meaning and "*" in pattern and name in interview.study.read_variables:
                changed = _recoded(name, pattern.strip(), changed, meaning)
            elif meaning and number.isdecimal() and 0 < int(number) <= len(lines):
                changed = lines[int(number) - 1].answered(changed, "" if meaning == _NONE else meaning)
            else:
                tell(say("site.map.ask.not_a_line", text=part))
        given = _if_right(interview, given, changed)


def _accepted(proposal: Proposal, given: Answers) -> Answers:
    """Returns the answers with what was shown as not sure, and not corrected."""
    for one in proposal.variables:
        for text in one.texts:
            if text.meaning is not None and not text.is_sure:
                given = _recoded(one.variable, text.text, given, text.meaning)
    return given


def _if_right(interview: Interview, given: Answers, changed: Answers) -> Answers:
    """Returns the changed answers; the earlier ones where the changed ones name what is not there, which is printed."""
    try:
        interview.proposal(changed)
    except DataError as wrong:
        tell(wrong.message)
        if wrong.hint:
            tell(wrong.hint)
        return given
    return changed


def _lines(proposal: Proposal) -> list[_Line]:
    return [*_of_texts(proposal), *map(_of_choice, proposal.choices)]


def _of_texts(proposal: Proposal) -> Iterator[_Line]:
    for one in proposal.variables:
        for text in one.texts:
            meaning = "?" if text.meaning is None else text.meaning or told(say("site.map.ask.missing"))
            shown = meaning if text.is_sure or meaning == "?" else f"? {meaning}"
            yield _Line(
                (one.variable, text.text, str(text.rows), shown),
                partial(_recoded, one.variable, text.text),
                text.meaning is None,
            )


def _of_choice(choice: Choice) -> _Line:
    examples = choice.examples or ("",) * len(choice.options)
    pairs = zip(choice.options, examples, strict=True)
    options = " / ".join(f"{option} ({example})" if example else option for option, example in pairs)
    shown = choice.chosen or f"? {options}"
    return _Line((choice.id, told(choice.question), "", shown), partial(_chosen, choice), choice.chosen is None)


def _recoded(variable: str, text: str, given: Answers, meaning: str) -> Answers:
    of_variable = {**given.recode.get(variable, {}), text: meaning}
    return _with(given, recode={**given.recode, variable: of_variable})


def _chosen(choice: Choice, given: Answers, option: str) -> Answers:
    """Returns the answers with an option, which a person may name by its number."""
    chosen = _one_of(option, choice.options, option) or option
    return _with(given, choose={**given.choose, choice.id: chosen})


def _key(interview: Interview, given: Answers) -> Answers:
    """Always asks, unless a file has answered."""
    if given.key is not None:
        return given
    proposal = interview.proposal(given)
    _heading(say("site.map.ask.key"))
    titles = ("number", "column", "distinct", "rows")
    rows = [(str(n), one.column, str(one.distinct), str(one.rows)) for n, one in enumerate(proposal.keys, 1)]
    if rows:
        _show([say(f"site.map.column.{title}") for title in titles], rows)
    names = [one.column for one in proposal.keys]
    default = names[0] if names else _NONE
    while True:
        text = interview.answer(say("site.map.ask.which_key", default=default)).strip()
        if (text or default) == _NONE:
            return _with(given, key="")
        chosen = text if text in proposal.table.headers else _one_of(text, names, default)
        if chosen is not None:
            return _with(given, key=chosen)
        tell(say("site.map.ask.not_one", text=text))


def _heading(message: Message) -> None:
    tell("")
    tell(message)


def _show(titles: Sequence[Message], rows: Sequence[Sequence[str]]) -> None:
    tell(printed([grid(PageTable(titles, rows), spoken())]), nl=False)
