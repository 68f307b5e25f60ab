"""What is wrong between derived variables and the variables that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from riskset.catalogue import say
from riskset.errors import DataError, did_you_mean
from riskset.study.derived import derivation
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint
from riskset.study.variables import BooleanVariable, CategoryVariable, NumberVariable, Variable

if TYPE_CHECKING:
    from riskset.study.references import Draft

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NAME = re.compile(r"[^\W\d]\w*")


def wrong_derivations(draft: Draft) -> Iterator[Complaint]:
    """Yields everything wrong with what derived variables name: each is computed from variables above it and of the
    right type that belong to no endpoint's outcome."""
    outcomes = draft.outcomes()
    before: dict[str, Variable | None] = {}
    for name, variable in draft.variables.items():
        if variable is not None and variable.is_derived:
            path = ("variables", name)
            named, complaints = _of_one(path, variable, before, draft.variables)
            yield from complaints
            for of in named:
                if of in outcomes:
                    found = say("study.derived.outcome", name=of, endpoint=outcomes[of])
                    yield Complaint(path, found, say("study.derived.not_of_outcome"))
        before[name] = variable


def _of_one(
    path: KeyPath, variable: Variable, before: Mapping[str, Variable | None], declared: Mapping[str, Variable | None]
) -> tuple[tuple[str, ...], list[Complaint]]:
    """Returns the variables that one names, as far as they can be read, and what is wrong with them."""
    if isinstance(variable, CategoryVariable) and variable.cut is not None:
        return (variable.cut,), list(_of_cut(path, variable, variable.cut, before, declared))
    key, text = _text_of(variable)
    path = (*path, key)
    found = [
        one for one in _NAME.finditer(_QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)) if one[0] in declared
    ]
    later = [one for one in found if one[0] not in before and not _is_call(text, one)]
    if later:
        return (), [_too_early(path, one[0], one.start() + 1) for one in later]
    if any(one[0] in before and before[one[0]] is None for one in found):
        return (), []  # reported where it is declared
    try:
        derived = derivation(variable, {name: one.kind for name, one in before.items() if one})
    except DataError as error:
        return (), [Complaint(path, one.message, one.hint, one.column) for one in error.problems]
    return derived.names if derived else (), []


def _text_of(variable: Variable) -> tuple[str, str]:
    """Returns the key that defines a derived variable by a text, and the text."""
    match variable:
        case NumberVariable(formula=str(text)):
            return "formula", text
        case BooleanVariable(rule=str(text)):
            return "rule", text
    raise TypeError(f"not derived by a text: {variable.type}")


def _is_call(text: str, name: re.Match[str]) -> bool:
    return text[name.end() :].lstrip().startswith("(")


def _too_early(path: KeyPath, name: str, column: int | None = None) -> Complaint:
    return Complaint(path, say("study.derived.later", name=name), say("study.derived.above"), column)


def _of_cut(
    path: KeyPath,
    variable: CategoryVariable,
    name: str,
    before: Mapping[str, Variable | None],
    declared: Mapping[str, Variable | None],
) -> Iterator[Complaint]:
    at = (*path, "cut")
    if name not in declared:
        yield Complaint(at, say("study.variable.unknown", name=name), did_you_mean(name, before))
    elif name not in before:
        yield _too_early(at, name)
    elif (number := before[name]) is not None:
        if not isinstance(number, NumberVariable):
            wrong = say("study.variable.wrong_type", name=name, found=number.type, expected=("number",))
            yield Complaint(at, wrong)
            return
        low, high = number.range
        for position, limit in enumerate(variable.at):
            if not low < limit <= high:
                outside = say("study.derived.cut_outside", limit=limit, name=name, lowest=low, highest=high)
                yield Complaint((*path, "at", position), outside)
