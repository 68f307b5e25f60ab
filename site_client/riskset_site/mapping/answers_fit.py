"""Whether answers are about what there is to answer: no answer is left out in silence."""

from __future__ import annotations

from collections.abc import Iterable

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset_site.data.faults import Unreadable
from riskset_site.data.value_kinds import read_number
from riskset_site.data.width import in_one_width
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.proposal import Choice, VariableProposal


def check_texts(answers: Answers, variables: Iterable[VariableProposal]) -> None:
    """Raises DataError for a text that a variable's column does not have."""
    for one in variables:
        texts = {in_one_width(text.text) for text in one.texts}
        for text in answers.recode.get(one.variable, {}):
            if in_one_width(text) not in texts and "*" not in text:
                hint = did_you_mean(text, texts)
                raise DataError(say("site.map.answers.no_text", variable=one.variable, text=text), hint)


def check_choices(answers: Answers, choices: Iterable[Choice]) -> None:
    """Raises DataError for a choice that is not to be made, or an option that is not offered."""
    by_id = {choice.id: choice for choice in choices}
    for id_, chosen in answers.choose.items():
        if id_ not in by_id:
            hint = say("site.map.answers.choices", choices=tuple(by_id) or ("-",))
            raise DataError(say("site.map.answers.no_choice", choice=id_), hint)
        choice = by_id[id_]
        if chosen not in choice.options and not (choice.is_factor and _is_factor(chosen)):
            hint = say("site.map.answers.options", options=choice.options or ("88.42",))
            raise DataError(say("site.map.answers.no_option", choice=id_, option=chosen), hint)


def _is_factor(text: str) -> bool:
    try:
        return read_number(text) > 0
    except Unreadable:
        return False
