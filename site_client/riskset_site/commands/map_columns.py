"""The question of `riskset site map` which column contains which variable."""

from __future__ import annotations

import re
from collections.abc import Collection

from riskset.catalogue import say
from riskset.language import told
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset_site.commands.map_terminal import NONE, Interview, corrections, show, with_answer
from riskset_site.data.width import in_one_width
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.proposal import Proposal, VariableProposal
from riskset_site.mapping.understood import named_column

_NOTES = 2
_BETWEEN = re.compile(r"[,+、&]")


def ask_columns(interview: Interview, given: Answers) -> Answers:
    """Shows all variables with their columns, and takes corrections until there is none."""
    interview.heading(say("site.map.ask.columns"))
    shown: Answers | None = None
    while True:
        proposal = interview.proposal(given)
        example = _example(proposal)
        if shown != given:
            titles = ("variable", "label", "column", "example", "note")
            show(titles, list(map(_of_variable, proposal.variables)))
            tell(say("site.map.ask.all_columns", columns=tuple(filter(None, proposal.table.headers))))
            shown = given
        text = interview.answer(say("site.map.ask.correct_column", example=example))
        if not text:
            return with_answer(given, accept=tuple(interview.study.read_variables))
        corrected = _corrected(interview.study, proposal.table.headers, text)
        if corrected is None:
            tell(say("site.map.ask.not_a_column", text=text, example=example))
        else:
            given = interview.if_right(given, with_answer(given, columns={**given.columns, **corrected}))


def _corrected(study: Study, headers: Collection[str], text: str) -> dict[str, str | tuple[str, ...]] | None:
    """Returns the columns of `age = 年齢; etiology = HBs抗原, HCV抗体`; None where a part is not of this form."""
    corrected = {}
    for part in corrections(text):
        name, is_said, column = (side.strip() for side in part.partition("="))
        if not is_said or not column:
            return None
        corrected[name] = "" if column == NONE else _columns(headers, column)
    return corrected


def _columns(headers: Collection[str], text: str) -> str | tuple[str, ...]:
    """Returns a column, or several, whose names may contain what is between several."""
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) < 2 or named_column(text, headers) is not None:
        return text
    return tuple(parts)


def _example(proposal: Proposal) -> str:
    """Returns a correction that can be typed, of this export."""
    single = [one for one in proposal.variables if len(one.columns) < 2]  # two columns say more than one can
    unsure = [one for one in single if not one.is_sure]
    one = next(iter((*unsure, *single, *proposal.variables)))
    column = next(iter((*one.columns, *one.others, *proposal.unused, *filter(None, proposal.table.headers))), "")
    return f"{one.variable} = {in_one_width(column)}"


def _of_variable(one: VariableProposal) -> tuple[str, ...]:
    column = " + ".join(one.columns) or NONE
    sign = "" if one.is_sure else "? "
    is_of_texts = bool(one.texts) and one.kind != "date" and not one.columns[1:]  # they are asked about next
    notes = () if is_of_texts else one.notes[:_NOTES]
    return one.variable, one.label, f"{sign}{column}", " | ".join(one.example[:2]), "; ".join(map(told, notes))
