"""Which column contains which variable: by its name, and by whether its texts are values of the variable."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf

from riskset.study.endpoints import DAYS_PER_UNIT
from riskset.study.spec import BooleanVariable, CategoryVariable, DateVariable, NumberVariable, Study, Variable
from riskset_site.data.time_units import is_event, unit_days
from riskset_site.data.time_words import time_unit
from riskset_site.mapping.contents import contents_of, named_contents, names_of
from riskset_site.mapping.date_forms import has_digits_of_day, share_of_dates
from riskset_site.mapping.export_table import Table
from riskset_site.mapping.levels import boolean_meanings, category_meanings
from riskset_site.mapping.resembling import names_absence
from riskset_site.mapping.words import in_brackets, plain, resembles, usual_factors, without_brackets
from riskset_site.mapping.written_numbers import share_of_numbers

_LEAST = 0.4
"""Of the certainty of a name, times how well the texts fit: less is no proposal."""
_ALTERNATIVE = 0.25
_OWN_NAME, _LEAST_OF_OWN = 0.95, 0.3
"""A column of the variable's own name or label is proposed whatever its texts: they are asked about."""
_FIELD_S_NAME = 0.8
"""A column of numbers with one of the field's names is proposed whatever its range, and one of dates whatever their
format, which are asked about."""
_OTHER_UNIT = 0.9
"""Of the fit, where a usual factor brings the numbers into the study's range."""
_NEAR = 0.84
_INSIDE = 0.6
_BETWEEN = re.compile(r"[\s_./-]+")
_CODES = 4
"""Of a boolean: yes, no, and up to two of what is unknown."""
_DISTINCT = 300
"""Texts from which a fit is judged; no category has more."""
_BY_VALUES = 0.55
"""Where a name says nothing, and (nearly) every text is one of the levels."""


@dataclass(frozen=True)
class ColumnMatch:
    """A column, and how well it fits a variable."""

    column: str
    certainty: float
    """Of the name, from 0 to 1."""
    fit: float
    """The share of the texts that are values of the variable, from 0 to 1."""

    @property
    def score(self) -> float:
        return self.certainty * (0.3 + 0.7 * self.fit)


def matches(study: Study, table: Table) -> dict[str, tuple[ColumnMatch, ...]]:
    """Returns for each variable the columns that it may be in, the best first."""
    contents = contents_of(study)
    counts = {header: table.counts(header) for header in table.headers if header}
    found = {}
    for name in study.read_variables:
        names = names_of(study, name, contents[name])
        candidates = [_match(study, name, table.called(header), names, counts[header]) for header in counts]
        fitting = [match for match in candidates if match.score >= _ALTERNATIVE]
        found[name] = tuple(sorted(fitting, key=lambda match: -match.score))
    return found


def assigned(found: Mapping[str, Sequence[ColumnMatch]]) -> dict[str, ColumnMatch]:
    """Returns a column for each variable that has one, no column twice: the best pair first."""
    pairs = sorted(((match, name) for name, of in found.items() for match in of), key=lambda pair: -pair[0].score)
    taken: dict[str, ColumnMatch] = {}
    used: set[str] = set()
    for match, name in pairs:
        if match.score >= _LEAST and name not in taken and match.column not in used:
            taken[name] = match
            used.add(match.column)
    return taken


def _match(
    study: Study, name: str, called: Sequence[str], names: Mapping[str, float], counts: Mapping[str, int]
) -> ColumnMatch:
    """`called` are the column's name and, where there is one, its label."""
    header, variable = called[0], study.variables[name]
    if isinstance(variable, CategoryVariable | BooleanVariable):
        certainty = max(_certainty_of_texts(one, names) for one in called)
    else:
        certainty = certainty_of(called, names)
    if not certainty and not isinstance(variable, CategoryVariable):
        return ColumnMatch(header, 0.0, 0.0)
    fit = fit_of(study, name, header, counts)
    if certainty >= _OWN_NAME:
        fit = max(fit, _LEAST_OF_OWN)
    if certainty >= _FIELD_S_NAME and isinstance(variable, NumberVariable):
        fit = max(fit, _LEAST_OF_OWN * share_of_numbers(counts, -inf, inf))
    if certainty >= _FIELD_S_NAME and isinstance(variable, DateVariable):
        fit = max(fit, _LEAST_OF_OWN * _share_with_year(counts))
    if isinstance(variable, CategoryVariable) and fit > 0.9 and _is_telling(variable, counts):
        certainty = max(certainty, _BY_VALUES)
    return ColumnMatch(header, certainty, fit)


def certainty_of(called: Sequence[str], names: Mapping[str, float]) -> float:
    """Returns how certain a column of a name and a label is to be one of the names."""
    return max(name_certainty(one, names) for one in called)


