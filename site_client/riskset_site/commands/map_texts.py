"""The question of `riskset site map` what texts mean, and what only the hospital knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import told
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset_site.commands.map_terminal import NONE, Interview, corrections, show, tell_wrong, with_answer
from riskset_site.mapping.acceptance import accepted
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.levels import FALSE, TRUE
from riskset_site.mapping.option_words import option_meant, option_shown, options_shown
from riskset_site.mapping.proposal import Choice, Proposal
from riskset_site.mapping.understood import meaning_of


@dataclass(frozen=True)
class _Line:
    """One numbered line of the question: a text of a variable, or a choice."""

    cells: tuple[str, ...]
    answered: Callable[[Answers, str], Answers]
    is_open: bool
    """True where nothing is proposed."""
    example: str
    """An answer to it."""


def ask_texts(interview: Interview, given: Answers) -> Answers:
    """Shows what every text of a category or boolean means, and the choices; takes corrections until there is none."""
    if not _lines(interview, interview.proposal(given)):
        return given
    interview.heading(say("site.map.ask.texts"))
    for name in interview.study.read_variables:
        if levels := interview.study.levels_of(name):
            tell(say("site.map.ask.levels", variable=name, levels=levels))
    told_open: tuple[str, ...] = ()
    shown: Answers | None = None
    while True:
        proposal = interview.proposal(given)
        lines = _lines(interview, proposal)
        if shown != given:
            numbered = [(str(n), *line.cells) for n, line in enumerate(lines, 1)]
            show(("number", "variable", "text", "rows", "meaning"), numbered)
            shown = given
        text = interview.answer(say("site.map.ask.correct_text", example=_example(lines)))
        if text:
            given = interview.if_right(given, _corrected(interview, given, lines, text))
            continue
        still_open = tuple(str(n) for n, line in enumerate(lines, 1) if line.is_open)
        if still_open == told_open:  # none, or said before
            return _as_shown(proposal, given)
        tell(say("site.map.ask.still_unknown", lines=still_open, example=_example(lines)))
        told_open = still_open


def _as_shown(proposal: Proposal, given: Answers) -> Answers:
    """Returns the answers with what was shown as not sure, and not corrected."""
    shown = {one.id: one.proposed for one in proposal.open if one.proposed is not None}
    return accepted(proposal, with_answer(given, choose={**shown, **given.choose}))


def _example(lines: Sequence[_Line]) -> str:
    """Returns a correction that can be typed: of a line that is open, else of the first."""
    at, line = next(((n, one) for n, one in enumerate(lines, 1) if one.is_open), (1, lines[0]))
    return f"{at} = {line.example}"


def _corrected(interview: Interview, given: Answers, lines: Sequence[_Line], text: str) -> Answers:
    """Returns the answers with `7 = MEANING; icd C22* = MEANING`; what is not of this form is printed."""
    for part in corrections(text):
        number, _, meaning = (side.strip() for side in part.partition("="))
        name, _, pattern = number.partition(" ")
        said = "" if meaning == NONE else meaning
        try:
            if meaning and "*" in pattern and name in interview.study.read_variables:
                given = _recoded(interview.study, name, pattern.strip(), given, said)
            elif meaning and number.isdecimal() and 0 < int(number) <= len(lines):
                given = lines[int(number) - 1].answered(given, said)
            else:
                tell(say("site.map.ask.not_a_line", text=part, example=_example(lines)))
        except DataError as wrong:
            tell_wrong(wrong)
    return given


def _lines(interview: Interview, proposal: Proposal) -> list[_Line]:
    return [*_of_texts(interview.study, proposal), *map(_of_choice, proposal.choices)]


def _of_texts(study: Study, proposal: Proposal) -> Iterator[_Line]:
    for one in proposal.variables:
        levels = study.levels_of(one.variable) or ((TRUE, FALSE) if one.kind == "boolean" else (NONE,))
        meant = {text.meaning for text in one.texts}
        free = next((level for level in levels if level not in meant), NONE)  # 4 = female after 3 = female misleads
        for text in one.texts:
            meaning = "?" if text.meaning is None else text.meaning or told(say("site.map.ask.missing"))
            shown = meaning if text.is_sure or meaning == "?" else f"? {meaning}"
            yield _Line(
                (one.variable, told(text.shown), str(text.rows), shown),
                partial(_recoded, study, one.variable, text.text),
                text.meaning is None,
                text.meaning or free,
            )


def _of_choice(choice: Choice) -> _Line:
    shown = f"? {options_shown(choice)}" if choice.chosen is None else option_shown(choice, choice.chosen)
    is_open = choice.chosen is None and choice.proposed is None
    example = option_shown(choice, choice.options[0]) if choice.options else "88.42"
    cells = (choice.id, told(choice.question), "", shown)
    return _Line(cells, partial(_chosen, choice), is_open, example)


def _recoded(study: Study, variable: str, text: str, given: Answers, meaning: str) -> Answers:
    of_variable = {**given.recode.get(variable, {}), text: meaning_of(study, variable, meaning)}
    return with_answer(given, recode={**given.recode, variable: of_variable})


def _chosen(choice: Choice, given: Answers, option: str) -> Answers:
    """Returns the answers with an option, which a person may name by its word or its number."""
    return with_answer(given, choose={**given.choose, choice.id: option_meant(choice, option)})
