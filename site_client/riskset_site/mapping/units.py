"""The unit in which an export has a number, where the study has another one: said after the numbers or in the column's
name, or told by numbers that only a usual factor brings into the study's range."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.study.spec import NumberVariable
from riskset_site.data.faults import Unreadable
from riskset_site.data.other_units import are_other_units, unit_column, units_named
from riskset_site.data.time_units import unit_days
from riskset_site.data.time_words import time_unit
from riskset_site.data.unit_words import are_one_unit
from riskset_site.data.value_kinds import read_number
from riskset_site.data.width import in_one_width
from riskset_site.mapping.draft import Draft
from riskset_site.mapping.proposal import Choice
from riskset_site.mapping.words import factor, in_brackets, unit, usual_factors
from riskset_site.mapping.written_numbers import WrittenNumbers, share_inside

_OUTSIDE, _INSIDE = 0.5, 0.9
"""Shares of the rows inside the study's range: as written at most, and with a factor at least, where only the range
tells that the unit is another one."""


@dataclass(frozen=True)
class UnitReading:
    """How the unit of a number is read."""

    keys: dict[str, Any] = field(default_factory=dict)
    """What [map] says: nothing where the export has the study's unit, or a factor is to be chosen."""
    suggestion: dict[str, Any] | None = None
    """What it would say, where a factor is to be chosen: without it the numbers must not be read."""
    choice: Choice | None = None
    ratio: float = 1.0
    """The study's units in one of the export's, as chosen or proposed."""


def unit_reading(draft: Draft, name: str, variable: NumberVariable, forms: WrittenNumbers, column: str) -> UnitReading:
    """Returns how the unit of a variable in a column is read."""
    is_time = unit_days(name, draft.study) is not None
    if forms.unit and is_time and (of_time := time_unit(forms.unit)):
        return UnitReading({"unit": of_time})
    found = forms.unit or _said_elsewhere(draft, column, variable, is_time=is_time)
    if (not variable.unit and not is_time) or _is_same(found, variable.unit):
        return UnitReading({"unit": found} if forms.unit else {})
    if found and (unit(found) == unit(variable.unit) or are_one_unit(found, variable.unit)):  # μ and u, IU/L and U/L
        return UnitReading({"unit": found, "factor": 1.0})
    if found:
        usual = factor(draft.contents[name], found, variable.unit)
        question = say("site.map.choice.factor", variable=name, found=found, unit=variable.unit or "day")
        return _to_choose(draft, name, found, usual, Choice(f"{name}.factor", question, ()))
    if is_time or (told := _told_by_range(draft.contents[name], variable, forms)) is None:
        return UnitReading()
    found, usual = told
    question = say("site.map.choice.factor_by_range", variable=name, found=found, unit=variable.unit)
    return _to_choose(draft, name, found, usual, Choice(f"{name}.factor", question, ()))


def _to_choose(draft: Draft, name: str, found: str, usual: float | None, empty: Choice) -> UnitReading:
    options = () if usual is None else (f"{usual:.15g}",)
    chosen, proposed = draft.answers.choose.get(empty.id), next(iter(options), None)
    choice = Choice(empty.id, empty.question, options, chosen=chosen, proposed=proposed, is_factor=True)
    number = _number(chosen or proposed, name)
    keys = {"unit": found, "factor": "..." if number is None else number}
    ratio = 1.0 if number is None else number
    if chosen is None:
        return UnitReading({}, keys, choice, ratio)
    return UnitReading(keys, None, choice, ratio)


def _number(text: str | None, variable: str) -> float | None:
    """Returns a factor; None where there is none. Raises DataError for a text that is no number above 0."""
    if text is None:
        return None
    with suppress(Unreadable):
        if (number := read_number(text)) > 0:
            return number
    raise DataError(say("site.map.answers.no_factor", variable=variable, found=text), say("site.map.answers.a_factor"))


def _in_name(column: str, variable: NumberVariable) -> str:
    in_name = in_brackets(column)
    return in_name if "/" in in_name and variable.unit else ""


def _said_elsewhere(draft: Draft, column: str, variable: NumberVariable, *, is_time: bool) -> str:
    """Returns the unit that the column's name, label, number format or column of units has."""
    if is_time:
        return ""
    if in_name := _in_name(column, variable):
        return in_name
    table = draft.table
    texts = (column, table.labels.get(column, ""))
    beside = () if has_several_units(draft, column) else units_beside(draft, column)
    told = [*units_named(texts, table.shown_with.get(column, ()), variable.unit), *beside]
    return next((one for one in told if are_other_units(one, variable.unit)), "")


def units_beside(draft: Draft, column: str) -> tuple[str, ...]:
    """Returns the texts of the column that has the units of another one's rows, the most frequent first."""
    beside = unit_column(draft.table.headers, column)
    return () if beside is None else tuple(filter(None, draft.counts(beside)))


def has_several_units(draft: Draft, column: str) -> bool:
    """True where rows have other units than others: no factor converts them all."""
    first, *more = units_beside(draft, column) or ("",)
    return any(are_other_units(one, first) for one in more)


def _is_same(found: str, of_study: str) -> bool:
    return in_one_width(found).casefold() == in_one_width(of_study).casefold()


def _told_by_range(
    contents: Iterable[str], variable: NumberVariable, forms: WrittenNumbers
) -> tuple[str, float] | None:
    """Returns the unit of which a usual factor brings the numbers into the study's range, and the factor."""
    low, high = variable.range
    if not forms.numbers or share_inside(forms.numbers, low, high) > _OUTSIDE:
        return None
    shares = [
        (share_inside(forms.numbers, low / ratio, high / ratio), given, ratio)
        for given, ratio in usual_factors(contents, variable.unit)
    ]
    share, given, ratio = max(shares, default=(0.0, "", 1.0))
    return (given, ratio) if share >= _INSIDE else None
