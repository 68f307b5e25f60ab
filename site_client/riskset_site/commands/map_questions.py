"""The five questions of `riskset site map` at a terminal: the encoding, the row of the names, the column of each
variable, what texts mean, and the patient number."""

from __future__ import annotations

from datetime import date

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import told
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset_site.commands.map_terminal import (
    NONE,
    Answer,
    Interview,
    heading,
    one_of,
    prompted,
    show,
    with_answer,
)
from riskset_site.commands.map_texts import ask_texts
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.first_look import EncodingCandidate
from riskset_site.mapping.proposal import VariableProposal


def ask(export: ExportFile, study: Study, today: date, given: Answers, answer: Answer = prompted) -> Answers:
    """Returns the answers to the questions that are not answered yet. Raises DataError where the export cannot be
    read."""
    interview = Interview(export, study, today, answer)
    for question in (_encoding, _layout, _columns, ask_texts, _key):
        given = question(interview, given)
    return given


def _encoding(interview: Interview, given: Answers) -> Answers:
    """Asks only where encodings show different texts."""
    candidates = interview.proposal(given).table.encodings
    if given.encoding or len({candidate.example for candidate in candidates}) < 2:
        return given
    heading(say("site.map.ask.encoding"))
    titles = ("number", "encoding", "words", "example")
    rows = [(str(n), *_of_encoding(one)) for n, one in enumerate(candidates, 1)]
    show(titles, rows)
    while True:
        text = interview.answer(say("site.map.ask.which", default=candidates[0].encoding)).strip()
        names = [candidate.encoding for candidate in candidates]
        chosen = one_of(text, names, names[0])
        if chosen is not None:
            return with_answer(given, encoding=chosen)
        tell(say("site.map.ask.not_one", text=text))


def _of_encoding(candidate: EncodingCandidate) -> tuple[str, ...]:
    return candidate.encoding, str(candidate.words), " | ".join(candidate.example)


def _layout(interview: Interview, given: Answers) -> Answers:
    if not interview.proposal(given).table.header:
        return given
    heading(say("site.map.ask.layout"))
    while True:
        table = interview.proposal(given).table
        if table.sheets:
            tell(say("site.map.ask.sheets", sheet=table.sheet, sheets=table.sheets))
        if table.encoding:
            tell(say("site.map.ask.read_as", encoding=table.encoding))
        header = ", ".join(map(str, table.header))
        tell(say("site.map.ask.names", row=header, names=table.headers))
        tell(say("site.map.ask.rows", n=table.rows))
        for line in table.left_out:
            tell(say("site.map.ask.left_out", line=line))
        text = interview.answer(say("site.map.ask.header", default=header)).strip()
        if not text:
            return with_answer(given, header=table.header, footer=table.footer, sheet=table.sheet or None)
        changed = _changed_layout(given, text)
        if changed is None or not _can_be_read(interview, changed):
            tell(say("site.map.ask.not_a_row", text=text))
        else:
            given = changed


def _changed_layout(given: Answers, text: str) -> Answers | None:
    """Returns the answers with `3`, `2,3`, `footer = 2` or `sheet = NAME`; None where it is none of these."""
    key, _, value = text.rpartition("=")
    if key.strip() == "sheet":
        return with_answer(given, sheet=value.strip(), header=None, footer=None)
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isdecimal() for part in parts):
        return None
    numbers = tuple(map(int, parts))
    if key.strip() == "footer" and len(numbers) == 1:
        return with_answer(given, footer=numbers[0])
    is_header = key.strip() in ("", "header") and len(numbers) in (1, 2) and all(numbers)
    return with_answer(given, header=numbers) if is_header else None


def _can_be_read(interview: Interview, given: Answers) -> bool:
    try:
        return bool(interview.proposal(given).table.headers)
    except DataError:
        return False


def _columns(interview: Interview, given: Answers) -> Answers:
    """Shows all variables with their columns, and takes corrections until there is none."""
    heading(say("site.map.ask.columns"))
    while True:
        proposal = interview.proposal(given)
        titles = ("variable", "label", "column", "example", "note")
        show(titles, list(map(_of_variable, proposal.variables)))
        tell(say("site.map.ask.all_columns", columns=tuple(filter(None, proposal.table.headers))))
        text = interview.answer(say("site.map.ask.correct_column")).strip()
        if not text:
            return with_answer(given, accept=tuple(interview.study.read_variables))
        corrected = {}
        for part in filter(None, text.split(";")):
            name, _, column = (side.strip() for side in part.partition("="))
            corrected[name] = "" if column == NONE else column
        given = interview.if_right(given, with_answer(given, columns={**given.columns, **corrected}))


def _of_variable(one: VariableProposal) -> tuple[str, ...]:
    column = " + ".join(one.columns) or NONE
    sign = "" if one.is_sure else "? "
    notes = () if one.texts else one.notes[:1]  # those of texts are asked about next
    return one.variable, one.label, f"{sign}{column}", " | ".join(one.example[:2]), "; ".join(map(told, notes))


def _key(interview: Interview, given: Answers) -> Answers:
    """Always asks, unless a file has answered."""
    if given.key is not None:
        return given
    proposal = interview.proposal(given)
    heading(say("site.map.ask.key"))
    titles = ("number", "column", "distinct", "rows")
    rows = [(str(n), one.column, str(one.distinct), str(one.rows)) for n, one in enumerate(proposal.keys, 1)]
    if rows:
        show(titles, rows)
    names = [one.column for one in proposal.keys]
    default = names[0] if names else NONE
    while True:
        text = interview.answer(say("site.map.ask.which_key", default=default)).strip()
        if (text or default) == NONE:
            return with_answer(given, key="")
        is_header = text and text in proposal.table.headers
        chosen = text if is_header else one_of(text, names, default)
        if chosen is not None:
            return with_answer(given, key=chosen)
        tell(say("site.map.ask.not_one", text=text))
