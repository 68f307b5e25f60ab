"""Whether answers name what there is: no answer is left out in silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.study.spec import BooleanVariable, Study
from riskset_site.data.faults import Unreadable
from riskset_site.data.value_kinds import BOOLEANS, read_number
from riskset_site.data.width import in_one_width
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.proposal import Choice, VariableProposal


def check_names(answers: Answers, study: Study, headers: Collection[str]) -> None:
    """Raises DataError for a variable that the study does not have, or a column that the export does not have."""
    for name in (*answers.columns, *answers.accept, *answers.recode):
        if name not in study.read_variables:
            hint = did_you_mean(name, study.read_variables)
            raise DataError(say("site.map.answers.no_variable", variable=name), hint)
    for column in (*answers.columns.values(), answers.key or ""):
        if column and column not in headers:
            raise DataError(say("site.map.answers.no_column", column=column), did_you_mean(column, headers))


def check_meanings(answers: Answers, study: Study, variables: Iterable[VariableProposal]) -> None:
    """Raises DataError for a text that a variable's column does not have, and for a meaning that the study does not
    know."""
    for one in variables:
        texts = {in_one_width(text.text) for text in one.texts}
        known = _known(study, one.variable)
        for text, meaning in answers.recode.get(one.variable, {}).items():
            if in_one_width(text) not in texts and "*" not in text:
                hint = did_you_mean(text, texts)
                raise DataError(say("site.map.answers.no_text", variable=one.variable, text=text), hint)
            if meaning and meaning not in known and not (one.kind == "number" and _is_number(meaning)):
                hint = did_you_mean(meaning, known) or say("site.map.answers.options", options=known)
                raise DataError(say("site.map.answers.no_meaning", variable=one.variable, meaning=meaning), hint)


def _known(study: Study, name: str) -> tuple[str, ...]:
    """Returns the meanings that a text can have, besides missing."""
    return tuple(BOOLEANS) if isinstance(study.variables[name], BooleanVariable) else study.levels_of(name)


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except Unreadable:
        return False
    return True


def check_choices(answers: Answers, choices: Iterable[Choice]) -> None:
    """Raises DataError for a choice that is not to be made, or an option that is not offered."""
    by_id = {choice.id: choice for choice in choices}
    for id_, chosen in answers.choose.items():
        if id_ not in by_id:
            hint = say("site.map.answers.choices", choices=tuple(by_id) or ("-",))
            raise DataError(say("site.map.answers.no_choice", choice=id_), hint)
        if chosen not in by_id[id_].options:
            hint = say("site.map.answers.options", options=by_id[id_].options)
            raise DataError(say("site.map.answers.no_option", choice=id_, option=chosen), hint)