def name_certainty(header: str, names: Mapping[str, float]) -> float:
    """Returns how certain a column's name is to be one of the names, from 0 to 1."""
    forms = {plain(header): 1.0, plain(without_brackets(header)): 0.98, plain(in_brackets(header)): 0.8}
    upper_and_lower = without_brackets(header).split("/")  # a / in brackets is of a unit: 検査/AFP(ng/mL)
    forms |= {plain(part): 0.95 for part in upper_and_lower if len(upper_and_lower) > 1}
    forms.pop("", None)
    exact = max((names[form] * weight for form, weight in forms.items() if form in names), default=0.0)
    if exact:
        return exact
    own = plain(without_brackets(header)) or plain(header)
    part = max((_INSIDE * names[name] for name in names if resembles(name, own)), default=0.0)
    tokens = (plain(token) for token in _BETWEEN.split(header))
    part = max(part, *(_INSIDE * names[token] for token in tokens if token in names), 0.0)
    near = difflib.get_close_matches(own, names, n=1, cutoff=_NEAR) if len(own) >= 4 else []
    return max(part, *(0.8 * names[name] for name in near)) if near else part


def _certainty_of_texts(header: str, names: Mapping[str, float]) -> float:
    """The same of a category or boolean: a name whose yes says that something is not there is one of them only as a
    whole. Of a number, `(-)` says that it has no unit."""
    return names.get(plain(header), 0.0) if names_absence(header) else name_certainty(header, names)


def fit_of(study: Study, name: str, header: str, counts: Mapping[str, int]) -> float:
    """Returns the share of a column's texts, but for missing ones, that are values of a variable; of an empty column a
    half, since it may be of an event that nobody had."""
    variable = study.variables[name]
    if not any(counts):
        return 0.5 if not variable.required else 0.1
    if len(counts) > _DISTINCT:
        if isinstance(variable, CategoryVariable | BooleanVariable):
            return 0.0
        counts = dict(islice(counts.items(), _DISTINCT))
    return _share(study, name, variable, header, counts)


def _share(study: Study, name: str, variable: Variable, header: str, counts: Mapping[str, int]) -> float:
    if isinstance(variable, DateVariable):
        return share_of_dates(dict(counts))
    if isinstance(variable, NumberVariable):
        low, high = variable.range
        days = unit_days(name, study)
        if days is not None and (unit := unit_in_name(header)):  # months in the range of days
            low, high = low * days / DAYS_PER_UNIT[unit], high * days / DAYS_PER_UNIT[unit]
        others = [ratio for _, ratio in usual_factors(named_contents(study, name), variable.unit)]
        in_other = [_OTHER_UNIT * share_of_numbers(counts, low / ratio, high / ratio) for ratio in others]
        return max(share_of_numbers(counts, low, high), *in_other, 0.0)
    if isinstance(variable, BooleanVariable):
        found = boolean_meanings(counts, is_event=is_event(name, study))
        unknown = [one for one in found if one.meaning is None]
        if (len(unknown) <= 2 and len(found) <= 3) or (_are_codes(counts) and len(found) <= _CODES):
            return 0.8 if unknown else 1.0  # codes whose meaning is asked
    else:
        found = category_meanings(counts, variable.levels)
        if _are_codes(counts) and len(counts) <= len(variable.levels) + 2:
            return 0.8
    rows = sum(one.rows for one in found if one.meaning != "")
    known = sum(one.rows for one in found if one.meaning)
    return known / rows if rows else 0.5


def _share_with_year(counts: Mapping[str, int]) -> float:
    """Returns the share of the texts with enough digits for a day: a date in a format that nobody knows, not a code."""
    total = sum(rows for text, rows in counts.items() if text)
    dated = sum(rows for text, rows in counts.items() if has_digits_of_day(text))
    return dated / total if total else 0.0


def unit_in_name(header: str) -> str:
    """Returns the unit of time that a column's name has: in brackets, or as its last word; empty where it has none."""
    words = [in_brackets(header), *without_brackets(header).replace("_", " ").replace("-", " ").split()[-1:]]
    units = (time_unit(word.removesuffix("数").removesuffix("수")) for word in words)
    return next(filter(None, units), "")


def _are_codes(counts: Mapping[str, int]) -> bool:
    return all(text.isdecimal() and len(text) <= 2 for text in counts if text)


def _is_telling(variable: CategoryVariable, counts: Mapping[str, int]) -> bool:
    """True where several levels occur, and they are words: 0 and 1 may be anything."""
    levels = {one.meaning for one in category_meanings(counts, variable.levels) if one.meaning and one.is_sure}
    return len(levels) > 1 and all(len(level) > 1 and not level.isdecimal() for level in levels)
