"""The fourth question of `riskset site map`: what texts mean, and what only the hospital knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from riskset.catalogue import say
from riskset.language import told
from riskset.terminal import tell
from riskset_site.commands.map_terminal import NONE, Interview, heading, one_of, show, with_answer
from riskset_site.mapping.acceptance import accepted
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.proposal import Choice, Proposal


@dataclass(frozen=True)
class _Line:
    """One numbered line of the fourth question: a text of a variable, or a choice."""

    cells: tuple[str, ...]
    answered: Callable[[Answers, str], Answers]
    is_open: bool
    """True where nothing is proposed."""


def ask_texts(interview: Interview, given: Answers) -> Answers:
    """Shows what every text of a category or boolean means, and the choices; takes corrections until there is none."""
    if not _lines(interview.proposal(given)):
        return given
    heading(say("site.map.ask.texts"))
    for name in interview.study.read_variables:
        if levels := interview.study.levels_of(name):
            tell(say("site.map.ask.levels", variable=name, levels=levels))
    is_told = False
    while True:
        lines = _lines(interview.proposal(given))
        numbered = [(str(n), *line.cells) for n, line in enumerate(lines, 1)]
        show(("number", "variable", "text", "rows", "meaning"), numbered)
        text = interview.answer(say("site.map.ask.correct_text")).strip()
        if text:
            given = interview.if_right(given, _corrected(interview, given, lines, text))
            continue
        is_open = tuple(str(n) for n, line in enumerate(lines, 1) if line.is_open)
        if is_told or not is_open:
            return accepted(interview.proposal(given), given)
        tell(say("site.map.ask.still_unknown", lines=is_open))
        is_told = True


def _corrected(interview: Interview, given: Answers, lines: Sequence[_Line], text: str) -> Answers:
    """Returns the answers with `7 = MEANING; icd C22* = MEANING`; what is not of this form is printed."""
    for part in filter(None, text.split(";")):
        number, _, meaning = (side.strip() for side in part.partition("="))
        name, _, pattern = number.partition(" ")
        if meaning and "*" in pattern and name in interview.study.read_variables:
            given = _recoded(name, pattern.strip(), given, meaning)
        elif meaning and number.isdecimal() and 0 < int(number) <= len(lines):
            given = lines[int(number) - 1].answered(given, "" if meaning == NONE else meaning)
        else:
            tell(say("site.map.ask.not_a_line", text=part))
    return given


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
    return with_answer(given, recode={**given.recode, variable: of_variable})


def _chosen(choice: Choice, given: Answers, option: str) -> Answers:
    """Returns the answers with an option, which a person may name by its number."""
    chosen = one_of(option, choice.options, option) or option
    return with_answer(given, choose={**given.choose, choice.id: chosen})
