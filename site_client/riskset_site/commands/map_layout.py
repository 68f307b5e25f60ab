"""The question of `riskset site map` where the table of an export is."""

from __future__ import annotations

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import told
from riskset.terminal import tell
from riskset_site.commands.map_terminal import Interview, tell_wrong, with_answer
from riskset_site.data.width import in_one_width
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.contents import known_names
from riskset_site.mapping.proposal import TableProposal
from riskset_site.mapping.words import plain, without_brackets


def ask_layout(interview: Interview, given: Answers) -> Answers:
    """Shows where the table is, and takes corrections until there is none. A row with fewer known names than the one
    that is proposed is taken when it is typed twice."""
    if not interview.proposal(given).table.header:
        return given
    interview.heading(say("site.map.ask.layout"))
    doubted = ""
    while True:
        table = interview.proposal(given).table
        _tell_table(table)
        header = ", ".join(map(str, table.header))
        text = interview.answer(say("site.map.ask.header", default=header))
        if not text:
            return with_answer(given, header=table.header, footer=table.footer, sheet=table.sheet or None)
        changed = _changed(given, text, table)
        if changed is None:
            tell(say("site.map.ask.not_a_layout", text=text))
        elif (found := _table(interview, changed, text)) is None:
            continue
        elif text != doubted and _is_worse(interview, given, found):
            doubted = text
        else:
            given = changed


def _tell_table(table: TableProposal) -> None:
    if table.sheets:
        others = tuple(name for name in table.sheets if name != table.sheet)
        tell(say("site.map.ask.sheets", sheet=table.sheet, others=others))
    if table.alike_sheets:
        tell(say("site.map.file.alike_sheets", sheets=table.alike_sheets))
    if table.encoding:
        tell(say("site.map.ask.read_as", encoding=table.encoding))
    names = tuple(name for name in table.headers if name)
    if unnamed := len(table.headers) - len(names):
        names = (*names, told(say("site.map.ask.unnamed", n=unnamed)))
    tell(say("site.map.ask.names", row=", ".join(map(str, table.header)), names=names))
    tell(say("site.map.ask.rows", n=table.rows))
    for line in table.left_out:
        tell(say("site.map.ask.left_out", line=line))


def _changed(given: Answers, text: str, table: TableProposal) -> Answers | None:
    """Returns the answers with `3`, `2,3`, `footer = 2` or `sheet = NAME`; None where it is none of these."""
    key, _, value = (side.strip() for side in text.rpartition("="))
    if key == "sheet":
        named = [name for name in table.sheets if in_one_width(name) == value]
        return with_answer(given, sheet=named[0] if named else value, header=None, footer=None)
    parts = [part.strip() for part in value.replace("、", ",").split(",")]
    if not all(part.isdecimal() for part in parts):
        return None
    numbers = tuple(map(int, parts))
    if key == "footer" and len(numbers) == 1:
        return with_answer(given, footer=numbers[0])
    is_header = key in ("", "header") and len(numbers) in (1, 2) and all(numbers)
    return with_answer(given, header=numbers) if is_header else None


def _table(interview: Interview, given: Answers, text: str) -> TableProposal | None:
    """Returns the table as it would be; None where the export cannot be read so, which is told."""
    try:
        found = interview.proposal(given).table
    except DataError as wrong:
        tell_wrong(wrong)
        return None
    if not any(found.headers):
        tell(say("site.map.ask.not_a_row", text=text))
        return None
    return found


def _is_worse(interview: Interview, given: Answers, found: TableProposal) -> bool:
    """Tells that another row has more names that are known as those of columns."""
    proposed = interview.proposal(with_answer(given, header=None, sheet=found.sheet or None)).table
    here, there = _known(interview, found), _known(interview, proposed)
    if here >= there or found.header == proposed.header:
        return False
    rows = {"row": _rows(found), "best": _rows(proposed)}
    tell(say("site.map.ask.worse_row", n=here, most=there, **rows))
    return True


def _known(interview: Interview, table: TableProposal) -> int:
    names = known_names(interview.study)
    return sum(plain(without_brackets(name)) in names for name in table.headers if name)


def _rows(table: TableProposal) -> str:
    return ", ".join(map(str, table.header))
