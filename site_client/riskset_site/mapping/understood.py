"""What a person has answered, as the export and the study write it: names of columns in any width, and meanings in any
of the field's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TypeVar

from riskset.catalogue import Message, say
from riskset.errors import DataError, did_you_mean
from riskset.study.spec import BooleanVariable, CategoryVariable, NumberVariable, Study
from riskset_site.data.faults import Unreadable
from riskset_site.data.time_units import is_event
from riskset_site.data.value_kinds import read_iso, read_number
from riskset_site.data.width import in_one_width
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.levels import FALSE, TRUE, boolean_meanings, category_meanings

_Value = TypeVar("_Value")


def understood(answers: Answers, study: Study, headers: Collection[str]) -> Answers:
    """Returns the answers with names and meanings as the study and the export write them. Raises DataError for a
    variable, column or meaning that there is not."""
    columns = _named(answers.columns, study)
    recode = _named(answers.recode, study)
    return answers.model_copy(
        update={
            "columns": {name: _columns_of(study, name, said, headers) for name, said in columns.items()},
            "recode": {
                name: {text: meaning_of(study, name, meaning) for text, meaning in of.items()}
                for name, of in recode.items()
            },
            "accept": tuple(_named(dict.fromkeys(answers.accept, ""), study)),
            "key": answers.key and column_of(answers.key, headers),
        }
    )


def column_of(text: str, headers: Collection[str]) -> str:
    """Returns the column that is named so, in whatever width. Raises DataError where there is none."""
    found = named_column(text, headers)
    if found is None:
        raise DataError(say("site.map.answers.no_column", column=text), did_you_mean(text, headers))
    return found


def named_column(text: str, headers: Collection[str]) -> str | None:
    """The same; None where there is none."""
    if text in headers:
        return text
    word = in_one_width(text)
    return next((header for header in headers if header and in_one_width(header) == word), None)


def meaning_of(study: Study, name: str, text: str) -> str:
    """Returns a meaning as the study writes it (`male` for 男, `true` for はい); empty for missing. Raises
    DataError for a text that is none, nor surely a word for one."""
    word, variable = in_one_width(text), study.variables[name]
    if not word:
        return ""
    if isinstance(variable, BooleanVariable):
        (found,) = boolean_meanings({word: 1}, is_event=is_event(name, study))
    elif isinstance(variable, CategoryVariable):
        (found,) = category_meanings({word: 1}, variable.levels)
    else:
        with suppress(Unreadable):
            _ = read_number(word) if isinstance(variable, NumberVariable) else read_iso(word)
            return word
        raise DataError(say("site.map.answers.no_meaning", variable=name, meaning=text))
    if found.meaning is None or not found.is_sure:
        raise DataError(say("site.map.answers.no_meaning", variable=name, meaning=text), _instead(study, name, word))
    return found.meaning


def _instead(study: Study, name: str, word: str) -> Message:
    known = study.levels_of(name) or (TRUE, FALSE)
    return did_you_mean(word, known) or say("site.map.answers.options", options=known)


def _columns_of(
    study: Study, name: str, said: str | tuple[str, ...], headers: Collection[str]
) -> str | tuple[str, ...]:
    """Returns the column of a variable, several of checkboxes, or nothing."""
    if isinstance(said, str):
        return said and column_of(said, headers)
    if not isinstance(study.variables[name], BooleanVariable | CategoryVariable):
        raise DataError(say("site.map.answers.one_column", variable=name))
    found = tuple(dict.fromkeys(column_of(one, headers) for one in said))
    return found[0] if len(found) == 1 else found


def _named(said: Mapping[str, _Value], study: Study) -> dict[str, _Value]:
    """Returns the answers by the study's names of its variables."""
    by_name = {in_one_width(name): name for name in study.read_variables}
    found = {}
    for text, value in said.items():
        name = by_name.get(in_one_width(text))
        if name is None:
            hint = did_you_mean(text, study.read_variables)
            raise DataError(say("site.map.answers.no_variable", variable=text), hint)
        found[name] = value
    return found
